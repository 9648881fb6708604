"""The embedded Exchange: the Mail port on our own database."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from connectors.embedded.mail import reads
from connectors.embedded.mail.changes import read_changes, read_headers
from connectors.embedded.mail.shares import require_access, require_own, select_held, select_shared
from connectors.embedded.mail.summaries import to_bytes, to_instant
from connectors.embedded.probes import Probes, mail_probes
from insights.cursors import bad_cursor, read_position, write_position
from insights.database import Database
from insights.errors import NotFound
from insights.mail.identity import email_id as email_id_of
from insights.mail.identity import message_id_key
from insights.mail.parsing.pool import MailParser
from insights.mail.parsing.stored import unpack
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

P = ParamSpec("P")
T = TypeVar("T")


class EmbeddedMail:
    """Mailboxes of `mailbox.sqlite`; bodies and files are read from the MIME by worker processes."""

    def __init__(self, database: Database, parser: MailParser, organization_id: str) -> None:
        self._database, self._parser, self._organization_id = database, parser, organization_id

    def probes(self, _user: User | None) -> Probes:
        """What `liaison doctor` looks at (`ports.Probing`)."""
        return mail_probes(self._database)

    async def search(self, mailbox: Mailbox, query: MailQuery) -> Sequence[Message]:
        """Messages of the mailbox that match, newest first, one per Message-ID."""
        return await self._read(mailbox, reads.search, query)

    async def find(
        self, mailbox: Mailbox, email_ids: Sequence[str], *, listed_only: bool = False
    ) -> Mapping[str, Message]:
        """Those of the messages that this mailbox holds, by `email_id`: all of them are listed."""
        return await self._read(mailbox, reads.find, email_ids)

    async def find_by_message_id(self, mailbox: Mailbox, internet_message_id: str) -> Message | None:
        """The mailbox's copy of a message, or None."""
        if not message_id_key(internet_message_id):
            return None
        own_id = email_id_of(self._organization_id, internet_message_id)
        return (await self.find(mailbox, [own_id])).get(own_id)

    async def conversation(self, mailbox: Mailbox, conversation_id: str) -> Sequence[Message]:
        """All messages of a thread in this mailbox, oldest first."""
        return await self._read(mailbox, reads.conversation, conversation_id)

    async def latest(self, mailbox: Mailbox, cursor: str | None, limit: int) -> Page[Message]:
        """The mailbox's messages, newest first."""
        before = _read_cursor(cursor) if cursor else None
        found = await self._read(mailbox, reads.latest, before, limit + 1)
        items = found[:limit]
        return Page(items, _cursor(items[-1]) if items and len(found) > limit else None)

    async def body(self, mailbox: Mailbox, email_id: str) -> MessageBody:
        """The cleaned words of a message; raises NotFound."""
        return await self._parser.body(await self._stored(mailbox, email_id))

    async def attachment(self, mailbox: Mailbox, email_id: str, attachment_id: str) -> AttachmentContent:
        """A file with its bytes; raises NotFound."""
        found = await self._parser.attachment(await self._stored(mailbox, email_id), attachment_id)
        if found is None:
            raise NotFound("no_attachment")
        return found

    async def source(self, mailbox: Mailbox, email_id: str) -> bytes:
        """The whole message as it was imported; raises NotFound, Conflict where it is damaged."""
        return await asyncio.to_thread(unpack, await self._stored(mailbox, email_id))

    async def changes(
        self, mailbox: Mailbox, cursor: str | None, *, since: datetime | None = None
    ) -> MailChanges:
        """What has changed since the cursor, also of what was received before `since`: it costs no more."""
        return await self._read(mailbox, read_changes, cursor)

    async def headers(
        self, mailbox: Mailbox, since: datetime, until: datetime, cursor: str | None = None
    ) -> Page[MessageHeader]:
        """Headers of what was sent from `since` on and before `until`, oldest first."""
        require_own(mailbox)
        return await self._read(mailbox, read_headers, to_instant(since), to_instant(until), cursor)

    async def held(
        self, readers: Collection[User], email_ids: Collection[str]
    ) -> Mapping[str, frozenset[str]]:
        """Those of the emails that lie in each user's mailbox or one that is shared with them."""
        addresses = {user.id: user.email for user in readers}
        return await self._database.read(select_held, addresses, email_ids)

    async def versions(self, readers: Collection[User]) -> Mapping[str, str]:
        """The number of each user's own mailbox, "0" before its first message."""
        addresses = {user.id: user.email for user in readers}
        return await self._database.read(reads.read_versions, addresses)

    async def version(self, mailbox: Mailbox) -> str:
        """A token that changes whenever the mailbox gets or loses a message; cheap enough to poll."""
        found = await self._read(mailbox, reads.read_mailbox)
        return str(found[1]) if found else "0"

    async def shared_with(self, reader: User) -> Sequence[str]:
        """The addresses of the mailboxes that somebody reads beside the own one."""
        return await self._database.read(select_shared, reader.email)

    async def warm(self) -> None:
        """Start the worker processes before the first mail is opened; raises Unavailable."""
        await self._parser.warm()

    async def close(self) -> None:
        """Stop the worker processes; the database stays open."""
        await self._parser.close()

    async def _read(
        self,
        mailbox: Mailbox,
        function: Callable[Concatenate[Connection, str, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        def run(connection: Connection) -> T:
            require_access(connection, mailbox)
            return function(connection, mailbox.address, *args, **kwargs)

        return await self._database.read(run)

    async def _stored(self, mailbox: Mailbox, email_id: str) -> bytes:
        stored = await self._read(mailbox, reads.stored, email_id)
        if stored is None:
            raise NotFound("no_email")
        return stored


def _cursor(message: Message) -> str:
    return write_position(LATEST, message.at, message.email_id)


def _read_cursor(cursor: str) -> reads.Place | None:
    position = read_position(LATEST, cursor)
    if position and to_bytes(position[1]) is None:
        raise bad_cursor()
    return reads.place_of(*position) if position else None
