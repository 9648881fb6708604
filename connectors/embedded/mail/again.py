"""What becomes of a message that is there: mended where it is read otherwise now, told if it is another."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from connectors.embedded.mail.incoming import Row, is_other, participant
from connectors.embedded.mail.summaries import decode, encode, received_at
from connectors.embedded.mail.tables import contents, messages, participants
from insights.mail.addresses import relation_key
from insights.model import Message


def is_under_former_id(row: Row, present: Mapping[bytes, Any]) -> bool:
    """Whether it is there by the id that a version before made up for it."""
    return row.email_id not in present and row.former_id is not None and row.former_id in present


def as_before(row: Row) -> Row:
    """The row under the id that it was kept under while its headers were lost: others may refer to it."""
    message = replace(row.message, internet_message_id=row.message.former_id)
    summary = encode(message, received_at(row.summary))
    return replace(row, email_id=row.former_id or row.email_id, message=message, summary=summary)


def compare(
    connection: Connection, mailbox_id: int, known: Sequence[tuple[Row, Any]]
) -> tuple[list[tuple[Row, Any]], list[int]]:
    """Which rows are to be written anew, as their bytes are read otherwise now; places of other mails."""
    known = [(_dated_as(row, held), held) for row, held in known]
    changed = [(row, held) for row, held in known if (row.summary, row.at) != (held.summary, held.at)]
    if not changed:
        return [], []
    statement = select(contents.c.email_id, contents.c.stored).where(
        contents.c.mailbox_id == mailbox_id, contents.c.email_id.in_([row.email_id for row, _ in changed])
    )
    stored = {bytes(own_id): bytes(each) for own_id, each in connection.execute(statement)}
    mended, differing = [], []
    for row, held in changed:
        if stored.get(row.email_id) == row.stored:
            mended.append((row, held))
        elif is_other(decoded(held), row.message):
            differing.append(row.place)
    return mended, differing


def _dated_as(row: Row, held: Any) -> Row:
    """A mail without a time of its own keeps the one that it had, unless an earlier one is known by now."""
    if row.is_dated or row.at <= held.at:
        return row
    return replace(row, at=held.at, summary=encode(row.message, received_at(held.summary)))


def mend(connection: Connection, mailbox_id: int, row: Row, held: Any, version: int) -> None:
    """Write a message anew under its id; its conversation stays."""
    was = decoded(held)
    people = {relation_key(address) for address in was.participants}
    these = participants.c.mailbox_id == mailbox_id, participants.c.email_id == row.email_id
    stretch = participants.c.address_key.in_(people), participants.c.at == held.at
    connection.execute(delete(participants).where(*these, *stretch))
    if row.people:
        connection.execute(
            insert(participants), [participant(mailbox_id, row, person) for person in row.people]
        )
    this = messages.c.mailbox_id == mailbox_id, messages.c.email_id == row.email_id
    changed = {"at": row.at, "summary": row.summary, "version": version}
    connection.execute(update(messages).where(*this).values(changed))


def decoded(held: Any) -> Message:
    """The message of a row of `messages`."""
    return decode(bytes(held.email_id), held.at, bytes(held.conversation_id), held.summary, held.is_read)
