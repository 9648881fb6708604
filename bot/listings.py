"""Which lists of untracked email stand in which chats, so that they change when tracking does.

Ids only: what a list shows is read anew from the mailbox whenever it is drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, select, update

from bot.turns import Listing
from insights.database import Database, insert_into
from insights.model import RecordRef
from insights.news import newest_change
from insights.services import Services
from insights.tables import listed_emails, listings, news, places

KEPT = timedelta(days=14)
"""How long a list goes on changing; an older one says so when it is pressed."""
SHOWN_AGAIN = update(listings).where(listings.c.id == bindparam("listing")).values(shown_at=bindparam("now"))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a card stands."""

    service_url: str
    conversation_id: str
    activity_id: str

    @property
    def key(self) -> str:
        """A hash that names the place."""
        return sha256(f"{self.conversation_id}\n{self.activity_id}".encode()).hexdigest()


def keep(
    connection: Connection, database: Database, listing: Listing, place: Place, change_id: int, now: datetime
) -> None:
    """Note that a card at that place shows a list now.

    `change_id` is that of the drawing: what changed since then makes the card stale again.
    """
    if not connection.execute(SHOWN_AGAIN, {"listing": listing.id, "now": now}).rowcount:
        _insert(connection, listing, now)
    values = {
        "key": place.key,
        "service_url": place.service_url,
        "conversation_id": place.conversation_id,
        "activity_id": place.activity_id,
        "listing_id": listing.id,
        "change_id": change_id,
        "shown_at": now,
    }
    connection.execute(_placing(database), values)


@lru_cache(maxsize=8)  # built once per database: every turn with a list runs it
def _placing(database: Database) -> Any:
    statement = database.insert(places)
    shown = {
        name: statement.excluded[name] for name in ("service_url", "listing_id", "change_id", "shown_at")
    }
    return statement.on_conflict_do_update(index_elements=["key"], set_=shown)


def _insert(connection: Connection, listing: Listing, now: datetime) -> None:
    statement = insert_into(connection, listings).values(
        id=listing.id,
        user_id=listing.user_id,
        record_table=listing.record.table if listing.record else None,
        record_id=listing.record.id if listing.record else None,
        next_cursor=listing.next_cursor,
        is_first=listing.is_first,
        language=listing.language,
        shown_at=now,
    )
    connection.execute(statement.on_conflict_do_nothing())
    rows = [
        {"listing_id": listing.id, "position": position, "email_id": email_id}
        for position, email_id in enumerate(listing.email_ids)
    ]
    if rows:
        connection.execute(insert_into(connection, listed_emails).on_conflict_do_nothing(), rows)


def select_listing(connection: Connection, listing_id: str) -> Listing | None:
    """A list that some card shows or showed."""
    row = connection.execute(select(listings).where(listings.c.id == listing_id)).one_or_none()
    return _listing(connection, row) if row else None


def select_stale(connection: Connection, after: int) -> tuple[int, list[tuple[Listing, Place]]]:
    """(number of the newest change, cards with an email that changed after it and after their drawing)."""
    newest = newest_change(connection)
    if newest <= after:
        return after, []
    stale = (
        select(places.c.key)
        .join(listed_emails, listed_emails.c.listing_id == places.c.listing_id)
        .join(news, news.c.subject == listed_emails.c.email_id)
        .where(news.c.id > after, news.c.id > places.c.change_id)
    )
    query = select(listings, places).join(places).where(places.c.key.in_(stale))
    found = connection.execute(query).all()
    return newest, [
        (_listing(connection, row), Place(row.service_url, row.conversation_id, row.activity_id))
        for row in found
    ]


def note_drawn(connection: Connection, place: Place, change_id: int) -> None:
    """Note that the card at that place takes in everything up to that change."""
    older = (places.c.key == place.key) & (places.c.change_id < change_id)
    connection.execute(update(places).where(older).values(change_id=change_id))


def forget_place(connection: Connection, place: Place) -> None:
    """Let go of a card that cannot be changed any more."""
    connection.execute(delete(places).where(places.c.key == place.key))


async def forget_listings(services: Services) -> int:
    """Let go of lists that are too old to change; how many."""
    return await services.database.write(_forget, services.now() - KEPT)


def _forget(connection: Connection, before: datetime) -> int:
    old = select(listings.c.id).where(listings.c.shown_at < before)
    connection.execute(delete(places).where(places.c.shown_at < before))
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
        is_first=row.is_first,
        language=row.language,
    )
