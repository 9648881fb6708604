"""`/todo/lists` and their tasks."""

from datetime import datetime
from typing import TYPE_CHECKING

from tests.standins.graph import ids
from tests.standins.graph.errors import GraphError, item_not_found
from tests.standins.graph.query import page_of, read_query, selected
from tests.standins.graph.times import read_zoned, to_text, to_zoned
from tests.standins.graph.wire import Answer, Call, Json

if TYPE_CHECKING:
    from tests.standins.graph.mailbox import Mailbox
    from tests.standins.graph.server import GraphStandin

LIST, TASK = "todoTaskList", "todoTask"


def list_lists(graph: "GraphStandin", call: Call) -> Answer:
    """The task lists; every mailbox has the one named Tasks."""
    query = read_query(call, graph.schema, LIST, top=100)
    told = [selected(each, query.select) for each in _lists(call.mailbox).values()]
    return Answer(
        200, page_of(call, query, told, f"users('{call.user.id}')/todo/lists"), f"Collection({LIST})"
    )


def create_list(graph: "GraphStandin", call: Call) -> Answer:
    """A new list."""
    given = call.json()
    graph.check_body(LIST, given)
    return Answer(201, _add_list(call.mailbox, str(given.get("displayName") or ""), "none"), LIST)


def list_tasks(graph: "GraphStandin", call: Call) -> Answer:
    """The tasks of a list."""
    query = read_query(call, graph.schema, TASK, top=100)
    tasks = list(_tasks(call).values())
    if query.filter:
        tasks = [task for task in tasks if query.filter.matches(task)]
    told = [selected(each, query.select) for each in tasks]
    return Answer(
        200, page_of(call, query, told, f"users('{call.user.id}')/todo/lists/tasks"), f"Collection({TASK})"
    )


def get_task(graph: "GraphStandin", call: Call) -> Answer:
    """One task."""
    query = read_query(call, graph.schema, TASK, top=1)
    return Answer(200, selected(_task(call), query.select), TASK)


def create_task(graph: "GraphStandin", call: Call) -> Answer:
    """A new task; a title is needed."""
    given = call.json()
    graph.check_body(TASK, given)
    if not given.get("title"):
        raise GraphError(400, "invalidRequest", "The title of the task is missing.")
    task = _new_task(call.mailbox, given, graph.now())
    _tasks(call)[task["id"]] = task
    return Answer(201, task, TASK)


def add_task(mailbox: "Mailbox", list_name: str, given: Json, now: datetime) -> Json:
    """A task as a person makes it, in a list that is made if there is none."""
    lists = _lists(mailbox)
    known = next((own_id for own_id, each in lists.items() if each["displayName"] == list_name), None)
    task = _new_task(mailbox, given, now)
    mailbox.tasks[known or _add_list(mailbox, list_name, "none")["id"]][task["id"]] = task
    return task


def _new_task(mailbox: "Mailbox", given: Json, now: datetime) -> Json:
    return {
        "id": ids.exchange_id(ids.IMMUTABLE, mailbox.id, mailbox.next_number()),
        "importance": "normal",
        "isReminderOn": False,
        "status": "notStarted",
        "createdDateTime": to_text(now),
        "lastModifiedDateTime": to_text(now),
        "hasAttachments": False,
        "categories": [],
        "body": {"content": "", "contentType": "text"},
    } | _kept(given, now)


def update_task(graph: "GraphStandin", call: Call) -> Answer:
    """Change a task."""
    given = call.json()
    graph.check_body(TASK, given)
    task = _task(call)
    task |= _kept(given, graph.now()) | {"lastModifiedDateTime": to_text(graph.now())}
    return Answer(200, task, TASK)


def delete_task(_graph: "GraphStandin", call: Call) -> Answer:
    """Take a task away."""
    del _tasks(call)[_task(call)["id"]]
    return Answer(204)


def _kept(given: Json, now: datetime) -> Json:
    """What To Do makes of it: a due date is a day, told as its midnight there in UTC."""
    kept = dict(given)
    if due := given.get("dueDateTime"):
        local = read_zoned(due)
        kept["dueDateTime"] = to_zoned(local.replace(hour=0, minute=0, second=0, microsecond=0), "UTC")
    if given.get("status") == "completed":
        kept.setdefault("completedDateTime", to_zoned(now, "UTC"))
    return kept


def _lists(mailbox: "Mailbox") -> dict[str, Json]:
    if not mailbox.task_lists:
        _add_list(mailbox, "Tasks", "defaultList")
    return mailbox.task_lists


def _add_list(mailbox: "Mailbox", name: str, well_known: str) -> Json:
    list_id = ids.exchange_id(ids.FOLDER, mailbox.id, mailbox.next_number())
    mailbox.tasks[list_id] = {}
    mailbox.task_lists[list_id] = {
        "id": list_id,
        "displayName": name,
        "isOwner": True,
        "isShared": False,
        "wellknownListName": well_known,
    }
    return mailbox.task_lists[list_id]


def _tasks(call: Call) -> dict[str, Json]:
    lists, wanted = _lists(call.mailbox), call.keys["list"]
    if wanted.lower() == "tasks":
        return call.mailbox.tasks[next(iter(lists))]
    if wanted not in lists:
        raise item_not_found()
    return call.mailbox.tasks[wanted]


def _task(call: Call) -> Json:
    task = _tasks(call).get(call.keys["task"])
    if task is None:
        raise item_not_found()
    return task
