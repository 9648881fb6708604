"""What both CRM connectors search records by, and in which order."""

from dataclasses import dataclass

BY_ADDRESS, BY_START, BY_PART = 0, 1, 2
"""Ways of matching, the nearest first: equal address, name begins so, name contains it."""
SEARCH = "search"
"""The list that cursors of a search are good for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for; empty parts don't count."""

    text: str
    email: str
    table: str


def ways_of(text: str, *, is_address: bool) -> tuple[int, ...]:
    """The ways in which a text may match; without one every record does."""
    if not text:
        return (BY_START,)
    return (BY_ADDRESS, BY_START, BY_PART) if is_address else (BY_START, BY_PART)
