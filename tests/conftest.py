"""What every test may ask for: test data, a data directory, both kinds of database."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp import AiohttpClient

from addin.http import SERVICES
from app import create_app
from connectors.embedded.crm.importing import import_rows
from connectors.embedded.directory import EmbeddedDirectory
from connectors.embedded.mail.importing import import_messages
from connectors.registry import open_stores
from insights.database import Database
from insights.services import Services
from insights.settings import Settings
from tests.databases import MIGRATED, Postgresql, SqliteFiles, Template, running_postgresql
from tests.flows.liaison import COMPANY, letter
from tests.slow import Slowness

TESTDATA = Path(
    os.environ.get("LIAISON_TESTDATA", Path(__file__).parents[1] / ".." / "shared" / "testdata")
).resolve()

# How long an example takes says something about the machine, nothing about the code.
hypothesis.settings.register_profile("liaison", deadline=None)
hypothesis.settings.load_profile("liaison")

TURNS = ("e2e", "flows", "cards", "")
"""Folders whose files take longest; "" are the files of no folder."""

OpenDatabase = Callable[[str], Database]
Client = TestClient[web.Request, web.Application]


def pytest_configure(config: pytest.Config) -> None:
    """Tell at the end which tests took long without a reason."""
    config.pluginmanager.register(Slowness())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, so that no worker is left with one; skip what needs test data where there is none."""
    items.sort(key=_turn)
    if not TESTDATA.is_dir():
        for item in items:
            if item.get_closest_marker("testdata"):
                item.add_marker(pytest.mark.skip(reason=f"no test data at {TESTDATA}"))


def _turn(item: pytest.Item) -> int:
    """When a test's folder has its turn; tests of one that has a server for itself stay together."""
    folder, *_ = (*item.path.relative_to(Path(__file__).parent).parts[:-1], "")
    return TURNS.index(folder) if folder in TURNS else len(TURNS)


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """A test that sets logging up, as the command line does, leaves the next one none of it."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def testdata() -> Path:
    """The folder of real mails, schemas and payloads."""
    return TESTDATA


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Postgresql]:
    """A real PostgreSQL server, started for this session."""
    with (
        tempfile.TemporaryDirectory(prefix="pg") as folder,
        running_postgresql(Path(folder)) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def sqlite_files(tmp_path_factory: pytest.TempPathFactory) -> SqliteFiles:
    """Data directories with SQLite files that were filled once."""
    return SqliteFiles(tmp_path_factory.mktemp("templates"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Whatever touches storage is tested on both."""
    return str(request.param)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database_kind: str) -> Iterator[str]:
    """LIAISON_DATABASE_URL of an empty database: "" for SQLite, then one on PostgreSQL."""
    with own_database(request, database_kind) as url:
        yield url


@pytest.fixture
def other_database_url(request: pytest.FixtureRequest, database_kind: str) -> Iterator[str]:
    """Another empty database of the same kind."""
    with own_database(request, database_kind) as url:
        yield url


@contextmanager
def own_database(
    request: pytest.FixtureRequest,
    kind: str,
    template: Template | None = None,
    data_dir: Path | None = None,
) -> Iterator[str]:
    """LIAISON_DATABASE_URL of a database of this kind, empty or with what a template holds."""
    if kind == "postgresql":
        with request.getfixturevalue("postgresql_server").database(template) as url:
            yield url
        return
    if template and data_dir:
        request.getfixturevalue("sqlite_files").copy(template, data_dir)
    yield ""


@pytest.fixture
async def open_database(
    request: pytest.FixtureRequest, database_kind: str, tmp_path: Path
) -> AsyncIterator[OpenDatabase]:
    """Opens databases by name that have their tables and no rows; closed at the end of the test."""
    with own_database(request, database_kind, MIGRATED, tmp_path) as url:
        async for opens in _opening(tmp_path, url):
            yield opens


@pytest.fixture
async def open_empty(database_url: str, tmp_path: Path) -> AsyncIterator[OpenDatabase]:
    """Opens databases by name that hold nothing, no tables either; closed at the end of the test."""
    async for opens in _opening(tmp_path, database_url):
        yield opens


async def _opening(data_dir: Path, url: str) -> AsyncIterator[OpenDatabase]:
    opened: list[Database] = []

    def open_named(name: str) -> Database:
        opened.append(Database(name, data_dir=data_dir, url=url))
        return opened[-1]

    yield open_named
    for database in opened:
        await database.close()


@pytest.fixture(scope="session")
def company_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of the small company of `tests/flows/`, made once: copy it, don't open it."""
    data_dir = tmp_path_factory.mktemp("company")
    asyncio.run(_fill(data_dir))
    return data_dir


async def _fill(data_dir: Path) -> None:
    now = datetime.now(UTC)
    async with open_stores(Settings(data_dir=data_dir, database_url=""), lambda: now) as (services, stores):
        await import_rows(await stores.database("crm"), COMPANY, now=now)
        organization_id = await services.crm.organization_id()
        for user, names in (("ann", (1, 2, 3)), ("bob", (3, "bobs"))):
            messages = [letter(name).as_bytes() for name in names]
            mailbox = f"{user}@ours.example"
            await import_messages(
                await stores.database("mailbox"), organization_id, messages, mailbox, now=now
            )


@pytest.fixture
def settings(company_data: Path, tmp_path: Path) -> Settings:
    """Settings of the small company's own copy, without anything from the environment."""
    data_dir = tmp_path / "var"
    shutil.copytree(company_data, data_dir)
    return Settings(data_dir=data_dir, database_url="", trusted_proxies=(), metrics_token="")


@pytest.fixture
async def client(settings: Settings, aiohttp_client: AiohttpClient) -> Client:
    """The small company's server, in this process; features are off."""
    return await aiohttp_client(create_app(settings))


@pytest.fixture
def services(client: Client) -> Services:
    """What the use-cases of that server are handed."""
    return client.app[SERVICES]


@pytest.fixture
def token_for(services: Services) -> Callable[[str], str]:
    """A bearer token for a user id: `ann` and `bob` sell, `root` administers."""
    directory = services.directory
    assert isinstance(directory, EmbeddedDirectory)
    return directory.issue_token
