"""Which records are ours to show: those of tables with a timeline, and of them what the caller may read.

Other tables of the CRM (users, roles, queues …) can be read there with the same rights, but are no customers.
"""

from insights.errors import NotFound
from insights.model import Record, RecordRef, User
from insights.services import Services


async def require_record(services: Services, user: User, ref: RecordRef) -> Record:
    """A record that may be shown, tracked to or linked; NotFound for what is hidden or has no timeline.

    The one way in which a record that somebody names is read; a test forbids any other.
    """
    await require_timeline(services, ref)
    return await services.crm.record(user, ref)


async def require_timeline(services: Services, ref: RecordRef) -> None:
    """Raise NotFound for a table whose rows have no timeline."""
    if ref.table not in await timeline_tables(services):
        raise NotFound("record_not_found.no_timeline")


async def timeline_tables(services: Services) -> frozenset[str]:
    """The tables whose rows have a timeline, by logical name."""
    return frozenset(table.name for table in await services.crm.tables())
