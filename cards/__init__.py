"""One file per Adaptive Card: pure functions from a view model to the card's JSON."""
