"""Tells the lines that begin a message of an mbox ("From ann@x.example Mon Mar  2 10:00:00 2026") from text.

Nothing in the format says which is which, so the line, the one before it and the header lines after it
are judged together. What may be either is called so: a text that becomes a message, and a message that
becomes text of another one, are both worse than one left out by name.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import BinaryIO

LINE_LIMIT = 64 * 1024
ENVELOPE_LIMIT = 500
PEEKED_LINES, PEEKED_BYTES, PEEKED_GAP = 200, 256 * 1024, 3

_WORD, _MONTH = rb"[^\s\d]{1,20}", rb"\S{1,20}"
_TIME = rb"\d{1,2}[:.]\d\d(?:[:.]\d\d(?:[.,]\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?"
_ZONE = rb"(?: ?(?:[+-]\d\d:?\d\d|\(?[A-Z]{1,5}\)?))"
_DATES = (
    rb"(?:%(word)b,? +)?%(month)b,? +\d{1,2},? +%(time)b%(zone)b{0,2},? +\d{4}%(zone)b{0,2}",  # asctime
    rb"(?:%(word)b,? *)?\d{1,2}\.?[ -]+%(month)b[ -]+\d{2,4},? +%(time)b%(zone)b{0,2}",  # RFC 5322
    rb"\d{4}-\d\d-\d\d(?:[T ]%(time)b%(zone)b?)?|\d{8}T\d{6}%(zone)b?",  # ISO 8601
    rb"\d{1,4}[./-]\d{1,2}[./-]\d{1,4},? +%(time)b%(zone)b{0,2}",
)
_TOKENS = {b"word": _WORD, b"month": _MONTH, b"time": _TIME, b"zone": _ZONE}
_DATE = rb"|".join(date % _TOKENS for date in _DATES)
DATED = re.compile(rb"From \S.*? (?:" + _DATE + rb")(?: remote from \S+)?")
BY_PROGRAM = re.compile(rb"From (?:-|\?\?\?@\?\?\?|MAILER-DAEMON)(?: .*)?")
ADDRESS = re.compile(rb"From <?[^\s<>]+@[^\s<>]+>?")
ATTACHED = re.compile(
    rb"^--.+\n(?:.+\n)*?content-type:\s*(?:message/(?:rfc822|global)|text/rfc822-headers).*\n(?:.+\n)*\Z",
    re.M | re.I,
)
ATTACHED_LIMIT = 2048
PART = re.compile(rb"^--\S.*(?<!--)\n(?:(?!content-type:)(?:[!-9;-~]+:.*|[ \t].*)\n)*\Z", re.M | re.I)
HEADER = re.compile(rb"([!-9;-~]{1,70})[ \t]*:")
KNOWN = frozenset(
    b"from to cc bcc subject date sender reply-to message-id received return-path mime-version content-type"
    b" content-transfer-encoding in-reply-to references delivered-to status dkim-signature".split()
)
"""What headers of mail are called, beside those that begin with X-."""
WRITTEN_BY_PROGRAMS = frozenset(b"message-id received return-path mime-version delivered-to".split())
THUNDERBIRD = frozenset((b"x-mozilla-status", b"x-mozilla-status2", b"x-account-key"))


class Verdict(Enum):
    """What a line that begins with "From " is."""

    TEXT = auto()
    START = auto()
    START_IF_USUAL = auto()
    """The beginning of a message in a file whose messages come without an empty line before them."""
    UNSURE = auto()


@dataclass(frozen=True, slots=True)
class Block:
    """The header lines after an envelope, and how they begin and end."""

    names: tuple[bytes, ...]
    has_gap: bool
    end: bytes
    """The line after them, b"" at the end of the file."""

    @property
    def is_known(self) -> bool:
        """Whether a header of mail is among them."""
        return any(name in KNOWN or name.startswith(b"x-") for name in self.names)

    @property
    def is_complete(self) -> bool:
        """Whether it has what programs write and people do not quote."""
        names = set(self.names)
        return b"from" in names and (
            not names.isdisjoint(WRITTEN_BY_PROGRAMS) or any(name.startswith(b"x-") for name in names)
        )


def is_candidate(line: bytes) -> bool:
    """Whether a line may be an envelope at all; the header may be written "From :"."""
    return line.startswith(b"From ") and not HEADER.match(line)


def is_attached(before: bytes) -> bool:
    """Whether what stands before a candidate ends as the head of an attached mail does.

    Some programs keep the envelope in it; and a mail that was cut off there is followed by another one.
    """
    head = before[-ATTACHED_LIMIT:].replace(b"\r\n", b"\n")
    return head.endswith(b"\n\n") and bool(ATTACHED.search(head[:-1]))


def is_part(before: bytes) -> bool:
    """Whether what stands before a candidate ends as the head of a part without a type does.

    In a digest (RFC 2046, 5.1.5) such a part is a mail.
    """
    head = before[-ATTACHED_LIMIT:].replace(b"\r\n", b"\n")
    return head.endswith(b"\n\n") and bool(PART.search(head[:-1]))


def read_block(stream: BinaryIO, lines: int = PEEKED_LINES) -> Block:
    """The header lines from here on; the stream then stands behind them, wherever that is."""
    names: list[bytes] = []
    gap, size, line = 0, 0, b""
    for _ in range(lines):
        line = stream.readline(LINE_LIMIT)
        size += len(line)
        if not names and gap < PEEKED_GAP and line and not line.strip():
            gap += 1
        elif header := HEADER.match(line):
            names.append(header[1].lower())
        elif not ((names and line.startswith((b" ", b"\t")) and line.strip()) or line.startswith(b">From ")):
            break
        if size > PEEKED_BYTES:
            break
    return Block(tuple(names), gap > 0, line)


def judge(line: bytes, block: Block, *, is_after_blank: bool) -> Verdict:
    """What a candidate is, from its shape, what follows, and whether an empty line is before it."""
    if not is_after_blank and not block.names:
        return Verdict.TEXT
    shaped = b" ".join(line.split()) if len(line) <= ENVELOPE_LIMIT else b""
    is_dated, is_by_program = bool(DATED.fullmatch(shaped)), bool(BY_PROGRAM.fullmatch(shaped))
    is_address = bool(ADDRESS.fullmatch(shaped))
    if is_after_blank and (is_dated or is_by_program):
        return _judge_envelope(block, is_dated=is_dated)
    if block.is_complete and (is_dated or is_by_program or is_address):
        if is_after_blank and not block.has_gap:
            return Verdict.START
        is_thunderbird = is_by_program and block.names[0] in THUNDERBIRD
        return Verdict.START if is_thunderbird else Verdict.START_IF_USUAL
    is_mail = block.is_complete or (block.is_known and not block.has_gap)
    return Verdict.UNSURE if is_mail else Verdict.TEXT


def _judge_envelope(block: Block, *, is_dated: bool) -> Verdict:
    """What the likeness of an envelope after an empty line is."""
    if not block.names:
        if is_candidate(block.end) or not block.end:
            return Verdict.START  # of a message that is empty
        return Verdict.UNSURE if is_dated else Verdict.TEXT
    if block.has_gap:
        return Verdict.START if block.is_complete else Verdict.UNSURE
    has_end = not block.end.strip() or bool(HEADER.match(block.end)) or is_candidate(block.end)
    return Verdict.START if block.is_known or has_end else Verdict.UNSURE
