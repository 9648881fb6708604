"""iCalendar in, events by occurrence and tasks out, all as JSON; in a process of its own (`worker.py`).

Time is given out by the component: one that takes too long is told by its line, as is any that is wrong.
"""

import re
import warnings
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ParamSpec

from icalendar import Timezone, vText
from icalendar.timezone import tzp

from connectors.embedded.agenda.components import number_of, text_of
from connectors.embedded.agenda.groups import Group, Json, Zones, age_of, digest_of, event_of, tasks_of
from connectors.embedded.agenda.instants import Stretch
from connectors.embedded.agenda.moments import key_of, moment_of, read_component
from connectors.embedded.agenda.scanning import CALENDAR, ZONE, Piece, Wrong, scan
from connectors.zones import iana_name
from insights.bounds import TooSlowError, limited

P = ParamSpec("P")

ZONE_NAME = re.compile(r"TZID(?:;[^:]*)?:(.*)", re.IGNORECASE)
MOST_FAULTS = 100
SCAN_SECONDS = 60.0
SECONDS = 5.0
"""Processor time for the components of one UID."""


@dataclass(slots=True)
class Reading:
    """What was read of a file; `faults` are (line, component, why), and then nothing else counts."""

    zone: str = ""
    """The IANA name of the calendar's time zone, "" where it names none."""
    events: list[Json] = field(default_factory=list)
    tasks: list[Json] = field(default_factory=list)
    faults: list[tuple[int, str, str]] = field(default_factory=list)

    def add_event(self, uid: str, group: Group, zones: Zones, stretch: Stretch) -> None:
        """Read the events of one UID; raises Wrong."""
        self.events.append(event_of(uid, group, zones, stretch))

    def add_tasks(self, uid: str, group: Group, zones: Zones, _stretch: Stretch) -> None:
        """Read the tasks of one UID; raises Wrong."""
        self.tasks.extend(tasks_of(uid, group, zones))

    def note(self, piece: Piece, wrong: Wrong | None) -> None:
        """Keep why a component is not read, if it is not."""
        if wrong and len(self.faults) < MOST_FAULTS:
            self.faults.append((wrong.line or piece.line, piece.name, wrong.reason))


def read_calendar(stretch: Stretch, *contents: bytes) -> Reading:
    """The meetings of a stretch of time and all tasks; of what is there more than once the newest version."""
    reading = Reading()
    tzp.use_default()  # and forget the time zones of other files
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # icalendar guesses zones by the end of their names, and says so
        try:
            _read(reading, [piece for each in contents for piece in _scanned(each)], stretch)
        except Wrong as wrong:
            reading.faults.append((wrong.line or 1, CALENDAR, wrong.reason))
    reading.faults.sort()
    return reading


def _scanned(content: bytes) -> list[Piece]:
    if not content.strip():
        raise Wrong("it is empty")
    pieces: list[Piece] = []
    if wrong := _attempt(SCAN_SECONDS, lambda: pieces.extend(scan(content))):
        raise wrong
    return pieces


def _read(reading: Reading, pieces: Sequence[Piece], stretch: Stretch) -> None:
    described, zones = set[str](), dict[str, Piece]()
    for piece in pieces:
        if piece.name == ZONE:
            reading.note(piece, _attempt(SECONDS, _add_zone, described, zones, piece))
    groups: defaultdict[tuple[str, str], Group] = defaultdict(dict)
    for piece in pieces:
        if piece.name != ZONE:
            reading.note(piece, _attempt(SECONDS, _add, groups, piece))
    named = iana_name(next((name for each in pieces if (name := each.head.values.get("X-WR-TIMEZONE"))), ""))
    reading.zone = named or (described.pop() if len(described) == 1 else "")
    for (name, uid), group in groups.items():
        first = next(iter(group.values()))[0]
        add = reading.add_event if name == "VEVENT" else reading.add_tasks
        reading.note(first, _attempt(SECONDS, add, uid, group, zones, stretch))


def _attempt(
    seconds: float, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs
) -> Wrong | None:
    """Why something could not be done, None once it is."""
    try:
        with limited(seconds):
            function(*args, **kwargs)
    except Wrong as wrong:
        return wrong
    except TooSlowError:
        return Wrong(f"reading it takes longer than {seconds:g} s")
    except MemoryError:
        return Wrong("it needs too much memory")
    except RecursionError:
        return Wrong("it is nested too deeply")
    except Exception as error:  # noqa: BLE001 - whatever the libraries raise for what they did not foresee
        return Wrong(f"it is malformed ({type(error).__name__})")
    return None


def _add_zone(described: set[str], zones: dict[str, Piece], piece: Piece) -> None:
    """Make a time zone known by its name; one that is known already is kept as it is known."""
    name = next((found[1] for line in piece.lines if (found := ZONE_NAME.match(line))), "").strip()
    if not name:
        raise Wrong("TZID is missing")
    described.add(iana_name(name))
    if not iana_name(name):
        tzp.cache_timezone_component(Timezone.from_ical(piece.text))
        zones.setdefault(name, piece)


def _add(groups: defaultdict[tuple[str, str], Group], piece: Piece) -> None:
    """Put a component to those of its UID; of two about the same the newer one counts."""
    component = read_component(piece)
    if piece.head.cancels:
        component["STATUS"] = vText("CANCELLED")
        piece.lines = component.to_ical().decode().split("\r\n")[:-1]
    component["SEQUENCE"] = number_of(component, "SEQUENCE")
    uid = text_of(component, "UID", 1000) or f"{digest_of([piece])}@no-uid.invalid"
    key = key_of(moment_of(component, "RECURRENCE-ID"))
    group = groups[piece.name, uid]
    if key not in group or age_of(component) >= age_of(group[key][1]):
        group[key] = (piece, component)
