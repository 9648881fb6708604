"""What has changed in a mailbox since a version of it, and its headers: both cost what they give."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, select, tuple_

from connectors.embedded.mail.reads import SUMMARY, Place, read_mailbox, read_messages
from connectors.embedded.mail.summaries import decode, to_id
from connectors.embedded.mail.tables import messages, tombstones
from insights.cursors import bad_cursor, read_cursor, write_cursor
from insights.mail.addresses import mailbox_key
from insights.model import MailChanges, MessageHeader, Page

CHANGES, HEADERS = "changes", "headers"
CHANGES_PER_PAGE, HEADERS_PER_PAGE = 200, 500
AFTER_ALL = b"\xff" * 17
"""Sorts after every id."""


def read_changes(connection: Connection, mailbox: str, cursor: str | None) -> MailChanges:
    """What has changed since the cursor; without one, or where it is lost, where to begin."""
    mailbox_id, version = read_mailbox(connection, mailbox) or (0, 0)
    now = [mailbox_id, version, AFTER_ALL.hex()]
    if cursor is None:
        return MailChanges([], [], _write(mailbox, now), is_anew=True)
    seen_id, *after = _read_place(CHANGES, mailbox, cursor, 3)
    # A mailbox that was not there had no id; other ids and later versions are of another database.
    if seen_id not in {0, mailbox_id} or after[0] > version:
        return MailChanges([], [], _write(mailbox, now), is_anew=True)
    places = sorted(
        place
        for table in (messages, tombstones)
        for place in _changed(connection, table, mailbox_id, (after[0], after[1]))
    )
    has_more = len(places) > CHANGES_PER_PAGE
    ids = [own_id for _, own_id in places[:CHANGES_PER_PAGE]]
    found = read_messages(connection, mailbox_id, ids)
    held = {message.email_id for message in found}
    gone = [email_id for email_id in map(to_id, ids) if email_id not in held]
    if has_more:
        last_version, last_id = places[CHANGES_PER_PAGE - 1]
        now = [mailbox_id, last_version, last_id.hex()]
    return MailChanges(found, gone, _write(mailbox, now), has_more=has_more)


def read_headers(
    connection: Connection, mailbox: str, since: int, until: int, cursor: str | None
) -> Page[MessageHeader]:
    """Headers of what was sent in a stretch of time, oldest first."""
    place: Place = since, b""
    if cursor is not None:
        at, own_id = _read_place(HEADERS, mailbox, cursor, 2)
        place = max(place, (at, own_id))
    found = read_mailbox(connection, mailbox)
    if found is None:
        return Page([])
    statement = (
        select(*SUMMARY)
        .where(messages.c.mailbox_id == found[0], messages.c.at < until)
        .where(tuple_(messages.c.at, messages.c.email_id) > place)
        .order_by(messages.c.at, messages.c.email_id)
        .limit(HEADERS_PER_PAGE + 1)
    )
    rows = connection.execute(statement).all()
    items = [_header(row) for row in rows[:HEADERS_PER_PAGE]]
    if len(rows) <= HEADERS_PER_PAGE:
        return Page(items)
    last = rows[HEADERS_PER_PAGE - 1]
    state = [last.at, bytes(last.email_id).hex()]
    return Page(items, write_cursor(HEADERS, mailbox_key(mailbox), state))


def _changed(connection: Connection, table: Table, mailbox_id: int, after: Place) -> list[Place]:
    statement = (
        select(table.c.version, table.c.email_id)
        .where(table.c.mailbox_id == mailbox_id, tuple_(table.c.version, table.c.email_id) > after)
        .order_by(table.c.version, table.c.email_id)
        .limit(CHANGES_PER_PAGE + 1)
    )
    return [(version, bytes(own_id)) for version, own_id in connection.execute(statement)]


def _header(row: Any) -> MessageHeader:
    message = decode(bytes(row.email_id), row.at, bytes(row.conversation_id), row.summary, row.is_read)
    return MessageHeader(
        email_id=message.email_id,
        internet_message_id=message.internet_message_id,
        conversation_id=message.conversation_id,
        at=message.at,
        received_at=message.received_at,
        sender=message.sender,
        to=message.to,
        cc=message.cc,
    )


def _write(mailbox: str, state: Sequence[object]) -> str:
    return write_cursor(CHANGES, mailbox_key(mailbox), list(state))


def _read_place(purpose: str, mailbox: str, cursor: str, length: int) -> list[Any]:
    """The numbers of a cursor and the id at its end; raises Invalid."""
    state = read_cursor(purpose, mailbox_key(mailbox), cursor)
    if not isinstance(state, list) or len(state) != length:
        raise bad_cursor()
    *numbers, own_id = state
    try:
        if not all(type(each) is int and 0 <= each < 2**63 for each in numbers):
            raise bad_cursor()
        return [*numbers, bytes.fromhex(own_id)]
    except (TypeError, ValueError):
        raise bad_cursor() from None
