"""What a user's day holds in Exchange: the Agenda port on Graph, and the people one deals with."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, get_args

from connectors.graph.answers import Answer
from connectors.graph.batches import ask_all
from connectors.graph.calls import Call, get, path_of, send
from connectors.graph.client import GraphClient
from connectors.graph.clocks import read_clock, read_due
from connectors.graph.events import EVENT, one_of, read_event
from connectors.graph.instants import to_text
from connectors.graph.pace import BUDGET_SECONDS, Budget
from connectors.graph.problems import no_mailbox
from connectors.graph.rights import Asker, asker_of, is_own, owner_path
from insights.agenda import check_span, due_first, listed, no_meeting, no_task, require_own, shown
from insights.mail.addresses import mailbox_key
from insights.model import Clock, Mailbox, Meeting, TaskList, TodoTask
from insights.model.agenda import Importance, TaskStatus

if TYPE_CHECKING:
    from msgraph.graph_service_client import GraphServiceClient

UTC_TIMES = 'outlook.timezone="UTC"'
TASK = ("id", "title", "status", "importance", "dueDateTime")
STATUSES: tuple[TaskStatus, ...] = get_args(TaskStatus)
IMPORTANCES: tuple[Importance, ...] = get_args(Importance)
PAGE = 100
AROUND = timedelta(days=1)
"""Graph finds a whole-day meeting by the clock of who made it, which may be a day from ours."""
ID = re.compile(r"[A-Za-z0-9_=+/-]{1,1000}")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the user deals with, most relevant first."""

    name: str
    addresses: tuple[str, ...]


class GraphAgenda:
    """Reads agendas in the right of the mailbox's reader; tasks never in that of the app."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    async def clock(self, mailbox: Mailbox) -> Clock:
        """The time zone and working hours of who reads it."""
        own = mailbox.reader.mailbox
        answer = await self._ask(asker_of(own), await self._settings_call(own))
        return await self._clock(answer)

    async def meetings(self, mailbox: Mailbox, start: datetime, end: datetime) -> Sequence[Meeting]:
        """Everything in the calendar that touches [start, end), by start."""
        check_span(start, end)
        builder = (await self._graph.sdk()).users.by_user_id(owner_path(mailbox)).calendar_view
        span = {"startDateTime": to_text(start - AROUND), "endDateTime": to_text(end + AROUND)}
        call = get(builder, prefer=UTC_TIMES, query=span, select=EVENT, orderby="start/dateTime", top=PAGE)
        asker = asker_of(mailbox)
        settings = await self._settings_call(mailbox)
        first, told = await ask_all(self._graph, asker, [call, settings], Budget(BUDGET_SECONDS))
        if not _has_mailbox(mailbox, first):
            return []
        items = await self._rest(asker, call, first)
        clock = await self._clock(told)
        found = (read_event(each, clock) for each in items)
        return listed(mailbox, (each for each in found if each), start, end)

    async def meeting(self, mailbox: Mailbox, meeting_id: str) -> Meeting:
        """One of them; raises NotFound."""
        if not ID.fullmatch(meeting_id):
            raise no_meeting()
        builder = (await self._graph.sdk()).users.by_user_id(owner_path(mailbox)).events
        call = get(builder.by_event_id(meeting_id), prefer=UTC_TIMES, select=EVENT)
        calls = [call, await self._settings_call(mailbox)]
        answer, told = await ask_all(self._graph, asker_of(mailbox), calls, Budget(BUDGET_SECONDS))
        if answer.is_gone or not _has_mailbox(mailbox, answer):
            raise no_meeting()
        found = read_event(answer.require_ok().json, await self._clock(told))
        if found is None:
            raise no_meeting()
        return shown(mailbox, found)

    async def task_lists(self, mailbox: Mailbox) -> Sequence[TaskList]:
        """The lists of To Do, the default one first."""
        require_own(mailbox)
        call = get(_todo(await self._graph.sdk(), mailbox).lists)
        asker = _owner(mailbox)
        return _lists(await self._rest(asker, call, await self._ask(asker, call)))

    async def tasks(self, mailbox: Mailbox) -> Sequence[TodoTask]:
        """The open tasks of all lists, by due date, those without one last."""
        require_own(mailbox)
        todo, asker, budget = _todo(await self._graph.sdk(), mailbox), _owner(mailbox), Budget(BUDGET_SECONDS)
        call = get(todo.lists)
        first, told = await ask_all(self._graph, asker, [call, await self._settings_call(mailbox)], budget)
        lists = [each.id for each in _lists(await self._rest(asker, call, first))]
        calls = [
            get(
                todo.lists.by_todo_task_list_id(each).tasks,
                filter="status ne 'completed'",
                select=TASK,
                top=PAGE,
            )
            for each in lists
        ]
        answers = await ask_all(self._graph, asker, calls, budget)
        clock = await self._clock(told)
        found: list[TodoTask] = []
        for list_id, call, answer in zip(lists, calls, answers, strict=True):
            found += [_task(list_id, item, clock) for item in await self._rest(asker, call, answer)]
        return due_first(found)

    async def task(self, mailbox: Mailbox, list_id: str, task_id: str) -> TodoTask:
        """One task, completed ones too; raises NotFound."""
        calls = [
            get(await self._task_builder(mailbox, list_id, task_id), select=TASK),
            await self._settings_call(mailbox),
        ]
        answer, told = await ask_all(self._graph, _owner(mailbox), calls, Budget(BUDGET_SECONDS))
        return _task(list_id, _require_task(answer).json, await self._clock(told))

    async def complete_task(self, mailbox: Mailbox, list_id: str, task_id: str) -> TodoTask:
        """Complete a task, twice is once; it as it is then. Raises NotFound."""
        path = path_of(await self._task_builder(mailbox, list_id, task_id))
        call = send("PATCH", path, {"status": "completed"})
        _require_task(await self._graph.ask(_owner(mailbox), call, Budget(BUDGET_SECONDS)))
        return await self.task(mailbox, list_id, task_id)

    async def people(self, mailbox: Mailbox, limit: int = 50) -> list[Person]:
        """Whom the user deals with most."""
        builder = (await self._graph.sdk()).users.by_user_id(owner_path(mailbox)).people
        select = ("displayName", "scoredEmailAddresses")
        answer = await self._ask(asker_of(mailbox), get(builder, select=select, top=limit))
        return [_person(each) for each in answer.require_ok().values]

    async def _settings_call(self, mailbox: Mailbox) -> Call:
        """The GET of the reader's own settings: nobody reads those of others."""
        reader = owner_path(mailbox.reader.mailbox)
        return get((await self._graph.sdk()).users.by_user_id(reader).mailbox_settings)

    async def _task_builder(self, mailbox: Mailbox, list_id: str, task_id: str) -> Any:
        require_own(mailbox)
        if not (ID.fullmatch(list_id) and ID.fullmatch(task_id)):
            raise no_task()
        lists = _todo(await self._graph.sdk(), mailbox).lists
        return lists.by_todo_task_list_id(list_id).tasks.by_todo_task_id(task_id)

    async def _clock(self, answer: Answer) -> Clock:
        if answer.lacks_mailbox:
            return Clock("UTC")
        return await asyncio.to_thread(read_clock, answer.require_ok().json)

    async def _ask(self, asker: Asker, call: Call) -> Answer:
        return await self._graph.ask(asker, call, Budget(BUDGET_SECONDS))

    async def _rest(self, asker: Asker, first: Call, answer: Answer) -> list[Any]:
        """The items of all pages."""
        if answer.lacks_mailbox:
            return []
        found = [*answer.require_ok().values]
        call = answer.next_page(first)
        while call:
            answer = (await self._ask(asker, call)).require_ok()
            found += answer.values
            call = answer.next_page(call)
        return found


def _has_mailbox(mailbox: Mailbox, answer: Answer) -> bool:
    """Whether there is a calendar; raises NotFound for one that is not shared with its reader."""
    if not is_own(mailbox) and answer.status in {403, 404} and not answer.is_gone:
        raise no_mailbox()
    return not answer.lacks_mailbox


def _todo(sdk: "GraphServiceClient", mailbox: Mailbox) -> Any:
    return sdk.users.by_user_id(owner_path(mailbox)).todo


def _owner(mailbox: Mailbox) -> Asker:
    """Who reads tasks: their owner; the app has no right that is limited to some mailboxes."""
    return Asker(mailbox_key(mailbox.address), mailbox.reader)


def _require_task(answer: Answer) -> Answer:
    if answer.is_gone or answer.lacks_mailbox:
        raise no_task()
    return answer.require_ok()


def _lists(items: Sequence[dict[str, Any]]) -> list[TaskList]:
    found = [
        TaskList(
            str(each.get("id")),
            str(each.get("displayName") or ""),
            is_default=each.get("wellknownListName") == "defaultList",
        )
        for each in items
    ]
    return sorted(found, key=lambda each: (not each.is_default, each.name))


def _task(list_id: str, found: dict[str, Any], clock: Clock) -> TodoTask:
    return TodoTask(
        id=str(found.get("id")),
        list_id=list_id,
        title=str(found.get("title") or ""),
        status=one_of(STATUSES, found.get("status"), "notStarted"),
        due_on=read_due(found.get("dueDateTime"), clock),
        importance=one_of(IMPORTANCES, found.get("importance"), "normal"),
    )


def _person(found: dict[str, Any]) -> Person:
    scored = found.get("scoredEmailAddresses") or ()
    addresses = tuple(str(each.get("address")) for each in scored if each.get("address"))
    return Person(str(found.get("displayName") or ""), addresses)
