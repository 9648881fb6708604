"""Messages as a mail server has them, whatever server it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Direction = Literal["incoming", "outgoing"]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of an email, `size` in bytes; `id` is the mail server's, the same in every copy of the email."""

    id: str
    name: str
    content_type: str
    size: int
    is_inline: bool = False
    content_id: str = ""
    """What the body's HTML calls it (`cid:…`), without brackets; "" if nothing does."""


@dataclass(frozen=True, slots=True)
class Message:
    """A mailbox message without its body; its words stay in the mailbox until it is tracked."""

    email_id: str
    """The id of the CRM row it has or would get: UUIDv5 of the organisation and the Message-ID."""
    internet_message_id: str
    conversation_id: str
    subject: str
    at: datetime
    """Sent time: Date, else the last Received, else the import time."""
    received_at: datetime
    sender: str
    sender_name: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    in_reply_to: str = ""
    attachments: tuple[Attachment, ...] = ()
    is_private: bool = False
    """Outlook's *private* or *confidential* flag (PidTagSensitivity ≥ 2)."""
    labels: tuple[str, ...] = ()
    """Sensitivity label ids (`msip_labels`)."""
    is_encrypted: bool = False
    authors: tuple[str, ...] = ()
    """Further From addresses, where several people wrote it; `sender` is the first."""
    is_read: bool = True
    """Whether the mailbox's owner has read it, or somebody who reads for them."""
    references: tuple[str, ...] = ()
    """Message-IDs of the thread before it, oldest first, the one it answers last."""

    @property
    def participants(self) -> tuple[str, ...]:
        """From, To and Cc, the addresses that decide about relation."""
        return (self.sender, *self.authors, *self.to, *self.cc)


@dataclass(frozen=True, slots=True)
class MessageBody:
    """The words of a message: `html` is cleaned and safe to store and show, `text` always there."""

    html: str
    text: str


@dataclass(frozen=True, slots=True)
class MessageHeader:
    """Who wrote to whom and when: what is told of a message to whom may not read it."""

    email_id: str
    internet_message_id: str
    conversation_id: str
    at: datetime
    received_at: datetime
    sender: str
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MailChanges:
    """What became of a mailbox since a cursor.

    Who follows a mailbox takes over `messages` and `gone_ids`, reads everything anew where `is_anew`, keeps
    `cursor`, and goes on with it at once while `has_more`.
    """

    messages: Sequence[Message]
    """New ones, and those of which something has changed, as they are now; some perhaps unchanged."""
    gone_ids: Sequence[str]
    """Ids of emails that the mailbox no longer lists, deleted or moved to where nothing counts."""
    cursor: str
    """Where to go on; opaque, without address or word, of any length."""
    has_more: bool = False
    is_anew: bool = False
    """Whether nothing is told of what was before: there was no cursor, or it is lost."""


@dataclass(frozen=True, slots=True)
class AttachmentContent:
    """An attachment with its bytes."""

    attachment: Attachment
    content: bytes


@dataclass(frozen=True, slots=True)
class MailQuery:
    """Messages with one of `addresses` in From, To or Cc, newest first; None = whoever wrote to whom.

    Addresses are compared by `capture.addresses.relation_key`. `before` is the (at, email_id) of the
    last message already seen. Nothing is said about privacy flags: the caller filters.
    """

    addresses: Sequence[str] | None
    since: datetime | None = None
    before: tuple[datetime, str] | None = None
    limit: int = 200
