"""The file of a backup: a ZIP that any tool opens, closed by the SHA-256 of itself and its signature.

ZIP, because its members are found without reading the whole, an entry of unknown length can be written
as it comes (the rows of a table), and it grows beyond 4 GB. Its own sums cover the contents but
not the bytes around them: hence the digest of the whole, 64 hexadecimal digits that ZIP calls a comment,
and 64 more of the signature. Backups of format 1 end with the digest.
"""

import hashlib
import os
import stat
import struct
import threading
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from insights.backup.manifest import (
    NAME,
    Manifest,
    damaged,
    is_allowed,
    not_a_backup,
    read_manifest,
)
from insights.words import say

BLOCK = 1024 * 1024
DIGEST = 64
SIGNED = 2 * DIGEST
END = struct.Struct("<4s16xH")
"""How the directory of a ZIP ends: its mark, and the length of the comment that follows."""
LARGEST_MANIFEST = 256 * 1024 * 1024
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    UnicodeError,
    ValueError,
    OverflowError,
    OSError,
)
"""What `zipfile` raises on bytes that are not what they claim."""


class Stopped(Exception):
    """Whoever asked for the work no longer waits for it."""


def go_on(stop: threading.Event) -> None:
    """Raise Stopped where nobody waits any more."""
    if stop.is_set():
        raise Stopped


class Archive:
    """A backup that is read: its manifest, and its members as streams of blocks."""

    def __init__(self, zipped: zipfile.ZipFile, digest: str, signature: str, stop: threading.Event) -> None:
        self._zip, self._stop = zipped, stop
        self.digest, self.signature = digest, signature
        self.manifest = _read_manifest(zipped)
        _require_listed(zipped, self.manifest)
        _require_consistent(self.manifest)
        self._members = {member.name: member for member in self.manifest.members}

    def read(self, name: str) -> Iterator[bytes]:
        """A member, block by block; raises Invalid at the end of one that is not what was written."""
        member, size, digest = self._members[name], 0, hashlib.sha256()
        with _understood(), self._zip.open(name) as file:
            while block := file.read(BLOCK):
                go_on(self._stop)
                size += len(block)
                if size > member.size:
                    break
                digest.update(block)
                yield block
        if (size, digest.hexdigest()) != (member.size, member.sha256):
            raise damaged(say("why.part_not_what_written"))

    def verify(self) -> None:
        """Read all members once; raises Invalid unless each is what was written."""
        for name in self._members:
            for _ in self.read(name):
                pass


@contextmanager
def open_archive(path: Path, stop: threading.Event) -> Iterator[Archive]:
    """A backup whose digest, manifest and names are in order; raises Invalid for any other file."""
    with path.open("rb") as file:
        digest, signature = _read_seal(file, stop)
        with _understood():
            zipped = zipfile.ZipFile(file)
        with zipped:
            yield Archive(zipped, digest, signature, stop)


def _read_seal(file: IO[bytes], stop: threading.Event) -> tuple[str, str]:
    """(Digest, signature) at the end; raises Invalid unless the digest is that of all before it."""
    start = file.read(4)
    if start != b"PK\x03\x04":
        raise not_a_backup(say("why.does_not_begin_as_one"))
    size = file.seek(0, os.SEEK_END)
    for length in (SIGNED, DIGEST):
        end = size - length
        if _has_comment(file, end, length):
            digest = digest_of(file, end, stop)
            seal = file.read(length).decode("ascii", "replace")
            if seal[:DIGEST] == digest:
                return digest, seal[DIGEST:]
    raise damaged(say("why.checksum_does_not_fit_changed"))


def _has_comment(file: IO[bytes], start: int, length: int) -> bool:
    """Whether the comment of the ZIP begins there and is so long."""
    if start < END.size:
        return False
    file.seek(start - END.size)
    return END.unpack(file.read(END.size)) == (b"PK\x05\x06", length)


def digest_of(file: IO[bytes], size: int, stop: threading.Event) -> str:
    """SHA-256 of the first `size` bytes; the file then stands behind them."""
    digest = hashlib.sha256()
    file.seek(0)
    while size > 0 and (block := file.read(min(BLOCK, size))):
        go_on(stop)
        digest.update(block)
        size -= len(block)
    return digest.hexdigest()


def _read_manifest(zipped: zipfile.ZipFile) -> Manifest:
    with _understood():
        try:
            info = zipped.getinfo(NAME)
        except KeyError:
            raise not_a_backup(say("why.has_no", name=NAME)) from None
        with zipped.open(info) as file:
            raw = file.read(LARGEST_MANIFEST + 1)
    if len(raw) > LARGEST_MANIFEST:
        raise not_a_backup(say("why.too_long", name=NAME))
    return read_manifest(raw)


def _require_listed(zipped: zipfile.ZipFile, manifest: Manifest) -> None:
    """Each entry is a plain file that the manifest lists, once, under a name that leads nowhere else."""
    entries = [info for info in zipped.infolist() if info.filename != NAME]
    listed = [member.name for member in manifest.members]
    if sorted(info.filename for info in entries) != sorted(listed) or len(set(listed)) != len(listed):
        raise damaged(say("why.what_holds_not_what_lists"))
    for info in entries:
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in {0, stat.S_IFREG} or info.is_dir() or not is_allowed(info.filename, manifest.kind):
            raise not_a_backup(say("why.holds_what_no_file_data"))


def _require_consistent(manifest: Manifest) -> None:
    """Rows and numbers go into the databases that the backup has, and each of these is in it."""
    names = {member.name for member in manifest.members}
    parts = {table.database for table in manifest.tables} | {each.database for each in manifest.sequences}
    is_whole = parts <= set(manifest.revisions)
    if manifest.kind == "sqlite":
        files = {name for name in names if name.endswith(".sqlite") and "/" not in name}
        is_whole = not parts and files == {f"{name}.sqlite" for name in manifest.revisions}
    if not is_whole or not {table.member for table in manifest.tables} <= names:
        raise damaged(say("why.what_holds_not_what_lists"))


@contextmanager
def _understood() -> Iterator[None]:
    try:
        yield
    except BROKEN as error:
        raise damaged(say("why.cannot_unpacked", name=type(error).__name__)) from None
