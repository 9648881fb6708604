"""Reading messages of a mailbox: lists, single ones, and those whose place has changed."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from connectors.graph import requests
from connectors.graph.answers import Answer
from connectors.graph.batches import ask_all
from connectors.graph.calls import Call, without_files
from connectors.graph.client import GraphClient
from connectors.graph.listing import Lane, Listing
from connectors.graph.messages import Found, read_files, read_found
from connectors.graph.outside import Outside
from connectors.graph.pace import AT_A_TIME, BUDGET_SECONDS, Budget
from connectors.graph.places import Place, Places
from connectors.graph.problems import away, busy, no_mailbox
from connectors.graph.rights import asker_of, is_own, owner_path
from insights.errors import Incomplete, Unavailable
from insights.mail.addresses import mailbox_key
from insights.model import Mailbox, MailQuery, Message, User

OPEN_SECONDS = 300.0
FILES_SECONDS = 1.0
"""What the files of a list that was cut short may take beside."""
NEWEST = 200
"""How many messages are looked through for one whose id in Graph has changed."""


class MailReader:
    """What Graph says of messages, with their places noted on the way."""

    def __init__(
        self, graph: GraphClient, places: Places, organization_id: str, now: Callable[[], datetime]
    ) -> None:
        self.graph, self.places, self.organization_id, self._now = graph, places, organization_id, now
        self.outside = Outside(graph)
        self._open: dict[tuple[str, str], float] = {}

    async def search(self, mailbox: Mailbox, query: MailQuery) -> list[Message]:
        """Messages that match, newest first; one round trip unless there are more than a page holds.

        Raises Incomplete with what can be trusted where Graph does not give the rest in time.
        """
        listing = Listing(query, owner_path(mailbox), self._now())
        if query.limit < 1 or (listing.keys is not None and not listing.keys):
            return []
        budget, sdk = Budget(BUDGET_SECONDS), await self.graph.sdk()
        lanes = listing.lanes(sdk)
        cause = busy()
        while due := listing.due(lanes):
            try:
                if not await self._advance(mailbox, listing, due, budget):
                    return []
            except Unavailable as problem:
                cause = problem
                break
        if not (unfinished := listing.unfinished(lanes)):
            return await self._with_files(mailbox, listing.page(), budget)
        if trusted := listing.trusted(unfinished):
            raise Incomplete(cause, await self._with_files(mailbox, trusted, Budget(FILES_SECONDS))) from None
        raise cause

    async def _advance(self, mailbox: Mailbox, listing: Listing, due: Sequence[Lane], budget: Budget) -> bool:
        """Take over the next page of each lane; False where there is no mailbox."""
        calls, sdk = [lane.call for lane in due if lane.call], await self.graph.sdk()
        answers, outside = await self._ask_with_folders(mailbox, calls, budget)
        if answers is None:
            return False
        doubtful = [await self._sort_in(mailbox, listing, answer, outside) for answer in answers]
        for found in await self._with_headers(mailbox, [each for some in doubtful for each in some], budget):
            listing.accept(found, outside.__contains__)
        for lane, answer in zip(due, answers, strict=True):  # last: what fails before has not been got yet
            listing.take(sdk, lane, answer)
        return True

    async def read(
        self, mailbox: Mailbox, email_ids: Sequence[str], budget: Budget, *, listed_only: bool = False
    ) -> dict[str, Message]:
        """Those of the messages that have a known place and still are there, or somewhere near.

        All in one round trip; with `listed_only` without what lies in Deleted and Junk.
        """
        places = await self.places.find(mailbox.address, email_ids)
        sdk, owner = await self.graph.sdk(), owner_path(mailbox)
        calls = [requests.message(sdk, owner, place.message_id) for place in places.values()]
        if not calls:
            await self.require_access(mailbox)
            return {}
        folders = await self.outside.calls(mailbox) if listed_only else []
        answers = await ask_all(self.graph, asker_of(mailbox), [*calls, *folders], budget)
        found: dict[str, Found] = {}
        moved: dict[str, Place] = {}
        for (email_id, place), answer in zip(places.items(), answers[: len(calls)], strict=True):
            if not answer.is_gone and not await self.has_mailbox(mailbox, answer):
                return {}
            message = None if answer.is_gone else read_found(answer.require_ok().json, self.organization_id)
            if message is not None and message.message.email_id == email_id:
                found[email_id] = message
                self.remember(mailbox, [message])
            else:
                moved[email_id] = place
        outside = self.outside.read(mailbox, answers[len(calls) :]) if listed_only else frozenset()
        held = {each: message.message for each, message in found.items() if message.folder_id not in outside}
        return held | (await self._recover(mailbox, moved, outside, budget) if moved else {})

    async def matching(self, mailbox: Mailbox, name: str, value: str, budget: Budget) -> list[Found]:
        """All messages with exactly this value of a property, drafts apart."""
        call: Call | None = requests.matching(await self.graph.sdk(), owner_path(mailbox), name, value)
        found: list[Found] = []
        while call:
            answer = await self.graph.ask(asker_of(mailbox), call, budget)
            if answer.is_gone or not await self.has_mailbox(mailbox, answer):
                return []
            found += self._read_all(mailbox, answer.require_ok())
            call = answer.next_page(call)
        return found

    async def conversation(self, mailbox: Mailbox, conversation_id: str) -> list[Message]:
        """The messages of a thread, oldest first, without what lies in Deleted and Junk."""
        budget = Budget(BUDGET_SECONDS)
        sdk, owner = await self.graph.sdk(), owner_path(mailbox)
        call: Call | None = requests.matching(sdk, owner, "conversationId", conversation_id)
        listing = Listing(MailQuery(None), owner, self._now())
        while call:
            answers, outside = await self._ask_with_folders(mailbox, [call], budget)
            if answers is None:
                return []
            await self._sort_in(mailbox, listing, answers[0], outside)
            call = answers[0].next_page(call)
        found = sorted(listing.found.values(), key=lambda each: each.place)
        return await self._with_files(mailbox, found, budget)

    async def place(self, mailbox: Mailbox, email_id: str) -> Place | None:
        """Where Graph has a message, as far as we know."""
        return (await self.places.find(mailbox.address, [email_id])).get(email_id)

    async def listed_in(
        self, addresses: Collection[str], email_ids: Collection[str]
    ) -> Mapping[str, frozenset[str]]:
        """Those of the messages that were ever listed in each of the mailboxes, by address."""
        return await self.places.listed_in(addresses, email_ids)

    def opened_by(self, reader: User) -> list[Mailbox]:
        """The user's own mailbox, and the shared ones that they were let into lately."""
        since = time.monotonic() - OPEN_SECONDS
        shared = [key for (key, who), at in self._open.items() if who == reader.id and at > since]
        return [reader.mailbox, *(Mailbox(key, reader) for key in shared)]

    async def require_access(self, mailbox: Mailbox) -> None:
        """Raise NotFound for a shared mailbox that the reader may not open; asked anew every few minutes."""
        key = mailbox_key(mailbox.address), mailbox.reader.id
        if is_own(mailbox) or time.monotonic() - self._open.get(key, float("-inf")) < OPEN_SECONDS:
            return
        call = requests.folder(await self.graph.sdk(), owner_path(mailbox), "inbox")
        answer = await self.graph.ask(asker_of(mailbox), call, Budget(BUDGET_SECONDS))
        if await self.has_mailbox(mailbox, answer):
            answer.require_ok()

    async def _ask_with_folders(
        self, mailbox: Mailbox, calls: Sequence[Call], budget: Budget
    ) -> tuple[list[Answer] | None, frozenset[str]]:
        """(Answers, ids of the folders that do not count), both in one round trip; None = no mailbox."""
        asker, folders = asker_of(mailbox), await self.outside.calls(mailbox)
        answers = await ask_all(self.graph, asker, [*calls, *folders], budget)
        for number, call in enumerate(calls):
            if not await self.has_mailbox(mailbox, answers[number]):
                return None, frozenset()
            # A list may be refused for a single message whose files Exchange cannot tell.
            if answers[number].status in {400, 404}:
                answers[number] = await self.graph.ask(asker, without_files(call), budget)
            answers[number].require_ok()
        return answers[: len(calls)], self.outside.read(mailbox, answers[len(calls) :])

    async def has_mailbox(self, mailbox: Mailbox, answer: Answer) -> bool:
        """Whether the answer comes from a mailbox; raises NotFound for a shared one that is not there.

        A user's own that is not there is empty, but one that we have seen is away: nothing in it is gone.
        """
        if not is_own(mailbox):
            if answer.status in {403, 404}:
                raise no_mailbox()
            if answer.status < 300:
                self._open[mailbox_key(mailbox.address), mailbox.reader.id] = time.monotonic()
            return True
        if not answer.lacks_mailbox:
            return True
        if await self.places.has_any(mailbox.address):
            raise away()
        return False

    async def _sort_in(
        self, mailbox: Mailbox, listing: Listing, answer: Answer, outside: frozenset[str]
    ) -> list[Found]:
        """Take over what is asked for; returns what only its headers could make so."""
        accepted, doubtful = [], []
        # In a thread: hundreds of messages would hold up everybody else.
        for found in await asyncio.to_thread(self._read_each, answer):
            if listing.accept(found, outside.__contains__):
                accepted.append(found)
            elif listing.may_relate(found) and found.folder_id not in outside:
                doubtful.append(found)
        self.remember(mailbox, accepted)
        return doubtful

    async def _with_headers(self, mailbox: Mailbox, doubtful: Sequence[Found], budget: Budget) -> list[Found]:
        """The same messages with their headers; rare, and the only reason for a second round trip."""
        if not doubtful:
            return []
        sdk, owner = await self.graph.sdk(), owner_path(mailbox)
        ids = dict.fromkeys(found.id for found in doubtful)
        calls = [requests.message(sdk, owner, message_id) for message_id in ids]
        answers = await ask_all(self.graph, asker_of(mailbox), calls, budget, together=AT_A_TIME)
        return [each for answer in answers if answer.is_ok if (each := self._read_one(answer))]

    async def _with_files(self, mailbox: Mailbox, found: Sequence[Found], budget: Budget) -> list[Message]:
        """The messages with their files, asked for one by one where the list could not tell them."""
        lacking = [each for each in found if each.lacks_files]
        if not lacking:
            return [each.message for each in found]
        sdk, owner = await self.graph.sdk(), owner_path(mailbox)
        calls = [requests.attachments(sdk, owner, each.id) for each in lacking]
        answers = await ask_all(self.graph, asker_of(mailbox), calls, budget, together=AT_A_TIME)
        files = {each.id: read_files(answer.values) for each, answer in zip(lacking, answers, strict=True)}
        return [
            replace(each.message, attachments=files.get(each.id, each.message.attachments)) for each in found
        ]

    async def _recover(
        self, mailbox: Mailbox, moved: Mapping[str, Place], outside: frozenset[str], budget: Budget
    ) -> dict[str, Message]:
        """Messages that are no longer where they were: a mailbox that is moved gives all new ids."""
        await self.require_access(mailbox)
        await self.places.forget(mailbox.address, list(moved))
        newest = await self.search(mailbox, MailQuery(None, limit=NEWEST))
        found = {message.email_id: message for message in newest if message.email_id in moved}
        for email_id in moved.keys() - found.keys():
            if message_id := moved[email_id].internet_message_id:
                same = await self.matching(mailbox, "internetMessageId", message_id, budget)
                found |= {
                    each.message.email_id: each.message for each in same if each.folder_id not in outside
                }
        return {email_id: found[email_id] for email_id in moved.keys() & found.keys()}

    def _read_all(self, mailbox: Mailbox, answer: Answer) -> list[Found]:
        found = list(self._read_each(answer))
        self.remember(mailbox, found)
        return found

    def _read_each(self, answer: Answer) -> Iterable[Found]:
        read = (read_found(item, self.organization_id) for item in answer.values)
        return [found for found in read if found is not None]

    def _read_one(self, answer: Answer) -> Found | None:
        return read_found(answer.json, self.organization_id)

    def remember(self, mailbox: Mailbox, found: Iterable[Found]) -> None:
        """Note where messages are that were seen."""
        places = [(each.message.email_id, each.id, each.message.internet_message_id) for each in found]
        self.places.remember(mailbox.address, places)
