"""Writing what was read of an iCalendar file: all of it or nothing, newer versions in place of older ones."""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, delete, insert, select, update

from connectors.embedded.agenda.instants import YEAR, Stretch, to_instant
from connectors.embedded.agenda.tables import calendars, events, meetings, tasks
from insights.database import insert_into
from insights.mail.addresses import MailboxKey

Json = dict[str, Any]
ROWS = 500
AROUND = 2 * YEAR
"""How much of a series is expanded before and after an import."""


class Moved(Exception):
    """Somebody else wrote the calendar meanwhile: what was read has to be read again."""


class Calendar(NamedTuple):
    """A mailbox's calendar; its series are expanded from `since` to `until`."""

    id: int
    time_zone: str
    since: int
    until: int
    longest: int

    @property
    def stretch(self) -> Stretch:
        """Where its series are expanded."""
        return self.since, self.until


@dataclass(slots=True)
class Counts:
    """How many were new, changed, or as they were (or older than what there is), by kind."""

    created: dict[str, int] = field(default_factory=lambda: {"meetings": 0, "tasks": 0})
    updated: dict[str, int] = field(default_factory=lambda: {"meetings": 0, "tasks": 0})
    unchanged: dict[str, int] = field(default_factory=lambda: {"meetings": 0, "tasks": 0})


def stretch_around(now: datetime) -> Stretch:
    """Where the series of a new calendar are expanded."""
    return to_instant(now - AROUND), to_instant(now + AROUND)


def select_calendar(connection: Connection, key: MailboxKey) -> Calendar | None:
    """A mailbox's calendar, None before anything is in it."""
    columns = (calendars.c[name] for name in Calendar._fields)
    row = connection.execute(select(*columns).where(calendars.c.address_key == key)).first()
    return Calendar(*row) if row else None


def calendar_keys(connection: Connection) -> set[str]:
    """Whose calendars there are, by the keys of their addresses."""
    return set(connection.scalars(select(calendars.c.address_key)))


def select_sources(
    connection: Connection, calendar_id: int, event_ids: Iterable[bytes] | None
) -> dict[bytes, tuple[bytes, str]]:
    """(Digest, iCalendar) of events by id; None = of all that recur."""
    statement = select(events.c.event_id, events.c.digest, events.c.source).where(
        events.c.calendar_id == calendar_id
    )
    some = [None] if event_ids is None else list(_chunks(list(event_ids)))
    found = {}
    for ids in some:
        which = events.c.recurs if ids is None else events.c.event_id.in_(ids)
        for row in connection.execute(statement.where(which)):
            found[bytes(row.event_id)] = (bytes(row.digest), zlib.decompress(row.source).decode())
    return found


def write_reading(
    connection: Connection, key: MailboxKey, stretch: Stretch, reading: Json, *, is_newest: bool = False
) -> Counts:
    """Put what was read, expanded over `stretch`, into a calendar; raises Moved.

    Of each UID the newer version stays, by SEQUENCE and time of change; `is_newest` = it is what was read.
    """
    calendar, counts = _lock(connection, key, stretch), Counts()
    if calendar.stretch != tuple(stretch):
        raise Moved
    found = {bytes.fromhex(each["event_id"]): each for each in reading["events"]}
    known = _versions(connection, events, calendar.id, found)
    for own_id, event in found.items():
        expects = event.get("expects")
        if expects is not None and (own_id not in known or known[own_id][2].hex() != expects):
            raise Moved
    changed = _sorted_out(found, known, counts, "meetings", is_newest=is_newest)
    _replace(connection, calendar.id, changed)
    found = {bytes.fromhex(each["task_id"]): each for each in reading["tasks"]}
    known = _versions(connection, tasks, calendar.id, found)
    _replace_tasks(connection, calendar.id, _sorted_out(found, known, counts, "tasks", is_newest=is_newest))
    if reading["zone"]:
        _set(connection, calendar.id, time_zone=reading["zone"])
    return counts


def write_expanded(
    connection: Connection,
    calendar: Calendar,
    stretch: Stretch,
    expanded: Mapping[bytes, tuple[bytes, Json | None]],
) -> None:
    """Replace the occurrences of series, (digest, event) by id, by those of another stretch; raises Moved.

    A series without event keeps those it has.
    """
    locked = connection.execute(
        select(calendars.c.since, calendars.c.until).where(calendars.c.id == calendar.id).with_for_update()
    ).one()
    now = {own_id: digest for own_id, (digest, _) in select_sources(connection, calendar.id, None).items()}
    if tuple(locked) != calendar.stretch or now != {own_id: each[0] for own_id, each in expanded.items()}:
        raise Moved
    found = {own_id: event for own_id, (_, event) in expanded.items() if event}
    _replace_meetings(connection, calendar.id, found)
    _set(connection, calendar.id, since=stretch[0], until=stretch[1])


def _lock(connection: Connection, key: MailboxKey, stretch: Stretch) -> Calendar:
    """The calendar, made if there is none; writers of one wait for each other from here on."""
    row = insert_into(connection, calendars).values(
        address_key=key, time_zone="", since=stretch[0], until=stretch[1], longest=0
    )
    connection.execute(row.on_conflict_do_nothing())
    columns = (calendars.c[name] for name in Calendar._fields)
    found = connection.execute(select(*columns).where(calendars.c.address_key == key).with_for_update())
    return Calendar(*found.one())


def _set(connection: Connection, calendar_id: int, **values: object) -> None:
    connection.execute(update(calendars).where(calendars.c.id == calendar_id).values(values))


def _versions(
    connection: Connection, table: Table, calendar_id: int, ids: Iterable[bytes]
) -> dict[bytes, tuple[int, int, bytes]]:
    """(Sequence, time of change, digest) of what is there, by id."""
    own_id = table.c.event_id if table is events else table.c.task_id
    columns = (own_id, table.c.sequence, table.c.changed_at, table.c.digest)
    found = {}
    for some in _chunks(list(ids)):
        statement = select(*columns).where(table.c.calendar_id == calendar_id, own_id.in_(some))
        for row in connection.execute(statement):
            found[bytes(row[0])] = (row.sequence, row.changed_at, bytes(row.digest))
    return found


def _sorted_out(
    found: Mapping[bytes, Json],
    known: Mapping[bytes, tuple[int, int, bytes]],
    counts: Counts,
    kind: str,
    *,
    is_newest: bool,
) -> dict[bytes, Json]:
    """Those to be written, counted with the others."""
    changed: dict[bytes, Json] = {}
    for own_id, each in found.items():
        old = known.get(own_id)
        is_known = old and (old[2].hex() == each["digest"] or (not is_newest and _is_older(each, old)))
        if is_known or (not old and each.get("is_cancelled")):
            counts.unchanged[kind] += 1
            continue
        (counts.updated if old else counts.created)[kind] += 1
        changed[own_id] = each
    return changed


def _is_older(new: Json, old: tuple[int, int, bytes]) -> bool:
    """Whether a version is older than what there is; of two that do not say, what comes later is newer."""
    if new["sequence"] != old[0]:
        return bool(new["sequence"] < old[0])
    return bool(new["changed_at"] and new["changed_at"] < old[1])


def _replace(connection: Connection, calendar_id: int, changed: Mapping[bytes, Json]) -> None:
    for some in _chunks(list(changed)):
        connection.execute(
            delete(events).where(events.c.calendar_id == calendar_id, events.c.event_id.in_(some))
        )
        connection.execute(insert(events), [_event(calendar_id, own_id, changed[own_id]) for own_id in some])
    _replace_meetings(connection, calendar_id, changed)


def _event(calendar_id: int, event_id: bytes, event: Json) -> Json:
    return {
        "calendar_id": calendar_id,
        "event_id": event_id,
        "sequence": event["sequence"],
        "changed_at": event["changed_at"],
        "digest": bytes.fromhex(event["digest"]),
        "recurs": event["recurs"],
        "parts": json.dumps(event["parts"], ensure_ascii=False, separators=(",", ":")),
        "source": zlib.compress(event["source"].encode()),
    }


def _replace_meetings(connection: Connection, calendar_id: int, changed: Mapping[bytes, Json]) -> None:
    """Write the occurrences of events in place of those they had."""
    for some in _chunks(list(changed)):
        connection.execute(
            delete(meetings).where(meetings.c.calendar_id == calendar_id, meetings.c.event_id.in_(some))
        )
    names = ("start_at", "end_at", "is_local", "part")
    rows = {
        meeting_id: {"event_id": event_id, **dict(zip(names, values, strict=True))}
        for event_id, event in changed.items()
        for meeting_id, *values in event["meetings"]
    }
    ids = {"calendar_id": calendar_id}
    for some_rows in _chunks([ids | {"meeting_id": bytes.fromhex(each)} | row for each, row in rows.items()]):
        connection.execute(insert(meetings), some_rows)
    longest = max((row["end_at"] - row["start_at"] for row in rows.values()), default=0)
    connection.execute(
        update(calendars)
        .where(calendars.c.id == calendar_id, calendars.c.longest < longest)
        .values(longest=longest)
    )


def _replace_tasks(connection: Connection, calendar_id: int, changed: Mapping[bytes, Json]) -> None:
    """Write tasks in place of their older versions; one that is called off is there no more."""
    columns = ("sequence", "changed_at", "list_name", "title", "status", "importance", "due_at", "is_local",
               "completed_at")  # fmt: skip
    for some in _chunks(list(changed)):
        connection.execute(delete(tasks).where(tasks.c.calendar_id == calendar_id, tasks.c.task_id.in_(some)))
        rows = [
            {name: changed[own_id][name] for name in columns}
            | {
                "calendar_id": calendar_id,
                "task_id": own_id,
                "digest": bytes.fromhex(changed[own_id]["digest"]),
            }
            for own_id in some
            if not changed[own_id]["is_cancelled"]
        ]
        if rows:
            connection.execute(insert(tasks), rows)


def _chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (items[start : start + ROWS] for start in range(0, len(items), ROWS))
