"""Turns a backup into a data directory again: checked from end to end first, then all of it or nothing."""

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from insights.backup.archive import Archive, open_archive
from insights.backup.backup import run_stoppable
from insights.backup.checking import require_database
from insights.backup.manifest import JOBS, Manifest, Member, another_file, damaged, newer, not_signed
from insights.backup.schemas import load_tables, open_transaction, require_empty
from insights.backup.signing import digest_of, find_signer
from insights.errors import Conflict, Invalid, NotFound, Unavailable
from insights.settings import Settings
from insights.words import say

FOUND_ON_NEW_DISKS = {"lost+found"}
KEY = "keys/signing.key"
LONGEST_KEY = 4096


@dataclass(frozen=True, slots=True)
class Restored:
    """What was in a backup, and the key that signed it; None = nobody we know, and that was allowed.

    `is_own` where the settings name that key. The one that lies in the backup tells nothing: whoever holds
    the file holds it.
    """

    manifest: Manifest
    signer: str | None
    is_own: bool


async def restore(
    settings: Settings,
    revisions: Mapping[str, Path],
    file: Path,
    *,
    is_unsigned_allowed: bool = False,
    digest: str = "",
) -> Restored:
    """Put a backup into the empty data directory, and database, of the settings; returns what was in it.

    It has to be signed with a key of the settings, or, where they name none, with the one that it brings;
    with `digest` (SHA-256, hexadecimal) it has to be that very file.
    Databases keep the revision they had: the next start upgrades them. Raises Conflict where something
    is there already, Invalid for a file that is no whole backup, not signed, or made by a newer Liaison.
    """
    work = partial(_restore, is_unsigned_allowed=is_unsigned_allowed, digest=digest)
    return await run_stoppable(work, settings, revisions, file)


def _restore(
    settings: Settings,
    revisions: Mapping[str, Path],
    file: Path,
    stop: threading.Event,
    *,
    is_unsigned_allowed: bool,
    digest: str,
) -> Restored:
    if not file.is_file():
        raise NotFound("no_backup", file=file)
    data_dir = settings.data_dir.absolute()
    _require_empty(data_dir)
    if digest and digest_of(file) != digest.strip().lower():
        raise another_file()
    with open_archive(file, stop) as archive:
        signer = _find_signer(archive, settings.secret_keys)
        if signer is None and not is_unsigned_allowed:
            raise not_signed()
        _require_fitting(archive.manifest, settings, revisions)
        _require_room(archive.manifest, data_dir)
        archive.verify()
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=data_dir) as folder:
            _unpack(archive, Path(folder))
            _require_databases(archive.manifest, Path(folder), revisions)
            with (
                _mover(Path(folder), data_dir) as move,
                _loaded(settings.database_url, archive, revisions)
                if settings.database_url
                else nullcontext(),
            ):
                move()
    return Restored(archive.manifest, signer, is_own=signer in settings.secret_keys)


def _find_signer(archive: Archive, keys: Sequence[str]) -> str | None:
    """The key that signed the backup: one of the operator's, else the one that lies in it."""
    if not keys and any(each.name == KEY and each.size <= LONGEST_KEY for each in archive.manifest.members):
        keys = [b"".join(archive.read(KEY)).decode("ascii", "replace").strip()]
    return find_signer(archive.digest, archive.signature, keys)


def _require_databases(manifest: Manifest, folder: Path, revisions: Mapping[str, Path]) -> None:
    if manifest.kind == "sqlite":
        for name, revision in manifest.revisions.items():
            if name != JOBS:
                require_database(folder / f"{name}.sqlite", name, revision, revisions[name])


def _require_empty(data_dir: Path) -> None:
    if not data_dir.exists():
        return
    if not data_dir.is_dir():
        raise Conflict("not_empty.file", data_dir=data_dir)
    there = sorted(path.name for path in data_dir.iterdir() if path.name not in FOUND_ON_NEW_DISKS)
    if there:
        raise Conflict("not_empty.folder", data_dir=data_dir, there=[ascii(each) for each in there[:3]])


def _require_fitting(manifest: Manifest, settings: Settings, revisions: Mapping[str, Path]) -> None:
    wanted = "postgresql" if settings.database_url else "sqlite"
    if manifest.kind != wanted:
        raise Invalid("other_kind", kind=manifest.kind, wanted=wanted)
    for name, revision in manifest.revisions.items():
        if name == JOBS:
            continue
        folder = revisions.get(name)
        if not revision:
            raise damaged(say("why.revision_missing", name=name))
        if folder is None or revision not in _known(folder):
            raise newer(manifest.version)


def _known(revisions: Path) -> set[str]:
    return {path.stem.split("_")[0] for path in revisions.glob("[0-9]*.py")}


def _require_room(manifest: Manifest, data_dir: Path) -> None:
    disk = next(folder for folder in (data_dir, *data_dir.parents) if folder.exists())
    free = shutil.disk_usage(disk).free
    needed = sum(member.size for member in _files(manifest))
    if needed > free:
        raise Unavailable("no_room", needed=needed >> 20, free=free >> 20)


def _files(manifest: Manifest) -> Iterator[Member]:
    """What belongs into the data directory; rows of PostgreSQL are read from the archive."""
    left = {table.member for table in manifest.tables} | {f"{JOBS}.sqlite"}
    return (member for member in manifest.members if member.name not in left)


def _unpack(archive: Archive, folder: Path) -> None:
    for member in _files(archive.manifest):
        path = folder.joinpath(*member.name.split("/"))
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(path, "xb", opener=_open_private) as file:
            for block in archive.read(member.name):
                file.write(block)
            file.flush()
            os.fsync(file.fileno())


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


@contextmanager
def _loaded(url: str, archive: Archive, revisions: Mapping[str, Path]) -> Iterator[None]:
    """The rows are in the database, and stay where the body ends well."""
    names = {*revisions, JOBS}
    with open_transaction(url) as connection:
        require_empty(connection, names)
        load_tables(connection, archive, revisions)
        yield


@contextmanager
def _mover(folder: Path, data_dir: Path) -> Iterator[Callable[[], None]]:
    """A function that gives everything its place by renaming; where the body fails, all goes back."""
    moved: list[Path] = []

    def move() -> None:
        for path in sorted(folder.iterdir()):
            path.rename(data_dir / path.name)
            moved.append(data_dir / path.name)
        _sync(data_dir)

    try:
        yield move
    except BaseException:
        for path in moved:
            path.rename(folder / path.name)
        raise


def _sync(folder: Path) -> None:
    """Have the disk know the new names; Windows does so by itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
