"""Where mail is imported from: an mbox file, a Maildir, a folder of files, one file.

Messages come one at a time with the name they are reported under; an mbox of any size is streamed.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from connectors.embedded.parsing.parsed import MESSAGE_LIMIT
from insights.errors import Invalid, NotFound

# What mail programs write between the messages of an mbox: "From ", a sender, the time as asctime.
ENVELOPE = re.compile(
    rb"From .*\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +\w{3} +\d{1,2} +\d{1,2}:\d\d(:\d\d)?.* \d{4}\b"
)
LOOSE_ENVELOPE = re.compile(rb"From \S+@\S+\s*$|From (-|\?\?\?@\?\?\?|MAILER-DAEMON)\s")
QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
HEADER = re.compile(rb"(>?From \S|[!-9;-~]{1,70}[ \t]*:)")
TOO_LARGE = f"it is larger than {MESSAGE_LIMIT // 1024**2} MiB"
NO_FILE = "it is no file but a pipe, a socket or a device"
LINKED_FOLDER = "it is a link to another folder; import that by itself"
LINE_LIMIT = 64 * 1024
ENVELOPE_LIMIT = 500


@dataclass(frozen=True, slots=True)
class SourceMessage:
    """A message as it was found: its bytes, or why it has none; `size` of the source was read for it."""

    name: str
    raw: bytes
    size: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that holds one message, or as an mbox many; `reason` says why it is not to be opened."""

    path: Path
    name: str
    is_mbox: bool = False
    size: int = 0
    reason: str = ""


def find_files(path: Path) -> list[SourceFile]:
    """The files to import from a path, in a lasting order; raises NotFound or Invalid."""
    try:
        if path.is_file():
            return [_source_file(path, path.name, alone=True)]
        if not path.is_dir():
            raise NotFound(
                "There is no mail to import",
                f"{path} is neither a file nor a folder",
                "give an mbox file, a Maildir, or a folder of .eml files",
                code="no_such_path",
            )
        found = list(_walk(path))
    except OSError as error:
        raise Invalid(
            "The mail cannot be read",
            f"{path}: {error.strerror or type(error).__name__}",
            "check the permissions of the path",
            code="unreadable_path",
        ) from None
    if not found:
        raise Invalid(
            "There is no mail to import",
            f"{path} holds no files",
            "give an mbox file, a Maildir, or a folder of .eml files",
            code="no_mail",
        )
    return found


def read_messages(files: list[SourceFile]) -> Iterator[SourceMessage]:
    """Every message of the files; one that cannot be read comes with the reason."""
    for file in files:
        if file.reason:
            yield SourceMessage(file.name, b"", 0, file.reason)
            continue
        try:
            yield from _read_mbox(file) if file.is_mbox else [_read_single(file)]
        except OSError as error:
            yield SourceMessage(file.name, b"", 0, _unreadable(error))


def _walk(top: Path) -> Iterator[SourceFile]:
    """Files below a folder; of a Maildir only what has been delivered."""
    unreadable: list[OSError] = []
    for parent, folders, names in os.walk(top, onerror=unreadable.append):
        is_maildir = {"cur", "new"} <= set(folders)
        if is_maildir:
            folders[:] = [name for name in folders if name != "tmp"]
        folders.sort()
        for name in sorted(folders):
            if Path(parent, name).is_symlink():
                yield _left_out(top, Path(parent, name), LINKED_FOLDER)
        for name in sorted(names):
            if not is_maildir and not name.startswith("."):
                yield _found(top, Path(parent, name))
    for error in unreadable:
        if error.filename == str(top):
            raise error
        yield _left_out(top, Path(error.filename), _unreadable(error))


def _found(top: Path, path: Path) -> SourceFile:
    """A file of a folder; what is none is never opened, for opening a pipe waits for its other end."""
    try:
        if not S_ISREG(path.stat().st_mode):
            return _left_out(top, path, NO_FILE)
        return _source_file(path, str(path.relative_to(top)), alone=False)
    except OSError as error:
        return _left_out(top, path, _unreadable(error))


def _left_out(top: Path, path: Path, reason: str) -> SourceFile:
    return SourceFile(path, str(path.relative_to(top)), reason=reason)


def _unreadable(error: OSError) -> str:
    return f"it cannot be read: {error.strerror or type(error).__name__}"


def _source_file(path: Path, name: str, *, alone: bool) -> SourceFile:
    """A lone file is an mbox if it starts like one; in a folder it has to be called one, too."""
    is_mbox = path.suffix.lower() in {".mbox", ".mbx"}
    if alone and not is_mbox and path.suffix.lower() != ".eml":
        with path.open("rb") as file:
            is_mbox = file.read(5) == b"From "
    return SourceFile(path, name, is_mbox, path.stat().st_size)


def _read_single(file: SourceFile) -> SourceMessage:
    if file.size > MESSAGE_LIMIT:
        return SourceMessage(file.name, b"", file.size, TOO_LARGE)
    raw = file.path.read_bytes()
    if file.path.suffix.lower() != ".eml" and raw and not HEADER.match(raw.lstrip()):
        return SourceMessage(file.name, b"", file.size, "it does not look like a mail")
    return SourceMessage(file.name, raw, file.size)


def _read_mbox(file: SourceFile) -> Iterator[SourceMessage]:
    with file.path.open("rb") as stream:
        lines: list[bytes] = []
        number, size, is_after_blank = 0, 0, True
        while line := stream.readline(LINE_LIMIT):
            if _is_envelope(line, is_after_blank):
                if number or size:
                    yield _from_mbox(file, number, lines, size)
                number, size, lines = number + 1, 0, []
            size += len(line)
            if size <= MESSAGE_LIMIT + LINE_LIMIT:
                lines.append(line)
            is_after_blank = line in {b"\n", b"\r\n"}
        yield _from_mbox(file, number, lines, size)


def _is_envelope(line: bytes, is_after_blank: bool) -> bool:  # noqa: FBT001
    """Whether a line begins a message; some programs forget the blank line before it."""
    if not line.startswith(b"From ") or len(line) > ENVELOPE_LIMIT:
        return False
    return bool(ENVELOPE.match(line) or (is_after_blank and LOOSE_ENVELOPE.match(line)))


def _from_mbox(file: SourceFile, number: int, lines: list[bytes], size: int) -> SourceMessage:
    name = f"{file.name}, message {number}"
    if size > MESSAGE_LIMIT:
        return SourceMessage(name, b"", size, TOO_LARGE)
    raw = b"".join(lines)
    for ending in (b"\r\n", b"\n"):  # the blank line that separates it from the next
        if raw.endswith(ending + ending):
            raw = raw[: -len(ending)]
            break
    return SourceMessage(name, QUOTED_FROM.sub(rb"\1", raw), size)
