"""Which lists of untracked email stand in which chats, so that they change when tracking does.

Ids only: what a list shows is read anew from the mailbox whenever it is drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from bot.turns import Listing
from insights.model import RecordRef
from insights.services import Services
from insights.tables import changes, listed_emails, listings

KEPT = timedelta(days=14)
"""How long a list goes on changing; an older one says so when it is pressed."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a card stands."""

    service_url: str
    conversation_id: str
    activity_id: str


def newest_change(connection: Connection) -> int:
    """The number of the newest change, to be asked for before a list is drawn."""
    return connection.execute(select(func.max(changes.c.id))).scalar() or 0


def keep(connection: Connection, listing: Listing, place: Place, change_id: int, now: datetime) -> None:
    """Note that a list was shown at that place, in exchange for what it showed before.

    `change_id` is that of the drawing: what changed since then makes the list stale again.
    """
    connection.execute(delete(listed_emails).where(listed_emails.c.listing_id == listing.id))
    connection.execute(delete(listings).where(listings.c.id == listing.id))
    connection.execute(
        insert(listings).values(
            id=listing.id,
            user_id=listing.user_id,
            record_table=listing.record.table if listing.record else None,
            record_id=listing.record.id if listing.record else None,
            next_cursor=listing.next_cursor,
            language=listing.language,
            service_url=place.service_url,
            conversation_id=place.conversation_id,
            activity_id=place.activity_id,
            change_id=change_id,
            shown_at=now,
        )
    )
    if listing.email_ids:
        rows = [
            {"listing_id": listing.id, "position": position, "email_id": email_id}
            for position, email_id in enumerate(listing.email_ids)
        ]
        connection.execute(insert(listed_emails), rows)


def select_listing(connection: Connection, listing_id: str) -> tuple[Listing, Place] | None:
    """A list and where it stands."""
    row = connection.execute(select(listings).where(listings.c.id == listing_id)).one_or_none()
    return (_listing(connection, row), _place(row)) if row else None


def select_stale(connection: Connection, after: int) -> tuple[int, list[tuple[Listing, Place]]]:
    """(number of the newest change, lists with an email that changed after that and after it was drawn)."""
    newest = newest_change(connection)
    if newest <= after:
        return after, []
    stale = (
        select(listings.c.id)
        .join(listed_emails, listed_emails.c.listing_id == listings.c.id)
        .join(changes, changes.c.subject == listed_emails.c.email_id)
        .where(changes.c.id > after, changes.c.id > listings.c.change_id)
    )
    rows = connection.execute(select(listings).where(listings.c.id.in_(stale))).all()
    return newest, [(_listing(connection, row), _place(row)) for row in rows]


def claim(connection: Connection, listing_id: str, newest: int) -> bool:
    """Take on the redrawing up to that change; False where another process did."""
    statement = update(listings).where(listings.c.id == listing_id, listings.c.change_id < newest)
    return bool(connection.execute(statement.values(change_id=newest)).rowcount)


async def forget_listings(services: Services) -> int:
    """Let go of lists that are too old to change; how many."""
    return await services.database.write(_forget, services.now() - KEPT)


def _forget(connection: Connection, before: datetime) -> int:
    old = select(listings.c.id).where(listings.c.shown_at < before)
    connection.execute(delete(listed_emails).where(listed_emails.c.listing_id.in_(old)))
    return connection.execute(delete(listings).where(listings.c.shown_at < before)).rowcount


def _listing(connection: Connection, row: Row[tuple[object, ...]]) -> Listing:
    query = select(listed_emails.c.email_id).where(listed_emails.c.listing_id == row.id)
    email_ids: Sequence[str] = connection.execute(query.order_by(listed_emails.c.position)).scalars().all()
    return Listing(
        id=row.id,
        user_id=row.user_id,
        record=RecordRef(row.record_table, row.record_id) if row.record_id else None,
        email_ids=tuple(email_ids),
        next_cursor=row.next_cursor,
        language=row.language,
    )


def _place(row: Row[tuple[object, ...]]) -> Place:
    return Place(row.service_url, row.conversation_id, row.activity_id)
