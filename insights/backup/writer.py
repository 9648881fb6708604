"""Writes the file of a backup; its form is told in archive.py."""

import hashlib
import os
import secrets
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from insights.backup.archive import BLOCK, SIGNED, digest_of, go_on
from insights.backup.manifest import NAME, Manifest, Member, is_allowed
from insights.backup.signing import sign
from insights.errors import Conflict, Invalid

FASTEST = 1
"""zlib's level: over three times as fast as its default (on text with attachments), a tenth more bytes."""


class Sink:
    """An entry being written: counts and sums what goes through."""

    def __init__(self, file: IO[bytes], stop: threading.Event) -> None:
        self._file, self._stop, self._sum, self._size = file, stop, hashlib.sha256(), 0

    def write(self, block: bytes | memoryview) -> None:
        """Add some bytes."""
        go_on(self._stop)
        self._file.write(block)
        self._sum.update(block)
        self._size += len(block)

    def member(self, name: str) -> Member:
        """What was written, as the manifest lists it."""
        return Member(name=name, size=self._size, sha256=self._sum.hexdigest())


class Writer:
    """Fills an archive entry by entry; `members` are complete, `folder` is where it lies."""

    def __init__(self, zipped: zipfile.ZipFile, folder: Path, kind: str, stop: threading.Event) -> None:
        self._zip, self._kind, self._stop = zipped, kind, stop
        self.folder = folder
        self.members: list[Member] = []
        self.key = ""
        """What the file is signed with; set before it is finished."""

    @contextmanager
    def entry(self, name: str) -> Iterator[Sink]:
        """A new entry to write into."""
        if not is_allowed(name, self._kind):
            raise Invalid("bad_name", name=f"{name!a}")
        with self._zip.open(name, "w", force_zip64=True) as file:
            sink = Sink(file, self._stop)
            yield sink
        self.members.append(sink.member(name))

    def add(self, name: str, path: Path) -> None:
        """A file as it is now; one that was removed meanwhile is left out."""
        try:
            descriptor = os.open(
                path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
            )
        except FileNotFoundError:
            return
        with os.fdopen(descriptor, "rb") as source, self.entry(name) as sink:
            while block := source.read(BLOCK):
                sink.write(block)

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest, the last entry."""
        self._zip.writestr(NAME, manifest.model_dump_json(indent=1))


@contextmanager
def new_archive(path: Path, kind: str, stop: threading.Event) -> Iterator[Writer]:
    """An archive to fill, mode 600; it appears at `path` only when it is complete and on the disk."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(descriptor, "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=FASTEST) as zipped:
                zipped.comment = b"0" * SIGNED
                writer = Writer(zipped, path.parent, kind, stop)
                yield writer
            file.flush()
            digest = digest_of(file, file.seek(-SIGNED, os.SEEK_END), stop)
            file.seek(-SIGNED, os.SEEK_END)
            file.write((digest + sign(digest, writer.key)).encode())
            file.flush()
            os.fsync(file.fileno())
        _publish(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _publish(draft: Path, path: Path) -> None:
    """Give the file its name, never that of another one."""
    try:
        if os.name == "nt":
            draft.rename(path)
            return
        os.link(draft, path)
    except FileExistsError:
        raise taken(path) from None
    except OSError:  # a file system without hard links
        if path.exists():
            raise taken(path) from None
        draft.rename(path)


def taken(path: Path) -> Conflict:
    """The problem that the file is there already."""
    return Conflict("file_exists", path=path)
