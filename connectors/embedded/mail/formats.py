"""Reads the messages of a file by what is in it, not by how it is called."""

import io
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

from connectors.embedded.mail.envelopes import (
    LINE_LIMIT,
    Verdict,
    is_candidate,
    judge,
    read_block,
)
from connectors.embedded.mail.flags import of_apple
from connectors.embedded.mail.mbox import find_mail, read_mbox
from connectors.embedded.mail.pieces import NOT_MAIL, SEVERAL, SourceMessage, of_mailbox, piece
from insights.mail.parsing.parsed import MESSAGE_LIMIT
from insights.mail.parsing.worker import without_envelope

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

SNIFFED = 64 * 1024
UTF16 = (b"\xff\xfe", b"\xfe\xff")
BABYL_START = b"BABYL OPTIONS"
MMDF = b"\x01\x01\x01\x01"
LENGTH_LINE = re.compile(rb"(\d{1,12})\s*\n")
APPLE_END = re.compile(rb"\s*(?:<\?xml|<!DOCTYPE plist|<plist)")
APPLE_PARTS = re.compile(rb"^X-Apple-Content-Length:", re.MULTILINE | re.IGNORECASE)
EMPTY = "it is empty"
BABYL = "it is a Babyl mailbox of Emacs: save it as an mbox there (M-x unrmail), and import that"
UTF16_BOX = "it is a mailbox in UTF-16: save it as UTF-8, and import it again"
APPLE_CUT = "its length line does not fit: save the mail from Apple Mail once more"
APPLE_PARTIAL = "Apple Mail keeps its attachments elsewhere: export the mailbox from Mail, and import that"
UNSEPARATED = "nothing says whether its part of this number is text or a message: save it as an mbox"


HEAD_END = re.compile(rb"\n\r?\n")
START = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*[\r\n])*")


class _CarriageReturns(io.RawIOBase):
    """A file whose lines end in CR alone, as if they ended in LF."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        block = self._file.read(len(view)).replace(b"\r", b"\n")
        view[: len(block)] = block
        return len(block)


def read_file(file: BinaryIO, name: str, *, is_single: bool) -> Iterator[SourceMessage]:
    """Every message of a file, or why it has none; `is_single` where its place says that it holds one."""
    head = file.read(SNIFFED)
    size = file.seek(0, os.SEEK_END)
    start = _start_of(head)
    begins = head[start:]
    stream = file
    if b"\n" not in head and b"\r" in head:
        stream = io.BufferedReader(_CarriageReturns(file))
    if not begins:
        yield SourceMessage(name, b"", size, EMPTY if len(head) == size else NOT_MAIL)
    elif begins.startswith(BABYL_START):
        yield SourceMessage(name, b"", size, BABYL)
    elif begins.startswith(MMDF):
        stream.seek(start)
        yield from _read_mmdf(stream, name)
    elif is_candidate(begins[:LINE_LIMIT]):
        stream.seek(start)
        yield from _read_mbox(stream, name, size, is_single=is_single)
    elif size > MESSAGE_LIMIT:
        yield piece(name, b"", size)
    else:
        file.seek(0)
        yield _read_single(file.read(), name)


def _start_of(head: bytes) -> int:
    """Where a file begins, behind a byte order mark and empty lines."""
    found = START.match(head)
    return found.end() if found else 0


def _read_mbox(stream: BinaryIO, name: str, size: int, *, is_single: bool) -> Iterator[SourceMessage]:
    """The messages of what begins with "From ", unless that is prose."""
    start = stream.tell()
    line = stream.readline(LINE_LIMIT)
    is_envelope = judge(line, read_block(stream), is_after_blank=True) is not Verdict.TEXT
    stream.seek(start)
    if not is_envelope:
        yield SourceMessage(name, b"", size, NOT_MAIL)
    elif not is_single:
        yield from read_mbox(stream, name)
    elif size > MESSAGE_LIMIT:
        yield piece(name, b"", size)
    else:
        messages = list(islice(read_mbox(stream, name), 2))
        only = replace(messages[0], name=name)
        yield only if len(messages) == 1 else SourceMessage(name, b"", size, SEVERAL)


def _read_single(raw: bytes, name: str) -> SourceMessage:
    size = len(raw)
    if raw.startswith(UTF16):
        return _read_utf16(raw, name)
    if found := LENGTH_LINE.match(raw):
        return _read_apple(raw[found.end() :], int(found[1]), name, size)
    if not read_block(io.BytesIO(raw[_start_of(raw) :])).is_known:
        return SourceMessage(name, b"", size, NOT_MAIL)
    return _only(raw, name, size)


def _read_utf16(raw: bytes, name: str) -> SourceMessage:
    """A mail that an editor saved in UTF-16; a mailbox in it is not taken apart."""
    text = raw.decode("utf-16", "replace").encode()
    if is_candidate(text[_start_of(text) :][:LINE_LIMIT]):
        return SourceMessage(name, b"", len(raw), UTF16_BOX)
    whole = _only(text, name, len(raw))
    return whole if whole.reason else replace(whole, raw=raw)


def _only(raw: bytes, name: str, size: int) -> SourceMessage:
    """The one message that these bytes are, unless they hold a further one."""
    body = HEAD_END.search(raw, _start_of(raw))
    if body and find_mail(raw[body.end() :], is_single=True):
        return SourceMessage(name, b"", size, SEVERAL)
    return piece(name, raw, size)


def _read_apple(rest: bytes, length: int, name: str, size: int) -> SourceMessage:
    """An .emlx of Apple Mail: a line with the length of the mail, the mail, a property list."""
    raw, end = rest[:length], rest[length:]
    if not read_block(io.BytesIO(raw)).is_known:
        return SourceMessage(name, b"", size, NOT_MAIL)
    if len(raw) < length or (end.strip() and not APPLE_END.match(end)):
        return SourceMessage(name, b"", size, APPLE_CUT)
    if APPLE_PARTS.search(raw):
        return SourceMessage(name, b"", size, APPLE_PARTIAL)
    return replace(_only(raw, name, size), is_read=of_apple(end))


def _read_mmdf(stream: BinaryIO, name: str) -> Iterator[SourceMessage]:
    """The messages of an MMDF mailbox, each between two lines of four ^A.

    A body that holds such a line cannot be told from two messages: then both halves are left out.
    """
    before: SourceMessage | None = None
    for number, (raw, size) in enumerate(_between_marks(stream), 1):
        part = of_mailbox(_only(raw, f"{name}, message {number}", size), raw)
        is_mail = read_block(io.BytesIO(without_envelope(raw))).is_known
        if before:
            yield before if is_mail else SourceMessage(before.name, b"", before.size, UNSEPARATED)
        before = part if is_mail else SourceMessage(part.name, b"", size, part.reason or UNSEPARATED)
    if before:
        yield before


def _between_marks(stream: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """What stands between the marks of an MMDF mailbox, at most the limit of it, and how long it is."""
    lines: list[bytes] = []
    size = 0
    while True:
        line = stream.readline(LINE_LIMIT)
        if not line or line.rstrip(b"\r\n") == MMDF:
            if any(map(bytes.strip, lines)):
                yield b"".join(lines), size
            lines, size = [], 0
            if not line:
                return
            continue
        size += len(line)
        if size <= MESSAGE_LIMIT:
            lines.append(line)
