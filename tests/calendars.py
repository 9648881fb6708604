"""Meetings and tasks made for a test: as iCalendar, and as the JSON of Graph."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Todo, vCalAddress, vText

Json = dict[str, Any]
DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PARTSTAT = {
    "accepted": "ACCEPTED",
    "declined": "DECLINED",
    "tentativelyAccepted": "TENTATIVE",
    "notResponded": "NEEDS-ACTION",
}
STATUS = {"notStarted": "NEEDS-ACTION", "inProgress": "IN-PROCESS", "completed": "COMPLETED"}


@dataclass(frozen=True)
class MadeMeeting:
    """A meeting as its owner planned it; `start` is by the clock of `zone`."""

    subject: str
    start: datetime
    zone: str = "UTC"
    minutes: int = 60
    days: int = 0
    """Of a whole-day meeting."""
    recurs: str = ""
    """`daily` or `weekly`."""
    count: int | None = None
    """None = without end."""
    moved: Mapping[int, datetime] = field(default_factory=dict)
    dropped: Sequence[int] = ()
    organizer: str = ""
    attendees: Sequence[tuple[str, str, str]] = ()
    """(Address, name, response)."""
    sensitivity: str = "normal"
    is_cancelled: bool = False
    show_as: str = "busy"
    location: str = ""
    url: str = ""
    text: str = ""

    @property
    def length(self) -> timedelta:
        """How long it takes."""
        return timedelta(days=self.days) if self.days else timedelta(minutes=self.minutes)

    def original(self, number: int) -> datetime:
        """When an occurrence would begin."""
        return self.start + timedelta(days=number * {"": 0, "daily": 1, "weekly": 7}[self.recurs])


@dataclass(frozen=True)
class MadeTask:
    """A task in a list."""

    title: str
    due: date | None = None
    status: str = "notStarted"
    importance: str = "normal"
    list_name: str = "Tasks"


def write_ics(*made: MadeMeeting | MadeTask) -> bytes:
    """An iCalendar file; tasks in it are of one list."""
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//tests//EN")
    names = {each.list_name for each in made if isinstance(each, MadeTask)} - {"Tasks"}
    for name in names:
        calendar.add("x-wr-calname", name)
    for each in made:
        for component in _events(each) if isinstance(each, MadeMeeting) else [_todo(each)]:
            calendar.add_component(component)
    return bytes(calendar.to_ical())


def _events(made: MadeMeeting) -> list[Event]:
    series = _event(made, made.start)
    if made.recurs:
        rule: Json = {"freq": made.recurs.upper()}
        series.add("rrule", rule | ({"count": made.count} if made.count else {}))
    for number in made.dropped:
        series.add("exdate", _moment(made, made.original(number)))
    exceptions = []
    for number, start in made.moved.items():
        exception = _event(made, start)
        exception.add("recurrence-id", _moment(made, made.original(number)))
        exceptions.append(exception)
    return [series, *exceptions]


def _moment(made: MadeMeeting, at: datetime) -> date | datetime:
    return at.date() if made.days else at.replace(tzinfo=ZoneInfo(made.zone))


def _event(made: MadeMeeting, start: datetime) -> Event:
    event = Event()
    event.add("uid", f"{made.subject}@tests.example")
    event.add("dtstamp", datetime(2026, 1, 1, tzinfo=UTC))
    event.add("summary", made.subject)
    event.add("dtstart", _moment(made, start))
    event.add("dtend", _moment(made, start + made.length))
    if made.sensitivity != "normal":
        event.add("class", made.sensitivity.upper())
    if made.is_cancelled:
        event.add("status", "CANCELLED")
    if made.show_as != "busy":
        event.add("x-microsoft-cdo-busystatus", made.show_as.upper())
    for name, value in {"location": made.location, "description": made.text}.items():
        if value:
            event.add(name, value)
    if made.url:
        event.add("x-microsoft-skypeteamsmeetingurl", made.url)
    if made.organizer:
        event.add("organizer", _address(made.organizer, ""))
    for address, name, response in made.attendees:
        event.add("attendee", _address(address, name, PARTSTAT.get(response, "")))
    return event


def _address(address: str, name: str, response: str = "") -> vCalAddress:
    value = vCalAddress(f"mailto:{address}")
    for key, text in {"CN": name, "PARTSTAT": response}.items():
        if text:
            value.params[key] = vText(text)
    return value


def _todo(made: MadeTask) -> Todo:
    todo = Todo()
    todo.add("uid", f"{made.title}@tests.example")
    todo.add("dtstamp", datetime(2026, 1, 1, tzinfo=UTC))
    todo.add("summary", made.title)
    todo.add("status", STATUS[made.status])
    todo.add("priority", {"high": 1, "normal": 5, "low": 9}[made.importance])
    if made.due:
        todo.add("due", made.due)
    return todo


def event_json(made: MadeMeeting) -> Json:
    """The series or meeting as Graph takes it."""
    event: Json = {
        "subject": made.subject,
        "isAllDay": bool(made.days),
        "start": _zoned(made, made.start),
        "end": _zoned(made, made.start + made.length),
        "sensitivity": made.sensitivity,
        "isCancelled": made.is_cancelled,
        "showAs": made.show_as,
        "location": {"displayName": made.location},
        "bodyPreview": made.text[:255],
        "attendees": [
            {
                "type": "required",
                "emailAddress": {"address": address, "name": name},
                "status": {"response": response, "time": "0001-01-01T00:00:00Z"},
            }
            for address, name, response in made.attendees
        ],
    }
    if made.url:
        event |= {"isOnlineMeeting": True, "onlineMeeting": {"joinUrl": made.url}}
    if made.recurs:
        event["recurrence"] = _recurrence(made)
    return event


def moved_json(made: MadeMeeting, number: int) -> Json:
    """What is different about an occurrence that was moved."""
    start = made.moved[number]
    return {"start": _zoned(made, start), "end": _zoned(made, start + made.length)}


def task_json(made: MadeTask) -> Json:
    """The task as Graph takes it."""
    task: Json = {"title": made.title, "status": made.status, "importance": made.importance}
    if made.due:
        task["dueDateTime"] = {"dateTime": f"{made.due}T00:00:00", "timeZone": "UTC"}
    return task


def _zoned(made: MadeMeeting, at: datetime) -> Json:
    return {"dateTime": at.isoformat(), "timeZone": made.zone}


def _recurrence(made: MadeMeeting) -> Json:
    days = {"daysOfWeek": [DAY_NAMES[made.start.weekday()]]} if made.recurs == "weekly" else {}
    range_: Json = {"type": "noEnd", "startDate": str(made.start.date())}
    if made.count:
        range_ |= {"type": "numbered", "numberOfOccurrences": made.count}
    return {"pattern": {"type": made.recurs, "interval": 1, **days}, "range": range_}
