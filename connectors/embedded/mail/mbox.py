"""Splits an mbox into its messages, one at a time, whatever wrote it (mboxo, mboxrd, mboxcl, mboxcl2).

Where a Content-Length leads to the end of the file or to the next message, it says what the body is;
everywhere else the lines do, and a message that ends in a doubtful one is left out with what follows.
"""

import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from connectors.embedded.mail.envelopes import (
    ATTACHED_LIMIT,
    LINE_LIMIT,
    PEEKED_LINES,
    Block,
    Verdict,
    is_attached,
    is_candidate,
    is_part,
    judge,
    read_block,
)
from connectors.embedded.mail.pieces import NOT_MAIL, SourceMessage, of_mailbox, piece
from insights.mail.parsing.parsed import MESSAGE_LIMIT

DOUBTFUL = (
    "line {line} of the file is quoted text or begins another message: put > before it, or an empty line"
    ' and "From -" in its place, and import again'
)
CONTESTED = (
    "line {line} of the file seems to begin another message, but its Content-Length goes on: put > before the"
    " line or take the Content-Length out, and import again"
)
BLANK_LINES, FIRST_LINES, ATTACHED_LINES = 2, 3, 20

QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
FROM_LINE = re.compile(rb"^From [^\n]*\n?", re.MULTILINE)
LENGTH = re.compile(rb"content-length[ \t]*:[ \t]*(\d{1,12})\s*", re.IGNORECASE)
DIGEST = b"multipart/digest"
BLANK = frozenset((b"\n", b"\r\n"))


def read_mbox(stream: BinaryIO, name: str) -> Iterator[SourceMessage]:
    """The messages of an mbox from where the stream stands, at its first envelope."""
    return _Reader(stream, name).read()


@dataclass(slots=True)
class _Draft:
    """The message that is being read; `doubt` says why its end is not known for sure."""

    lines: list[bytes] = field(default_factory=list)
    size: int = 0
    length: int | None = None
    is_in_head: bool = True
    is_quoted: bool = True
    doubt: str = ""

    def add(self, block: bytes) -> None:
        """Take what was read."""
        self.lines.append(block)
        self.size += len(block)

    def forget(self) -> None:
        """Keep only the last lines of what will not be handed out."""
        if len(self.lines) > ATTACHED_LINES:
            del self.lines[: -ATTACHED_LINES // 2]


class _Reader:
    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream, self._name = stream, name
        self._start = stream.tell()
        self._end = stream.seek(0, os.SEEK_END)
        self._number, self._line = 1, 1
        self._draft = _Draft()
        self._usual: bool | None = None
        self._chained: bool | None = None

    def read(self) -> Iterator[SourceMessage]:
        self._stream.seek(self._start)
        self._read_first()
        is_after_blank, is_line_start = False, True
        while line := self._stream.readline(LINE_LIMIT):
            self._line += is_line_start
            if (
                line.startswith(b"From ")
                and is_line_start
                and self._begins(line, is_after_blank=is_after_blank)
            ):
                yield self._finished()
                self._number, self._draft = self._number + 1, _Draft()
            draft = self._draft
            draft.lines.append(line)  # not by `add`: this runs for each line of a gigabyte
            draft.size += len(line)
            if draft.doubt or draft.size > MESSAGE_LIMIT:
                draft.forget()
            is_after_blank, is_line_start = line in BLANK, line.endswith(b"\n")
            if draft.is_in_head:
                is_after_blank = self._read_head(line) or is_after_blank
        yield self._finished()

    def _read_first(self) -> None:
        """Begin with the first envelope; without headers after it there may be a text in the file."""
        line = self._stream.readline(LINE_LIMIT)
        block = _peek(self._stream)
        if not block.names and judge(line, block, is_after_blank=True) is not Verdict.START:
            self._draft.doubt = NOT_MAIL
        self._draft.add(line)

    def _begins(self, line: bytes, *, is_after_blank: bool) -> bool:
        """Whether a candidate begins a message; a doubtful one is noted."""
        if not is_candidate(line) or len(self._draft.lines) == 1:  # two programs wrote an envelope each
            return False
        block = _peek(self._stream, FIRST_LINES)
        verdict = judge(line, block, is_after_blank=is_after_blank)
        if verdict is not Verdict.START or not block.is_known:
            verdict = judge(line, _peek(self._stream), is_after_blank=is_after_blank)
        if verdict is Verdict.START_IF_USUAL:
            verdict = Verdict.START if self._is_usual() else Verdict.UNSURE
        if verdict is Verdict.START and self._is_attached():
            verdict = Verdict.UNSURE
        if verdict is Verdict.UNSURE:
            self._draft.doubt = self._draft.doubt or DOUBTFUL.format(line=self._line)
        return verdict is Verdict.START

    def _is_attached(self) -> bool:
        """Whether an attached mail may begin here, which some programs keep the envelope of."""
        before = b"".join(self._draft.lines[-ATTACHED_LINES:])
        return is_attached(before) or (
            is_part(before) and any(DIGEST in line.lower() for line in self._draft.lines)
        )

    def _is_usual(self) -> bool:
        """Whether most messages of this file come without an empty line before them."""
        if self._usual is None:
            here = self._stream.tell()
            self._stream.seek(self._start)
            self._usual = _count_bare(self._stream) > 0
            self._stream.seek(here)
        return self._usual

    def _read_head(self, line: bytes) -> bool:
        """Look for the length of the body; where it is right, read the body: it ends here, surely."""
        draft = self._draft
        if line not in BLANK:
            if line[:1] in b"Cc" and (found := LENGTH.fullmatch(line)):
                draft.length = int(found[1])
            return False
        draft.is_in_head = len(draft.lines) == 1  # some programs put an empty line behind the envelope
        length = draft.length
        if draft.is_in_head or draft.doubt or length is None or not self._is_length(length):
            return False
        body = self._stream.read(length)
        if contested := find_mail(body):
            line_number, block = contested
            if b"content-length" in block.names or not self._is_chain():
                draft.doubt = CONTESTED.format(line=self._line + line_number)
        draft.is_quoted = not FROM_LINE.search(body)
        draft.add(body)
        self._line += body.count(b"\n")
        return True

    def _is_length(self, length: int) -> bool:
        """Whether a body of this length ends where the file does or the next message begins."""
        here = self._stream.tell()
        if length > min(MESSAGE_LIMIT, self._end - here):
            return False
        self._stream.seek(max(here + length - 1, 0))
        is_line_end = self._stream.read(1) == b"\n"
        line, blank = self._stream.readline(LINE_LIMIT), 0
        while line in BLANK and blank < BLANK_LINES:
            line, blank = self._stream.readline(LINE_LIMIT), blank + 1
        is_end = not line or (
            is_candidate(line)
            and (is_line_end or blank > 0)
            and judge(line, read_block(self._stream), is_after_blank=True) is Verdict.START
        )
        self._stream.seek(here)
        return is_end

    def _is_chain(self) -> bool:
        """Whether lengths lead from the first message through all others to the end of the file."""
        if self._chained is None:
            here = self._stream.tell()
            self._stream.seek(self._start)
            self._chained = self._follow_lengths() > 1
            self._stream.seek(here)
        return self._chained

    def _follow_lengths(self) -> int:
        """How many messages there are from here on, 0 if one has no length that is right."""
        count, length, is_in_head = 0, None, False
        while line := self._stream.readline(LINE_LIMIT):
            if not is_in_head and line not in BLANK:
                count, length, is_in_head = count + 1, None, True
            elif is_in_head and line in BLANK:
                if length is None or not self._is_length(length):
                    return 0
                self._stream.seek(length, os.SEEK_CUR)
                is_in_head = False
            elif found := LENGTH.fullmatch(line):
                length = int(found[1])
        return 0 if is_in_head else count

    def _finished(self) -> SourceMessage:
        draft, name = self._draft, f"{self._name}, message {self._number}"
        if draft.doubt:
            return SourceMessage(name, b"", draft.size, draft.doubt)
        if draft.size > MESSAGE_LIMIT:
            return piece(name, b"", draft.size)
        raw = b"".join(draft.lines)
        for ending in (b"\r\n", b"\n"):  # the blank line that separates it from the next
            if raw.endswith(ending + ending):
                raw = raw[: -len(ending)]
                break
        found = piece(name, QUOTED_FROM.sub(rb"\1", raw) if draft.is_quoted else raw, draft.size)
        return of_mailbox(found, raw)


def _peek(stream: BinaryIO, lines: int = PEEKED_LINES) -> Block:
    here = stream.tell()
    block = read_block(stream, lines)
    stream.seek(here)
    return block


def _count_bare(stream: BinaryIO) -> int:
    """How many more messages come without an empty line before them than with one, but for the first."""
    count, before = 0, b""
    stream.readline(LINE_LIMIT)
    while line := stream.readline(LINE_LIMIT):
        if is_candidate(line) and before.endswith(b"\n"):
            verdict = judge(line, _peek(stream), is_after_blank=before in BLANK)
            count += (verdict is Verdict.START_IF_USUAL) - (verdict is Verdict.START and before in BLANK)
        before = line
    return count


def find_mail(body: bytes, *, is_single: bool = False) -> tuple[int, Block] | None:
    """The line, from 1, at which another mail seems to begin that is no attachment, and its headers.

    In the body of a mail that came by itself (`is_single`) what may be an envelope needs one header below.
    """
    stream = io.BytesIO(body)
    for found in FROM_LINE.finditer(body):
        start = found.start()
        before = b"\n" + body[max(start - ATTACHED_LIMIT, 0) : start]
        stream.seek(found.end())
        block = read_block(stream)
        is_after_blank = not start or before.endswith((b"\n\n", b"\n\r\n"))
        verdict = judge(found[0], block, is_after_blank=is_after_blank)
        is_mail = block.is_complete or (is_single and bool(block.names))
        if is_mail and is_candidate(found[0]) and verdict is not Verdict.TEXT and not is_attached(before):
            return body.count(b"\n", 0, start) + 1, block
    return None
