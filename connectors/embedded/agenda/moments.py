"""When one VEVENT or VTODO is: its times and rules, proven; raises Wrong for what cannot be meant."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from icalendar import Component, Event
from icalendar.error import BrokenCalendarProperty

from connectors.embedded.agenda.instants import to_instant
from connectors.embedded.agenda.scanning import Piece, Wrong

EMPTY = re.compile(
    r"(?:RRULE|EXRULE|RDATE|EXDATE|DTEND|DURATION|DUE|COMPLETED)(?:;[^:\"]*)?:\s*", re.IGNORECASE
)
TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY"})
Moment = date | datetime


def read_component(piece: Piece) -> Component:
    """The component of a piece, its times and rules proven."""
    # The library raises at the first thing it does not understand of a task, and lists them of an event.
    text = "\r\n".join(("BEGIN:VEVENT", *_mended(piece.lines[1:-1]), "END:VEVENT", ""))
    component = Event.from_ical(text)
    for name in ("DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "COMPLETED"):
        moment_of(component, name)
    for name in ("RDATE", "EXDATE"):
        for each in values_of(component, name):
            _check_zone(name, each, _dates(name, each))
    for rule in values_of(component, "RRULE"):
        _check_rule(rule)
    if "EXRULE" in component:
        raise Wrong("EXRULE is not read any more: have the calendar written with EXDATE")
    return component


def moment_of(component: Component, name: str) -> Moment | None:
    """The day or time of a property, None where it has none; raises Wrong."""
    values = values_of(component, name)
    if len(values) > 1:
        raise Wrong(f"{name} is there more than once")
    if not values:
        return None
    found = _value(name, values[0])
    if not isinstance(found, date):
        raise Wrong(f"{name} is no time")
    _check_zone(name, values[0], [found])
    return found


def span_of(component: Component) -> tuple[Moment, Moment]:
    """When an event begins and ends; raises Wrong."""
    start, end = moment_of(component, "DTSTART"), moment_of(component, "DTEND")
    if start is None:
        raise Wrong("DTSTART is missing")
    if end is None:
        end = start + (_duration(component) or (timedelta() if isinstance(start, datetime) else timedelta(1)))
    if isinstance(start, datetime) != isinstance(end, datetime):
        raise Wrong("of DTSTART and DTEND one is a day and the other a time")
    if not isinstance(start, datetime) and start == end:
        end += timedelta(days=1)  # some programs name the last day, where the one after it is meant
    if instant_of(end) < instant_of(start):
        raise Wrong("it ends before it begins")
    return start, end


def due_of(component: Component) -> Moment | None:
    """When a task is due, None for one without a date; raises Wrong."""
    due = moment_of(component, "DUE")
    start, duration = moment_of(component, "DTSTART"), _duration(component)
    return start + duration if due is None and start and duration else due


def changed_at(component: Component) -> int:
    """When it was changed last, or at least written, 0 where it does not say so that it can be read."""
    try:
        moment = moment_of(component, "LAST-MODIFIED") or moment_of(component, "DTSTAMP")
    except Wrong:
        return 0
    return instant_of(moment) if moment else 0


def is_local(moment: Moment) -> bool:
    """Whether it is by the clock of who reads: a day, or a time without a zone."""
    return not isinstance(moment, datetime) or moment.tzinfo is None


def instant_of(moment: Moment) -> int:
    """Microseconds since 1970, as if in UTC where it is by the clock of who reads."""
    at = moment if isinstance(moment, datetime) else datetime.combine(moment, time())
    return to_instant(at.replace(tzinfo=at.tzinfo or UTC))


def key_of(moment: Moment | None) -> str:
    """What tells an occurrence of a series from others, "" for the series itself; the same in any zone."""
    if isinstance(moment, datetime) and moment.tzinfo:
        return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    if isinstance(moment, datetime):
        return f"{moment:%Y%m%dT%H%M%S}"
    return f"{moment:%Y%m%d}" if moment else ""


def values_of(component: Component, name: str) -> list[Any]:
    """Every value that a property has."""
    found = component.get(name)
    return found if isinstance(found, list) else [] if found is None else [found]


def _mended(lines: Sequence[str]) -> Iterator[str]:
    """The lines without properties that say nothing, as some programs write them, nor blanks in rules."""
    logical: list[list[str]] = []
    for line in lines:
        if line[:1] in {" ", "\t"} and logical:
            logical[-1].append(line)
        else:
            logical.append([line])
    for each in logical:
        whole = each[0] + "".join(line[1:] for line in each[1:])
        if EMPTY.fullmatch(whole):
            continue
        yield from ["".join(whole.split())] if whole.upper().startswith("RRULE") else each


def _value(name: str, value: Any) -> Any:
    try:
        return value.dt
    except (AttributeError, BrokenCalendarProperty):
        raise Wrong(f"{name} is no time") from None


def _dates(name: str, value: Any) -> list[date]:
    """The days or times of a list; of a span of time that recurs when it begins."""
    try:
        found = [each.dt for each in value.dts]
    except (AttributeError, BrokenCalendarProperty):
        found = [None]
    dates = [each[0] if isinstance(each, tuple) else each for each in found]
    if not all(isinstance(each, date) for each in dates):
        raise Wrong(f"{name} is no list of times")
    return dates


def _check_zone(name: str, value: Any, moments: list[Any]) -> None:
    """Raise Wrong where a time names a zone that nobody knows: it would be by another clock unnoticed."""
    zone = getattr(value, "params", {}).get("TZID")
    if zone and any(isinstance(each, datetime) and each.tzinfo is None for each in moments):
        raise Wrong(f"{name} is by a time zone that is neither known nor described in the file")


def _check_rule(rule: Any) -> None:
    """Raise Wrong for a rule that says nothing, or an occurrence every minute."""
    try:
        frequency = str(rule.get("FREQ", [""])[0]).upper()
        intervals = [int(each) for each in rule.get("INTERVAL", [1])]
    except (AttributeError, BrokenCalendarProperty, IndexError, TypeError, ValueError):
        raise Wrong("RRULE is no rule") from None
    if not frequency or min(intervals, default=1) < 1:
        raise Wrong("RRULE is no rule")
    if frequency in TOO_OFTEN:
        raise Wrong("it recurs every minute or second; a meeting recurs every hour at most")


def _duration(component: Component) -> timedelta | None:
    values = values_of(component, "DURATION")
    if not values:
        return None
    found = _value("DURATION", values[0])
    if not isinstance(found, timedelta) or found < timedelta():
        raise Wrong("DURATION is no span of time")
    return found
