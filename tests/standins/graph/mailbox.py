"""One mailbox: messages in folders, the history that delta tells, conversations, calendar and tasks."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime

from tests.standins.graph import ids
from tests.standins.graph.attachment import Attachment
from tests.standins.graph.errors import GraphError, item_not_found, malformed_id
from tests.standins.graph.folders import WELL_KNOWN, Folder
from tests.standins.graph.index import Index
from tests.standins.graph.message import (
    Place,
    StoredMessage,
    extended_of_letter,
    merge_json,
    values_of_letter,
)
from tests.standins.graph.mime import Letter
from tests.standins.graph.times import to_text
from tests.standins.graph.wire import Json

Changed = Callable[["Mailbox", StoredMessage, str], None]
UNDUPLICATED = frozenset({"sentitems", "drafts"})


@dataclass(eq=False)
class Mailbox:
    """A mailbox by its guid; `changed(mailbox, message, "created")` (updated, deleted) hears of changes."""

    id: str
    now: Callable[[], datetime]
    changed: Changed
    settings: Json
    messages: list[StoredMessage] = field(default_factory=list)
    folders: dict[str, Folder] = field(default_factory=dict)
    events: dict[str, Json] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    """By id of an event, what the ids of its occurrences are made from."""
    occurrences: dict[str, tuple[str, date]] = field(default_factory=dict)
    """(Series, day) of the occurrences that were told, by id."""
    exceptions: dict[str, Json | None] = field(default_factory=dict)
    """What is different about an occurrence, None where it was taken out."""
    task_lists: dict[str, Json] = field(default_factory=dict)
    tasks: dict[str, dict[str, Json]] = field(default_factory=dict)
    delegates: set[str] = field(default_factory=set)
    """Ids of users who may read and write everything in it."""
    state: str = "here"
    """`here`; `moving` (503) or `away` (404) while it is moved between servers or out of Exchange Online."""
    generation: int = 0
    """Delta tokens of an earlier generation are gone."""
    change: int = 0
    folder_change: int = 0
    removed: list[StoredMessage] = field(default_factory=list)
    _count: int = 0
    _conversations: dict[str, str] = field(default_factory=dict)
    _by_id: dict[str, StoredMessage] = field(default_factory=dict)
    _index: Index | None = None
    _delivered: dict[str, StoredMessage] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, display_name in WELL_KNOWN.items():
            parent_id = self.folder("msgfolderroot").id if self.folders else ""
            self.add_folder(display_name, parent_id, name=name)

    def next_number(self) -> int:
        """A number that no other thing of this mailbox has."""
        self._count += 1
        return self._count

    def add_folder(self, display_name: str, parent_id: str, *, name: str = "") -> Folder:
        """A new folder."""
        folder_id = ids.exchange_id(ids.FOLDER, self.id, self.next_number())
        self.folder_change += 1
        self.folders[folder_id] = Folder(folder_id, display_name, parent_id, name, self.folder_change)
        return self.folders[folder_id]

    def move_folder(self, folder: Folder, parent: str) -> None:
        """Put a folder into another one: deleting it in Outlook puts it into Deleted Items."""
        self.folder_change += 1
        folder.parent_id, folder.change = self.folder(parent).id, self.folder_change

    def remove_folder(self, folder: Folder) -> None:
        """Take a folder away for good, with what is in it."""
        for message in list(self.in_folder(folder.id)):
            self.delete(message)
        del self.folders[folder.id]

    def folder(self, name_or_id: str) -> Folder:
        """A folder by id or well-known name; raises the service's refusals."""
        if name_or_id in self.folders:
            return self.folders[name_or_id]
        for folder in self.folders.values():
            if folder.name and folder.name == name_or_id.lower():
                return folder
        raise item_not_found() if ids.is_well_formed(name_or_id) else malformed_id()

    def find(self, message_id: str) -> StoredMessage:
        """A message by its present or its immutable id; raises the service's refusals."""
        if message_id in self._by_id:
            return self._by_id[message_id]
        raise item_not_found() if ids.is_well_formed(message_id) else malformed_id()

    def index(self) -> Index:
        """The search index of all messages as they are now."""
        if self._index is None or self._index.change != self.change:
            self._index = Index(self.messages, self.change)
        return self._index

    def in_folder(self, folder_id: str) -> Iterator[StoredMessage]:
        """The messages of a folder, not of those in it."""
        return (message for message in self.messages if message.folder_id == folder_id)

    def deliver(self, letter: Letter, folder: str, received_at: datetime) -> StoredMessage:
        """A letter arrives; one whose Message-ID was delivered before is dropped for that one."""
        if folder not in UNDUPLICATED and letter.internet_message_id:
            known = self._delivered.get(letter.internet_message_id)
            if known is not None and known.folder_id:
                return known
        values = values_of_letter(letter, received_at=received_at, now=self.now())
        message = self.add(
            values,
            folder,
            seeds=[letter.internet_message_id, *letter.references, letter.in_reply_to],
            extended=extended_of_letter(letter),
            attachments=letter.attachments,
            raw=letter.raw,
            authors=letter.authors,
        )
        if folder not in UNDUPLICATED:
            self._delivered[letter.internet_message_id] = message
        return message

    def add(
        self,
        values: Json,
        folder: str,
        *,
        seeds: list[str],
        extended: dict[str, str] | None = None,
        attachments: list[Attachment] | None = None,
        raw: bytes | None = None,
        authors: list[tuple[str, str]] | None = None,
    ) -> StoredMessage:
        """Store a message; `seeds` are the Message-IDs that tie it to a conversation."""
        number = self.next_number()
        values["internetMessageId"] = (
            values["internetMessageId"] or f"<{number:08x}.{self.id}@generated.example>"
        )
        seeds = list(filter(None, seeds)) or [values["internetMessageId"]]
        known = next((self._conversations[seed] for seed in seeds if seed in self._conversations), None)
        values["conversationId"] = known or ids.conversation_id(self.id, seeds[-1])
        values["conversationIndex"] = ids.conversation_index(values["conversationId"])
        self._conversations |= dict.fromkeys([values["internetMessageId"], *seeds], values["conversationId"])
        message = StoredMessage(
            values=values,
            immutable_id=ids.exchange_id(ids.IMMUTABLE, self.id, number),
            places=[],
            stored_at=self.now(),
            raw=raw,
            authors=authors or [],
            extended=extended or {},
            attachments=[],
        )
        self.messages.append(message)
        self._place(message, self.folder(folder).id)
        message.created_change = message.change
        for attachment in attachments or []:
            self.attach(message, attachment, is_change=False)
        message.recount()
        self.changed(self, message, "created")
        return message

    def attach(self, message: StoredMessage, attachment: Attachment, *, is_change: bool = True) -> None:
        """Add a file to a message."""
        attachment.id = ids.exchange_id(ids.MUTABLE, self.id, self.next_number(), len(message.attachments))
        attachment.modified_at = self.now()
        message.attachments.append(attachment)
        if is_change:
            self.update(message, {})

    def update(self, message: StoredMessage, change: Json) -> None:
        """Set properties, already checked."""
        merge_json(message, change)
        self._touch(message)
        message.updates[self.change] = frozenset(change or {"attachments"})
        self.changed(self, message, "updated")

    def move(self, message: StoredMessage, folder: str) -> None:
        """Move a message, which gives it another id: it is deleted here and created there."""
        folder_id = self.folder(folder).id
        self.changed(self, message, "deleted")
        self._place(message, folder_id)
        self.changed(self, message, "created")

    def copy(self, message: StoredMessage, folder: str) -> StoredMessage:
        """Copy a message with its files."""
        return self.add(
            deepcopy(message.values),
            folder,
            seeds=[message.values["internetMessageId"]],
            extended=dict(message.extended),
            attachments=[deepcopy(attachment) for attachment in message.attachments],
            raw=message.raw,
            authors=message.authors,
        )

    def delete(self, message: StoredMessage) -> None:
        """Take a message away; delta still tells that it went."""
        self.changed(self, message, "deleted")
        self.messages.remove(message)
        self._place(message, None)
        self.removed.append(message)

    def changed_since(self, change: int) -> Iterator[StoredMessage]:
        """Messages, gone ones too, that changed after a change, oldest change first."""
        found = (each for each in [*self.messages, *self.removed] if each.change > change)
        return iter(sorted(found, key=lambda each: each.change))

    def rebuild(self, *, is_archive: bool = False) -> None:
        """As after a move to another server: other ids, no delta; immutable ids survive but in an archive."""
        self.generation += 1
        for message in self.messages:
            if is_archive:
                del self._by_id[message.immutable_id]
                message.immutable_id = ids.exchange_id(ids.IMMUTABLE, self.id, self.next_number())
            self._place(message, message.folder_id)

    def require_here(self) -> None:
        """Raise the service's refusal while the mailbox is moved."""
        if self.state == "moving":
            raise GraphError(
                503,
                "ErrorMailboxMoveInProgress",
                "Mailbox move in progress. Try again later., Cannot open mailbox.",
            )
        if self.state == "away":
            raise GraphError(
                404,
                "MailboxNotEnabledForRESTAPI",
                "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
            )

    def _place(self, message: StoredMessage, folder_id: str | None) -> None:
        self._touch(message)
        if message.places:
            del self._by_id[message.id]
        message_id = (
            ids.exchange_id(ids.MUTABLE, self.id, self.next_number()) if folder_id else message.places[-1].id
        )
        message.places.append(Place(self.change, folder_id, message_id))
        self._by_id.pop(message.immutable_id, None)
        if folder_id:
            self._by_id |= {message_id: message, message.immutable_id: message}

    def _touch(self, message: StoredMessage) -> None:
        self.change += 1
        message.change = self.change
        message.values["lastModifiedDateTime"] = to_text(self.now())
        message.values["changeKey"] = ids.change_key(self.change)
