"""A last look at every message: does it hold another one, whose beginning is no line that says so?

Files are joined and cut: a body without a line end, a byte order mark or NULs stand before the next
envelope, its blank is a tab, a half has lines of another kind. Text that people write looks otherwise, for
what follows must have the headers that programs write.
"""

import io
import re
from collections.abc import Iterator

from connectors.embedded.mail.envelopes import (
    ADDRESS,
    ATTACHED_LIMIT,
    BY_PROGRAM,
    DATED,
    ENVELOPE_LIMIT,
    LINE_LIMIT,
    is_attached,
    is_candidate,
    read_block,
)

WORDS, LOWER_WORDS = (b"From ", b"From\t"), (b"from ", b"from\t")
BEFORE_LOWER = b"\r\n\0\xbf"
"""What stands before the word in lower case, if it is no word of a sentence."""
SHAPES = (DATED, BY_PROGRAM, ADDRESS)
LINE_END = re.compile(rb"\r\n?|\n")
HEAD_END = re.compile(rb"\S[^\n]*\n\r?\n")
ON_ITS_WAY = re.compile(rb"\n(?:received|return-path)[ \t]*:", re.IGNORECASE)
"""With the line end before it: a literal is found many times faster than the start of a line."""
HEADER_LINE = re.compile(rb"[!-9;-~]{1,70}[ \t]*:|[ \t]+\S")
QUOTATION = re.compile(
    rb"[ \t]*-{3,}.*\b(?:copy of|original|(?:message|headers?) follow|headers? of|forwarded|returned|unsent)",
    re.IGNORECASE,
)
"""What mail servers and people write above a mail that they quote with its headers."""
IS_MAIL = re.compile(rb"^content-type:\s*message/", re.MULTILINE | re.IGNORECASE)
MOST_BEFORE = 100
MARK = re.compile(rb"^\x01{4}\r?\n", re.MULTILINE)
MARKED = b"\x01" * 4
QUOTED = re.compile(rb"[ \t]*>|(?:received|x-[!-9;-~]+)[ \t]*:[ \t]*\Z", re.IGNORECASE)


def hides_mail(raw: bytes) -> bool:
    """Whether a mail begins within a line, after a mark of MMDF, or with all its headers in the body."""
    return (
        any(_begins_at(raw, start) for start in _words(raw))
        or (MARKED in raw and any(_is_head(raw, found.end()) for found in MARK.finditer(raw)))
        or _holds_head(raw)
    )


def _words(raw: bytes) -> Iterator[int]:
    """Where an envelope may begin, or the From of a mail."""
    for word in (*WORDS, *LOWER_WORDS):
        at = raw.find(word)
        while at >= 0:
            if word in WORDS or not at or raw[at - 1] in BEFORE_LOWER:
                yield at
            at = raw.find(word, at + 1)


def _begins_at(raw: bytes, start: int) -> bool:
    end = LINE_END.search(raw, start, start + ENVELOPE_LIMIT + 1)
    if not start or end is None:
        return False
    first = max(start - LINE_LIMIT, 0)
    before = raw[max(raw.rfind(b"\n", first, start) + 1, first) : start]
    is_whole_line = not before and raw.startswith(b"From ", start) and end[0] != b"\r"
    if QUOTED.match(before) or is_whole_line:  # others have judged whole lines
        return False
    block = read_block(io.BytesIO(LINE_END.sub(b"\n", raw[end.end() : end.end() + LINE_LIMIT])))
    shaped = b" ".join([b"From", *raw[start : end.start()].split()[1:]])
    is_shaped = any(shape.fullmatch(shaped) for shape in SHAPES)
    if block.is_complete and (is_shaped or not block.has_gap):
        return True
    is_short = len(block.names) > 1 and block.is_known and not block.has_gap and not block.end.strip()
    return is_shaped and is_short


def _holds_head(raw: bytes) -> bool:
    """Whether the body holds the head of a mail that has travelled, neither attached nor quoted as such.

    Files of single mails that were put one after the other look like that.
    """
    body, last = HEAD_END.search(raw), 0
    if not body:
        return False
    for found in ON_ITS_WAY.finditer(raw, body.end() - 1):
        if found.start() + 1 < last:
            continue
        start = _head_start(raw, found.start() + 1, body.end())
        stream = io.BytesIO(raw[start : start + LINE_LIMIT])
        block = read_block(stream)
        last = start + stream.tell()
        is_whole = {b"from", b"message-id"} <= set(block.names)
        if is_whole and not _is_meant(raw, start, body.end()):
            return True
    return False


def _head_start(raw: bytes, line: int, first: int) -> int:
    """Where the header lines begin that this one is among."""
    for _ in range(MOST_BEFORE):
        before = raw.rfind(b"\n", first, max(line - 1, first)) + 1 or first
        if line <= first or not HEADER_LINE.match(raw, before, line):
            break
        line = before
    return line


def _is_meant(raw: bytes, start: int, first: int) -> bool:
    """Whether a head belongs into this mail: attached, all that is in it, or quoted as such."""
    if start == first and IS_MAIL.search(raw, 0, first):
        return True
    before = b"\n" + raw[max(start - ATTACHED_LIMIT, 0) : start]
    above, _, envelope = before[:-1].rpartition(b"\n")
    if is_candidate(envelope):  # which some programs keep in what they attach
        before = above + b"\n"
    return is_attached(before) or bool(QUOTATION.match(before.rstrip().rpartition(b"\n")[2]))


def _is_head(raw: bytes, start: int) -> bool:
    return read_block(io.BytesIO(raw[start : start + LINE_LIMIT])).is_complete
