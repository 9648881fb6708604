"""Records and activities of the CRM, in Dataverse's words."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from insights.model.mail import Attachment, Direction, Message, MessageBody


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
class Table:
    """A CRM table whose rows have a timeline."""

    name: str
    label: str
    is_custom: bool = False


class TrackState(StrEnum):
    """Where an email stands on its way from the mailbox into the CRM."""

    UNTRACKED = "untracked"
    PENDING = "pending"
    TRACKED = "tracked"
    FAILED = "failed"


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
class NewPerson:
    """An unknown sender about to become a contact or a lead."""

    table: Literal["contact", "lead"]
    first_name: str
    last_name: str
    email: str
    company: str = ""
    account_id: str | None = None
