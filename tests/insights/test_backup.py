"""A backup holds everything at one instant, and becomes the same installation elsewhere."""

import asyncio
import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Connection, MetaData, Table, insert, inspect, select, text

from connectors.databases import database_revisions
from connectors.embedded.agenda.importing import import_calendar
from connectors.embedded.crm.importing import import_rows
from connectors.embedded.mail.importing import import_messages
from connectors.registry import open_stores
from insights import migrate
from insights.backup import backup
from insights.backup.backup import back_up
from insights.backup.manifest import Manifest
from insights.backup.restore import Restored, restore
from insights.backup.snapshots import open_snapshots
from insights.backup.writer import Writer
from insights.database import Database
from insights.errors import Conflict, Invalid, NotFound, Unavailable
from insights.migrate import REVISIONS, upgrade_schema
from insights.settings import Settings
from insights.tables import audit
from insights.workflows import Workflows
from tests.calendars import MadeMeeting, MadeTask, write_ics
from tests.flows.liaison import COMPANY, letter

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
AUDIT = {"at": NOW, "user_id": "u", "action": "a", "subject": "s", "detail": "{}"}
KEY = "k" * 64
FILES = {
    "files/ab/offer für Ana.pdf": b"%PDF \0 \xff" * 300_000,
    "files/empty": b"",
    "analytics/2026/11.parquet": b"PAR1",
    "outbox/1.eml": b"Subject: Gr\xfc\xdfe\r\n\r\n",
    "keys/signing.key": KEY.encode(),
}


async def save(settings: Settings, out: Path) -> Manifest:
    """`liaison backup`, signed with the key that lies in the data directory."""
    return await back_up(settings, database_revisions(), out, read_key=lambda: KEY, now=NOW)


@pytest.fixture
def here(tmp_path: Path, database_url: str) -> Settings:
    """Settings of an installation that is empty as yet."""
    return Settings(data_dir=tmp_path / "here", database_url=database_url)


@pytest.fixture
def elsewhere(tmp_path: Path, other_database_url: str) -> Settings:
    """Settings of the place where it shall start again."""
    return Settings(data_dir=tmp_path / "there" / "var", database_url=other_database_url)


def take_numbers_in_vain(connection: Connection) -> None:
    connection.execute(insert(audit), [AUDIT] * 2)
    1 / 0  # noqa: B018


async def fill(settings: Settings) -> None:
    """The small company with mail, an audit trail and files."""
    async with open_stores(settings, lambda: NOW) as (services, stores):
        await import_rows(await stores.database("crm"), COMPANY, now=NOW)
        organization_id = await services.crm.organization_id()
        messages = [letter(number).as_bytes() for number in range(5)]
        mailbox = await stores.database("mailbox")
        await import_messages(mailbox, organization_id, messages, "ann@ours.example", now=NOW)
        calendar = settings.data_dir / ".." / "calendar.ics"
        calendar.write_bytes(write_ics(MadeMeeting("Talk", datetime(2026, 11, 23, 9)), MadeTask("Call Ana")))
        await import_calendar(mailbox, calendar, "ann@ours.example", now=NOW)
        calendar.unlink()
        await services.database.write(lambda connection: connection.execute(insert(audit), [AUDIT] * 5))
        with pytest.raises(ZeroDivisionError):
            await services.database.write(take_numbers_in_vain)
    for name, content in FILES.items():
        path = settings.data_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


async def rows(settings: Settings) -> dict[str, list[str]]:
    """Every row of every table of our own databases, as text."""
    found: dict[str, list[str]] = {}
    for name in database_revisions():
        database = Database(name, data_dir=settings.data_dir, url=settings.database_url)
        found |= {f"{name}.{table}": rows for table, rows in (await database.read(read_tables, name)).items()}
        await database.close()
    return found


def read_tables(connection: Connection, schema: str) -> dict[str, list[str]]:
    names = inspect(connection).get_table_names(
        schema=schema if connection.dialect.name == "postgresql" else None
    )
    tables = [Table(name, MetaData(), autoload_with=connection) for name in names]
    return {table.name: sorted(map(repr, connection.execute(select(table)))) for table in tables}


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in {".sqlite", ".lock"}
    }


async def test_everything_comes_back(here: Settings, elsewhere: Settings, tmp_path: Path) -> None:
    await fill(here)
    file = tmp_path / "one.zip"
    made = await save(here, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.name not in {"here", "there"}] == ["one.zip"]
    restored = await restore(elsewhere, database_revisions(), file)
    assert restored == Restored(made, KEY, is_own=False)
    assert (made.made_at, set(made.revisions)) == (NOW, set(database_revisions()))
    before = await rows(here)
    assert before == await rows(elsewhere)
    assert {"liaison.audit", "crm.rows", "mailbox.contents", "mailbox.meetings", "mailbox.tasks"} <= {
        name for name, some in before.items() if some
    }
    assert files(elsewhere.data_dir) == files(here.data_dir) == FILES
    modes = {stat.S_IMODE(path.stat().st_mode) for path in elsewhere.data_dir.rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert {path.name[0] for path in elsewhere.data_dir.iterdir()} & {"."} == set()
    async with open_stores(elsewhere, lambda: NOW) as (services, _):
        added = await services.database.write(lambda connection: connection.execute(insert(audit), AUDIT))
        assert added.inserted_primary_key is not None
        # A sequence goes on after the numbers it gave, SQLite after those that are there.
        assert added.inserted_primary_key[0] == (8 if here.database_url else 6)


async def test_jobs_stay_behind(here: Settings, elsewhere: Settings, tmp_path: Path) -> None:
    """Whoever hands over a backup must not hand over work: what is pending begins anew (tests/flows/)."""
    await fill(here)
    workflows = Workflows(data_dir=here.data_dir, database_url=here.database_url)
    workflows.start()
    await workflows.wait_ready()
    await workflows.stop()
    made = await save(here, tmp_path / "one.zip")
    assert set(made.revisions) == set(database_revisions())
    assert not [member.name for member in made.members if "jobs" in member.name]
    await restore(elsewhere, database_revisions(), tmp_path / "one.zip")
    assert not (elsewhere.data_dir / "jobs.sqlite").exists()


async def test_an_older_backup_is_upgraded_by_the_next_start(
    here: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    database = Database("liaison", data_dir=here.data_dir, url=here.database_url)
    await database.write(upgrade_schema, "liaison", REVISIONS, to="0001")
    old = AUDIT | {"at": str(NOW)}
    columns = ("at", "user_id", "user_name", "action", "subject", "detail")
    statement = f"INSERT INTO audit ({', '.join(columns)}) VALUES (:{', :'.join(columns)})"
    await database.write(Connection.execute, text(statement), old | {"user_name": "Ú"})
    (here.data_dir / "keys").mkdir(parents=True)
    (here.data_dir / "keys" / "signing.key").write_text(KEY)
    manifest = await save(here, tmp_path / "old.zip")
    await database.close()
    assert manifest.revisions == {"liaison": "0001"}
    await restore(elsewhere, database_revisions(), tmp_path / "old.zip")
    async with open_stores(elsewhere, lambda: NOW) as (services, _):
        actions = await services.database.read(
            lambda connection: list(connection.execute(select(audit.c.action)))
        )
        assert actions == [("a",)]
        assert await services.database.read(migrate._current) == migrate._newest(REVISIONS) > "0001"


def test_all_files_are_copied_as_of_one_instant(tmp_path: Path) -> None:
    """Number after number goes into one database, then into the next, as a tracked email does."""
    paths = [tmp_path / f"{name}.sqlite" for name in ("b", "a", "plain")]
    for path in paths:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA journal_mode={'DELETE' if path.stem == 'plain' else 'WAL'}")
            connection.execute("CREATE TABLE numbers (n)")
    stop, started = threading.Event(), threading.Event()

    def write() -> None:
        connections = [sqlite3.connect(path, timeout=60, isolation_level=None) for path in paths]
        for number in count():
            for connection in connections:
                connection.execute("INSERT INTO numbers VALUES (?)", (number,))
            started.set()
            if stop.is_set():
                break
        for connection in connections:
            connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    started.wait()
    seen = []
    for turn in range(10):
        (folder := tmp_path / str(turn)).mkdir()
        with open_snapshots(paths[::-1] if turn % 2 else paths, folder, threading.Event()) as copies:
            seen.append({name: count_rows(copy) for name, copy in copies})
        assert not list(folder.iterdir())
    stop.set()
    writer.join()
    for counts in seen:
        assert counts["b"] >= counts["a"] >= counts["plain"] >= counts["b"] - 1, seen
    assert len({counts["b"] for counts in seen}) > 1, "the writer went on"


def count_rows(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        [number] = connection.execute("SELECT count(*) FROM numbers").fetchone()
    return int(number)


async def test_nothing_is_replaced(here: Settings, elsewhere: Settings, tmp_path: Path) -> None:
    await fill(here)
    file = tmp_path / "one.zip"
    await save(here, file)
    content = file.read_bytes()
    with pytest.raises(Conflict, match="exists already") as refused:
        await save(here, file)
    assert refused.value.code == "file_exists"
    assert file.read_bytes() == content
    before = await rows(here)
    with pytest.raises(Conflict, match="not empty"):
        await restore(here, database_revisions(), file)
    if here.database_url:  # the database has rows, whatever the folder has
        with pytest.raises(Conflict, match="not empty"):
            await restore(replace_data_dir(here, tmp_path / "new"), database_revisions(), file)
        assert not list((tmp_path / "new").iterdir())
    assert await rows(here) == before
    other_kind = Settings(
        data_dir=tmp_path / "x",
        database_url="" if here.database_url else "postgresql+asyncpg://nobody@127.0.0.1:1/x",
    )
    with pytest.raises(Invalid, match="holds databases of"):
        await restore(other_kind, database_revisions(), file)
    assert not (tmp_path / "x").exists()
    await restore(elsewhere, database_revisions(), file)


def replace_data_dir(settings: Settings, data_dir: Path) -> Settings:
    return settings.model_copy(update={"data_dir": data_dir})


async def test_what_cannot_be_saved_is_told(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "var", database_url="")
    out = tmp_path / "one.zip"

    async def fails(kind: type[Exception], words: str, to: Path = out) -> None:
        with pytest.raises(kind, match=words):
            await save(settings, to)
        assert not [
            path for path in tmp_path.rglob("*") if path.suffix in {".zip", ".part"} or path.name[0] == "."
        ]

    await fails(NotFound, "nothing to back up")
    await fill(settings)
    await fails(NotFound, "not a folder", tmp_path / "no" / "one.zip")
    await fails(Invalid, "cannot hold itself", settings.data_dir / "files" / "one.zip")
    link = settings.data_dir / "files" / "link"
    link.symlink_to("/etc/passwd")
    await fails(Invalid, "link or a device")
    link.unlink()
    strange = settings.data_dir / "files" / "a\\b"
    strange.touch()
    await fails(Invalid, "cannot be backed up")
    strange.unlink()
    crm = settings.data_dir / "crm.sqlite"
    crm.write_bytes(b"nonsense" * 1000)
    await fails(Unavailable, "damaged")


async def test_a_server_that_stops_waiting_leaves_no_half_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=tmp_path / "var", database_url="")
    await fill(settings)
    going, cancelled = threading.Event(), threading.Event()
    add_folder = backup._add_folder

    def add_slowly(writer: Writer, folder: Path, name: str) -> None:
        going.set()
        cancelled.wait()
        add_folder(writer, folder, name)

    monkeypatch.setattr(backup, "_add_folder", add_slowly)
    task = asyncio.create_task(save(settings, tmp_path / "one.zip"))
    await asyncio.to_thread(going.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    cancelled.set()
    async with asyncio.timeout(60):
        while [path.name for path in tmp_path.iterdir()] != ["var"]:
            await asyncio.sleep(0.01)


async def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(data_dir=tmp_path / "var", database_url="")
    await fill(settings)
    await save(settings, tmp_path / "one.zip")
    target = replace_data_dir(settings, tmp_path / "new")

    usage = shutil.disk_usage(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=1_000))
        with pytest.raises(Unavailable, match="not enough room"):
            await restore(target, database_revisions(), tmp_path / "one.zip")
    assert not target.data_dir.exists()
    with monkeypatch.context() as patch:  # full after some of the files were renamed
        patch.setattr("insights.backup.restore._sync", fail_for_room)
        with pytest.raises(Unavailable, match="no space left"):
            await restore(target, database_revisions(), tmp_path / "one.zip")
    assert list(target.data_dir.iterdir()) == []
    await restore(target, database_revisions(), tmp_path / "one.zip")
    assert files(target.data_dir) == FILES


def fail_for_room(_folder: Path) -> None:
    raise OSError(28, "No space left on device")
