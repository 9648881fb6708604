"""Exchange Online: the Mail port on Microsoft Graph."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime

from connectors.graph import requests
from connectors.graph.changes import ChangeReader
from connectors.graph.collecting import Collector
from connectors.graph.files import FileReader
from connectors.graph.pace import BUDGET_SECONDS, LONG_BUDGET_SECONDS, Budget
from connectors.graph.probes import Look, mail_probes
from connectors.graph.problems import no_email
from connectors.graph.reader import MailReader
from connectors.graph.recent import Recent
from connectors.graph.rights import asker_of, is_own, owner_path
from insights.cursors import read_position, write_position
from insights.errors import Incomplete
from insights.mail.identity import email_id as email_id_of
from insights.mail.identity import message_id_key
from insights.mail.parsing.pool import MailParser
from insights.model import (
    AttachmentContent,
    Mailbox,
    MailChanges,
    MailQuery,
    Message,
    MessageBody,
    MessageHeader,
    Page,
    User,
)

LATEST = "latest"

Version = Callable[[Mailbox], Awaitable[str]]
NO_HEADER = set(map(chr, range(32))) | {"\x7f"}

AT_ONCE = 16
"""Mailboxes whose versions are looked at side by side."""


class GraphMail:
    """Mailboxes read in the right of their reader; `rights.py` says when the app steps in.

    `version` tells whether a mailbox has changed, "" where nobody watches it (`following.py`).
    """

    def __init__(
        self,
        reader: MailReader,
        parser: MailParser,
        organization_id: str,
        version: Version,
        recent: Recent | None = None,
    ) -> None:
        self._reader, self._parser, self._organization_id = reader, parser, organization_id
        self._version = version
        self._files, self._recent = FileReader(reader.graph), recent or Recent()
        self._changes, self._collector = ChangeReader(reader), Collector(reader)

    def probes(self, user: User | None) -> Mapping[str, Look]:
        """What `liaison doctor` looks at (`ports.Probing`)."""
        return mail_probes(self._reader.graph, user)

    async def search(self, mailbox: Mailbox, query: MailQuery) -> Sequence[Message]:
        """Messages of the mailbox that match, newest first, one per Message-ID."""
        async with self._recent.listing(mailbox):
            try:
                found = await self._reader.search(mailbox, query)
            except Incomplete as cut:
                self._recent.keep(mailbox, cut.messages)
                raise
            self._recent.keep(mailbox, found)
        return found

    async def find(
        self, mailbox: Mailbox, email_ids: Sequence[str], *, listed_only: bool = False
    ) -> Mapping[str, Message]:
        """Those of the messages that this mailbox holds, by `email_id`, of those that were ever listed."""
        found = await self._recent.find(mailbox, email_ids, listed_only=listed_only)
        missing = [each for each in dict.fromkeys(email_ids) if each not in found]
        if missing or not is_own(mailbox):
            budget = Budget(BUDGET_SECONDS)
            read = await self._reader.read(mailbox, missing, budget, listed_only=listed_only)
            self._recent.keep(mailbox, read.values(), are_listed=listed_only)
            found |= read
        return found

    async def find_by_message_id(self, mailbox: Mailbox, internet_message_id: str) -> Message | None:
        """The mailbox's copy of a message, or None."""
        key = message_id_key(internet_message_id)
        if not key or NO_HEADER & set(key):
            return None
        budget, own_id = Budget(BUDGET_SECONDS), email_id_of(self._organization_id, key)
        found = await self._reader.matching(mailbox, "internetMessageId", f"<{key}>", budget)
        copies = [each for each in found if each.message.email_id == own_id]
        return min(copies, key=lambda each: (each.message.received_at, each.id)).message if copies else None

    async def conversation(self, mailbox: Mailbox, conversation_id: str) -> Sequence[Message]:
        """All messages of a thread in this mailbox, oldest first."""
        return await self._reader.conversation(mailbox, conversation_id) if conversation_id else []

    async def latest(self, mailbox: Mailbox, cursor: str | None, limit: int) -> Page[Message]:
        """The mailbox's messages, newest first."""
        found = await self.search(
            mailbox, MailQuery(None, before=read_position(LATEST, cursor), limit=limit + 1)
        )
        items = found[:limit]
        more = bool(items) and len(found) > limit
        return Page(items, write_position(LATEST, items[-1].at, items[-1].email_id) if more else None)

    async def body(self, mailbox: Mailbox, email_id: str) -> MessageBody:
        """The cleaned words of a message; raises NotFound."""
        message_id = await self._message_id(mailbox, email_id)
        graph = self._reader.graph
        call = requests.message(await graph.sdk(), owner_path(mailbox), message_id, select=("id", "body"))
        answer = await graph.ask(asker_of(mailbox), call, Budget(LONG_BUDGET_SECONDS))
        if answer.is_gone:
            raise no_email()
        body = answer.require_ok().json.get("body") or {}
        is_html = str(body.get("contentType")).lower() == "html"
        return await self._parser.words(str(body.get("content") or ""), is_html=is_html)

    async def attachment(self, mailbox: Mailbox, email_id: str, attachment_id: str) -> AttachmentContent:
        """A file with its bytes; raises NotFound, Conflict (`linked_file`) for a link to a file."""
        message_id = await self._message_id(mailbox, email_id)
        return await self._files.attachment(mailbox, message_id, attachment_id)

    async def source(self, mailbox: Mailbox, email_id: str) -> bytes:
        """The whole message as MIME; raises NotFound."""
        return await self._files.source(mailbox, await self._message_id(mailbox, email_id))

    async def changes(
        self, mailbox: Mailbox, cursor: str | None, *, since: datetime | None = None
    ) -> MailChanges:
        """What has come, changed and gone since the cursor; of what was received before `since`, nothing."""
        return await self._changes.changes(mailbox, cursor, since)

    async def headers(
        self, mailbox: Mailbox, since: datetime, until: datetime, cursor: str | None = None
    ) -> Page[MessageHeader]:
        """Headers of what was received from `since` on and before `until`, read as the application."""
        return await self._collector.headers(mailbox, since, until, cursor)

    async def held(
        self, readers: Collection[User], email_ids: Collection[str]
    ) -> Mapping[str, frozenset[str]]:
        """Those of the emails that were listed in each user's mailbox or in one that they opened lately."""
        opened = {user.id: [each.address for each in self._reader.opened_by(user)] for user in readers}
        addresses = {address for each in opened.values() for address in each}
        listed = await self._reader.listed_in(addresses, email_ids)
        return {
            user_id: frozenset(each for address in mailboxes for each in listed.get(address, ()))
            for user_id, mailboxes in opened.items()
        }

    async def versions(self, readers: Collection[User]) -> Mapping[str, str]:
        """The number of each user's own mailbox, "" where nobody tells us of its changes."""
        users = list(readers)
        found: dict[str, str] = {}
        for start in range(0, len(users), AT_ONCE):
            some = users[start : start + AT_ONCE]
            looks = (self._version(user.mailbox) for user in some)
            found |= zip((user.id for user in some), await asyncio.gather(*looks), strict=True)
        return found

    async def version(self, mailbox: Mailbox) -> str:
        """A token that changes with the mailbox; "" where nobody tells us of its changes."""
        await self._reader.require_access(mailbox)
        return await self._version(mailbox)

    async def warm(self) -> None:
        """Start the worker processes before the first mail is opened; raises Unavailable."""
        await self._parser.warm()

    async def _message_id(self, mailbox: Mailbox, email_id: str) -> str:
        """Graph's id of a message that is there; raises NotFound.

        Its place is asked for anew unless it was just seen, so that one that has moved is found again.
        """
        if not await self.find(mailbox, [email_id]):
            raise no_email()
        place = await self._reader.place(mailbox, email_id)
        if place is None:
            raise no_email()
        return place.message_id
