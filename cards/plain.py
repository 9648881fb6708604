"""Text that is safe to show: what strangers wrote becomes words on a card and nothing else.

Cards show text in text runs, which know no Markdown; what is left to fear are the client's own macros
(`{{DATE(…)}}`), direction tricks, control characters, towers of accents and sheer length.
"""

import re
import unicodedata
from bisect import bisect_right
from datetime import UTC, datetime
from itertools import accumulate

LONGEST = 200
"""Characters of a text unless a card asks for fewer."""
MOST_MARKS = 3
"""How many accents one letter may carry: Vietnamese and Hebrew need them, towers don't."""
_BRACE = re.compile(r"\{(?=\{)")
_FIRST_STRONG, _POP = "\u2068", "\u2069"
_ENDS = (".", "!", "?", "…", ":")
_GLUE = "\u200c\u200d"
"""The joiners: Persian and family emoji need them; nothing else invisible is kept."""
MARKS = frozenset({"Mn", "Me"})


class Text(str):
    """A text that may stand on a card as it is: made by `plain`, `moment` or the catalogue."""

    __slots__ = ()


def plain(text: str, longest: int = LONGEST) -> Text:
    """The words of `text` on one line, cut with an ellipsis to `longest` columns (wide letters take two)."""
    if isinstance(text, Text):
        return text
    start = text[: 4 * longest]
    line = " ".join(start.split()) if start.isascii() and start.isprintable() else _tame(start)
    if len(start) < len(text):
        line += "…"
    return Text(_BRACE.sub("{\u2060", _isolate(_cut(line, longest))))


def sentence(text: str, longest: int = LONGEST) -> Text:
    """The words of `text` as a sentence: a capital first, a full stop if it has no end of its own."""
    told = plain(text, longest)
    end = "." if told and not told.rstrip(_POP).endswith(_ENDS) else ""
    return Text(f"{told[:1].upper()}{told[1:]}{end}")


def capitalized(text: Text) -> Text:
    """A text with a capital first letter."""
    return Text(f"{text[:1].upper()}{text[1:]}")


def paragraph(text: str) -> Text:
    """A paragraph of a long text that people are asked to agree to: never cut."""
    return plain(text, max(len(text) * 2, 1))


def day(at: datetime) -> Text:
    """The date as the reader's client shows it, in the reader's time zone."""
    return Text(f"{{{{DATE({_stamp(at)},SHORT)}}}}")


def clock(at: datetime) -> Text:
    """The time of day as the reader's client shows it, in the reader's time zone."""
    return Text(f"{{{{TIME({_stamp(at)})}}}}")


def moment(at: datetime) -> Text:
    """Date and time as the reader's client shows them."""
    return Text(f"{day(at)} {clock(at)}")


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def joined(*texts: Text) -> Text:
    """The texts that are not empty, side by side with a dot between them."""
    return Text(" · ".join(text for text in texts if text))


def _tame(text: str) -> str:
    """One line of visible characters, each letter with a few accents at most."""
    marks, kept = 0, []
    for char in text:
        category = unicodedata.category(char)
        marks = marks + 1 if category in MARKS else 0
        if category in {"Cc", "Zl", "Zp"}:
            kept.append(" ")
        elif category in {"Cs", "Co", "Cn"}:
            kept.append("\ufffd")
        elif marks <= MOST_MARKS and (category != "Cf" or char in _GLUE):
            kept.append(char)
    return " ".join("".join(kept).split()).strip(_GLUE)


def _cut(line: str, longest: int) -> str:
    """As much of a line as fits, without tearing a letter from its accents."""
    if line.isascii():
        return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"
    ends = list(accumulate(map(_columns, line)))
    if ends[-1] <= longest:
        return line
    end = bisect_right(ends, longest - 1)
    while end and unicodedata.category(line[end]) in MARKS:
        end -= 1
    return f"{line[:end].rstrip(' ' + _GLUE)}…"


def _columns(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def _isolate(text: str) -> str:
    """Keep a right-to-left text from reordering what stands beside it."""
    if not text.isascii() and any(unicodedata.bidirectional(char) in {"R", "AL", "AN"} for char in text):
        return f"{_FIRST_STRONG}{text}{_POP}"
    return text
