"""The components of one UID as what is stored of them: a meeting or series, or tasks."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

from icalendar import Component, Event

from connectors.embedded.agenda.components import number_of, task_of, text_of
from connectors.embedded.agenda.expanding import expand
from connectors.embedded.agenda.instants import Stretch
from connectors.embedded.agenda.moments import changed_at, due_of, instant_of, is_local
from connectors.embedded.agenda.scanning import Head, Piece
from connectors.embedded.agenda.tables import DEFAULT_LIST

Json = dict[str, Any]
Group = dict[str, tuple[Piece, Component]]
"""The components of one UID, by the occurrence that each is about; "" is the series or meeting itself."""
Zones = Mapping[str, Piece]
"""Time zones that only the file knows, by name."""

NAMESPACE = UUID("f7d3a2ce-4a35-4f0f-9d0a-4f6b1c8e2d57")


def event_of(uid: str, group: Group, zones: Zones, stretch: Stretch) -> Json:
    """A meeting, or a series by occurrence within a stretch of time; raises Wrong."""
    expanded = expand([component for _, component in group.values()], stretch)
    event_id, used = uuid5(NAMESPACE, uid), _used(group, zones)
    return _version(group, used) | {
        "event_id": event_id.hex,
        "is_whole": "" in group,
        "recurs": expanded.recurs,
        "parts": [uid, *expanded.parts],
        "source": _source(group, used),
        "meetings": [
            ((uuid5(NAMESPACE, f"{uid}\n{key}") if key else event_id).hex, *rest)
            for key, *rest in expanded.meetings
        ],
    }


def tasks_of(uid: str, group: Group, zones: Zones) -> list[Json]:
    """The tasks of one UID: one, or one for each time that it was done; raises Wrong."""
    found = []
    for key, (piece, component) in group.items():
        due = due_of(component)
        alone: Group = {key: (piece, component)}
        found.append(
            _version(alone, _used(alone, zones))
            | task_of(component)
            | {
                "task_id": uuid5(NAMESPACE, f"task {uid}\n{key}").hex,
                "list_name": _list_name(piece.head),
                "due_at": None if due is None else instant_of(due),
                "is_local": due is None or is_local(due),
            }
        )
    return found


def age_of(component: Component) -> tuple[int, int]:
    """What is greater in the newer version of a component."""
    return number_of(component, "SEQUENCE"), changed_at(component)


def digest_of(pieces: Iterable[Piece]) -> str:
    """The same for what says the same; when it was written out is no part of that."""
    texts = [
        "".join(line for line in each.lines if not line.upper().startswith("DTSTAMP")) for each in pieces
    ]
    return hashlib.sha256("\n".join(sorted(texts)).encode()).hexdigest()[:32]


def _used(group: Group, zones: Zones) -> list[Piece]:
    return [zone for name, zone in zones.items() if any(name in piece.text for piece, _ in group.values())]


def _version(group: Group, used: Sequence[Piece]) -> Json:
    """What tells a version of something from others."""
    components = [component for _, component in group.values()]
    return {
        "sequence": max(number_of(component, "SEQUENCE") for component in components),
        "changed_at": max(map(changed_at, components)),
        "digest": digest_of([*used, *(piece for piece, _ in group.values())]),
    }


def _source(group: Group, used: Sequence[Piece]) -> str:
    """The components by themselves, to be read again when more of the series is asked for."""
    pieces = [*used, *(piece for piece, _ in group.values())]
    return "BEGIN:VCALENDAR\r\n" + "".join(piece.text for piece in pieces) + "END:VCALENDAR\r\n"


def _list_name(head: Head) -> str:
    text = f"BEGIN:VEVENT\r\nSUMMARY:{head.values.get('X-WR-CALNAME', '')}\r\nEND:VEVENT\r\n"
    return text_of(Event.from_ical(text), "SUMMARY", 255) or DEFAULT_LIST
