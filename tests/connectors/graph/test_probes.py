"""What `liaison doctor` finds at Graph: each permission is noticed as soon as it is missing, or too wide."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import jwt
import pytest

from connectors.graph.client import GraphClient
from connectors.graph.probes import directory_probes, mail_probes
from insights.errors import Problem, SignInNeeded, Unavailable
from insights.model import MET, Finding, User
from insights.scopes import permissions
from tests.standins.graph import GraphStandin, running_graph
from tests.standins.graph.access import Grant

KEY = "k" * 32
ROLES = {role.removeprefix("Application ") for role in permissions("exchange")}


@dataclass
class Tokens:
    """Entra: tokens that say what they are good for, as JSON Web Tokens do; Exchange's roles are in none."""

    scopes: set[str] = field(default_factory=lambda: set(permissions("delegated")))
    entra_roles: set[str] = field(default_factory=lambda: set(permissions("entra")))
    refuses: Problem | None = None

    async def for_app(self, resource: str, *, claims: str = "", refused: str = "") -> str:
        if self.refuses:
            raise self.refuses
        return jwt.encode({"roles": sorted(self.entra_roles)}, KEY)

    async def for_user(self, user: User, resource: str, *, claims: str = "", refused: str = "") -> str:
        if self.refuses:
            raise self.refuses
        return jwt.encode({"oid": user.object_id, "scp": " ".join(sorted(self.scopes))}, KEY)


@dataclass
class Site:
    """A tenant with Ann, what Exchange's roles allow the app, and our side of it."""

    graph: GraphStandin
    tokens: Tokens
    client: GraphClient
    ann: User
    exchange_roles: set[str]

    async def look(self, name: str, user: User | None = None) -> Finding:
        asked = user or self.ann
        probes = {**mail_probes(self.client, asked), **directory_probes(self.client, asked)}
        return await probes[name]()


@asynccontextmanager
async def running_site(testdata: Path) -> AsyncIterator[Site]:
    tokens, roles = Tokens(), set(ROLES)

    def prove(token: str) -> Grant | None:
        claims = jwt.decode(token, KEY, ["HS256"])
        if "oid" in claims:
            return Grant(claims["oid"], frozenset(claims["scp"].split()))
        return Grant(None, frozenset({*claims["roles"], *roles}))

    async with running_graph(testdata, authenticate=prove) as graph:
        ann = graph.add_user(None, "ann@ours.example", "Ann")
        client = GraphClient(graph.url.removesuffix("/v1.0"), tokens)
        user = User("ann", "Ann", "ann@ours.example", object_id=ann.id)
        yield Site(graph, tokens, client, user, roles)
        await client.close()


@pytest.fixture
async def site(testdata: Path) -> AsyncIterator[Site]:
    async with running_site(testdata) as site:
        yield site


@pytest.mark.testdata
async def test_a_tenant_with_everything_granted_lacks_nothing(site: Site) -> None:
    looks = {**mail_probes(site.client, site.ann), **directory_probes(site.client, site.ann)}
    assert {name: await look() for name, look in looks.items()} == dict.fromkeys(looks, MET)
    assert not site.graph.sent
    assert not site.graph.mailbox("ann@ours.example").messages, "nothing is left behind"


@pytest.mark.testdata
@pytest.mark.parametrize("permission", permissions("delegated"))
async def test_a_delegated_permission_that_is_not_granted(site: Site, permission: str) -> None:
    site.tokens.scopes -= {permission, permission.replace(".Read", ".ReadWrite")}
    assert (await site.look(f"scope:{permission}")).state == "not met"
    site.tokens.refuses = SignInNeeded("consent_required")
    assert (await site.look(f"scope:{permission}")).state == "not met"
    site.tokens.refuses = None
    site.tokens.scopes |= {permission}
    assert await site.look(f"scope:{permission}") == MET


@pytest.mark.testdata
@pytest.mark.parametrize("role", permissions("exchange"))
async def test_a_role_of_exchange(site: Site, role: str) -> None:
    name, permission = f"role:{role}", role.removeprefix("Application ")
    # Not assigned: what implies it goes as well, since the stand-in takes the wider for the narrower.
    site.exchange_roles -= {permission, "Mail.Read" if permission == "Mail.ReadBasic" else ""}
    assert (await site.look(name)).state == "not met"
    site.exchange_roles |= ROLES
    # Assigned for other mailboxes only.
    site.graph.application_mailboxes = {"bob@ours.example"}
    assert "mailbox that was tried" in str((await site.look(name)).cause)
    site.graph.application_mailboxes = {site.ann.email}
    assert await site.look(name) == MET
    # Granted in Entra as well, which voids the limit.
    site.tokens.entra_roles |= {permission}
    assert "every mailbox of the tenant" in str((await site.look(name)).cause)


@pytest.mark.testdata
@pytest.mark.parametrize("permission", permissions("entra"))
async def test_a_role_of_entra(site: Site, permission: str) -> None:
    site.tokens.entra_roles -= {permission}
    assert (await site.look(f"app role:{permission}")).state == "not met"


@pytest.mark.testdata
async def test_a_mailbox_on_premises(site: Site) -> None:
    bob = site.graph.add_user(None, "bob@ours.example", has_mailbox=False)
    user = User("bob", "Bob", "bob@ours.example", object_id=bob.id)
    assert (await site.look("exchange_online", user)).state == "not met"
    with pytest.raises(Unavailable) as told:
        await site.look("role:Application Mail.ReadBasic", user)
    assert "bob" not in told.value.detail.lower()


@pytest.mark.testdata
async def test_nobody_known_is_unknown_and_a_refused_registration_is_not_met(site: Site) -> None:
    looks = mail_probes(site.client, None)
    for name, look in looks.items():
        if name != "mail_reachable":
            with pytest.raises(Unavailable):
                await look()
    site.tokens.refuses = Unavailable("entra_refused.secret", numbers="AADSTS7000215")
    found = await site.look("entra_sign_in")
    assert (found.state, str(found.cause)) == (
        "not met",
        "it does not accept Liaison's own registration (AADSTS7000215)",
    )
    site.tokens.refuses = Unavailable("no_entra", why="AADSTS90033")
    with pytest.raises(Unavailable):
        await site.look("entra_sign_in")


async def test_a_server_that_is_away() -> None:
    client = GraphClient("http://127.0.0.1:9", Tokens())
    found = await mail_probes(client, None)["mail_reachable"]()
    await client.close()
    assert found.state == "not met"
