"""The changes of a mailbox: a delta for each of its folders, whose ids are then read one by one.

A delta may tell of a changed message only what has changed, and of one that was moved that it is gone
here and new there. So it is believed for ids alone: what the messages are, and whether they still are, is
asked of themselves. Deltas cannot begin at *now*: the first round walks through the ids of what is there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

import structlog

from connectors.graph import requests
from connectors.graph.answers import Answer
from connectors.graph.batches import ask_all
from connectors.graph.calls import Call
from connectors.graph.instants import read_instant, to_text
from connectors.graph.messages import Found, read_found
from connectors.graph.pace import AT_A_TIME, LONG_BUDGET_SECONDS, Budget
from connectors.graph.problems import too_long
from connectors.graph.reader import MailReader
from connectors.graph.rights import asker_of, owner_path
from insights.cursors import bad_cursor, read_cursor, write_cursor
from insights.mail.addresses import mailbox_key
from insights.model import Mailbox, MailChanges, Message

log = structlog.get_logger(__name__)
CHANGES = "changes"
GONE = 410
LOST = frozenset({"SyncStateNotFound", "SyncStateInvalid", "ErrorInvalidSyncStateData", "resyncRequired"})
"""What Graph calls a delta that it cannot go on with, where the status does not say so."""
MOST_IDS = 100
"""After so many changes the other folders wait for the next page."""
MOST_PAGES = 10_000
"""Of one folder in one round: what goes on for longer has no end."""
WALKED, TOLD = 200, 50
"""Ids on a page: of what is walked through, of what is then read one by one."""


@dataclass
class Folder:
    """How far a folder was looked at: the query that goes on, "" at its beginning."""

    query: str = ""
    is_walked: bool = False
    """Whether it is only walked through to where its changes begin."""
    is_due: bool = True
    """Whether this round has not got to its end."""
    pages: int = 0
    """How many pages of this round there have been."""


@dataclass
class State:
    """What a cursor stands for; `is_anew`: who asks has not been told of what was before."""

    since: str | None
    is_anew: bool
    folders: dict[str, Folder] = field(default_factory=dict)

    @classmethod
    def read(cls, mailbox: Mailbox, cursor: str) -> "State":
        """From a cursor; raises Invalid."""
        found = read_cursor(CHANGES, mailbox_key(mailbox.address), cursor)
        try:
            folders = {str(folder_id): Folder(**values) for folder_id, values in found["folders"].items()}
            return cls(found["since"], bool(found["is_anew"]), folders)
        except (TypeError, KeyError, AttributeError):
            raise bad_cursor() from None

    def write(self, mailbox: Mailbox) -> str:
        """As a cursor."""
        return write_cursor(CHANGES, mailbox_key(mailbox.address), asdict(self))

    @property
    def due(self) -> dict[str, Folder]:
        """The folders that this round still has to look at."""
        return {folder_id: folder for folder_id, folder in self.folders.items() if folder.is_due}

    def enter(self, folder_ids: Iterable[str], *, is_first: bool) -> None:
        """Begin a round over these folders. What lay in one that is gone is not told one by one."""
        present = set(folder_ids)
        self.is_anew |= bool(self.folders.keys() - present)
        known, self.folders = self.folders, {}
        for folder_id in sorted(present):
            folder = known.get(folder_id, Folder(is_walked=is_first))
            folder.is_due = True
            self.folders[folder_id] = folder

    def take(self, folder_id: str, call: Call, answer: Answer) -> list[str]:
        """Go on to where an answer leads; the ids that it tells, of what has changed."""
        folder = self.folders[folder_id]
        if answer.status == GONE or (answer.status == 400 and answer.code in LOST):
            self.folders[folder_id], self.is_anew = Folder(is_walked=True), True
            return []
        if answer.is_gone:  # the folder went between two questions; what lay in it is not told
            del self.folders[folder_id]
            self.is_anew = True
            return []
        if answer.status == 400 and not folder.query:
            log.info("a folder of a mailbox has no changes to tell", code=answer.code)
            folder.is_due = False
            return []
        is_walked, more = folder.is_walked, answer.require_ok().next_page(call)
        if more:
            folder.query, folder.pages = more.url.partition("?")[2], folder.pages + 1
            if folder.pages > MOST_PAGES:
                raise too_long()
        else:
            folder.query, folder.pages = answer.delta_query, 0
            folder.is_due = folder.is_walked = False
        return [] if is_walked else [str(each["id"]) for each in answer.values if "id" in each]


class ChangeReader:
    """Reads the changes of mailboxes."""

    def __init__(self, reader: MailReader) -> None:
        self._reader, self._graph = reader, reader.graph

    async def changes(self, mailbox: Mailbox, cursor: str | None, since: datetime | None) -> MailChanges:
        """A page of what has changed since the cursor; without one it leads to where changes begin."""
        is_first = cursor is None
        state = State(to_text(since) if since else None, is_anew=True)
        if cursor is not None:
            state = State.read(mailbox, cursor)
        budget = Budget(LONG_BUDGET_SECONDS)
        if not state.due:
            folder_ids = await self._folders(mailbox, budget)
            state.enter(folder_ids, is_first=is_first)
        ids = await self._look(mailbox, state, budget)
        messages, gone = await self._resolve(mailbox, ids, budget)
        has_more = bool(state.due)
        is_anew = state.is_anew and not has_more
        state.is_anew &= has_more
        return MailChanges(messages, gone, state.write(mailbox), has_more=has_more, is_anew=is_anew)

    async def _folders(self, mailbox: Mailbox, budget: Budget) -> list[str]:
        """The ids of all folders whose messages count, however deep they lie; [] for no mailbox."""
        sdk, owner = await self._graph.sdk(), owner_path(mailbox)
        call, outside_calls = requests.folders(sdk, owner), await self._reader.outside.calls(mailbox)
        answer, *others = await ask_all(self._graph, asker_of(mailbox), [call, *outside_calls], budget)
        parents: dict[str, str] = {}
        outside: frozenset[str] = frozenset()
        while await self._reader.has_mailbox(mailbox, answer):
            values = answer.require_ok().values
            outside = outside or self._reader.outside.read(mailbox, others)
            parents |= {str(each.get("id")): str(each.get("parentFolderId")) for each in values}
            more = answer.next_page(call)
            if more is None:
                break
            call = more
            answer = await self._graph.ask(asker_of(mailbox), call, budget)
        return [folder_id for folder_id in parents if not _is_inside(folder_id, parents, outside)]

    async def _look(self, mailbox: Mailbox, state: State, budget: Budget) -> list[str]:
        """The ids that the folders due tell on their next pages, as far as one page of ours goes."""
        sdk, owner = await self._graph.sdk(), owner_path(mailbox)
        due = state.due
        calls = [
            requests.changes(
                *(sdk, owner, folder_id),
                query=folder.query,
                since=read_instant(state.since),
                top=WALKED if folder.is_walked else TOLD,
            )
            for folder_id, folder in due.items()
        ]
        ids: dict[str, None] = {}
        answers = await ask_all(self._graph, asker_of(mailbox), calls, budget)
        for folder_id, call, answer in zip(due, calls, answers, strict=True):
            if len(ids) < MOST_IDS:
                ids |= dict.fromkeys(state.take(folder_id, call, answer))
        return list(ids)

    async def _resolve(
        self, mailbox: Mailbox, ids: Sequence[str], budget: Budget
    ) -> tuple[list[Message], list[str]]:
        """The messages that these ids have now, and the emails that are gone."""
        if not ids:
            return [], []
        sdk, owner = await self._graph.sdk(), owner_path(mailbox)
        calls = [requests.message(sdk, owner, message_id) for message_id in ids]
        answers = await ask_all(self._graph, asker_of(mailbox), calls, budget, together=AT_A_TIME)
        outside = await self._outside(mailbox, budget)
        held: list[Found] = []
        left: dict[str, str] = {}
        missing: list[str] = []
        for message_id, answer in zip(ids, answers, strict=True):
            if answer.is_gone:
                missing.append(message_id)
            elif found := read_found(answer.require_ok().json, self._reader.organization_id):
                if found.folder_id in outside:
                    left[found.message.email_id] = found.message.internet_message_id
                else:
                    held.append(found)
        places = await self._reader.places.emails_at(mailbox.address, missing)
        left |= {email_id: place.internet_message_id for email_id, place in places.items()}
        for found in held:
            left.pop(found.message.email_id, None)
        held += await self._copies(mailbox, left, outside, budget)
        gone = sorted(left.keys() - {found.message.email_id for found in held})
        await self._reader.places.forget(mailbox.address, gone)
        self._reader.remember(mailbox, held)
        return [found.message for found in _first_of_each(held)], gone

    async def _copies(
        self, mailbox: Mailbox, left: Mapping[str, str], outside: frozenset[str], budget: Budget
    ) -> list[Found]:
        """Other copies of what has left: who writes to themselves has one in Inbox and one in Sent Items."""
        sdk, owner = await self._graph.sdk(), owner_path(mailbox)
        calls = [
            requests.matching(sdk, owner, "internetMessageId", internet_message_id)
            for internet_message_id in left.values()
            if internet_message_id
        ]
        answers = await ask_all(self._graph, asker_of(mailbox), calls, budget, together=AT_A_TIME)
        read = (
            read_found(item, self._reader.organization_id)
            for answer in answers
            for item in answer.require_ok().values
        )
        return [found for found in read if found and found.folder_id not in outside]

    async def _outside(self, mailbox: Mailbox, budget: Budget) -> frozenset[str]:
        """The folders whose messages do not count; mostly known."""
        calls = await self._reader.outside.calls(mailbox)
        answers = await ask_all(self._graph, asker_of(mailbox), calls, budget)
        return self._reader.outside.read(mailbox, answers)


def _is_inside(folder_id: str, parents: Mapping[str, str], outside: frozenset[str]) -> bool:
    """Whether a folder is one of these, or lies in one, however deep."""
    seen: set[str] = set()
    while folder_id in parents and folder_id not in seen | outside:
        seen.add(folder_id)
        folder_id = parents[folder_id]
    return folder_id in outside


def _first_of_each(found: Sequence[Found]) -> list[Found]:
    """Of copies the first that came, as in lists."""
    first: dict[str, Found] = {}
    for each in sorted(found, key=lambda each: (each.message.received_at, each.id)):
        first.setdefault(each.message.email_id, each)
    return list(first.values())
