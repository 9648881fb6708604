"""What a user's day holds in Exchange: meetings, tasks, working hours, and the people one deals with."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from connectors.graph.batches import ask_all
from connectors.graph.calls import Call, get
from connectors.graph.client import GraphClient
from connectors.graph.instants import read_instant, to_text
from connectors.graph.pace import BUDGET_SECONDS, Budget
from connectors.graph.rights import asker_of, owner_path
from insights.model import Mailbox

UTC_TIMES = 'outlook.timezone="UTC"'
EVENT = (
    "id",
    "iCalUId",
    "subject",
    "start",
    "end",
    "isAllDay",
    "isCancelled",
    "isOnlineMeeting",
    "location",
    "organizer",
    "attendees",
    "sensitivity",
    "showAs",
    "type",
)
TASK = ("id", "title", "status", "importance", "dueDateTime", "reminderDateTime")
PAGE = 100


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """When somebody works, in `time_zone` (a name of Windows or IANA); `days` as in `monday`."""

    days: tuple[str, ...]
    start: time
    end: time
    time_zone: str


@dataclass(frozen=True, slots=True)
class MailboxSettings:
    """A mailbox's time zone and language, as its owner chose them."""

    time_zone: str
    language: str
    working_hours: WorkingHours | None


@dataclass(frozen=True, slots=True)
class Attendee:
    """Who is invited, and how they answered (`accepted declined tentativelyAccepted none …`)."""

    address: str
    name: str
    response: str


@dataclass(frozen=True, slots=True)
class Event:
    """A meeting or appointment; recurring ones come once per occurrence."""

    id: str
    ical_uid: str
    """The same in every attendee's calendar, and in the CRM where the meeting came from there."""
    subject: str
    start_at: datetime
    end_at: datetime
    is_all_day: bool
    is_cancelled: bool
    is_online: bool
    is_private: bool
    place: str
    show_as: str
    organizer: str
    attendees: tuple[Attendee, ...]


@dataclass(frozen=True, slots=True)
class TodoTask:
    """An open task; `due_at` is None for one without a date."""

    id: str
    list_id: str
    title: str
    due_at: datetime | None
    is_important: bool


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the user deals with, most relevant first."""

    name: str
    addresses: tuple[str, ...]


class GraphAgenda:
    """Reads agendas in the right of the mailbox's reader."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    async def settings(self, mailbox: Mailbox) -> MailboxSettings:
        """The mailbox's time zone, language and working hours."""
        builder = (await self._graph.sdk()).users.by_user_id(owner_path(mailbox)).mailbox_settings
        found = (await self._ask(mailbox, get(builder))).require_ok().json
        return MailboxSettings(
            time_zone=str(found.get("timeZone") or "UTC"),
            language=str((found.get("language") or {}).get("locale") or ""),
            working_hours=_working_hours(found.get("workingHours") or {}),
        )

    async def events(self, mailbox: Mailbox, start: datetime, end: datetime) -> list[Event]:
        """Everything in the calendar between two times, by start."""
        builder = (await self._graph.sdk()).users.by_user_id(owner_path(mailbox)).calendar_view
        span = {"startDateTime": to_text(start), "endDateTime": to_text(end)}
        call = get(builder, prefer=UTC_TIMES, query=span, select=EVENT, orderby="start/dateTime", top=PAGE)
        found = [_event(each) for each in await self._all(mailbox, call)]
        return sorted((each for each in found if each), key=lambda each: (each.start_at, each.id))

    async def tasks(self, mailbox: Mailbox) -> list[TodoTask]:
        """Open tasks of all To Do lists, dated ones first."""
        todo = (await self._graph.sdk()).users.by_user_id(owner_path(mailbox)).todo
        lists = [str(each.get("id")) for each in await self._all(mailbox, get(todo.lists))]
        calls = [
            get(
                todo.lists.by_todo_task_list_id(each).tasks,
                filter="status ne 'completed'",
                select=TASK,
                top=PAGE,
            )
            for each in lists
        ]
        answers = await ask_all(self._graph, asker_of(mailbox), calls, Budget(BUDGET_SECONDS))
        found: list[TodoTask] = []
        for list_id, call, answer in zip(lists, calls, answers, strict=True):
            items = [*answer.require_ok().values]
            if more := answer.next_page(call):
                items += await self._all(mailbox, more)
            found += [_task(list_id, item) for item in items]
        return sorted(found, key=lambda task: (task.due_at is None, task.due_at or datetime.max, task.title))

    async def people(self, mailbox: Mailbox, limit: int = 50) -> list[Person]:
        """Whom the user deals with most."""
        builder = (await self._graph.sdk()).users.by_user_id(owner_path(mailbox)).people
        select = ("displayName", "scoredEmailAddresses")
        answer = await self._ask(mailbox, get(builder, select=select, top=limit))
        return [_person(each) for each in answer.require_ok().values]

    async def _ask(self, mailbox: Mailbox, call: Call) -> Any:
        return await self._graph.ask(asker_of(mailbox), call, Budget(BUDGET_SECONDS))

    async def _all(self, mailbox: Mailbox, first: Call) -> list[Any]:
        """The items of all pages."""
        found: list[Any] = []
        call: Call | None = first
        while call:
            answer = (await self._ask(mailbox, call)).require_ok()
            found += answer.values
            call = answer.next_page(call)
        return found


def _working_hours(found: dict[str, Any]) -> WorkingHours | None:
    try:
        start, end = (time.fromisoformat(str(found[name])[:8]) for name in ("startTime", "endTime"))
    except (KeyError, ValueError):
        return None
    days = tuple(str(day).lower() for day in found.get("daysOfWeek") or ())
    zone = str((found.get("timeZone") or {}).get("name") or "UTC")
    return WorkingHours(days, start, end, zone)


def _event(found: dict[str, Any]) -> Event | None:
    """The event, None without readable times."""
    start, end = (read_instant((found.get(name) or {}).get("dateTime")) for name in ("start", "end"))
    if start is None or end is None:
        return None
    return Event(
        id=str(found.get("id")),
        ical_uid=str(found.get("iCalUId") or ""),
        subject=str(found.get("subject") or ""),
        start_at=start,
        end_at=end,
        is_all_day=bool(found.get("isAllDay")),
        is_cancelled=bool(found.get("isCancelled")),
        is_online=bool(found.get("isOnlineMeeting")),
        is_private=str(found.get("sensitivity")) in {"private", "confidential"},
        place=str((found.get("location") or {}).get("displayName") or ""),
        show_as=str(found.get("showAs") or ""),
        organizer=_address(found.get("organizer")),
        attendees=tuple(_attendee(each) for each in found.get("attendees") or ()),
    )


def _attendee(found: dict[str, Any]) -> Attendee:
    email = found.get("emailAddress") or {}
    response = str((found.get("status") or {}).get("response") or "none")
    return Attendee(_address(found), str(email.get("name") or ""), response)


def _address(recipient: Any) -> str:
    return str(((recipient or {}).get("emailAddress") or {}).get("address") or "")


def _task(list_id: str, found: dict[str, Any]) -> TodoTask:
    return TodoTask(
        id=str(found.get("id")),
        list_id=list_id,
        title=str(found.get("title") or ""),
        due_at=read_instant((found.get("dueDateTime") or {}).get("dateTime")),
        is_important=found.get("importance") == "high",
    )


def _person(found: dict[str, Any]) -> Person:
    scored = found.get("scoredEmailAddresses") or ()
    addresses = tuple(str(each.get("address")) for each in scored if each.get("address"))
    return Person(str(found.get("displayName") or ""), addresses)
