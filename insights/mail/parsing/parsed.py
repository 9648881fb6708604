"""What comes back from a worker: plain values that pickle small."""

from dataclasses import dataclass
from datetime import datetime

from insights.model import Attachment

MESSAGE_LIMIT = 50 * 1024 * 1024
"""Bytes of a message; Exchange's own limit is lower in nearly every organisation."""
HEADERS_LIMIT = 2 * 1024 * 1024
BODY_LIMIT = 2_000_000
"""Characters of a body that are kept, of `html` and of `text` each."""
ATTACHMENTS_LIMIT = 1000
NAME_LIMIT = 255
SUBJECT_LIMIT = 4000
ADDRESS_LIMIT = 320
MESSAGE_ID_LIMIT = 998
REFERENCES_LIMIT = 50


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """A message as its headers and structure tell it; `stored` is its compressed MIME.

    `sent_at` and `received_at` are None where no header gives a readable time.
    """

    internet_message_id: str
    subject: str = ""
    sender: str = ""
    sender_name: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    sent_at: datetime | None = None
    received_at: datetime | None = None
    kept_at: datetime | None = None
    """When its envelope or file was written: better than nothing where it has no time of its own."""
    attachments: tuple[Attachment, ...] = ()
    is_private: bool = False
    labels: tuple[str, ...] = ()
    is_encrypted: bool = False
    authors: tuple[str, ...] = ()
    """Further From addresses."""
    is_read: bool | None = None
    """Whether its owner has read it, by what it was found in; None where that does not say."""
    former_id: str = ""
    """The Message-ID that versions before made up for it, as they lost its headers; "" for most."""
    stored: bytes = b""

    @property
    def participants(self) -> tuple[str, ...]:
        """From, To and Cc, as `Message` has them."""
        return (self.sender, *self.authors, *self.to, *self.cc)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A message that could not be parsed, and why, in words without its content."""

    reason: str
