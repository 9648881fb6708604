"""A last look at every message: does it hold another one, whose beginning is no line that says so?

Files are joined and cut: a body without a line end, a byte order mark or NULs stand before the next
envelope, its blank is a tab, a half has lines of another kind. Text that people write looks otherwise, for
what follows must have the headers that programs write.
"""

import io
import re

from connectors.embedded.mail.envelopes import (
    ADDRESS,
    BY_PROGRAM,
    DATED,
    ENVELOPE_LIMIT,
    LINE_LIMIT,
    read_block,
)

WORD = re.compile(rb"From[ \t]|(?:^|(?<=[\r\n\0\xbf]))from[ \t]")
SHAPES = (DATED, BY_PROGRAM, ADDRESS)
LINE_END = re.compile(rb"\r\n?|\n")
MARK = re.compile(rb"^\x01{4}\r?\n", re.MULTILINE)
QUOTED = re.compile(rb"[ \t]*>|(?:received|x-[!-9;-~]+)[ \t]*:[ \t]*\Z", re.IGNORECASE)


def hides_mail(raw: bytes) -> bool:
    """Whether somewhere within a line an envelope begins, or after a mark of MMDF a mail."""
    return any(_begins_at(raw, found.start()) for found in WORD.finditer(raw)) or any(
        _is_head(raw, found.end()) for found in MARK.finditer(raw)
    )


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


def _is_head(raw: bytes, start: int) -> bool:
    return read_block(io.BytesIO(raw[start : start + LINE_LIMIT])).is_complete
