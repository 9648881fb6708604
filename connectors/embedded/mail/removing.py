"""Taking messages out of mailboxes: every row of theirs, and a tombstone that tells who follows the mailbox.

What is deleted is overwritten by the database (`secure_delete`); `Database.fold` empties the -wal of it.
"""

from collections.abc import Iterable, Sequence
from itertools import islice

from sqlalchemy import Connection, delete, insert, select

from connectors.embedded.mail.reads import IDS_PER_STATEMENT, read_mailbox, read_messages
from connectors.embedded.mail.store import lock_mailbox, raise_version, require_mailbox
from connectors.embedded.mail.summaries import to_bytes, to_instant
from connectors.embedded.mail.tables import contents, messages, participants, thread_keys, tombstones
from insights.mail.addresses import relation_key
from insights.model import Message


def remove_messages(connection: Connection, mailbox: str, email_ids: Iterable[str]) -> int:
    """Remove messages from a mailbox for good; returns how many it held. Raises Invalid for no mailbox."""
    key = require_mailbox(mailbox)
    if read_mailbox(connection, mailbox) is None:
        return 0
    mailbox_id, version = lock_mailbox(connection, key)
    waiting = iter({own_id for each in email_ids if (own_id := to_bytes(each))})
    removed = 0
    while ids := list(islice(waiting, IDS_PER_STATEMENT)):
        if found := read_messages(connection, mailbox_id, ids):
            version = version if removed else raise_version(connection, mailbox_id, version)
            _remove(connection, mailbox_id, found, version)
            removed += len(found)
    return removed


def _remove(connection: Connection, mailbox_id: int, found: Sequence[Message], version: int) -> None:
    ids = [own_id for message in found if (own_id := to_bytes(message.email_id))]
    for message in found:
        people = {relation_key(address) for address in message.participants}
        connection.execute(
            delete(participants).where(
                participants.c.mailbox_id == mailbox_id,
                participants.c.address_key.in_(people),
                participants.c.at == to_instant(message.at),
                participants.c.email_id == to_bytes(message.email_id),
            )
        )
    for table in (messages, contents):
        connection.execute(delete(table).where(table.c.mailbox_id == mailbox_id, table.c.email_id.in_(ids)))
    _forget_threads(connection, mailbox_id, {message.conversation_id for message in found})
    connection.execute(
        insert(tombstones),
        [{"mailbox_id": mailbox_id, "email_id": own_id, "version": version} for own_id in ids],
    )


def _forget_threads(connection: Connection, mailbox_id: int, conversation_ids: Iterable[str]) -> None:
    """Forget the keys of conversations of which no message is left."""
    ids = {own_id for each in conversation_ids if (own_id := to_bytes(each))}
    left = select(messages.c.conversation_id).where(
        messages.c.mailbox_id == mailbox_id, messages.c.conversation_id.in_(ids)
    )
    gone = ids - {bytes(each) for each in connection.execute(left.distinct()).scalars()}
    while gone:  # a key may itself be a conversation that became part of one that is gone
        forgotten = delete(thread_keys).where(
            thread_keys.c.mailbox_id == mailbox_id, thread_keys.c.conversation_id.in_(gone)
        )
        gone = {bytes(key) for key in connection.execute(forgotten.returning(thread_keys.c.key)).scalars()}
