"""Takes an iCalendar file apart: which component begins on which line, without what nobody reads.

Only BEGIN, END and names of properties are looked at; what is in them is icalendar's to read. So one
broken component is told by its line, and none can hurt another.
"""

import codecs
import re
from dataclasses import dataclass, field

LARGEST = 1024 * 1024
"""Characters of a component, files in it not counted."""
DEEPEST = 8
MOST = 50_000
"""Components of a file, which are in memory together: a third of what that allows."""
NAME = re.compile(r"([A-Za-z0-9-]+)[;:]")
BREAK = re.compile(r"\r\n|\n|\r")
WORDS = (
    "BEGIN END UID SEQUENCE DTSTAMP LAST-MODIFIED DTSTART DTEND DURATION RRULE RDATE EXDATE EXRULE"
    " RECURRENCE-ID SUMMARY DESCRIPTION LOCATION CLASS STATUS TRANSP ORGANIZER ATTENDEE CONFERENCE"
    " X-MICROSOFT-CDO-BUSYSTATUS X-MICROSOFT-SKYPETEAMSMEETINGURL X-GOOGLE-CONFERENCE"
    " DUE COMPLETED PERCENT-COMPLETE PRIORITY"
)
WANTED = frozenset(WORDS.split())
"""Neither files nor alarms, nor what only one program understands."""
CALENDAR, ZONE = "VCALENDAR", "VTIMEZONE"
READ = frozenset({"VEVENT", "VTODO", ZONE})
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Wrong(Exception):
    """Why something is not read, quoting nothing of it; `line` is 0 where it is the component's."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.line = reason, line


@dataclass(slots=True)
class Head:
    """What a calendar says about all that is in it, by upper-case name."""

    values: dict[str, str] = field(default_factory=dict)

    @property
    def cancels(self) -> bool:
        """Whether what is in it is called off."""
        return self.values.get("METHOD", "").strip().upper() == "CANCEL"


@dataclass(slots=True)
class Piece:
    """A component as it is written, by the line it begins on."""

    name: str
    line: int
    head: Head
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The component by itself."""
        return "\r\n".join((*self.lines, ""))


def scan(content: bytes) -> list[Piece]:
    """The events, tasks and time zones of a file in its order; raises Wrong where it is no iCalendar."""
    scanner = _Scanner()
    for number, line in enumerate(BREAK.split(_decoded(content)), start=1):
        scanner.take(number, line)
    scanner.end()
    return scanner.pieces


def _decoded(content: bytes) -> str:
    if content.startswith(UTF16):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Wrong("the line is not UTF-8: save the file as UTF-8", line) from None


class _Scanner:
    """Where in a file the reading stands."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self._open: list[tuple[str, int]] = []
        self._head = Head()
        self._piece: Piece | None = None
        self._is_calendar = False
        """Whether a calendar has begun: what is written behind one is passed over."""
        self._keeps = False
        """Whether the line before is kept, and so what goes on with it."""

    def take(self, number: int, line: str) -> None:
        """The next line."""
        if line[:1] in {" ", "\t"}:
            self._keep(line)
            return
        found = NAME.match(line)
        name, value = (found[1].upper(), line[found.end() :]) if found else ("", "")
        if name == "BEGIN":
            self._begin(number, value.strip().upper())
        elif not self._open and line.strip() and not self._is_calendar:
            raise Wrong("this is no iCalendar: a file begins with BEGIN:VCALENDAR", number)
        elif len(self._open) == 1 and name not in {"", "END"}:
            self._head.values.setdefault(name, value)
        self._keeps = self._is_wanted(name)
        self._keep(line)
        if name == "END" and self._open:
            self._close(number, value.strip().upper())

    def end(self) -> None:
        """No line comes any more."""
        if self._open:
            name, line = self._open[-1]
            raise Wrong(f"the {name} that begins here does not end: the file is cut off", line)

    def _is_wanted(self, name: str) -> bool:
        if self._piece is None:
            return False
        return self._piece.name == ZONE or (len(self._open) == 2 and name in WANTED)

    def _keep(self, line: str) -> None:
        if self._piece and self._keeps:
            self._piece.lines.append(line)

    def _begin(self, number: int, name: str) -> None:
        if (name == CALENDAR) != (not self._open):
            what = "a calendar begins within another one" if self._open else "it begins with something else"
            raise Wrong(f"this is no iCalendar: {what}", number)
        if len(self._open) == DEEPEST:
            raise Wrong("components are nested too deeply", number)
        if not self._open:
            self._head, self._is_calendar = Head(), True
        elif len(self._open) == 1 and name in READ:
            self._piece = Piece(name, number, self._head)
        self._open.append((name, number))

    def _close(self, number: int, name: str) -> None:
        opened, line = self._open.pop()
        if opened != name:
            raise Wrong(f"this ends something else than the {opened} of line {line}", number)
        if self._piece and len(self._open) == 1:
            if sum(map(len, self._piece.lines)) > LARGEST:
                raise Wrong(f"the {opened} is larger than {LARGEST // 1024} KiB", line)
            if len(self.pieces) == MOST:
                raise Wrong(f"the file has more than {MOST:,} meetings and tasks: export it in parts", line)
            self.pieces.append(self._piece)
            self._piece = None
