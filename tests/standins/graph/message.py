"""A message in a mailbox: its properties by Graph's names, and how it is made from a letter or from JSON."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.standins.graph.attachment import Attachment
from tests.standins.graph.bodies import preview
from tests.standins.graph.mime import Letter, Person
from tests.standins.graph.times import to_text
from tests.standins.graph.wire import Json

SENSITIVITY, MESSAGE_CLASS = "Integer 0x36", "String 0x1a"
HEADER_SET = "{00020386-0000-0000-c000-000000000046}"
SETTABLE = frozenset(
    [
        "bccRecipients",
        "body",
        "categories",
        "ccRecipients",
        "flag",
        "from",
        "importance",
        "inferenceClassification",
        "internetMessageHeaders",
        "internetMessageId",
        "isDeliveryReceiptRequested",
        "isRead",
        "isReadReceiptRequested",
        "replyTo",
        "sender",
        "singleValueExtendedProperties",
        "subject",
        "toRecipients",
    ]
)
SETTABLE_ONCE_SENT = frozenset({"categories", "flag", "importance", "inferenceClassification", "isRead"})


@dataclass(slots=True)
class Place:
    """Where a message was from a change on: the folder (None = gone) and its id there."""

    change: int
    folder_id: str | None
    id: str


@dataclass(slots=True, eq=False)
class StoredMessage:
    """One message; `values` are its properties but ids, which depend on place and preference."""

    values: Json
    immutable_id: str
    places: list[Place]
    stored_at: datetime
    change: int = 0
    created_change: int = 0
    raw: bytes | None = None
    authors: list[Person] = field(default_factory=list)
    extended: dict[str, str] = field(default_factory=dict)
    """Values of extended properties by `normal_property_id`."""
    updates: dict[int, frozenset[str]] = field(default_factory=dict)
    """The changes that set properties, by number, with the names of those."""
    attachments: list[Attachment] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The id that changes with every move."""
        return self.places[-1].id

    @property
    def folder_id(self) -> str:
        """The folder it is in."""
        return self.places[-1].folder_id or ""

    @property
    def received(self) -> str:
        """receivedDateTime; sorts as text."""
        return str(self.values["receivedDateTime"])

    def place_at(self, change: int) -> Place | None:
        """Where it was once `change` was made; None before it existed."""
        return next((place for place in reversed(self.places) if place.change <= change), None)

    def updated_since(self, change: int) -> frozenset[str] | None:
        """The properties that were set since a change; None where it came or was moved since then."""
        if self.places[-1].change > change or self.change not in self.updates:
            return None
        return frozenset().union(*(names for number, names in self.updates.items() if number > change))

    def recount(self) -> None:
        """Bring what follows from body and attachments up to date."""
        self.values["hasAttachments"] = any(not each.is_inline for each in self.attachments)
        self.values["bodyPreview"] = preview(self.values["body"])


def recipient(person: Person) -> Json:
    """A recipient; who has no name is named by the address."""
    name, address = person
    return {"emailAddress": {"name": name or address, "address": address}}


def blank_values(now: datetime) -> Json:
    """The properties of an empty draft."""
    return {
        "createdDateTime": to_text(now),
        "lastModifiedDateTime": to_text(now),
        "categories": [],
        "receivedDateTime": to_text(now),
        "sentDateTime": to_text(now),
        "hasAttachments": False,
        "internetMessageId": None,
        "subject": "",
        "bodyPreview": "",
        "importance": "normal",
        "isDeliveryReceiptRequested": False,
        "isReadReceiptRequested": False,
        "isRead": True,
        "isDraft": True,
        "inferenceClassification": "focused",
        "body": {"contentType": "text", "content": ""},
        "sender": None,
        "from": None,
        "toRecipients": [],
        "ccRecipients": [],
        "bccRecipients": [],
        "replyTo": [],
        "flag": {"flagStatus": "notFlagged"},
        "internetMessageHeaders": None,
    }


def values_of_letter(letter: Letter, *, received_at: datetime, now: datetime) -> Json:
    """The properties of a message that arrived."""
    author = next(iter(letter.authors), None)
    sender = letter.sender or author
    body = (
        {"contentType": "text", "content": letter.text or ""}
        if letter.html is None
        else {"contentType": "html", "content": letter.html}
    )
    return blank_values(now) | {
        "receivedDateTime": to_text(received_at),
        "sentDateTime": to_text(letter.sent_at or received_at),
        "internetMessageId": letter.internet_message_id or None,
        "subject": letter.subject,
        "importance": letter.importance,
        "isRead": False,
        "isDraft": False,
        "body": body,
        "sender": recipient(sender) if sender else None,
        "from": recipient(author) if author else None,
        "toRecipients": [recipient(person) for person in letter.to],
        "ccRecipients": [recipient(person) for person in letter.cc],
        "bccRecipients": [recipient(person) for person in letter.bcc],
        "replyTo": [recipient(person) for person in letter.reply_to],
        "internetMessageHeaders": [{"name": name, "value": value} for name, value in letter.headers],
    }


def extended_of_letter(letter: Letter) -> dict[str, str]:
    """The MAPI properties that say more than Graph's: class, sensitivity, threading, all headers."""
    found = {MESSAGE_CLASS: letter.message_class}
    found |= {normal_property_id(f"String {HEADER_SET} Name {name}"): value for name, value in letter.headers}
    if letter.sensitivity:
        found[SENSITIVITY] = str(letter.sensitivity)
    if letter.in_reply_to:
        found["String 0x1042"] = letter.in_reply_to
    if letter.references:
        found["String 0x1039"] = " ".join(letter.references)
    return found


def normal_property_id(property_id: str) -> str:
    """One spelling of `Integer 0x0036` or `String {GUID} Name Color`, so that spellings compare."""
    words = property_id.split(" ")
    if len(words) == 2 and words[1].lower().startswith("0x"):
        return f"{words[0].capitalize()} 0x{words[1][2:].lower().lstrip('0')}"
    return " ".join([words[0].capitalize(), *words[1:]]).lower()


def merge_json(message: StoredMessage, change: dict[str, Any]) -> None:
    """Take over properties that a client set; the caller has checked names and rights."""
    for name, value in change.items():
        if name == "singleValueExtendedProperties":
            message.extended |= {normal_property_id(each["id"]): each["value"] for each in value}
        elif name in {"importance", "inferenceClassification"}:
            message.values[name] = str(value).lower()
        elif "@" not in name and name != "attachments":
            message.values[name] = value
    message.recount()
