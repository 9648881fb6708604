"""A file that is no whole backup of ours is refused before anything is written, whatever is in it."""

import asyncio
import hashlib
import json
import stat
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import insert

from connectors.registry import database_revisions, open_stores
from insights.backup.backup import back_up
from insights.backup.manifest import NAME
from insights.backup.restore import restore
from insights.errors import Invalid, NotFound, Problem, Unavailable
from insights.settings import Settings
from insights.tables import changes as changes_table

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
DIGEST = 64
Entries = list[tuple[zipfile.ZipInfo, bytes]]
Change = Callable[[Entries, dict[str, Any]], object]


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A backup of an empty installation with a key and a file."""
    return asyncio.run(make_backup(tmp_path_factory.mktemp("backup")))


async def make_backup(folder: Path) -> bytes:
    settings = Settings(data_dir=folder / "var", database_url="")
    async with open_stores(settings, lambda: NOW):
        pass
    (settings.data_dir / "files").mkdir()
    (settings.data_dir / "files" / "one").write_bytes(b"first")
    await back_up(settings, database_revisions(), folder / "one.zip", now=NOW)
    return (folder / "one.zip").read_bytes()


async def attempt(raw: bytes, folder: Path, database_url: str = "") -> Problem | None:
    """Restore these bytes into a new folder: the problem; without one, the data directory is complete."""
    file, data = folder / "in.zip", folder / "var"
    file.write_bytes(raw)
    try:
        await restore(Settings(data_dir=data, database_url=database_url), database_revisions(), file)
    except Problem as problem:
        assert not data.exists() or not list(data.iterdir())
        assert [path for path in folder.iterdir() if path != data] == [file]
        return problem
    return None


def forge(raw: bytes, change: Change) -> bytes:
    """The backup with other entries or another manifest, and the checksums that belong to them."""
    with zipfile.ZipFile(BytesIO(raw)) as source:
        entries = [(info, source.read(info)) for info in source.infolist() if info.filename != NAME]
        manifest = json.loads(source.read(NAME))
    change(entries, manifest)
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for info, content in entries:
            target.writestr(info, content)
        target.writestr(NAME, json.dumps(manifest))
        target.comment = b"0" * DIGEST
    return signed(out.getvalue()[:-DIGEST])


def signed(body: bytes) -> bytes:
    return body + hashlib.sha256(body).hexdigest().encode()


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
        revision("jobs", ""),
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
    [manifest_with(format=2, version="9.0"), revision("liaison", "9999"), add_database],
)
async def test_backups_of_a_newer_liaison_are_refused(backup: bytes, tmp_path: Path, change: Change) -> None:
    problem = await attempt(forge(backup, change), tmp_path)
    assert problem
    assert problem.code == "newer_backup"


async def test_files_that_cannot_both_be_there_leave_nothing(backup: bytes, tmp_path: Path) -> None:
    def add(entries: Entries, manifest: dict[str, Any]) -> None:
        entry("files/one/two")(entries, manifest)

    assert isinstance(await attempt(forge(backup, add), tmp_path), Unavailable)


async def test_what_is_no_backup_is_told(backup: bytes, tmp_path: Path) -> None:
    other = BytesIO()
    with zipfile.ZipFile(other, "w") as target:
        target.writestr("letter.txt", "Hello")
        target.comment = b"0" * DIGEST
    bodies = {
        b"": "not_a_backup",
        b"PK\x03\x04": "damaged_backup",
        b"%PDF-1.7": "not_a_backup",
        other.getvalue(): "damaged_backup",
        signed(other.getvalue()[:-DIGEST]): "not_a_backup",
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


@given(data=st.data())
@examples(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_bent_byte_is_noticed(backup: bytes, tmp_path: Path, data: st.DataObject) -> None:
    raw = bytearray(backup)
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    folder = tmp_path / uuid4().hex
    folder.mkdir()
    if raw == backup:
        return
    assert isinstance(asyncio.run(attempt(bytes(raw), folder)), Invalid)
    cut = data.draw(st.integers(0, len(backup) - 1))
    assert isinstance(asyncio.run(attempt(backup[:cut], folder)), Invalid)


@given(data=st.data())
@examples(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bent_bytes_under_a_fitting_checksum_do_no_harm(
    backup: bytes, tmp_path: Path, data: st.DataObject
) -> None:
    """The digest is no signature: whoever bends a backup can write one that fits."""
    raw = bytearray(backup[:-DIGEST])
    tail = data.draw(st.booleans())  # the directory of the archive is at its end, and small
    for _ in range(data.draw(st.integers(1, 4))):
        first = len(raw) - 700 if tail else 0
        raw[data.draw(st.integers(first, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    folder = tmp_path / uuid4().hex
    folder.mkdir()
    problem = asyncio.run(attempt(signed(bytes(raw)), folder))
    if problem is None:
        assert (folder / "var" / "files" / "one").read_bytes() == b"first"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_rows_that_do_not_fit_leave_an_empty_database(
    tmp_path: Path, database_url: str, other_database_url: str
) -> None:
    here = Settings(data_dir=tmp_path / "here", database_url=database_url)
    async with open_stores(here, lambda: NOW) as (services, _):
        row = {"at": NOW, "kind": "tracks", "subject": "s"}
        await services.database.write(lambda connection: connection.execute(insert(changes_table), row))
    await back_up(here, database_revisions(), tmp_path / "one.zip", now=NOW)
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
