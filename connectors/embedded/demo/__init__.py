"""The fictional organisation of `--demo`: Tarnbrook Process Equipment, its customers and its mail."""

from connectors.embedded.demo.seeding import seed

__all__ = ["seed"]
