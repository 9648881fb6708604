"""Mail servers that keep the contract, each with what puts mail into it and takes it out.

A new implementation adds a row to `SERVERS`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.utils import parsedate_to_datetime

from sqlalchemy import Connection, update

from connectors.embedded.mail.mail import EmbeddedMail
from connectors.embedded.mail.removing import remove_messages
from connectors.embedded.mail.shares import share_mailbox
from connectors.embedded.mail.store import insert_parsed
from connectors.embedded.mail.tables import mailboxes, messages
from insights import ports
from insights.mail.identity import email_id
from insights.mail.parsing.parsed import ParsedMessage
from insights.mail.parsing.pool import MailParser
from insights.mail.parsing.worker import parse
from tests.conftest import TESTDATA, OpenDatabase
from tests.connectors.graph.tenant import running_tenant
from tests.mails import make_mail, own_mailbox
from tests.standins.graph.message import StoredMessage

ORGANIZATION_ID = "0f6d8a3e-8c0c-4f65-9a28-5d1a4c1f7b11"
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ANN, BOB = "ann@ours.example", "bob@ours.example"
NOBODY = "nobody@ours.example"
ANNS, BOBS = own_mailbox(ANN), own_mailbox(BOB)
MINUTE = timedelta(minutes=1)


@dataclass
class Server:
    """A mail server under test, and how messages get into it."""

    mail: ports.Mail
    deliver: Callable[[str, Sequence[bytes]], Awaitable[None]]
    share: Callable[[str, str], Awaitable[None]]
    """Let somebody else read a mailbox."""
    remove: Callable[[str, Sequence[str]], Awaitable[None]]
    """Delete messages by their names, for good."""
    mark: Callable[[str, bytes, bool], Awaitable[None]]
    """Let the owner read a message, or mark it as unread."""
    lose_cursors: Callable[[str], Awaitable[None]]
    """Whatever makes the cursors of a mailbox worthless there."""

    async def deliver_listed(self, mailbox: str, raws: Sequence[bytes]) -> None:
        """The same, and somebody sees them in a list: what was never listed need not be found by its id."""
        await self.deliver(mailbox, raws)
        await self.mail.latest(own_mailbox(mailbox), None, 100)


async def serve_embedded(open_database: OpenDatabase) -> AsyncIterator[Server]:
    database = open_database("mailbox")
    mail = EmbeddedMail(database, MailParser(workers=1), ORGANIZATION_ID)

    async def deliver(mailbox: str, raws: Sequence[bytes]) -> None:
        parsed = [parse(raw) for raw in raws]
        good = [message for message in parsed if isinstance(message, ParsedMessage)]
        assert len(good) == len(parsed)
        await insert_parsed(database, ORGANIZATION_ID, mailbox, good, now=NOW)

    async def share(mailbox: str, reader: str) -> None:
        await database.write(share_mailbox, mailbox, [reader])

    async def remove(mailbox: str, names: Sequence[str]) -> None:
        assert await database.write(remove_messages, mailbox, list(map(id_of, names))) == len(names)

    async def mark(mailbox: str, raw: bytes, is_read: bool) -> None:
        parsed = parse(raw)
        assert isinstance(parsed, ParsedMessage)
        turned = [replace(parsed, is_read=is_read)]
        assert await insert_parsed(database, ORGANIZATION_ID, mailbox, turned, now=NOW) == 0

    async def lose_cursors(mailbox: str) -> None:
        def go_back(connection: Connection) -> None:  # as in a copy from before
            for table in (mailboxes, messages):
                connection.execute(update(table).values(version=0))

        await database.write(go_back)

    yield Server(mail, deliver, share, remove, mark, lose_cursors)
    await mail.close()


async def serve_graph(open_database: OpenDatabase) -> AsyncIterator[Server]:
    database = open_database("liaison")
    async with running_tenant(TESTDATA, database) as tenant:
        tenant.graph.add_user(None, NOBODY, has_mailbox=False)
        for mailbox in (ANNS, BOBS):
            await tenant.mail.version(mailbox)  # who asks for it is followed from now on
        assert await tenant.following.renew() == 2

        async def deliver(mailbox: str, raws: Sequence[bytes]) -> None:
            for raw in raws:
                sent_at = parsedate_to_datetime(str(message_from_bytes(raw)["Date"]))
                tenant.graph.deliver(mailbox, raw, received=sent_at)
            await tenant.graph.settle()

        async def share(mailbox: str, reader: str) -> None:
            tenant.graph.share(mailbox, reader)

        def stored(mailbox: str, name: str) -> StoredMessage:
            held = tenant.graph.mailbox(mailbox).messages
            return next(each for each in held if each.values["internetMessageId"] == message_id(name))

        async def remove(mailbox: str, names: Sequence[str]) -> None:
            for name in names:
                tenant.graph.mailbox(mailbox).delete(stored(mailbox, name))
            await tenant.graph.settle()

        async def mark(mailbox: str, raw: bytes, is_read: bool) -> None:
            name = str(message_from_bytes(raw)["Message-ID"]).strip("<>").partition("@")[0]
            tenant.graph.mailbox(mailbox).update(stored(mailbox, name), {"isRead": is_read})
            await tenant.graph.settle()

        async def lose_cursors(mailbox: str) -> None:
            tenant.graph.faults.expire_delta(mailbox)

        tenant.tokens.roles = "Mail.ReadBasic"
        yield Server(tenant.mail, deliver, share, remove, mark, lose_cursors)


SERVERS = {"embedded": serve_embedded, "graph": serve_graph}


def id_of(name: str) -> str:
    return email_id(ORGANIZATION_ID, message_id(name))


def message_id(name: str) -> str:
    return f"<{name}@fabrikam.example>"


def named(name: str, **values: object) -> bytes:
    return make_mail(message_id(name), **values)  # type: ignore[arg-type]
