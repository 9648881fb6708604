"""Which id Graph has for an email in a mailbox: Graph finds none by the ids that we give emails.

Memory first, then the table `message_places` for all processes and restarts. There stand ids only; a
Message-ID is kept in memory alone, to find a message again whose Graph id has changed.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

import structlog
from sqlalchemy import Connection, bindparam, delete, select

from insights.database import Database, insert_into
from insights.errors import Unavailable
from insights.mail.addresses import mailbox_key
from insights.tables import message_places

log = structlog.get_logger(__name__)

KEPT = timedelta(days=90)
REFRESHED = timedelta(days=30)
"""A place that is still seen is written anew after so long, so that it is not dropped."""
IN_MEMORY = 100_000
ID_LIMIT = 512
ROWS_PER_STATEMENT = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message is; `internet_message_id` is "" if only the table knew it."""

    message_id: str
    internet_message_id: str
    stored_at: datetime


class Places:
    """The places of all mailboxes; writes are put off a little and made together."""

    def __init__(self, database: Database, organization_id: str, now: Callable[[], datetime]) -> None:
        self._database, self._organization, self._now = database, UUID(organization_id), now
        self._known: OrderedDict[tuple[str, str], Place] = OrderedDict()
        self._unwritten: dict[tuple[str, str], Place] = {}
        self._writing: asyncio.Task[None] | None = None

    def mailbox_id(self, address: str) -> str:
        """The id under which the places of a mailbox stand; says nothing of whose it is."""
        return str(uuid5(self._organization, f"mailbox {mailbox_key(address)}"))

    def remember(self, mailbox: str, seen: Iterable[tuple[str, str, str]]) -> None:
        """Note (email_id, Graph's id, Message-ID) of messages just seen."""
        mailbox_id, now = self.mailbox_id(mailbox), self._now()
        for email_id, message_id, internet_message_id in seen:
            key = mailbox_id, email_id
            known = self._known.get(key)
            is_stored = known and known.message_id == message_id and now - known.stored_at < REFRESHED
            place = Place(message_id, internet_message_id, known.stored_at if known and is_stored else now)
            self._keep(key, place)
            if not is_stored and len(message_id) <= ID_LIMIT:
                self._unwritten[key] = place
        if self._unwritten and (self._writing is None or self._writing.done()):
            self._writing = asyncio.create_task(self._write())

    async def find(self, mailbox: str, email_ids: Sequence[str]) -> Mapping[str, Place]:
        """Those of the places that are known, by email id."""
        mailbox_id = self.mailbox_id(mailbox)
        found = {
            each: self._known[mailbox_id, each] for each in email_ids if (mailbox_id, each) in self._known
        }
        missing = [each for each in dict.fromkeys(email_ids) if each not in found and len(each) == 36]
        if missing:
            stored = await self._database.read(_select, mailbox_id, missing)
            for email_id, place in stored.items():
                self._keep((mailbox_id, email_id), place)
            found |= stored
        return found

    async def listed_in(
        self, mailboxes: Collection[str], email_ids: Collection[str]
    ) -> Mapping[str, frozenset[str]]:
        """Those of the messages that have a place in each of the mailboxes, by address."""
        ids = [each for each in dict.fromkeys(email_ids) if len(each) == 36]
        stored = await self._database.read(_select_mailboxes, ids) if ids else set()
        by_address = {address: self.mailbox_id(address) for address in mailboxes}
        return {
            address: frozenset(each for each in ids if (key, each) in self._known or (key, each) in stored)
            for address, key in by_address.items()
        }

    async def emails_at(self, mailbox: str, message_ids: Sequence[str]) -> Mapping[str, Place]:
        """Those of the emails that were last seen under these ids of Graph's, by email id."""
        mailbox_id, wanted = self.mailbox_id(mailbox), set(message_ids)
        if not wanted:
            return {}
        await self.flush()
        stored = await self._database.read(_select_at, mailbox_id, list(wanted))
        latest = {
            email_id: self._known.get((mailbox_id, email_id), place) for email_id, place in stored.items()
        }
        return {email_id: place for email_id, place in latest.items() if place.message_id in wanted}

    async def forget(self, mailbox: str, email_ids: Sequence[str]) -> None:
        """Drop places at which the messages no longer are."""
        mailbox_id = self.mailbox_id(mailbox)
        for email_id in email_ids:
            self._known.pop((mailbox_id, email_id), None)
            self._unwritten.pop((mailbox_id, email_id), None)
        if email_ids:
            await self._database.write(_delete, mailbox_id, email_ids)

    async def has_any(self, mailbox: str) -> bool:
        """Whether a message of this mailbox was ever seen."""
        await self.flush()
        statement = select(message_places.c.email_id).limit(1)
        statement = statement.where(message_places.c.mailbox_id == self.mailbox_id(mailbox))
        return await self._database.read(lambda connection: connection.execute(statement).first() is not None)

    async def forget_old(self, now: datetime) -> int:
        """Drop what was not seen for 90 days; how many rows went."""
        old = delete(message_places).where(message_places.c.seen_at < now - KEPT)
        return await self._database.write(lambda connection: connection.execute(old).rowcount)

    async def flush(self) -> None:
        """Wait until everything noted is in the table."""
        if self._writing:
            await self._writing

    def _keep(self, key: tuple[str, str], place: Place) -> None:
        self._known[key] = place
        self._known.move_to_end(key)
        if len(self._known) > IN_MEMORY:
            self._known.popitem(last=False)

    async def _write(self) -> None:
        while self._unwritten:
            batch, self._unwritten = self._unwritten, {}
            try:
                await self._database.write(_upsert, batch)
            except Unavailable as problem:  # they go with the next ones
                self._unwritten = batch | self._unwritten
                log.warning("places of messages were not written", count=len(batch), code=problem.code)
                return


def _select_mailboxes(connection: Connection, email_ids: Sequence[str]) -> set[tuple[str, str]]:
    """(mailbox id, email id) of every known place of these messages."""
    columns = message_places.c.mailbox_id, message_places.c.email_id
    found = connection.execute(select(*columns).where(message_places.c.email_id.in_(email_ids)))
    return {(mailbox_id, email_id) for mailbox_id, email_id in found}


def _select(connection: Connection, mailbox_id: str, email_ids: Sequence[str]) -> dict[str, Place]:
    statement = select(
        message_places.c.email_id, message_places.c.message_id, message_places.c.seen_at
    ).where(
        message_places.c.mailbox_id == mailbox_id,
        message_places.c.email_id.in_(bindparam("ids", expanding=True)),
    )
    found: dict[str, Place] = {}
    for start in range(0, len(email_ids), ROWS_PER_STATEMENT):
        rows = connection.execute(statement, {"ids": email_ids[start : start + ROWS_PER_STATEMENT]})
        found |= {email_id: Place(message_id, "", seen_at) for email_id, message_id, seen_at in rows}
    return found


def _select_at(connection: Connection, mailbox_id: str, message_ids: Sequence[str]) -> dict[str, Place]:
    """By the mailbox's part of the key: its rows are thousands, and asked for when something is deleted."""
    statement = select(
        message_places.c.email_id, message_places.c.message_id, message_places.c.seen_at
    ).where(
        message_places.c.mailbox_id == mailbox_id,
        message_places.c.message_id.in_(bindparam("ids", expanding=True)),
    )
    found: dict[str, Place] = {}
    for start in range(0, len(message_ids), ROWS_PER_STATEMENT):
        rows = connection.execute(statement, {"ids": message_ids[start : start + ROWS_PER_STATEMENT]})
        found |= {email_id: Place(message_id, "", seen_at) for email_id, message_id, seen_at in rows}
    return found


def _delete(connection: Connection, mailbox_id: str, email_ids: Sequence[str]) -> None:
    for start in range(0, len(email_ids), ROWS_PER_STATEMENT):
        some = email_ids[start : start + ROWS_PER_STATEMENT]
        connection.execute(
            delete(message_places).where(
                message_places.c.mailbox_id == mailbox_id, message_places.c.email_id.in_(some)
            )
        )


def _upsert(connection: Connection, batch: Mapping[tuple[str, str], Place]) -> None:
    statement = insert_into(connection, message_places)
    statement = statement.on_conflict_do_update(
        index_elements=["mailbox_id", "email_id"],
        set_={"message_id": statement.excluded.message_id, "seen_at": statement.excluded.seen_at},
    )
    rows = [
        {
            "mailbox_id": mailbox_id,
            "email_id": email_id,
            "message_id": place.message_id,
            "seen_at": place.stored_at,
        }
        for (mailbox_id, email_id), place in batch.items()
    ]
    connection.execute(statement, rows)
