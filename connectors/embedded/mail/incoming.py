"""Parsed messages as they go into the tables: with their ids, and the times and people they are found by."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.embedded.mail.summaries import encode, to_bytes, to_instant
from connectors.embedded.mail.threads import ThreadKeys, read_thread_keys
from insights.mail.addresses import relation_key
from insights.mail.identity import email_id
from insights.mail.parsing.parsed import ParsedMessage
from insights.model import Message

KEY_LIMIT = 512
"""Characters of an address key; PostgreSQL indexes no value much longer."""
EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)
"""Earlier dates come from clocks that were never set."""
AHEAD = timedelta(days=1)
"""How far after its import a message can be dated: clocks and zones are wrong by hours, not by days."""


@dataclass(slots=True)
class Outcome:
    """What became of messages; places are those in the order in which they were given."""

    inserted: int = 0
    mended: int = 0
    """Of those that were there, how many a version before had read otherwise."""
    differing: list[int] = field(default_factory=list)
    """Places of mails with the Message-ID of another one, that have another From or Subject."""


@dataclass(frozen=True, slots=True)
class Row:
    """A message ready to be written."""

    email_id: bytes
    former_id: bytes | None
    at: int
    is_dated: bool
    """Whether it has a time of its own."""
    message: ParsedMessage
    place: int
    summary: str
    people: tuple[str, ...]
    keys: ThreadKeys
    stored: bytes
    is_read: bool | None


Twin = tuple[bytes, int, ParsedMessage]


def read_rows(
    organization_id: str, batch: Sequence[ParsedMessage], now: datetime, first: int
) -> tuple[list[Row], list[Twin]]:
    """Each Message-ID once, and what has one of an earlier place."""
    rows: dict[bytes, Row] = {}
    twins = []
    for place, message in enumerate(batch, start=first):
        own_id = to_bytes(email_id(organization_id, message.internet_message_id))
        if own_id is None:
            continue
        if own_id not in rows:
            former = message.former_id and to_bytes(email_id(organization_id, message.former_id))
            rows[own_id] = _row(own_id, message, now, place, former or None)
        else:
            twins.append((own_id, place, message))
    return list(rows.values()), twins


def usable(time: datetime | None, now: datetime) -> datetime | None:
    """The time, unless it is missing, before 1971 or more than a day ahead of the import."""
    return time if time and EARLIEST <= time <= now + AHEAD else None


def is_other(one: ParsedMessage | Message, other: ParsedMessage) -> bool:
    """Whether two mails of one Message-ID are not the same one."""
    return (one.sender, one.subject) != (other.sender, other.subject)


def _row(own_id: bytes, message: ParsedMessage, now: datetime, place: int, former: bytes | None) -> Row:
    received_at = usable(message.received_at, now)
    told_at = usable(message.sent_at, now) or received_at
    at = told_at or usable(message.kept_at, now) or now
    keys = (relation_key(address) for address in message.participants)
    people = tuple(dict.fromkeys(key for key in keys if key and len(key) <= KEY_LIMIT))
    return Row(
        email_id=own_id,
        former_id=former,
        at=to_instant(at),
        is_dated=told_at is not None,
        message=message,
        place=place,
        summary=encode(message, received_at or at),
        people=people,
        keys=read_thread_keys(message, people, at),
        stored=message.stored,
        is_read=message.is_read,
    )


def participant(mailbox_id: int, row: Row, person: str) -> dict[str, Any]:
    """The row by which a message is found by one of its people."""
    return {"mailbox_id": mailbox_id, "address_key": person, "at": row.at, "email_id": row.email_id}
