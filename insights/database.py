"""One database of the data directory: a SQLite file, or a PostgreSQL schema of the same name.

A transaction is a function of plain SQLAlchemy Core, run in a thread by `write()` or `read()`: that costs
a third of the same statements awaited one by one. Never nested: on SQLite one writer at a time holds
the file. Errors never quote parameters: they may be somebody's words.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

# Statements look values up in it once it is there: loaded later, in a thread, it breaks what others ask.
import sqlalchemy.orm  # noqa: F401
from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import InterfaceError, OperationalError

from insights.errors import Unavailable
from insights.writer import Writer

P = ParamSpec("P")
T = TypeVar("T")

HOLDS = ("user", "address", "name", "text", "none")
USER, ADDRESS, NAME, TEXT, NONE = ({"holds": each} for each in HOLDS)
"""What every column says in its `info` for export, erasure and retention: it holds ids of our users,
mail addresses (or what is derived from one), what people are called, what people wrote (which may tell
anything of anybody), or nothing that tells of a person."""
MAPPED = {"mailbox", "crm"}
"""Files mapped into memory: scattered pages of a large mailbox cost no system call each."""
MAPPED_BYTES = 256 * 1024 * 1024
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "busy_timeout=20000",
    "secure_delete=ON",  # what is erased must not stay readable in free pages
)


class Database:
    """A named database with its engines; `name` is the file's stem or the schema."""

    def __init__(self, name: str, *, data_dir: Path, url: str = "") -> None:
        self.name = name
        self.is_sqlite = not url
        self.path = data_dir / f"{name}.sqlite"
        engine, self._reader = (
            _sqlite_engines(self.path) if self.is_sqlite else _postgresql_engines(url, name)
        )
        self._engine = engine
        self._writer = Writer(engine, name, threads=1 if self.is_sqlite else 8)
        self._readers = ThreadPoolExecutor(2 if self.is_sqlite else 4, thread_name_prefix=f"read-{name}")

    async def write(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a function as one write transaction: committed when it returns, rolled back when it raises."""
        with _translated():
            result: T = await self._writer.write(lambda connection: function(connection, *args, **kwargs))
        return result

    async def read(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a read-only function in a thread, on one consistent snapshot."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, lambda: self._read(function, *args, **kwargs))

    def _read(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        with _translated(), self._reader.connect() as connection:
            return function(connection, *args, **kwargs)

    def insert(self, table: Table) -> Any:
        """The INSERT that `insert_into` gives, for who builds it once and runs it often."""
        return (sqlite if self.is_sqlite else postgresql).insert(table)

    async def check(self) -> None:
        """Raise unless the database answers."""
        await self.read(lambda connection: connection.execute(text("SELECT 1")).scalar())

    async def fold(self) -> None:
        """Empty a SQLite file's -wal into it, so that what was deleted is in neither."""
        if self.is_sqlite:
            await asyncio.get_running_loop().run_in_executor(self._readers, self._fold)

    def _fold(self) -> None:
        with closing(sqlite3.connect(self.path, timeout=20)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    async def close(self) -> None:
        """Close all connections; the last one folds a SQLite file's -wal into it."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.close()
        self._readers.shutdown()
        self._reader.dispose()
        self._engine.dispose()


def insert_into(connection: Connection, table: Table) -> Any:
    """An INSERT of the connection's dialect, with `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)


@contextmanager
def _translated() -> Iterator[None]:
    """A database that is away, locked or full, as Unavailable; other errors are ours and stay."""
    try:
        yield
    except (OperationalError, InterfaceError, ConnectionError) as error:
        raise Unavailable("no_database.no_answer", name=type(error).__name__) from error


def metadata() -> MetaData:
    """Metadata whose constraints have names, so that migrations can find them again."""
    return MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def _sqlite_engines(path: Path) -> tuple[Engine, Engine]:
    path.parent.mkdir(parents=True, exist_ok=True)
    pragmas = [*PRAGMAS, f"mmap_size={MAPPED_BYTES if path.stem in MAPPED else 0}"]
    writer = create_engine(f"sqlite:///{path}", pool_size=1, hide_parameters=True)
    reader = create_engine(f"sqlite:///{path}", pool_size=4, hide_parameters=True)
    for engine, begin in ((writer, "BEGIN IMMEDIATE"), (reader, "BEGIN")):
        _configure_sqlite(engine, begin, pragmas)
    return writer, reader


def _configure_sqlite(engine: Engine, begin: str, pragmas: Sequence[str]) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we begin ourselves: pysqlite would begin too late
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


def _postgresql_engines(url: str, schema: str) -> tuple[Engine, Engine]:
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=12,
        connect_args={"options": f"-csearch_path={schema}"},
        pool_pre_ping=True,
        hide_parameters=True,
    )
    return engine, engine
