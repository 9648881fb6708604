"""Everything that Liaison's own database holds: the tables of all rooms, joined.

Each column says in its `info` whose data it holds. What compares the schema, exports or erases asks here,
so that a room's tables are never forgotten; a capability adds its line.
"""

from sqlalchemy import MetaData

from insights.capture import tables as capture
from insights.tables import own

ROOMS = (capture,)
"""Whose import brings tables beside the shared ones of `insights/tables/`."""


def own_tables() -> MetaData:
    """All tables of `liaison.sqlite`."""
    return own
