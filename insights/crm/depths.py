"""How deep a security role reads or writes, as Dataverse's `privilegedepthmask` has it."""

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
