"""What every Directory must do; a test's name begins with the method it is about: `test_groups__…`.

A new implementation adds a row to `DIRECTORIES`.
"""

from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time

import pytest
from sqlalchemy import Connection, insert

from connectors.embedded.crm.tables import addresses, lookups, rows
from connectors.embedded.directory import EmbeddedDirectory
from connectors.entra.opening import open_entra
from connectors.graph.following import Following
from connectors.graph.opening import open_graph, open_graph_directory
from insights import ports
from insights.errors import NotSignedIn
from insights.model import Identity, User
from insights.settings import Settings
from tests.conftest import TESTDATA, OpenDatabase
from tests.connectors.graph.tenant import StandinTokens
from tests.standins.entra import APP_ID, TENANT, Application, running_entra
from tests.standins.entra.directory import PEOPLE
from tests.standins.graph import running_graph

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
KEY = "key-" * 20


class Clock:
    """A clock that the test turns."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Served:
    """A directory of Ann and Bob, who is in no group; `token` gives Ann's for the next hour."""

    directory: ports.Directory
    token: Callable[[], str]
    ann: Identity
    member: str
    """What Ann is called as a member of a group."""
    clock: Clock = field(default_factory=Clock)


@asynccontextmanager
async def serve_embedded(open_database: OpenDatabase, tmp_path: Path, clock: Clock) -> AsyncIterator[Served]:
    database = open_database("crm")
    await database.write(fill)
    directory = EmbeddedDirectory(database, keys=[KEY], now=clock)
    yield Served(directory, lambda: directory.issue_token("ann", hours=1), Identity(user="ann"), "ann", clock)


@asynccontextmanager
async def serve_graph(open_database: OpenDatabase, tmp_path: Path, clock: Clock) -> AsyncIterator[Served]:
    database = open_database("liaison")
    users = {
        "ann": User("ann", "Ann", "Ann@Contoso.example", object_id=PEOPLE[0].object_id),
        "bob": User("bob", "Bob", "bob@bücher.example", object_id=PEOPLE[1].object_id),
    }

    async def find_user(user_id: str) -> User | None:
        return users.get(user_id)

    async with (
        running_entra(tmp_path / "ca.pem", now=lambda: time() + clock.ahead.total_seconds()) as entra,
        running_graph(TESTDATA) as graph,
        AsyncExitStack() as stack,
    ):
        entra.register(Application(secrets={"secret"}))
        for user in users.values():
            graph.add_user(user.object_id, user.email)
        graph.directory.add_group("blue", "Blue", [PEOPLE[0].object_id])
        settings = Settings(
            data_dir=tmp_path,
            entra_authority=entra.authority,
            entra_client_id=APP_ID,
            entra_secret="secret",
            entra_tenants=(TENANT,),
        )
        sign_in = await open_entra(settings, database, keys=(KEY,), now=clock, stack=stack)
        client = open_graph(stack, graph.url.removesuffix("/v1.0"), StandinTokens(graph))
        following = Following(client, database, clock, find_user, public_url="")
        directory = open_graph_directory(client, sign_in, find_user, following)
        yield Served(
            directory, entra.sign_in, Identity(object_id=PEOPLE[0].object_id), PEOPLE[0].object_id, clock
        )


DIRECTORIES = {"embedded": serve_embedded, "graph": serve_graph}


@pytest.fixture(params=["embedded", pytest.param("graph", marks=pytest.mark.testdata)])
async def served(
    request: pytest.FixtureRequest,
    open_database: OpenDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Served]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    async with DIRECTORIES[request.param](open_database, tmp_path, Clock()) as each:
        yield each


def fill(connection: Connection) -> None:
    """Ann and Bob on two domains of ours, Ann in a team, and a customer who is none of us."""
    for id_, address in (("ann", "Ann@Contoso.example"), ("bob", "bob@bücher.example")):
        connection.execute(insert(rows).values(**_row("systemuser", id_, internalemailaddress=address)))
        connection.execute(insert(addresses).values(**_address("systemuser", id_, address)))
    connection.execute(insert(addresses).values(**_address("contact", "eve", "eve@customer.example")))
    for column, target in (("systemuserid", "ann"), ("teamid", "blue")):
        connection.execute(
            insert(lookups).values(
                table_name="teammembership",
                row_id="m1",
                column_name=column,
                target_table=column.removesuffix("id"),
                target_id=target,
            )
        )


def _row(table: str, id_: str, **attributes: str) -> dict[str, object]:
    return {
        "table_name": table,
        "id": id_,
        "name": id_.title(),
        "name_key": id_,
        "state": 0,
        "created_at": NOW,
        "modified_at": NOW,
        "attributes": attributes,
    }


def _address(table: str, id_: str, address: str) -> dict[str, object]:
    column = "internalemailaddress" if table == "systemuser" else "emailaddress1"
    return {
        "table_name": table,
        "row_id": id_,
        "column_name": column,
        "address_key": address.lower(),
        "address": address,
    }


async def test_identify__proves_its_holder_until_it_runs_out(served: Served) -> None:
    token = served.token()
    assert await served.directory.identify(token) == served.ann
    served.clock.ahead = timedelta(hours=3)
    with pytest.raises(NotSignedIn):
        await served.directory.identify(token)
    assert await served.directory.identify(served.token()) == served.ann


async def test_identify__refuses_whatever_else_with_the_same_words(served: Served) -> None:
    token = served.token()
    head, body, _ = token.split(".")
    deep = b64encode(b'{"alg":' + b"[" * 100_000 + b"]" * 100_000 + b"}").decode()
    parts = (f"{head}.{body}.", f"{body}.{body}.{body}", f"{deep}.{body}.AA", f"{head}.{deep}.AA")
    for wrong in ("", "a.b.c", "é\udcff", token[:-9], *parts, token * 2):
        with pytest.raises(NotSignedIn) as refused:
            await served.directory.identify(wrong)
        assert refused.value.code == "bad_token"


async def test_own_domains__are_ours_only_in_one_spelling(served: Served) -> None:
    assert await served.directory.own_domains() == {"contoso.example", "xn--bcher-kva.example"}


async def test_groups__are_those_a_user_is_in(served: Served) -> None:
    assert await served.directory.groups("ann") == {"blue"}
    for other in ("bob", "nobody", ""):
        assert await served.directory.groups(other) == frozenset()


async def test_members__are_those_in_a_group(served: Served) -> None:
    assert await served.directory.members("blue") == {served.member}
    for other in ("red", "ann", ""):
        assert await served.directory.members(other) == frozenset()


async def test_sign_out__forgets_once_and_ends_no_session(served: Served) -> None:
    user = User("ann", "Ann", "Ann@Contoso.example", object_id=PEOPLE[0].object_id)
    await served.directory.identify(served.token())
    await served.directory.sign_out(user)
    assert not await served.directory.sign_out(user)
    assert await served.directory.identify(served.token()) == served.ann


def test_every_method_of_the_port_has_a_test() -> None:
    methods = {name for name in vars(ports.Directory) if not name.startswith("_")}
    tested = {name.removeprefix("test_").split("__")[0] for name in globals() if name.startswith("test_")}
    assert methods - tested == set()
