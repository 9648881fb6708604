"""A message without its body as one compact JSON array, and back; ids and times as the tables keep them."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

from insights.mail.parsing.headers import with_answered
from insights.mail.parsing.parsed import ParsedMessage
from insights.model import Attachment, Message

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def to_instant(time: datetime) -> int:
    """An aware time as microseconds since 1970 UTC."""
    return (time - EPOCH) // MICROSECOND


def from_instant(instant: int) -> datetime:
    """The aware UTC time of `to_instant`."""
    return EPOCH + timedelta(microseconds=instant)


def to_bytes(email_id: str) -> bytes | None:
    """An id's 16 bytes, None for what is no id and therefore finds nothing."""
    try:
        return UUID(email_id).bytes
    except ValueError:
        return None


def to_id(value: bytes) -> str:
    """The id of 16 bytes, as `str(UUID)` writes it but in a third of the time."""
    digits = value.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def encode(message: ParsedMessage, received_at: datetime) -> str:
    """The summary column of a message; `decode` names the places of the array."""
    return json.dumps(
        [
            message.internet_message_id,
            message.subject,
            to_instant(received_at),
            message.sender,
            message.sender_name,
            message.to,
            message.cc,
            message.bcc,
            message.in_reply_to,
            [
                (file.id, file.name, file.content_type, file.size, file.is_inline)
                + ((file.content_id,) if file.content_id else ())
                for file in message.attachments
            ],
            message.is_private,
            message.labels,
            message.is_encrypted,
            message.authors,
            message.references,
        ],
        ensure_ascii=False,
        separators=(",", ":"),
    )


def received_at(summary: str) -> datetime:
    """When the message of a summary was received."""
    return from_instant(json.loads(summary)[2])


def decode(email_id: bytes, at: int, conversation_id: bytes, summary: str, is_read: bool) -> Message:  # noqa: FBT001
    """The message of a row of `messages`."""
    (
        internet_message_id,
        subject,
        received_at,
        sender,
        sender_name,
        to,
        cc,
        bcc,
        in_reply_to,
        files,
        is_private,
        labels,
        is_encrypted,
        *rest,  # authors and references, which rows of older versions lack
    ) = json.loads(summary)
    authors, references = [*list(rest), (), ()][:2]
    return Message(
        email_id=to_id(email_id),
        internet_message_id=internet_message_id,
        conversation_id=to_id(conversation_id),
        subject=subject,
        at=from_instant(at),
        received_at=from_instant(received_at),
        sender=sender,
        sender_name=sender_name,
        to=tuple(to),
        cc=tuple(cc),
        bcc=tuple(bcc),
        in_reply_to=in_reply_to,
        attachments=tuple(Attachment(*file) for file in files),
        is_private=is_private,
        labels=tuple(labels),
        is_encrypted=is_encrypted,
        authors=tuple(authors),
        is_read=is_read,
        references=with_answered(references, in_reply_to),
    )
