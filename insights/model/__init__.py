"""The values that use-cases, connectors and surfaces exchange; CRM words are Dataverse's.

Times are aware `datetime`s, ids are strings, addresses are plain (`ana@contoso.example`).
"""

from insights.model.agenda import (
    Attendee,
    Clock,
    Meeting,
    TaskList,
    TodoTask,
    WorkingHours,
)
from insights.model.answers import MET, Finding, Page
from insights.model.crm import (
    CrmActivity,
    EmailDraft,
    NewPerson,
    Record,
    RecordAddress,
    RecordMatch,
    RecordRef,
    Table,
    TrackedEmail,
    TrackState,
)
from insights.model.mail import (
    Attachment,
    AttachmentContent,
    Direction,
    MailChanges,
    MailQuery,
    Message,
    MessageBody,
    MessageHeader,
)
from insights.model.people import Identity, Mailbox, MailboxState, User

__all__ = [
    "MET",
    "Attachment",
    "AttachmentContent",
    "Attendee",
    "Clock",
    "CrmActivity",
    "Direction",
    "EmailDraft",
    "Finding",
    "Identity",
    "MailChanges",
    "MailQuery",
    "Mailbox",
    "MailboxState",
    "Meeting",
    "Message",
    "MessageBody",
    "MessageHeader",
    "NewPerson",
    "Page",
    "Record",
    "RecordAddress",
    "RecordMatch",
    "RecordRef",
    "Table",
    "TaskList",
    "TodoTask",
    "TrackState",
    "TrackedEmail",
    "User",
    "WorkingHours",
]
