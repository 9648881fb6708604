"""Where mail is imported from: an mbox file, a Maildir, a folder of files, one file.

Messages come one at a time with the name they are reported under; an mbox of any size is streamed.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from connectors.embedded.folders import LINKED_FOLDER, NotOpenedError, open_below, shown, why_not_opened
from connectors.embedded.mail.flags import of_maildir
from connectors.embedded.mail.formats import read_file
from connectors.embedded.mail.pieces import SourceMessage
from connectors.embedded.mail.unrelated import of_place
from insights.errors import Invalid, NotFound

NOT_DELIVERED = "of a Maildir, it holds what has not been delivered yet"
DELIVERED_AT = re.compile(r"(\d{9,10})\.")
DELIVERED, UNDELIVERED = frozenset(("cur", "new")), "tmp"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file by its place below the folder; `reason` says why it is not to be opened.

    `is_delivered` where a Maildir has its messages, each in a file of its own.
    """

    top: Path
    parts: tuple[str, ...]
    name: str
    size: int = 0
    reason: str = ""
    is_delivered: bool = False


def find_files(path: Path) -> list[SourceFile]:
    """The files to import from a path, in a lasting order; raises NotFound or Invalid."""
    try:
        if path.is_file():
            return [SourceFile(path, (), shown(path.name), path.stat().st_size)]
        if not path.is_dir():
            raise NotFound("no_such_path", path=path)
        found = list(_walk(path))
    except OSError as error:
        raise Invalid("unreadable_path", path=path, cause=error.strerror or type(error).__name__) from None
    if not found:
        raise Invalid("no_mail", path=path)
    return found


def read_messages(files: list[SourceFile]) -> Iterator[SourceMessage]:
    """Every message of the files; one that cannot be read comes with the reason."""
    for file in files:
        if file.reason:
            yield SourceMessage(file.name, b"", 0, file.reason)
            continue
        try:
            with open_below(file.top, file.parts) as stream:
                written_at = _written_at(stream, file)
                found = read_file(stream, file.name, is_single=file.is_delivered)
                yield from (_with_flags(message, file, written_at) for message in found)
        except OSError as error:
            yield SourceMessage(file.name, b"", 0, _unreadable(error))


def _with_flags(message: SourceMessage, file: SourceFile, written_at: datetime) -> SourceMessage:
    """The message with the time of a file of its own, and read as a Maildir's file names say it is."""
    if message.reason or message.name != file.name:
        return message
    if not file.is_delivered:
        return replace(message, at=written_at)
    return replace(message, at=written_at, is_read=of_maildir(*file.parts[-2:]))


def _written_at(stream: BinaryIO, file: SourceFile) -> datetime:
    """When a file was delivered, as a Maildir's name says, else when it was written."""
    delivered = DELIVERED_AT.match(file.parts[-1]) if file.is_delivered else None
    seconds = int(delivered[1]) if delivered else os.fstat(stream.fileno()).st_mtime
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0, UTC)


def _walk(top: Path) -> Iterator[SourceFile]:
    """Files below a folder; of a Maildir only what has been delivered."""
    unreadable: list[OSError] = []
    delivered: set[Path] = set()
    for parent, folders, names in os.walk(top, onerror=unreadable.append):
        place = Path(parent)
        if inside := DELIVERED.intersection(folders):
            yield from _enter_maildir(top, place, folders)
            delivered.update(place / name for name in inside)
        folders.sort()
        for name in folders:
            if (place / name).is_symlink():
                yield _left_out(top, place / name, LINKED_FOLDER)
        for name in sorted(names):
            if not name.startswith("."):
                yield _found(top, place / name, is_delivered=place in delivered)
    for error in unreadable:
        if error.filename == str(top):
            raise error
        yield _left_out(top, Path(error.filename), _unreadable(error))


def _enter_maildir(top: Path, place: Path, folders: list[str]) -> Iterator[SourceFile]:
    """Keep off what is not delivered yet; named where the folder may be no Maildir after all."""
    if UNDELIVERED not in folders:
        return
    folders.remove(UNDELIVERED)
    if not DELIVERED.issubset(folders):
        yield _left_out(top, place / UNDELIVERED, NOT_DELIVERED)


def _found(top: Path, path: Path, *, is_delivered: bool) -> SourceFile:
    try:
        if reason := why_not_opened(path):
            return _left_out(top, path, reason)
        size = path.lstat().st_size
    except OSError as error:
        return _left_out(top, path, _unreadable(error))
    below = path.relative_to(top)
    if reason := of_place(below.parts, is_delivered=is_delivered):
        return _left_out(top, path, reason)
    return SourceFile(top, below.parts, shown(str(below)), size, is_delivered=is_delivered)


def _left_out(top: Path, path: Path, reason: str) -> SourceFile:
    below = path.relative_to(top)
    return SourceFile(top, below.parts, shown(str(below)), reason=reason)


def _unreadable(error: OSError) -> str:
    if isinstance(error, NotOpenedError):
        return error.reason
    return f"it cannot be read: {error.strerror or type(error).__name__}"
