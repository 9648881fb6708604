"""Writing messages into mailboxes: short transactions, each Message-ID once."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from connectors.embedded.mail.summaries import encode, to_bytes, to_instant
from connectors.embedded.mail.tables import (
    contents,
    mailboxes,
    messages,
    participants,
    thread_keys,
    tombstones,
)
from connectors.embedded.mail.threads import ThreadKeys, Threads, join_threads, read_thread_keys, read_threads
from insights.database import Database, insert_into
from insights.errors import Invalid
from insights.mail.addresses import MailboxKey, mailbox_key, relation_key
from insights.mail.identity import email_id
from insights.mail.parsing.parsed import ParsedMessage

REVISIONS = Path(__file__).parent / "migrations"
BATCH = 200
KEY_LIMIT = 512
"""Characters of an address key; PostgreSQL indexes no value much longer."""
EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)
"""Earlier dates come from clocks that were never set."""
AHEAD = timedelta(days=1)
"""How far after its import a message can be dated: clocks and zones are wrong by hours, not by days."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A message ready to be written."""

    email_id: bytes
    at: int
    summary: str
    people: tuple[str, ...]
    keys: ThreadKeys
    stored: bytes
    is_read: bool | None


async def insert_parsed(
    database: Database,
    organization_id: str,
    mailbox: str,
    parsed: Iterable[ParsedMessage],
    *,
    now: datetime,
    batch_size: int = BATCH,
) -> int:
    """Put parsed messages into a mailbox, making it at its first one; returns how many were new.

    Takes an iterator of any length and writes `batch_size` messages per transaction: few, so that
    other writers get their turn, or thousands, to fill a mailbox nobody uses yet. Of messages with
    the same Message-ID the first is kept; whether it is read is taken over from a later one that says so.
    """
    key = require_mailbox(mailbox)
    inserted = 0
    waiting = iter(parsed)
    while batch := list(islice(waiting, batch_size)):
        rows = await asyncio.to_thread(_rows, organization_id, batch, now)
        inserted += await database.write(_write, key, organization_id, rows)
    return inserted


def require_mailbox(mailbox: str) -> MailboxKey:
    """The key that names a mailbox; raises Invalid for what is no address."""
    key = mailbox_key(mailbox)
    if not key or len(key) > KEY_LIMIT or any(character.isspace() for character in key):
        raise Invalid("bad_mailbox")
    return key


def usable(time: datetime | None, now: datetime) -> datetime | None:
    """The time, unless it is missing, before 1971 or more than a day ahead of the import."""
    return time if time and EARLIEST <= time <= now + AHEAD else None


def _rows(organization_id: str, batch: Sequence[ParsedMessage], now: datetime) -> list[_Row]:
    rows: dict[bytes, _Row] = {}
    for message in batch:
        own_id = to_bytes(email_id(organization_id, message.internet_message_id))
        if own_id is not None and own_id not in rows:
            rows[own_id] = _row(own_id, message, now)
    return list(rows.values())


def _row(own_id: bytes, message: ParsedMessage, now: datetime) -> _Row:
    received_at = usable(message.received_at, now)
    at = usable(message.sent_at, now) or received_at or now
    keys = (relation_key(address) for address in message.participants)
    people = tuple(dict.fromkeys(key for key in keys if key and len(key) <= KEY_LIMIT))
    return _Row(
        email_id=own_id,
        at=to_instant(at),
        summary=encode(message, received_at or at),
        people=people,
        keys=read_thread_keys(message, people, at),
        stored=message.stored,
        is_read=message.is_read,
    )


def _write(connection: Connection, key: MailboxKey, organization_id: str, rows: Sequence[_Row]) -> int:
    mailbox_id, version = lock_mailbox(connection, key)
    present = _present(connection, mailbox_id, [row.email_id for row in rows])
    turned = [row for row in rows if row.is_read not in {None, present.get(row.email_id, row.is_read)}]
    rows = [row for row in rows if row.email_id not in present]
    if rows or turned:
        version = raise_version(connection, mailbox_id, version)
    if turned:
        _turn(connection, mailbox_id, turned, version)
    if rows:
        _insert(connection, mailbox_id, organization_id, rows, version)
    return len(rows)


def _insert(
    connection: Connection, mailbox_id: int, organization_id: str, rows: Sequence[_Row], version: int
) -> None:
    """Put messages in that are not there; one that was removed before is back."""
    threads = read_threads(connection, mailbox_id, organization_id, [row.keys for row in rows])
    placed = [(row, threads.place(row.keys)) for row in rows]
    join_threads(connection, mailbox_id, threads, version)
    connection.execute(
        insert(messages), [_message(mailbox_id, row, threads.current(at), version) for row, at in placed]
    )
    connection.execute(
        insert(contents),
        [{"mailbox_id": mailbox_id, "email_id": row.email_id, "stored": row.stored} for row in rows],
    )
    if people := [_participant(mailbox_id, row, person) for row in rows for person in row.people]:
        connection.execute(insert(participants), people)
    _write_thread_keys(connection, mailbox_id, threads)
    is_back = tombstones.c.email_id.in_([row.email_id for row in rows])
    connection.execute(delete(tombstones).where(tombstones.c.mailbox_id == mailbox_id, is_back))


def lock_mailbox(connection: Connection, key: MailboxKey) -> tuple[int, int]:
    """(id, version) of a mailbox, made if need be; its writers wait for each other from here on.

    So whoever has seen a version has seen all that changed up to it.
    """
    row = insert_into(connection, mailboxes).values(address_key=key, version=0)
    connection.execute(row.on_conflict_do_nothing())
    statement = select(mailboxes.c.id, mailboxes.c.version).where(mailboxes.c.address_key == key)
    found = connection.execute(statement.with_for_update()).one()
    return found.id, found.version


def raise_version(connection: Connection, mailbox_id: int, version: int) -> int:
    """The next version of a locked mailbox, for all that changes in this transaction."""
    raised = update(mailboxes).where(mailboxes.c.id == mailbox_id).values(version=version + 1)
    connection.execute(raised)
    return version + 1


def _present(connection: Connection, mailbox_id: int, email_ids: list[bytes]) -> dict[bytes, bool]:
    """Which messages are there, and whether they are read."""
    statement = select(messages.c.email_id, messages.c.is_read).where(
        messages.c.mailbox_id == mailbox_id, messages.c.email_id.in_(bindparam("ids", expanding=True))
    )
    return {bytes(own_id): is_read for own_id, is_read in connection.execute(statement, {"ids": email_ids})}


def _turn(connection: Connection, mailbox_id: int, rows: Sequence[_Row], version: int) -> None:
    """Take over whether messages are read that were there before."""
    for is_read in (True, False):
        ids = [row.email_id for row in rows if row.is_read is is_read]
        these = messages.c.mailbox_id == mailbox_id, messages.c.email_id.in_(ids)
        connection.execute(update(messages).where(*these).values(is_read=is_read, version=version))


def _message(mailbox_id: int, row: _Row, conversation_id: bytes, version: int) -> dict[str, Any]:
    return {
        "mailbox_id": mailbox_id,
        "email_id": row.email_id,
        "at": row.at,
        "conversation_id": conversation_id,
        "summary": row.summary,
        "is_read": row.is_read is not False,
        "version": version,
    }


def _participant(mailbox_id: int, row: _Row, person: str) -> dict[str, Any]:
    return {"mailbox_id": mailbox_id, "address_key": person, "at": row.at, "email_id": row.email_id}


def _write_thread_keys(connection: Connection, mailbox_id: int, threads: Threads) -> None:
    statement = insert_into(connection, thread_keys)
    statement = statement.on_conflict_do_update(
        index_elements=["mailbox_id", "key"],
        set_={"conversation_id": statement.excluded.conversation_id},
    )
    rows = [
        {"mailbox_id": mailbox_id, "key": key, "conversation_id": threads.current(conversation_id)}
        for key, conversation_id in threads.new.items()
    ]
    if rows:
        connection.execute(statement, rows)
