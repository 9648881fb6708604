"""Reading mailboxes: index ranges whose cost grows with the answer, not with the mailbox."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, TextClause, bindparam, select, text, tuple_

from connectors.embedded.mail.summaries import decode, to_bytes, to_instant
from connectors.embedded.mail.tables import contents, mailboxes, messages
from insights.mail.addresses import mailbox_key, relation_key
from insights.model import MailQuery, Message

ADDRESSES_PER_STATEMENT = 100
IDS_PER_STATEMENT = 500
AT_ONCE = 500
MAILBOX = select(mailboxes.c.id, mailboxes.c.version).where(mailboxes.c.address_key == bindparam("key"))
SUMMARY = (
    messages.c.email_id,
    messages.c.at,
    messages.c.conversation_id,
    messages.c.summary,
    messages.c.is_read,
)
NEWEST_OF_ONE = (
    "SELECT * FROM (SELECT at, email_id FROM participants WHERE mailbox_id = :mailbox_id"
    " AND address_key = :kNUMBER BOUNDS ORDER BY at DESC, email_id DESC LIMIT :limit) AS pNUMBER"
)
Place = tuple[int, bytes]
"""Where a message stands in its mailbox: newest first, equal times by id."""


def read_mailbox(connection: Connection, mailbox: str) -> tuple[int, int] | None:
    """(id, version) of a mailbox, None before its first message."""
    row = connection.execute(MAILBOX, {"key": mailbox_key(mailbox)}).first()
    return (row.id, row.version) if row else None


def read_versions(connection: Connection, addresses: Mapping[str, str]) -> dict[str, str]:
    """The version of the mailbox of each of these addresses, by their names, "0" before its first message."""
    keys = {name: mailbox_key(address) for name, address in addresses.items()}
    wanted = sorted(set(keys.values()))
    found: dict[str, int] = {}
    for start in range(0, len(wanted), AT_ONCE):
        some = mailboxes.c.address_key.in_(wanted[start : start + AT_ONCE])
        query = select(mailboxes.c.address_key, mailboxes.c.version).where(some)
        found |= {row.address_key: row.version for row in connection.execute(query)}
    return {name: str(found.get(key, 0)) for name, key in keys.items()}


def mailbox_keys(connection: Connection) -> set[str]:
    """Whose mailboxes there are, by the keys of their addresses."""
    return set(connection.execute(select(mailboxes.c.address_key)).scalars())


def search(connection: Connection, mailbox: str, query: MailQuery) -> list[Message]:
    """Messages with one of the addresses, newest first."""
    found = read_mailbox(connection, mailbox)
    if query.addresses is None:
        return _newest(connection, found[0], query) if found else []
    keys = sorted({key for address in query.addresses if (key := relation_key(address))})
    if found is None or not keys or query.limit < 1:
        return []
    places: set[Place] = set()
    for start in range(0, len(keys), ADDRESSES_PER_STATEMENT):
        some = keys[start : start + ADDRESSES_PER_STATEMENT]
        places.update(_places(connection, found[0], some, query))
    newest = sorted(places, reverse=True)[: query.limit]
    return read_messages(connection, found[0], [own_id for _, own_id in newest])


def read_messages(connection: Connection, mailbox_id: int, email_ids: Sequence[bytes]) -> list[Message]:
    """Those of the messages that the mailbox holds, in the order of the ids."""
    found: dict[bytes, Message] = {}
    statement = select(*SUMMARY).where(
        messages.c.mailbox_id == mailbox_id, messages.c.email_id.in_(bindparam("ids", expanding=True))
    )
    for start in range(0, len(email_ids), IDS_PER_STATEMENT):
        rows = connection.execute(statement, {"ids": email_ids[start : start + IDS_PER_STATEMENT]})
        found.update((bytes(row[0]), _decoded(row)) for row in rows)
    return [found[own_id] for own_id in email_ids if own_id in found]


def find(connection: Connection, mailbox: str, email_ids: Iterable[str]) -> dict[str, Message]:
    """Those of the messages that the mailbox holds, by their ids."""
    found = read_mailbox(connection, mailbox)
    wanted = {own_id for each in email_ids if (own_id := to_bytes(each))}
    if found is None:
        return {}
    return {message.email_id: message for message in read_messages(connection, found[0], list(wanted))}


def conversation(connection: Connection, mailbox: str, conversation_id: str) -> list[Message]:
    """All messages of a thread, oldest first."""
    found, own_id = read_mailbox(connection, mailbox), to_bytes(conversation_id)
    if found is None or own_id is None:
        return []
    statement = (
        select(*SUMMARY)
        .where(messages.c.mailbox_id == found[0], messages.c.conversation_id == own_id)
        .order_by(messages.c.at, messages.c.email_id)
    )
    return [_decoded(row) for row in connection.execute(statement)]


def latest(connection: Connection, mailbox: str, before: Place | None, limit: int) -> list[Message]:
    """The newest messages of a mailbox, or the newest before a place."""
    found = read_mailbox(connection, mailbox)
    return _slice(connection, found[0], None, before, limit) if found else []


def stored(connection: Connection, mailbox: str, email_id: str) -> bytes | None:
    """The compressed MIME of a message, None if the mailbox does not hold it."""
    found, own_id = read_mailbox(connection, mailbox), to_bytes(email_id)
    if found is None or own_id is None:
        return None
    statement = select(contents.c.stored).where(
        contents.c.mailbox_id == found[0], contents.c.email_id == own_id
    )
    content = connection.execute(statement).scalar()
    return None if content is None else bytes(content)


def place_of(at: datetime, email_id: str) -> Place:
    """The place of a message; an id that is none of a message sorts after all of that time."""
    return to_instant(at), to_bytes(email_id) or b""


def _newest(connection: Connection, mailbox_id: int, query: MailQuery) -> list[Message]:
    since = to_instant(query.since) if query.since else None
    before = place_of(*query.before) if query.before else None
    return _slice(connection, mailbox_id, since, before, query.limit)


def _slice(
    connection: Connection, mailbox_id: int, since: int | None, before: Place | None, limit: int
) -> list[Message]:
    statement = select(*SUMMARY).where(messages.c.mailbox_id == mailbox_id)
    if since is not None:
        statement = statement.where(messages.c.at >= since)
    if before:
        statement = statement.where(tuple_(messages.c.at, messages.c.email_id) < before)
    statement = statement.order_by(messages.c.at.desc(), messages.c.email_id.desc()).limit(limit)
    return [_decoded(row) for row in connection.execute(statement)]


def _places(connection: Connection, mailbox_id: int, keys: Sequence[str], query: MailQuery) -> set[Place]:
    values: dict[str, Any] = {f"k{number}": key for number, key in enumerate(keys)}
    values |= {"mailbox_id": mailbox_id, "limit": query.limit}
    if query.since:
        values["since"] = to_instant(query.since)
    if query.before:
        values["at"], values["email_id"] = place_of(*query.before)
    statement = _places_statement(len(keys), query.since is not None, query.before is not None)
    return {(at, bytes(own_id)) for at, own_id in connection.execute(statement, values)}


@lru_cache(maxsize=512)
def _places_statement(keys: int, since: bool, before: bool) -> TextClause:  # noqa: FBT001
    """The newest places of each address: one stretch of the key each, ending at the limit.

    Written as text, for building it from a hundred Core selects takes longer than running it.
    """
    bounds = " AND at >= :since" * since + " AND (at, email_id) < (:at, :email_id)" * before
    one = NEWEST_OF_ONE.replace("BOUNDS", bounds)
    return text(" UNION ALL ".join(one.replace("NUMBER", str(number)) for number in range(keys)))


def _decoded(row: Any) -> Message:
    return decode(bytes(row[0]), row[1], bytes(row[2]), row[3], row[4])
