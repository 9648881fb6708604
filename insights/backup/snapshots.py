"""Copies of all SQLite databases as they were at one instant, while others go on writing.

Each file has its own transactions, and the rows of one speak of those of another (a tracked email and its
row in the CRM). So all are held against writers for the moment it takes to open a snapshot of each;
then everybody writes on, and the snapshots are copied by SQLite's backup API.
"""

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from insights.backup.archive import go_on

PATIENCE = 20.0
"""Seconds to wait for a writer, as in insights/database.py."""
PAGES = 2048


@contextmanager
def open_snapshots(
    paths: Sequence[Path], folder: Path, stop: threading.Event
) -> Iterator[Iterator[tuple[str, Path]]]:
    """Yields each database's name and its copy in `folder`, which is removed when the next is asked for."""
    with ExitStack() as stack:
        sources: dict[str, sqlite3.Connection] = {}
        copies: dict[str, Path] = {}
        with ExitStack() as held:
            for path in paths:
                connection = held.enter_context(closing(_connect(path)))
                connection.execute("BEGIN IMMEDIATE")
            for path in paths:
                source = stack.enter_context(closing(_connect(path)))
                if _has_snapshots(source):
                    source.execute("BEGIN")
                    source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
                    sources[path.stem] = source
                else:  # a reader of such a file stops its writers: copy it while they wait anyhow
                    copies[path.stem] = _copy(source, folder / path.name, stop)
        yield _copy_each(sources, copies, folder, stop)


def _copy_each(
    sources: Mapping[str, sqlite3.Connection],
    copies: Mapping[str, Path],
    folder: Path,
    stop: threading.Event,
) -> Iterator[tuple[str, Path]]:
    for name, copy in copies.items():
        yield name, copy
        copy.unlink()
    for name, source in sources.items():
        copy = _copy(source, folder / f"{name}.sqlite", stop)
        yield name, copy
        copy.unlink()


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)


def _has_snapshots(connection: sqlite3.Connection) -> bool:
    [mode] = connection.execute("PRAGMA journal_mode").fetchone()
    return bool(mode == "wal")


def _copy(source: sqlite3.Connection, path: Path, stop: threading.Event) -> Path:
    def check(_status: int, _remaining: int, _total: int) -> None:
        go_on(stop)

    with closing(sqlite3.connect(path, isolation_level=None)) as target:
        target.execute("PRAGMA journal_mode=OFF")
        target.execute("PRAGMA synchronous=OFF")
        source.backup(target, pages=PAGES, progress=check)
    return path


def read_revision(path: Path) -> str:
    """The schema revision of a copy; "" where it has no tables of ours yet, or others' tables."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        found = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'alembic_version'").fetchone()
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if found else None
    return str(row[0]) if row else ""
