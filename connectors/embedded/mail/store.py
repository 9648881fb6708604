"""Writing messages into mailboxes: short transactions, each Message-ID once."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from connectors.embedded.mail.again import as_before, compare, decoded, is_under_former_id, mend
from connectors.embedded.mail.incoming import (
    KEY_LIMIT,
    Outcome,
    Row,
    Twin,
    is_other,
    participant,
    read_rows,
)
from connectors.embedded.mail.tables import (
    contents,
    mailboxes,
    messages,
    participants,
    thread_keys,
    tombstones,
)
from connectors.embedded.mail.threads import Threads, join_threads, read_threads
from insights.database import Database, insert_into
from insights.errors import Invalid
from insights.mail.addresses import MailboxKey, mailbox_key
from insights.mail.parsing.parsed import ParsedMessage

REVISIONS = Path(__file__).parent / "migrations"
BATCH = 200


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
    outcome = await write_parsed(database, organization_id, mailbox, parsed, now=now, batch_size=batch_size)
    return outcome.inserted


async def write_parsed(
    database: Database,
    organization_id: str,
    mailbox: str,
    parsed: Iterable[ParsedMessage],
    *,
    now: datetime,
    batch_size: int = BATCH,
) -> Outcome:
    """The same, with what became of those that were there: one that is read otherwise now is mended."""
    key = require_mailbox(mailbox)
    outcome, waiting, place = Outcome(), iter(parsed), 0
    while batch := list(islice(waiting, batch_size)):
        rows, twins = await asyncio.to_thread(read_rows, organization_id, batch, now, place)
        written = await database.write(_write, key, organization_id, rows, twins)
        outcome.inserted += written.inserted
        outcome.mended += written.mended
        outcome.differing += sorted(written.differing)
        place += len(batch)
    return outcome


def require_mailbox(mailbox: str) -> MailboxKey:
    """The key that names a mailbox; raises Invalid for what is no address."""
    key = mailbox_key(mailbox)
    if not key or len(key) > KEY_LIMIT or any(character.isspace() for character in key):
        raise Invalid("bad_mailbox")
    return key


def _write(
    connection: Connection,
    key: MailboxKey,
    organization_id: str,
    rows: Sequence[Row],
    twins: Sequence[Twin],
) -> Outcome:
    mailbox_id, version = lock_mailbox(connection, key)
    ids = [each for row in rows for each in (row.email_id, row.former_id) if each]
    present = _present(connection, mailbox_id, ids)
    rows = [as_before(row) if is_under_former_id(row, present) else row for row in rows]
    known = [(row, present[row.email_id]) for row in rows if row.email_id in present]
    turned = [row for row, held in known if row.is_read not in {None, held.is_read}]
    mended, differing = compare(connection, mailbox_id, known)
    kept = {row.email_id: row.message for row in rows} | {row.email_id: decoded(held) for row, held in known}
    differing += [place for own_id, place, message in twins if is_other(kept.get(own_id, message), message)]
    rows = [row for row in rows if row.email_id not in present]
    if rows or turned or mended:
        version = raise_version(connection, mailbox_id, version)
    if turned:
        _turn(connection, mailbox_id, turned, version)
    for row, held in mended:
        mend(connection, mailbox_id, row, held, version)
    if rows:
        _insert(connection, mailbox_id, organization_id, rows, version)
    return Outcome(len(rows), len(mended), differing)


def _insert(
    connection: Connection, mailbox_id: int, organization_id: str, rows: Sequence[Row], version: int
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
    if people := [participant(mailbox_id, row, person) for row in rows for person in row.people]:
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


def _present(connection: Connection, mailbox_id: int, email_ids: list[bytes]) -> dict[bytes, Any]:
    """The rows of those messages that are there."""
    statement = select(messages).where(
        messages.c.mailbox_id == mailbox_id, messages.c.email_id.in_(bindparam("ids", expanding=True))
    )
    return {bytes(row.email_id): row for row in connection.execute(statement, {"ids": email_ids})}


def _turn(connection: Connection, mailbox_id: int, rows: Sequence[Row], version: int) -> None:
    """Take over whether messages are read that were there before."""
    for is_read in (True, False):
        ids = [row.email_id for row in rows if row.is_read is is_read]
        these = messages.c.mailbox_id == mailbox_id, messages.c.email_id.in_(ids)
        connection.execute(update(messages).where(*these).values(is_read=is_read, version=version))


def _message(mailbox_id: int, row: Row, conversation_id: bytes, version: int) -> dict[str, Any]:
    return {
        "mailbox_id": mailbox_id,
        "email_id": row.email_id,
        "at": row.at,
        "conversation_id": conversation_id,
        "summary": row.summary,
        "is_read": row.is_read is not False,
        "version": version,
    }


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
