"""Chance that falls the same way each time."""

from random import Random


def chance(scope: str) -> Random:
    """Draws for one purpose: the same at every start, whatever else is drawn elsewhere."""
    return Random(scope)  # noqa: S311 - decides about fiction, not about secrets
