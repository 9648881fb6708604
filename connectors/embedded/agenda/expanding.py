"""The occurrences of one event within a stretch of time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from icalendar import Calendar, Component

from connectors.embedded.agenda.components import part_of
from connectors.embedded.agenda.instants import YEAR, Stretch, from_instant
from connectors.embedded.agenda.moments import instant_of, is_local, key_of, moment_of, span_of
from connectors.embedded.agenda.scanning import Wrong

MOST_A_YEAR = 1500
"""Occurrences of a series: four a day, on every day."""
PART = "X-LIAISON-PART"
RECURRING = ("RRULE", "RDATE")


@dataclass(slots=True)
class Expanded:
    """`meetings` are (which of the series, start, end, whether by the reader's clock, number of its part)."""

    recurs: bool = False
    parts: list[list[Any]] = field(default_factory=list)
    meetings: list[tuple[str, int, int, bool, int]] = field(default_factory=list)


def expand(components: Sequence[Component], stretch: Stretch) -> Expanded:
    """An event by occurrence: of a series those of the stretch, else what there is; raises Wrong."""
    expanded = Expanded(recurs=any(name in each for each in components for name in RECURRING))
    for number, component in enumerate(components):
        span_of(component)
        expanded.parts.append(part_of(component))
        component[PART] = str(number)
    occurrences = _occurrences(components, stretch) if expanded.recurs else components
    for each in occurrences:
        start, end = span_of(each)
        key = key_of(moment_of(each, "RECURRENCE-ID"))
        local = is_local(start)
        expanded.meetings.append((key, instant_of(start), instant_of(end), local, int(str(each[PART]))))
    return expanded


def _occurrences(components: Sequence[Component], stretch: Stretch) -> Sequence[Component]:
    import recurring_ical_events

    calendar = Calendar()
    calendar.subcomponents = list(components)
    since, until = map(from_instant, stretch)
    try:
        found: list[Component] = recurring_ical_events.of(calendar).between(since, until)
    except ValueError:
        raise Wrong("RRULE, RDATE or EXDATE is no rule") from None
    most = MOST_A_YEAR * max(1, round((until - since) / YEAR))
    if len(found) > most:
        raise Wrong(f"it recurs more than {MOST_A_YEAR} times a year")
    return found
