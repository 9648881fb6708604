"""The values that use-cases, connectors and surfaces exchange; CRM words are Dataverse's.

Times are aware `datetime`s, ids are strings, addresses are plain (`ana@contoso.example`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, Literal, TypeVar

Direction = Literal["incoming", "outgoing"]
T = TypeVar("T")


class TrackState(StrEnum):
    """Where an email stands on its way from the mailbox into the CRM."""

    UNTRACKED = "untracked"
    PENDING = "pending"
    TRACKED = "tracked"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class User:
    """A CRM user: `id` is the `systemuserid`, `email` also names the mailbox."""

    id: str
    name: str
    email: str
    roles: tuple[str, ...] = ()
    privileges: frozenset[str] = frozenset()
    """Privilege names as in Dataverse, `prvReadActionCard` for one."""
    object_id: str = ""
    """The account in Entra (`azureactivedirectoryobjectid`), lower case; "" where the CRM names none."""

    @property
    def is_admin(self) -> bool:
        """Whether the user administers Liaison."""
        return "System Administrator" in self.roles

    @property
    def mailbox(self) -> "Mailbox":
        """The user's own mailbox."""
        return Mailbox(self.email, self)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox by its address, and who reads it: its owner, or somebody it is shared with."""

    address: str
    reader: User


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a token proves: an Entra account by object id, else a CRM user by `systemuserid` or address."""

    object_id: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class RecordRef:
    """One CRM row: the table's logical name and the row's id."""

    table: str
    id: str


@dataclass(frozen=True, slots=True)
class Record:
    """A CRM row as lists show it; a person's subtitle is the email address."""

    table: str
    id: str
    name: str
    subtitle: str = ""

    @property
    def ref(self) -> RecordRef:
        """The record's table and id."""
        return RecordRef(self.table, self.id)


@dataclass(frozen=True, slots=True)
class RecordAddress:
    """An address that belongs to a record, and through whom: ("ana@…", "Ana Silva", "stakeholder")."""

    address: str
    name: str
    relation: str


@dataclass(frozen=True, slots=True)
class RecordMatch:
    """A record that one of the asked-for addresses belongs to (product.md §1.1), and through whom."""

    record: Record
    address: str
    name: str
    relation: str


@dataclass(frozen=True, slots=True)
class MailboxState:
    """A user's row of the table `mailbox`, reduced to what decides about tracking."""

    synchronisation: Literal["server", "forward", "none"] = "server"
    approved: bool = True
    tested: bool = True


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of an email, `size` in bytes; `id` is the mail server's, the same in every copy of the email."""

    id: str
    name: str
    content_type: str
    size: int
    is_inline: bool = False


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
class TrackedEmail:
    """An email activity of the CRM as it bears on tracking."""

    email_activity_id: str
    internet_message_id: str
    tracked_by_id: str
    tracked_by_name: str
    tracked_at: datetime
    regarding: Record | None
    is_complete: bool
    readable: bool
    """Whether the asking user's CRM permissions show the row."""
    links: tuple[Record, ...] = ()
    """The records it is linked to beside its regarding, as far as the asking user may read them."""


@dataclass(frozen=True, slots=True)
class CrmActivity:
    """A row of the record's own activities; `kind` is its logical name (email, appointment, …)."""

    id: str
    kind: str
    subject: str
    at: datetime
    sender: str = ""
    sender_name: str = ""
    to: tuple[str, ...] = ()
    direction: Direction | None = None
    attachments: tuple[Attachment, ...] = ()
    internet_message_id: str = ""
    created_by_id: str = ""
    created_by_name: str = ""
    created_at: datetime | None = None
    regarding: Record | None = None
    links: tuple[Record, ...] = ()
    """The records it is linked to beside its regarding; both as far as the asking user may read them."""


@dataclass(frozen=True, slots=True)
class EmailDraft:
    """What `Crm.create_email` writes: one email activity, keyed by `email_id`."""

    email_id: str
    message: Message
    body: MessageBody
    direction: Direction
    regarding: RecordRef | None


@dataclass(frozen=True, slots=True)
class AttachmentContent:
    """An attachment with its bytes."""

    attachment: Attachment
    content: bytes


@dataclass(frozen=True, slots=True)
class Table:
    """A CRM table whose rows have a timeline."""

    name: str
    label: str
    is_custom: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A slice of a list: `next` continues it, None ends it."""

    items: Sequence[T]
    next: str | None = None


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


@dataclass(frozen=True, slots=True)
class NewPerson:
    """An unknown sender about to become a contact or a lead."""

    table: Literal["contact", "lead"]
    first_name: str
    last_name: str
    email: str
    company: str = ""
    account_id: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look at one requirement found; the cause is in plain words and names no person."""

    state: Literal["met", "not met", "unknown"]
    cause: str = ""


MET = Finding("met")
