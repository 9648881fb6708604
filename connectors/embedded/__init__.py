"""The default connectors, on our own databases."""
