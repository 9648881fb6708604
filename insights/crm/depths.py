"""What security roles grant, and how deep they read or write (`privilegedepthmask`)."""

CARD_PRIVILEGES = tuple(
    f"prv{right}{table}" for table in ("ActionCard", "ActionCardUserSettings") for right in ("Read", "Write")
)
"""What built-in roles have and an organisation's own roles must be given."""

NONE, BASIC, LOCAL, DEEP, GLOBAL = 0, 1, 2, 4, 8
"""Nothing, what is one's own, the business unit's, also that of units below, everything."""


def may_read(depth: int, *, is_owner: bool, is_same_unit: bool, is_above: bool) -> bool:
    """Whether somebody who reads that deep reads a row of a user in the same unit or in one below."""
    return (
        depth >= GLOBAL
        or (depth >= DEEP and is_above)
        or (depth >= LOCAL and is_same_unit)
        or (depth >= BASIC and is_owner)
    )
