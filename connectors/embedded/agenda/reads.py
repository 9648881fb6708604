"""Reading calendars and To Do: a stretch of an index, told by the clock of who reads."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from sqlalchemy import Connection, Row, Select, exists, select, update

from connectors.embedded.agenda.instants import DAY, from_instant, to_instant
from connectors.embedded.agenda.store import Calendar
from connectors.embedded.agenda.tables import DEFAULT_LIST, events, meetings, tasks
from insights.mail.addresses import mailbox_key
from insights.model import Attendee, Clock, Mailbox, Meeting, TaskList, TodoTask

NAMESPACE = UUID("0e2f1b5d-6c0a-49c7-8b3a-2a77f2a3c4b1")
OCCURRENCE = (
    meetings.c.meeting_id,
    meetings.c.event_id,
    meetings.c.start_at,
    meetings.c.end_at,
    meetings.c.is_local,
    meetings.c.part,
    events.c.parts,
)
TASK = (
    tasks.c.task_id,
    tasks.c.list_name,
    tasks.c.title,
    tasks.c.status,
    tasks.c.importance,
    tasks.c.due_at,
    tasks.c.is_local,
)


class Reader(NamedTuple):
    """Whose calendar is read by which clock."""

    calendar: Calendar
    mailbox: Mailbox
    clock: Clock


def select_meetings(connection: Connection, reader: Reader, start: datetime, end: datetime) -> list[Meeting]:
    """Those that may touch [start, end); what is by the reader's clock is looked for a day around."""
    earliest = to_instant(start) - reader.calendar.longest - DAY
    rows = connection.execute(
        _occurrences(reader.calendar).where(
            meetings.c.start_at >= earliest, meetings.c.start_at < to_instant(end) + DAY
        )
    )
    return list(_read(rows, reader))


def select_meeting(connection: Connection, reader: Reader, meeting_id: str) -> Meeting | None:
    """One of them, None where there is none of this id."""
    own_id = _bytes(meeting_id)
    if own_id is None:
        return None
    rows = connection.execute(_occurrences(reader.calendar).where(meetings.c.meeting_id == own_id))
    return next(_read(rows, reader), None)


def has_series(connection: Connection, calendar_id: int) -> bool:
    """Whether anything in the calendar recurs."""
    any_ = select(exists().where(events.c.calendar_id == calendar_id, events.c.recurs))
    return bool(connection.scalar(any_))


def select_lists(connection: Connection, calendar: Calendar | None) -> list[TaskList]:
    """The lists of To Do by name, after the default one, which is always there."""
    names: set[str] = set()
    if calendar:
        named = select(tasks.c.list_name).where(tasks.c.calendar_id == calendar.id).distinct()
        names = set(connection.scalars(named))
    others = sorted(names - {DEFAULT_LIST})
    return [
        TaskList(_list_id(name), name, is_default=name == DEFAULT_LIST) for name in (DEFAULT_LIST, *others)
    ]


def select_tasks(connection: Connection, calendar: Calendar, clock: Clock) -> list[TodoTask]:
    """The open ones."""
    open_ = select(*TASK).where(tasks.c.calendar_id == calendar.id, tasks.c.status != "completed")
    return [_task(row, clock) for row in connection.execute(open_)]


def select_task(
    connection: Connection, calendar: Calendar, clock: Clock, list_id: str, task_id: str
) -> TodoTask | None:
    """One of them, completed ones too."""
    own_id = _bytes(task_id)
    if own_id is None:
        return None
    wanted = select(*TASK).where(tasks.c.calendar_id == calendar.id, tasks.c.task_id == own_id)
    row = connection.execute(wanted).first()
    found = _task(row, clock) if row else None
    return found if found and found.list_id == list_id else None


def complete(connection: Connection, calendar_id: int, task_id: str, now: datetime) -> None:
    """Complete a task that is open."""
    connection.execute(
        update(tasks)
        .where(
            tasks.c.calendar_id == calendar_id,
            tasks.c.task_id == _bytes(task_id),
            tasks.c.status != "completed",
        )
        .values(status="completed", completed_at=to_instant(now))
    )


def _occurrences(calendar: Calendar) -> Select[Any]:
    return (
        select(*OCCURRENCE)
        .join_from(
            meetings,
            events,
            (events.c.calendar_id == meetings.c.calendar_id) & (events.c.event_id == meetings.c.event_id),
        )
        .where(meetings.c.calendar_id == calendar.id)
    )


def _read(rows: Iterable[Row[Any]], reader: Reader) -> Iterator[Meeting]:
    parts: dict[bytes, list[Any]] = {}
    for row in rows:
        event_id = bytes(row.event_id)
        if event_id not in parts:
            parts[event_id] = json.loads(row.parts)
        yield _meeting(row, event_id, parts[event_id], reader)


def _meeting(row: Row[Any], event_id: bytes, parts: list[Any], reader: Reader) -> Meeting:
    (
        subject,
        is_all_day,
        is_cancelled,
        sensitivity,
        show_as,
        location,
        online_meeting_url,
        organizer,
        attendees,
        body_preview,
    ) = parts[row.part + 1]
    owner = mailbox_key(reader.mailbox.address)
    people = tuple(Attendee(*each) for each in attendees)
    answers = (each.response for each in people if mailbox_key(each.address) == owner)
    is_organizer = not any(organizer) or mailbox_key(organizer[0]) == owner
    meeting_id = bytes(row.meeting_id)
    return Meeting(
        id=str(UUID(bytes=meeting_id)),
        series_id="" if meeting_id == event_id else str(UUID(bytes=event_id)),
        ical_uid=parts[0],
        subject=subject,
        start_at=_at(row.start_at, row.is_local, reader.clock),
        end_at=_at(row.end_at, row.is_local, reader.clock),
        is_all_day=is_all_day,
        is_cancelled=is_cancelled,
        is_organizer=is_organizer,
        response="organizer" if is_organizer else next(answers, "none"),
        sensitivity=sensitivity,
        show_as=show_as,
        location=location,
        online_meeting_url=online_meeting_url,
        organizer=Attendee(organizer[0], organizer[1], "organizer") if any(organizer) else Attendee(""),
        attendees=people,
        body_preview=body_preview,
    )


def _at(instant: int, is_local: bool, clock: Clock) -> datetime:  # noqa: FBT001
    at = from_instant(instant)
    return at.replace(tzinfo=clock.zone) if is_local else at


def _task(row: Any, clock: Clock) -> TodoTask:
    due = None if row.due_at is None else from_instant(row.due_at)
    if due and not row.is_local:
        due = due.astimezone(clock.zone)
    return TodoTask(
        id=str(UUID(bytes=bytes(row.task_id))),
        list_id=_list_id(row.list_name),
        title=row.title,
        status=row.status,
        due_on=due.date() if due else None,
        importance=row.importance,
    )


def _list_id(name: str) -> str:
    return str(uuid5(NAMESPACE, name))


def _bytes(own_id: str) -> bytes | None:
    try:
        return UUID(own_id).bytes
    except ValueError:
        return None
