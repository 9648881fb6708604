"""A tenant in one: Entra, Graph and Dataverse that know the same people, and a small company in them.

What a server needs to run on it stands in `environment`; ids of rows are short words made into GUIDs.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import NAMESPACE_DNS, uuid5

from insights.scopes import permissions
from tests.standins.dataverse.server import DataverseStandin, running_dataverse
from tests.standins.entra import APP_ID, TENANT, Application, EntraStandin, Person, running_entra
from tests.standins.graph import GraphStandin, running_graph
from tests.standins.graph.access import Grant

SECRET = "the registration's secret"
ON = ["auto_capture"]
"""The features whose permissions the tenant has granted, and no others."""
Rows = Mapping[str, Sequence[Mapping[str, str]]]


def uid(word: str) -> str:
    """The GUID that stands for a word."""
    return str(uuid5(NAMESPACE_DNS, word))


def with_guids(world: Rows) -> dict[str, list[dict[str, str]]]:
    """Rows whose ids are words, with GUIDs in their place."""
    return {
        table: [
            {name: uid(value) if _is_id(name) and value else value for name, value in row.items()}
            for row in rows
        ]
        for table, rows in world.items()
    }


def _is_id(column: str) -> bool:
    return column.endswith("id") and column not in {"azureactivedirectoryobjectid", "messageid"}


@dataclass
class Cloud:
    """The three services; `people` are those of the company by their `systemuserid`'s word."""

    entra: EntraStandin
    graph: GraphStandin
    dataverse: DataverseStandin
    environment: dict[str, str]
    people: dict[str, Person] = field(default_factory=dict)
    strong: set[str] = field(default_factory=set)
    """Who has done what conditional access asks for."""

    def token(self, word: str) -> str:
        """What the pane gets for somebody."""
        return self.entra.sign_in(self.people[word], is_strong=word in self.strong)

    @property
    def application(self) -> Application:
        """Our registration."""
        return self.entra.tenant.applications[APP_ID]

    def slow_down(self, seconds: float) -> None:
        """Let each request to mailbox and CRM take so long on its way."""
        self.graph.round_trip = self.dataverse.round_trip = seconds

    def count(self) -> dict[str, int]:
        """How many requests each service got since this was last asked."""
        counts = {
            "entra": self.entra.records.counted("/token"),
            "graph": self.graph.round_trips,
            "dataverse": len(self.dataverse.requests),
        }
        self.entra.records.requests.clear()
        self.graph.requests.clear()
        self.dataverse.requests.clear()
        return counts


@asynccontextmanager
async def running_cloud(folder: Path, testdata: Path, world: Rows) -> AsyncIterator[Cloud]:
    """The services with the rows of `world`; each of its users has an account and a mailbox."""
    ca_file = folder / "entra.pem"
    async with (
        running_entra(ca_file) as entra,
        running_graph(testdata) as graph,
        running_dataverse(testdata) as dataverse,
    ):
        graph_url = graph.url.removesuffix("/v1.0")
        entra.tenant.resources |= {graph_url, dataverse.url}
        entra.register(
            Application(
                secrets={SECRET},
                delegated={graph_url: permissions("delegated", ON)},
                roles={graph_url: permissions("entra", ON), dataverse.url: []},
            )
        )

        def authenticate(token: str) -> Grant | None:
            claims = entra.check(token, graph_url)
            if claims is None:
                return None
            if claims.get("idtyp") == "app":
                in_exchange = (name.removeprefix("Application ") for name in permissions("exchange", ON))
                return Grant(None, frozenset((*claims.get("roles", ()), *in_exchange)))
            return Grant(claims["oid"], frozenset(claims["scp"].split()))

        graph.authenticate = authenticate
        dataverse.accepts = lambda token: entra.check(token, dataverse.url) is not None
        dataverse.fill(with_guids(world))
        environment = {
            "LIAISON_CRM": "dataverse",
            "LIAISON_DATAVERSE_URL": dataverse.url,
            "LIAISON_MAIL": "graph",
            "LIAISON_GRAPH_URL": graph_url,
            "LIAISON_ENTRA_TENANTS": TENANT,
            "LIAISON_ENTRA_CLIENT_ID": APP_ID,
            "LIAISON_ENTRA_SECRET": SECRET,
            "LIAISON_ENTRA_AUTHORITY": entra.authority,
            "REQUESTS_CA_BUNDLE": str(ca_file),
            "SSL_CERT_FILE": str(ca_file),
        }
        cloud = Cloud(entra, graph, dataverse, environment)
        entra.tenant.people.clear()
        for row in world["systemusers"]:
            person = Person(row["azureactivedirectoryobjectid"], row["fullname"], row["internalemailaddress"])
            cloud.people[row["systemuserid"]] = entra.tenant.people[person.object_id] = person
            graph.add_user(person.object_id, person.address, person.name)
        yield cloud


@contextmanager
def serving_cloud(
    folder: Path, testdata: Path, world: Rows
) -> Iterator[tuple[Cloud, asyncio.AbstractEventLoop]]:
    """The same in a thread of its own, for tests that have no event loop; with the one it runs in."""
    loop, started = asyncio.new_event_loop(), Future[Cloud]()
    stop = asyncio.Event()

    async def run() -> None:
        try:
            async with running_cloud(folder, testdata, world) as cloud:
                started.set_result(cloud)
                await stop.wait()
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),), daemon=True)
    thread.start()
    try:
        yield started.result(60), loop
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()
