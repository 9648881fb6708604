"""Puts a backup together, while the server may be running."""

import asyncio
import os
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from insights.backup.manifest import FOLDERS, Manifest, Sequence, Table
from insights.backup.schemas import open_snapshot, read_revisions, read_sequences, write_tables
from insights.backup.snapshots import open_snapshots, read_revision
from insights.backup.writer import Writer, new_archive, taken
from insights.errors import Invalid, NotFound, Unavailable
from insights.settings import Settings
from insights.words import Said, say

P = ParamSpec("P")
T = TypeVar("T")


async def back_up(
    settings: Settings,
    revisions: Mapping[str, Path],
    out: Path,
    *,
    read_key: Callable[[], str],
    now: datetime,
) -> Manifest:
    """Write all databases at one instant, and the files, into `out` (mode 600); returns what is in it.

    `revisions` has the folder of migrations of each database, `read_key` gives the key that signs; the jobs
    are left out, for what is pending begins anew. Raises Conflict where `out` exists,
    NotFound where there is nothing to save, Unavailable where something cannot be read or written.
    """
    return await run_stoppable(_back_up, settings, revisions, out, read_key, now)


async def run_stoppable(function: Callable[..., T], *arguments: Any) -> T:
    """Run a function in a thread with an event that is set when nobody waits for it any more."""
    stop = threading.Event()
    try:
        with translated():
            return await asyncio.to_thread(function, *arguments, stop)
    finally:
        stop.set()


def _back_up(
    settings: Settings,
    revisions: Mapping[str, Path],
    out: Path,
    read_key: Callable[[], str],
    now: datetime,
    stop: threading.Event,
) -> Manifest:
    out = out.absolute()
    _require_place(settings.data_dir.absolute(), out)
    kind: Literal["sqlite", "postgresql"] = "postgresql" if settings.database_url else "sqlite"
    write = _write_schemas if settings.database_url else _write_files
    with new_archive(out, kind, stop) as writer:
        found, tables, sequences = write(settings, tuple(revisions), writer, stop)
        if not found:
            raise NotFound("nothing_there.to_back_up")
        writer.key = read_key()
        for folder in FOLDERS:
            _add_folder(writer, settings.data_dir / folder, folder)
        manifest = Manifest(
            version=version("liaison"),
            made_at=now,
            kind=kind,
            revisions=found,
            members=tuple(writer.members),
            tables=tables,
            sequences=sequences,
        )
        writer.finish(manifest)
    return manifest


Written = tuple[dict[str, str], tuple[Table, ...], tuple[Sequence, ...]]
"""Revisions, tables and sequences of what was written."""


def _write_files(
    settings: Settings, names: tuple[str, ...], writer: Writer, stop: threading.Event
) -> Written:
    paths = [settings.data_dir / f"{name}.sqlite" for name in names]
    found = {}
    with (
        tempfile.TemporaryDirectory(prefix=".liaison-", dir=writer.folder) as folder,
        open_snapshots([path for path in paths if path.exists()], Path(folder), stop) as snapshots,
    ):
        for name, copy in snapshots:
            if revision := read_revision(copy):  # a file without one is not filled yet
                found[name] = revision
                writer.add(f"{name}.sqlite", copy)
    return found, (), ()


def _write_schemas(
    settings: Settings, names: tuple[str, ...], writer: Writer, _stop: threading.Event
) -> Written:
    tables: list[Table] = []
    with open_snapshot(settings.database_url) as connection:
        found = read_revisions(connection, names)
        for name in found:
            tables += write_tables(connection, name, writer)
        return found, tuple(tables), read_sequences(connection, found)


def _require_place(data_dir: Path, out: Path) -> None:
    if out.exists():
        raise taken(out)
    if not out.parent.is_dir():
        raise NotFound("no_folder", parent=out.parent)
    if any(out.is_relative_to(data_dir / folder) for folder in FOLDERS):
        raise Invalid("bad_place", out=out)


def _add_folder(writer: Writer, folder: Path, name: str) -> None:
    """Every file below a folder; what is removed while we look is left out, as if it had been before."""
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for link in folders:
            _require_plain(Path(parent) / link)
        for file in sorted(files):
            path = Path(parent) / file
            _require_plain(path)
            writer.add("/".join((name, *path.relative_to(folder).parts)), path)


def _require_plain(path: Path) -> None:
    if path.is_symlink() or (path.exists() and not (path.is_file() or path.is_dir())):
        raise Invalid("no_file", path=path)


@contextmanager
def translated() -> Iterator[None]:
    """Failures of disk and database, in words that quote no address and no row."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise _unavailable(str(error)) from None  # "database is locked", "disk I/O error": words of SQLite
    except sqlite3.DatabaseError as error:
        raise _unavailable(say("why.database_damaged", name=type(error).__name__)) from None
    except SQLAlchemyError as error:
        raise _unavailable(say("why.database_refused", name=type(error).__name__)) from None
    except OSError as error:
        place = f": {error.filename}" if error.filename else ""
        raise _unavailable(f"{(error.strerror or type(error).__name__).lower()}{place}") from None


def _unavailable(why: Said) -> Unavailable:
    return Unavailable("not_possible", why=why)
