"""The stand-in's tenant as the connector sees it: tokens, people, and a mail port on it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import Connection

from connectors.graph.client import GraphClient
from connectors.graph.following import Following
from connectors.graph.mail import GraphMail
from connectors.graph.notifications import receive
from connectors.graph.places import Places
from connectors.graph.reader import MailReader
from connectors.graph.recent import Recent
from insights import gate
from insights.database import Database
from insights.errors import SignInNeeded
from insights.mail.parsing.pool import MailParser
from insights.model import Mailbox, User
from tests.mails import own_mailbox
from tests.standins.graph import GraphStandin, running_graph
from tests.standins.graph.users import user_id_of

ORGANIZATION_ID = "0f6d8a3e-8c0c-4f65-9a28-5d1a4c1f7b11"
SCOPES = (
    "Mail.Read Mail.Read.Shared Mail.ReadWrite Mail.Send MailboxSettings.Read Calendars.Read"
    " Calendars.Read.Shared Tasks.ReadWrite People.Read User.Read GroupMember.Read.All Domain.Read.All"
    " Organization.Read.All"
)
ANN, BOB = "ann@ours.example", "bob@ours.example"


def mailbox_of(address: str) -> Mailbox:
    """The mailbox of somebody whom the CRM knows with the Entra account."""
    name = address.partition("@")[0]
    return User(f"crm-{name}", name.title(), address, object_id=user_id_of(address)).mailbox


@dataclass
class StandinTokens:
    """Entra as far as the connector needs it; whose address is in `strangers` has never signed in."""

    graph: GraphStandin
    strangers: set[str] = field(default_factory=set)
    refuses: bool = False
    """Whether Entra wants to see every user again."""
    refuses_claims: bool = False
    """Whether users have to answer claims challenges themselves."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """(Object id, "app" for the app; claims) of each token asked for."""
    kept: dict[str, str] = field(default_factory=dict)
    """The token of each, handed out until it is refused."""
    roles: str = SCOPES
    """What the app itself may do."""

    async def for_app(self, resource: str, *, claims: str = "", refused: str = "") -> str:
        """A token of the app."""
        self.asked.append(("app", claims))
        return self._token("app", None, claims, refused)

    async def for_user(self, user: User, resource: str, *, claims: str = "", refused: str = "") -> str:
        """A token on behalf of the user."""
        self.asked.append((user.object_id, claims))
        if self.refuses or user.email in self.strangers:
            code = "interaction_required" if self.refuses else "signed_out"
            raise SignInNeeded(code)
        if claims and self.refuses_claims:
            raise SignInNeeded("interaction_required.once_more", claims=claims)
        if claims:  # whoever answers a challenge has done what it asked
            self.graph.faults.satisfy(user.email)
        return self._token(user.object_id or user.email, user.email, claims, refused)

    def _token(self, who: str, address: str | None, claims: str, refused: str) -> str:
        if claims or self.kept.get(who, refused) == refused:
            self.kept[who] = self.graph.issue(address, SCOPES if address else self.roles)
        return self.kept[who]


@dataclass
class Tenant:
    """The stand-in, and the connector's parts on it."""

    graph: GraphStandin
    tokens: StandinTokens
    client: GraphClient
    places: Places
    reader: MailReader
    following: Following
    mail: GraphMail
    now: Callable[[], datetime]

    def count(self) -> int:
        """How many HTTP requests came since this was asked the last time."""
        count = self.graph.round_trips
        self.graph.requests.clear()
        return count


@asynccontextmanager
async def running_tenant(
    testdata: Path,
    database: Database,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    recent_seconds: float = 5.0,
    look_every: timedelta = timedelta(days=1),
    **options: Any,
) -> AsyncIterator[Tenant]:
    """A tenant with Ann and Bob, whose notifications arrive; `options` are the stand-in's."""
    async with (
        running_graph(testdata, now=now, **options) as graph,
        running_receiver(database, now) as public_url,
    ):
        await database.write(switch, "auto_capture", is_on=True)
        users: dict[str, User] = {}
        for address in (ANN, BOB):
            graph.add_user(None, address)
            for user in (mailbox_of(address).reader, own_mailbox(address).reader):
                users[user.id] = user
        tokens = StandinTokens(graph)
        client = GraphClient(graph.url.removesuffix("/v1.0"), tokens)
        places = Places(database, ORGANIZATION_ID, now)
        reader = MailReader(client, places, ORGANIZATION_ID, now)

        async def find_user(user_id: str) -> User | None:
            return users.get(user_id)

        following = Following(client, database, now, find_user, public_url=public_url, look_every=look_every)
        parser = MailParser(workers=1)
        recent = Recent(recent_seconds)
        mail = GraphMail(reader, parser, ORGANIZATION_ID, following.version, recent)
        try:
            yield Tenant(graph, tokens, client, places, reader, following, mail, now)
        finally:
            await following.close()
            await places.flush()
            await parser.close()
            await client.close()


def switch(connection: Connection, feature: str, *, is_on: bool) -> None:
    """Turn a feature on or off for everyone."""
    gate.switch(connection, feature, gate.ON if is_on else gate.OFF, 1, "root", datetime.now(UTC))


@asynccontextmanager
async def running_receiver(database: Database, now: Callable[[], datetime]) -> AsyncIterator[str]:
    """The address of a server that takes Graph's notifications as ours does."""

    async def take(request: web.Request) -> web.Response:
        reply = await receive(database, now, request.query, await request.read())
        return web.Response(status=reply.status, text=reply.text, content_type="text/plain")

    app = web.Application()
    app.router.add_post("/api/graph/notifications", take)
    app.router.add_post("/api/graph/lifecycle", take)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")
