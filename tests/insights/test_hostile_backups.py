"""A file that is no whole backup of ours is refused before anything is written, whatever is in it."""

import asyncio
import hashlib
import json
import re
import sqlite3
import stat
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import create_engine, insert, inspect

from connectors.databases import database_revisions
from connectors.keys import read_signing_keys
from connectors.registry import open_stores
from insights.backup.backup import back_up
from insights.backup.manifest import NAME
from insights.backup.restore import restore
from insights.backup.signing import sign
from insights.errors import Invalid, NotFound, Problem, Unavailable
from insights.settings import Settings
from insights.tables import news as news_table

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
DIGEST = 64
SEAL = 2 * DIGEST
KEY = "the key of the installation that is saved"
Entries = list[tuple[zipfile.ZipInfo, bytes]]
Change = Callable[[Entries, dict[str, Any]], object]


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A backup of an empty installation with a key and a file."""
    return asyncio.run(make_backup(tmp_path_factory.mktemp("backup")))


async def save(settings: Settings, out: Path) -> None:
    (settings.data_dir / "keys").mkdir(exist_ok=True)
    (settings.data_dir / "keys" / "signing.key").write_text(KEY)
    [key] = read_signing_keys(settings)
    await back_up(settings, database_revisions(), out, read_key=lambda: key, now=NOW)


async def make_backup(folder: Path) -> bytes:
    settings = Settings(data_dir=folder / "var", database_url="")
    async with open_stores(settings, lambda: NOW):
        pass
    (settings.data_dir / "files").mkdir()
    (settings.data_dir / "files" / "one").write_bytes(b"first")
    await save(settings, folder / "one.zip")
    return (folder / "one.zip").read_bytes()


async def attempt(
    raw: bytes, folder: Path, database_url: str = "", *, keys: tuple[str, ...] = (), unsigned: bool = False
) -> Problem | None:
    """Restore these bytes into a new folder: the problem; without one, the data directory is complete."""
    file, data = folder / "in.zip", folder / "var"
    file.write_bytes(raw)
    try:
        settings = Settings(data_dir=data, database_url=database_url, secret_keys=keys)
        await restore(settings, database_revisions(), file, is_unsigned_allowed=unsigned)
    except Problem as problem:
        assert not data.exists() or not list(data.iterdir())
        assert [path for path in folder.iterdir() if path != data] == [file]
        return problem
    return None


def forge(raw: bytes, change: Change, key: str = KEY) -> bytes:
    """The backup with other entries or another manifest, and the checksums and signature for them."""
    with zipfile.ZipFile(BytesIO(raw)) as source:
        entries = [(info, source.read(info)) for info in source.infolist() if info.filename != NAME]
        manifest = json.loads(source.read(NAME))
    change(entries, manifest)
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for info, content in entries:
            target.writestr(info, content)
        target.writestr(NAME, json.dumps(manifest))
        target.comment = b"0" * SEAL
    return signed(out.getvalue()[:-SEAL], key)


def signed(body: bytes, key: str = KEY) -> bytes:
    digest = hashlib.sha256(body).hexdigest()
    return body + (digest + sign(digest, key)).encode()


def as_format_1(raw: bytes, change: Change) -> bytes:
    """What the version before wrote: a digest alone, and a job store among the databases."""

    def older(entries: Entries, manifest: dict[str, Any]) -> None:
        manifest["format"] = 1
        change(entries, manifest)

    body = bytearray(forge(raw, older)[:-SEAL])
    body[-2:] = DIGEST.to_bytes(2, "little")
    return bytes(body) + hashlib.sha256(body).hexdigest().encode()


def entry(
    name: str, content: bytes = b"evil", mode: int = stat.S_IFREG | 0o600, *, listed: bool = True
) -> Change:
    """One more entry."""

    def add(entries: Entries, manifest: dict[str, Any]) -> None:
        info = zipfile.ZipInfo(name)
        info.filename = name  # as it is: ZipInfo would make it harmless
        info.external_attr = mode << 16
        entries.append((info, content))
        if listed:
            digest = hashlib.sha256(content).hexdigest()
            manifest["members"].append({"name": name, "size": len(content), "sha256": digest})

    return add


def manifest_with(**parts: object) -> Change:
    return lambda _entries, manifest: manifest.update(parts)


def member_with(**parts: object) -> Change:
    return lambda _entries, manifest: manifest["members"][0].update(parts)


def revision(database: str, number: str) -> Change:
    return lambda _entries, manifest: manifest["revisions"].update({database: number})


def add_database(entries: Entries, manifest: dict[str, Any]) -> None:
    entry("who_knows_whom.sqlite")(entries, manifest)
    revision("who_knows_whom", "0001")(entries, manifest)


async def test_the_unchanged_backup_is_restored(backup: bytes, tmp_path: Path) -> None:
    assert await attempt(forge(backup, lambda _entries, _manifest: None), tmp_path) is None
    assert (tmp_path / "var" / "files" / "one").read_bytes() == b"first"


@pytest.mark.parametrize(
    "change",
    [
        *map(
            entry,
            (
                "../evil",
                "files/../../evil",
                "/tmp/evil",
                "files//evil",
                "files/./evil",
                "files/a\\..\\..\\evil",
                "files/a\nb",
                "files/",
                "evil",
                "evil/one",
                "keys",
                "liaison.sqlite/evil",
                "process-1.lock",
                "C:/evil",
                "postgresql/liaison/audit.copy",
            ),
        ),
        entry("files/link", b"/etc/passwd", stat.S_IFLNK | 0o777),
        entry("files/device", b"", stat.S_IFCHR | 0o600),
        entry("files/pipe", b"", stat.S_IFIFO | 0o600),
        entry("files/folder", b"", stat.S_IFDIR | 0o700),
        entry("files/unlisted", listed=False),
        entry("surprise.sqlite"),
        manifest_with(tables=[{"database": "crm", "name": "rows", "columns": [], "member": "files/one"}]),
        lambda entries, _manifest: entries.pop(),
        lambda _entries, manifest: manifest["members"].append(manifest["members"][0]),
        member_with(sha256="0" * 64),
        member_with(size=5),
        member_with(size=-1),
        member_with(sha256="x"),
        manifest_with(kind="oracle"),
        manifest_with(made_at="yesterday"),
        manifest_with(surprise=1),
        manifest_with(members=None),
        manifest_with(format="one"),
    ],
)
async def test_forged_backups_are_refused(backup: bytes, tmp_path: Path, change: Change) -> None:
    problem = await attempt(forge(backup, change), tmp_path)
    assert isinstance(problem, Invalid)
    assert problem.why
    assert problem.do
    assert not list(tmp_path.parent.glob("evil*"))


@pytest.mark.parametrize(
    "change",
    [manifest_with(format=3, version="9.0"), revision("liaison", "9999"), add_database],
)
async def test_backups_of_a_newer_liaison_are_refused(backup: bytes, tmp_path: Path, change: Change) -> None:
    problem = await attempt(forge(backup, change), tmp_path)
    assert problem
    assert problem.code == "newer_backup"


@pytest.mark.parametrize(
    ("key", "keys"),
    [
        ("somebody else's key, as long as it takes", ()),
        ("somebody else's key, as long as it takes", ("y" * 40, "z" * 40)),
        (KEY, ("the operator's own key, and no other one",)),  # the key that lies in it proves nothing then
    ],
)
async def test_what_no_key_of_the_operator_has_signed_is_refused(
    backup: bytes, tmp_path: Path, key: str, keys: tuple[str, ...]
) -> None:
    forged = forge(backup, entry("files/two"), key)
    problem = await attempt(forged, tmp_path, keys=keys)
    assert problem
    assert problem.code == "not_signed"
    assert await attempt(forged, tmp_path, keys=keys, unsigned=True) is None
    assert (tmp_path / "var" / "files" / "two").read_bytes() == b"evil"


async def test_any_of_the_operators_keys_may_have_signed(backup: bytes, tmp_path: Path) -> None:
    assert await attempt(backup, tmp_path, keys=("x" * 40, KEY)) is None


@pytest.mark.parametrize("content", [b"evil", b"SQLite format 3\0" + b"x" * 5000])
async def test_the_jobs_of_an_older_backup_stay_in_it(backup: bytes, tmp_path: Path, content: bytes) -> None:
    def add(entries: Entries, manifest: dict[str, Any]) -> None:
        entry("jobs.sqlite", content)(entries, manifest)
        revision("jobs", "")(entries, manifest)

    problem = await attempt(as_format_1(backup, add), tmp_path)
    assert problem
    assert problem.code == "not_signed"
    assert await attempt(as_format_1(backup, add), tmp_path, unsigned=True) is None
    assert not (tmp_path / "var" / "jobs.sqlite").exists()
    assert (tmp_path / "var" / "crm.sqlite").exists()


def database_with(folder: Path, raw: bytes, *statements: str) -> bytes:
    path = folder / "bent.sqlite"
    path.write_bytes(raw)
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    content = path.read_bytes()
    path.unlink()
    return content


def smuggle(folder: Path, raw: bytes, *, kind: str, name: str) -> bytes:
    """The database with a trigger or view that is named like what SQLite makes itself."""
    made = {
        "trigger": f"CREATE TRIGGER {name} AFTER INSERT ON rows BEGIN DELETE FROM rows; END",
        "view": f"CREATE VIEW {name} AS SELECT * FROM rows",
    }
    table = {"trigger": "rows", "view": name}
    values = f"('{kind}', '{name}', '{table[kind]}', 0, '{made[kind]}')"
    statement = f"INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES {values}"
    return database_with(folder, raw, "PRAGMA writable_schema=ON", statement)


def rewrite(folder: Path, raw: bytes, *, old: str, new: str) -> bytes:
    """The database with other words for its table of rows."""
    escaped = [words.replace("'", "''") for words in (old, new)]
    statement = "UPDATE sqlite_schema SET sql = replace(sql, '{}', '{}') WHERE name = 'rows'"
    content = database_with(folder, raw, "PRAGMA writable_schema=ON", statement.format(*escaped))
    assert content != raw
    return content


@pytest.mark.parametrize(
    ("bend", "words"),
    [
        (lambda _folder, _raw: b"evil", "no database"),
        (lambda _folder, _raw: b"", "no database"),
        (lambda _folder, raw: raw[:-4096], "damaged|no database"),
        (lambda _folder, raw: raw[:4096] + b"\xff" * 4096 + raw[8192:], "damaged|no database"),
        (lambda folder, raw: database_with(folder, raw, "DROP TABLE rows"), "other tables"),
        (lambda folder, raw: database_with(folder, raw, "CREATE TABLE more (n)"), "other tables"),
        (
            lambda folder, raw: database_with(folder, raw, "ALTER TABLE rows RENAME COLUMN state TO s"),
            "other tables",
        ),
        (
            lambda folder, raw: database_with(
                folder,
                raw,
                "PRAGMA writable_schema=ON",
                "INSERT INTO sqlite_schema VALUES ('trigger', 'sqlite_evil', 'rows', 0,"
                " 'CREATE TRIGGER sqlite_evil AFTER INSERT ON rows BEGIN DELETE FROM rows; END')",
            ),
            "other tables",
        ),
        (
            lambda folder, raw: database_with(
                folder, raw, "CREATE TRIGGER t AFTER INSERT ON rows BEGIN DELETE FROM rows; END"
            ),
            "other tables",
        ),
        (
            lambda folder, raw: database_with(folder, raw, "UPDATE alembic_version SET version_num = '0001'"),
            "another revision",
        ),
        (
            lambda folder, raw: database_with(folder, raw, "INSERT INTO alembic_version VALUES ('0001')"),
            "another revision",
        ),
        (lambda folder, raw: database_with(folder, raw, "DELETE FROM alembic_version"), "another revision"),
        (
            lambda folder, raw: database_with(folder, raw, "CREATE UNIQUE INDEX u ON rows (table_name, id)"),
            "other tables",
        ),
        *(
            (partial(smuggle, kind=kind, name=name), "other tables|damaged")
            for kind in ("trigger", "view")
            for name in ("sqlite_stat9", "sqlite_autoindex_rows_9", "usual")
        ),
        *(
            (partial(rewrite, old=old, new=new), "other tables|damaged")
            for old, new in (
                ("state INTEGER", "state TEXT"),
                ("PRIMARY KEY (table_name, id)", "PRIMARY KEY (id, table_name)"),
                ("name TEXT NOT NULL", "name TEXT NOT NULL CHECK (length(name) < 9)"),
                ("name TEXT NOT NULL", "name TEXT NOT NULL COLLATE NOCASE"),
                ("name TEXT NOT NULL", "name TEXT"),
            )
        ),
    ],
)
async def test_a_database_is_opened_and_checked_before_success_is_said(
    backup: bytes, tmp_path: Path, bend: Callable[[Path, bytes], bytes], words: str
) -> None:
    def replace(entries: Entries, manifest: dict[str, Any]) -> None:
        at = next(at for at, (info, _) in enumerate(entries) if info.filename == "crm.sqlite")
        content = bend(tmp_path, entries[at][1])
        entries[at] = (entries[at][0], content)
        member = next(each for each in manifest["members"] if each["name"] == "crm.sqlite")
        member.update(size=len(content), sha256=hashlib.sha256(content).hexdigest())

    problem = await attempt(forge(backup, replace), tmp_path)
    assert isinstance(problem, Invalid)
    assert re.search(words, problem.detail), problem.detail


async def test_a_database_without_a_revision_is_refused(backup: bytes, tmp_path: Path) -> None:
    problem = await attempt(forge(backup, revision("crm", "")), tmp_path)
    assert isinstance(problem, Invalid)
    assert "the revision of crm is missing" in problem.why


async def test_the_very_file_can_be_named(backup: bytes, tmp_path: Path) -> None:
    """Whoever holds a file with its key can sign it anew: only its digest, kept elsewhere, tells."""
    file = tmp_path / "in.zip"
    settings = Settings(data_dir=tmp_path / "var", database_url="")
    genuine = hashlib.sha256(backup).hexdigest()
    file.write_bytes(forge(backup, lambda _entries, _manifest: None))
    assert file.read_bytes() != backup
    for digest in (genuine, "0" * 64, "no digest"):
        with pytest.raises(Invalid) as refused:
            await restore(settings, database_revisions(), file, digest=digest)
        assert refused.value.code == "other_backup"
    file.write_bytes(backup)
    restored = await restore(settings, database_revisions(), file, digest=genuine.upper())
    assert (restored.signer, restored.is_own) == (KEY, False)


async def test_files_that_cannot_both_be_there_leave_nothing(backup: bytes, tmp_path: Path) -> None:
    def add(entries: Entries, manifest: dict[str, Any]) -> None:
        entry("files/one/two")(entries, manifest)

    assert isinstance(await attempt(forge(backup, add), tmp_path), Unavailable)


async def test_what_is_no_backup_is_told(backup: bytes, tmp_path: Path) -> None:
    other = BytesIO()
    with zipfile.ZipFile(other, "w") as target:
        target.writestr("letter.txt", "Hello")
        target.comment = b"0" * SEAL
    bodies = {
        b"": "not_a_backup",
        b"PK\x03\x04": "damaged_backup",
        b"%PDF-1.7": "not_a_backup",
        other.getvalue(): "damaged_backup",
        signed(other.getvalue()[:-SEAL]): "not_a_backup",
        signed(b"PK\x03\x04"): "damaged_backup",
        backup + b"\n": "damaged_backup",
    }
    for number, (raw, code) in enumerate(bodies.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        problem = await attempt(raw, folder)
        assert problem
        assert (problem.code, bool(problem.why), bool(problem.do)) == (code, True, True)
    with pytest.raises(NotFound):
        await restore(Settings(data_dir=tmp_path / "x", database_url=""), database_revisions(), tmp_path)


PLACES = st.integers(0, 2**31)


@given(bends=st.lists(st.tuples(PLACES, st.integers(1, 255)), min_size=1, max_size=3), cut=PLACES)
@examples(
    max_examples=60,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_bent_byte_is_noticed(
    backup: bytes, tmp_path: Path, bends: list[tuple[int, int]], cut: int
) -> None:
    raw = bytearray(backup)
    for place, bits in bends:
        raw[place % len(raw)] ^= bits
    folder = tmp_path / uuid4().hex
    folder.mkdir()
    if raw != backup:  # two bends of one place may undo each other
        assert isinstance(asyncio.run(attempt(bytes(raw), folder)), Invalid)
    assert isinstance(asyncio.run(attempt(backup[: cut % len(backup)], folder)), Invalid)


@given(
    is_tail=st.booleans(),
    bends=st.lists(st.tuples(PLACES, st.integers(1, 255)), min_size=1, max_size=4),
)
@examples(
    max_examples=100,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_bent_bytes_under_a_fitting_checksum_do_no_harm(
    backup: bytes, tmp_path: Path, is_tail: bool, bends: list[tuple[int, int]]
) -> None:
    """Also where whoever bends a backup has the key."""
    raw = bytearray(backup[:-SEAL])
    first = len(raw) - 700 if is_tail else 0  # the directory of the archive is at its end, and small
    for place, bits in bends:
        raw[first + place % (len(raw) - first)] ^= bits
    folder = tmp_path / uuid4().hex
    folder.mkdir()
    problem = asyncio.run(attempt(signed(bytes(raw)), folder))
    if problem is None:
        assert (folder / "var" / "files" / "one").read_bytes() == b"first"


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
async def test_rows_that_do_not_fit_leave_an_empty_database(
    tmp_path: Path, database_url: str, other_database_url: str
) -> None:
    here = Settings(data_dir=tmp_path / "here", database_url=database_url)
    async with open_stores(here, lambda: NOW) as (services, _):
        row = {"at": NOW, "kind": "tracks", "subject": "s"}
        await services.database.write(lambda connection: connection.execute(insert(news_table), row))
    await save(here, tmp_path / "one.zip")
    raw = (tmp_path / "one.zip").read_bytes()

    def bend(entries: Entries, manifest: dict[str, Any]) -> None:
        wrong = b"one\ttwo\n"
        at = next(at for at, (info, _) in enumerate(entries) if info.filename.endswith("/principals.copy"))
        entries[at] = (entries[at][0], wrong)
        member = next(each for each in manifest["members"] if each["name"].endswith("/principals.copy"))
        member.update(size=len(wrong), sha256=hashlib.sha256(wrong).hexdigest())

    def rename(table: str) -> Change:
        return lambda _entries, manifest: manifest["tables"][0].update(name=table)

    def first(part: str, **changes: str) -> Change:
        return lambda _entries, manifest: manifest[part][0].update(changes)

    changes: tuple[tuple[Change, type[Problem]], ...] = (
        (bend, Unavailable),
        (rename("no_such_table"), Invalid),
        (rename("alembic_version"), Invalid),
        (rename('x"; DROP'), Invalid),
        (first("tables", database="public"), Invalid),
        (first("tables", member="postgresql/liaison/none.copy"), Invalid),
        (first("sequences", database="public"), Invalid),
        (first("sequences", name="none"), Unavailable),
    )
    for number, (change, kind) in enumerate(changes):
        folder = tmp_path / str(number)
        folder.mkdir()
        problem = await attempt(forge(raw, change), folder, other_database_url)
        assert isinstance(problem, kind)
        assert "two" not in problem.detail
    (tmp_path / "whole").mkdir()
    assert await attempt(raw, tmp_path / "whole", other_database_url) is None


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
async def test_the_jobs_of_an_older_backup_are_loaded_into_no_database(
    tmp_path: Path, database_url: str, other_database_url: str
) -> None:
    here = Settings(data_dir=tmp_path / "here", database_url=database_url)
    async with open_stores(here, lambda: NOW):
        pass
    await save(here, tmp_path / "one.zip")

    def add(entries: Entries, manifest: dict[str, Any]) -> None:
        member = "postgresql/jobs/workflow_status.copy"
        entry(member, b"track:x/1\tPENDING\tpy_pickle\n")(entries, manifest)
        columns = ["workflow_uuid", "status", "serialization"]
        table = {"database": "jobs", "name": "workflow_status", "columns": columns, "member": member}
        manifest["tables"].append(table)
        manifest["sequences"].append({"database": "jobs", "name": "numbers", "last": 1})
        manifest["revisions"]["jobs"] = ""

    (tmp_path / "in").mkdir()
    raw = as_format_1((tmp_path / "one.zip").read_bytes(), add)
    assert await attempt(raw, tmp_path / "in", other_database_url, unsigned=True) is None
    engine = create_engine(other_database_url.replace("+asyncpg", "+psycopg"))
    assert "jobs" not in inspect(engine).get_schema_names()
    engine.dispose()


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
async def test_every_schema_is_restored_whole(
    tmp_path: Path, database_url: str, other_database_url: str
) -> None:
    here = Settings(data_dir=tmp_path / "here", database_url=database_url)
    async with open_stores(here, lambda: NOW):
        pass
    await save(here, tmp_path / "one.zip")
    raw = (tmp_path / "one.zip").read_bytes()

    def leave_out(_entries: Entries, manifest: dict[str, Any]) -> None:
        manifest["tables"] = [each for each in manifest["tables"] if each["name"] != "audit"]

    for number, (change, words) in enumerate(
        ((leave_out, "audit of liaison"), (revision("crm", ""), "revision of crm"))
    ):
        (tmp_path / str(number)).mkdir()
        problem = await attempt(forge(raw, change), tmp_path / str(number), other_database_url)
        assert isinstance(problem, Invalid)
        assert words in problem.why
