"""Moves the days of the demo, so that what was today when it was seeded is today again."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from connectors.embedded.crm.customizing import read_schema
from connectors.embedded.crm.row import StoredRow, chunks
from connectors.embedded.crm.rows import COLUMNS, stored_row
from connectors.embedded.crm.schema import Schema
from connectors.embedded.crm.standard import standard_schema
from connectors.embedded.crm.tables import rows
from connectors.embedded.crm.writing import count_change, write_rows
from connectors.embedded.demo.conversations import Letter
from connectors.embedded.demo.mime import write_mime
from connectors.embedded.mail.summaries import decode, to_bytes, to_instant
from connectors.embedded.mail.tables import contents, mailboxes, messages, participants
from insights.mail.addresses import relation_key
from insights.mail.identity import email_id
from insights.mail.parsing.stored import pack

RECEIVED_AT = 2
"""The place of the received time in a message's summary."""
DAY_COLUMN = "new_demoday"
"""A column of the organisation's row: the day its rows are written for."""
PAST = frozenset({"senton", "actualend", "actualstart", "overriddencreatedon"})
"""What has happened stays before now, also what somebody did later in the day than it is now."""


def read_day(connection: Connection) -> date | None:
    """The day that the CRM rows are written for, None before the demo is complete."""
    organization = _organization(connection)
    day = organization.text(DAY_COLUMN) if organization else ""
    return date.fromisoformat(day) if day else None


def write_day(connection: Connection, day: date) -> None:
    """Remember the day that the CRM rows are written for."""
    organization = _organization(connection)
    if organization:
        count_change(connection)
        organization.attributes[DAY_COLUMN] = day.isoformat()
        write_rows(connection, standard_schema(), [organization], {organization.ref})


def move_rows(connection: Connection, today: date, now: datetime) -> None:
    """Move every time of every CRM row by the days that have passed since the last start."""
    written_for = read_day(connection)
    days = timedelta(days=(today - written_for).days) if written_for else timedelta()
    if not days:
        return
    count_change(connection)
    schema = read_schema(connection, standard_schema())
    found = connection.execute(select(*COLUMNS).where(rows.c.table_name.in_(_moving_tables(schema)))).all()
    for batch in chunks([stored_row(row) for row in found]):
        for row in batch:
            _move_row(schema, row, days, now)
        write_rows(connection, schema, batch, {row.ref for row in batch})
    write_day(connection, today)


def move_mail(connection: Connection, organization_id: str, letters: Sequence[Letter]) -> None:
    """Give the letters that lie in mailboxes the times they have now; other mail stays as it is."""
    by_id = {to_bytes(email_id(organization_id, letter.message_id)) or b"": letter for letter in letters}
    found = [row for ids in chunks(by_id) for row in _lying(connection, ids)]
    moved = [(row, to_instant(by_id[bytes(row.email_id)].at)) for row in found]
    moved = [(row, at) for row, at in moved if row.at != at]
    if not moved:
        return
    connection.execute(update(mailboxes).values(version=mailboxes.c.version + 1))
    of_mailbox = select(mailboxes.c.version).where(mailboxes.c.id == messages.c.mailbox_id)
    _key = {"of_mailbox": "mailbox_id", "of_email": "email_id"}
    connection.execute(
        update(messages)
        .where(*(messages.c[column] == bindparam(name) for name, column in _key.items()))
        .values(
            at=bindparam("new_at"), summary=bindparam("new_summary"), version=of_mailbox.scalar_subquery()
        ),
        [_moved_message(row, at) for row, at in moved],
    )
    connection.execute(
        update(participants)
        .where(
            *(participants.c[column] == bindparam(name) for name, column in _key.items()),
            participants.c.address_key == bindparam("of_address"),
            participants.c.at == bindparam("old_at"),
        )
        .values(at=bindparam("new_at")),
        [values for row, at in moved for values in _moved_participants(row, at)],
    )
    _rewrite_dated(connection, by_id)


def _organization(connection: Connection) -> StoredRow | None:
    found = connection.execute(select(*COLUMNS).where(rows.c.table_name == "organization")).one_or_none()
    return stored_row(found) if found else None


def _moving_tables(schema: Schema) -> list[str]:
    """Tables whose rows people make, as against users, roles and parties."""
    return [table.name for table in schema.tables.values() if table.ownership == "user"]


def _move_row(schema: Schema, row: StoredRow, days: timedelta, now: datetime) -> None:
    table = schema.get(row.table)
    for name, value in row.attributes.items():
        column = table.column(name) if table and isinstance(value, str) else None
        if column and column.kind == "datetime":
            at = datetime.fromisoformat(value) + days
            row.attributes[name] = (min(at, now) if name in PAST else at).isoformat()
        elif column and column.kind == "date":
            row.attributes[name] = (date.fromisoformat(value) + days).isoformat()
    row.created_at = min(row.created_at + days, now)
    row.modified_at = min(row.modified_at + days, now)


def _lying(connection: Connection, ids: Sequence[bytes]) -> Sequence[Row[Any]]:
    return connection.execute(select(messages).where(messages.c.email_id.in_(ids))).all()


def _moved_message(row: Row[Any], at: int) -> dict[str, Any]:
    summary = json.loads(row.summary)
    summary[RECEIVED_AT] += at - row.at
    return {
        "of_mailbox": row.mailbox_id,
        "of_email": row.email_id,
        "new_at": at,
        "new_summary": json.dumps(summary, ensure_ascii=False, separators=(",", ":")),
    }


def _moved_participants(row: Row[Any], at: int) -> Iterator[dict[str, Any]]:
    message = decode(bytes(row.email_id), row.at, bytes(row.conversation_id), row.summary, row.is_read)
    for key in dict.fromkeys(relation_key(address) for address in message.participants):
        yield {
            "of_mailbox": row.mailbox_id,
            "of_email": row.email_id,
            "of_address": key,
            "old_at": row.at,
            "new_at": at,
        }


def _rewrite_dated(connection: Connection, by_id: Mapping[bytes, Letter]) -> None:
    """Write anew what names a day in its content: invitations and bookings."""
    for own_id, letter in by_id.items():
        if letter.is_dated:
            stored = pack(write_mime(letter))
            connection.execute(update(contents).where(contents.c.email_id == own_id).values(stored=stored))
