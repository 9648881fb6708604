"""`/events` and `/calendarView`: series and single events, in the time zone that the asker prefers."""

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from tests.standins.graph import ids
from tests.standins.graph.errors import GraphError, bad_body
from tests.standins.graph.message import recipient
from tests.standins.graph.query import Query, page_of, read_query, selected
from tests.standins.graph.recurrence import check_recurrence, find_occurrence, occurrences
from tests.standins.graph.times import find_zone, read_time, read_zoned, to_text, to_zoned
from tests.standins.graph.wire import Answer, Call, Json

if TYPE_CHECKING:
    from tests.standins.graph.mailbox import Mailbox
    from tests.standins.graph.server import GraphStandin
    from tests.standins.graph.users import User

EVENT = "event"
LONGEST_VIEW = timedelta(days=1825)


def blank_event(now: datetime) -> Json:
    """The properties of an event that says nothing."""
    return {
        "createdDateTime": to_text(now),
        "lastModifiedDateTime": to_text(now),
        "categories": [],
        "subject": "",
        "bodyPreview": "",
        "importance": "normal",
        "sensitivity": "normal",
        "isAllDay": False,
        "isCancelled": False,
        "isOrganizer": True,
        "responseRequested": True,
        "hasAttachments": False,
        "isReminderOn": True,
        "reminderMinutesBeforeStart": 15,
        "showAs": "busy",
        "type": "singleInstance",
        "seriesMasterId": None,
        "recurrence": None,
        "responseStatus": {"response": "organizer", "time": "0001-01-01T00:00:00Z"},
        "body": {"contentType": "html", "content": ""},
        "location": {"displayName": "", "locationType": "default"},
        "locations": [],
        "attendees": [],
    }


def list_events(graph: "GraphStandin", call: Call) -> Answer:
    """All events."""
    query = read_query(call, graph.schema, EVENT, top=10)
    return _page(call, query, list(call.mailbox.events.values()))


def list_calendar_view(graph: "GraphStandin", call: Call) -> Answer:
    """The events that touch a time window, earliest first."""
    query = read_query(call, graph.schema, EVENT, top=10)
    start, end = _window(call)
    found = [
        each for event in call.mailbox.events.values() for each in _in_window(call.mailbox, event, start, end)
    ]
    return _page(call, query, sorted(found, key=lambda event: read_zoned(event["start"])))


def list_instances(graph: "GraphStandin", call: Call) -> Answer:
    """The occurrences of a series within a time window."""
    query = read_query(call, graph.schema, EVENT, top=10)
    found = _in_window(call.mailbox, _found(call), *_window(call))
    return _page(call, query, sorted(found, key=lambda event: read_zoned(event["start"])))


def _window(call: Call) -> tuple[datetime, datetime]:
    given = {name.lower(): value for name, value in call.query.items()}
    if "startdatetime" not in given or "enddatetime" not in given:
        raise GraphError(
            400,
            "ErrorInvalidParameter",
            "This request requires a time window specified by the query string parameters StartDateTime and "
            "EndDateTime.",
        )
    try:
        start, end = read_time(given["startdatetime"]), read_time(given["enddatetime"])
    except ValueError as error:
        raise GraphError(400, "ErrorInvalidParameter", "The time window is malformed.") from error
    if end - start > LONGEST_VIEW:
        raise GraphError(
            400,
            "ErrorCalendarViewRangeTooBig",
            "The difference between CalendarView.StartDate and CalendarView.EndDate is too big.",
        )
    return start, end


def _in_window(mailbox: "Mailbox", event: Json, start: datetime, end: datetime) -> list[Json]:
    if event["type"] == "seriesMaster":
        return list(occurrences(mailbox, event, start, end))
    is_in = read_zoned(event["start"]) < end and read_zoned(event["end"]) > start
    return [event] if is_in else []


def get_event(graph: "GraphStandin", call: Call) -> Answer:
    """One event."""
    query = read_query(call, graph.schema, EVENT, top=1)
    return _answer(call, query, _found(call), 200)


def create_event(graph: "GraphStandin", call: Call) -> Answer:
    """A new event of the mailbox's user."""
    given = call.json()
    _check(graph, given)
    if not given.get("start") or not given.get("end"):
        raise GraphError(400, "ErrorPropertyValidationFailure", "At least one property failed validation.")
    event = add_event(graph, call.user, given)
    return _answer(call, read_query(call, graph.schema, EVENT, top=1), event, 201)


def add_event(graph: "GraphStandin", user: "User", given: Json) -> Json:
    """An event as it comes into a user's calendar: their own, or with an `organizer` an invitation to it."""
    mailbox = user.mailbox
    assert mailbox is not None
    number = mailbox.next_number()
    event = blank_event(graph.now()) | {
        "id": ids.exchange_id(ids.IMMUTABLE, mailbox.id, number),
        "iCalUId": ids.conversation_index(f"{mailbox.id} {number}"),
        "changeKey": ids.change_key(number),
        "organizer": recipient((user.name, user.address)),
        "type": "seriesMaster" if given.get("recurrence") else "singleInstance",
    }
    mailbox.numbers[event["id"]] = number
    mailbox.events[event["id"]] = event | given
    return mailbox.events[event["id"]]


def update_event(graph: "GraphStandin", call: Call) -> Answer:
    """Change an event."""
    event, given = _found(call), call.json()
    _check(graph, given)
    change = given | {
        "lastModifiedDateTime": to_text(graph.now()),
        "changeKey": ids.change_key(call.mailbox.next_number()),
    }
    event |= change
    if event["id"] in call.mailbox.occurrences:
        before = call.mailbox.exceptions.get(event["id"]) or {}
        call.mailbox.exceptions[event["id"]] = before | change
    return _answer(call, read_query(call, graph.schema, EVENT, top=1), event, 200)


def delete_event(_graph: "GraphStandin", call: Call) -> Answer:
    """Take an event away."""
    event_id = _found(call)["id"]
    if event_id in call.mailbox.occurrences:
        call.mailbox.exceptions[event_id] = None
    else:
        del call.mailbox.events[event_id]
    return Answer(204)


def _check(graph: "GraphStandin", given: Json) -> None:
    graph.check_body(EVENT, given)
    for name in ("start", "end"):
        if given.get(name):
            try:
                read_zoned(given[name])
            except (KeyError, ValueError) as error:
                raise bad_body(f"The property '{name}' is no time.") from error
            if given.get("isAllDay") and read_zoned(given[name]).time() != time():
                raise GraphError(
                    400,
                    "ErrorPropertyValidationFailure",
                    "The Event.Start and Event.End of an all-day event must be at midnight.",
                )
    if given.get("recurrence"):
        check_recurrence(given)


def _found(call: Call) -> Json:
    event = call.mailbox.events.get(call.keys["event"])
    return find_occurrence(call.mailbox, call.keys["event"]) if event is None else event


def _page(call: Call, query: Query, found: list[Json]) -> Answer:
    if query.filter:
        found = [event for event in found if query.filter.matches(event)]
    for path, is_descending in reversed(query.order):
        found = sorted(found, key=lambda event: str(_read(event, path)), reverse=is_descending)
    told = [selected(_zoned(call, event), query.select) for event in found]
    body = page_of(call, query, told, f"users('{call.user.id}')/events")
    return Answer(200, body, f"Collection({EVENT})")


def _answer(call: Call, query: Query, event: Json, status: int) -> Answer:
    context = {"@odata.context": f"{call.base_url}/$metadata#users('{call.user.id}')/events/$entity"}
    return Answer(status, context | selected(_zoned(call, event), query.select), EVENT)


def _zoned(call: Call, event: Json) -> Json:
    """Start and end in the preferred zone, in UTC without a preference; whole days are midnights in any."""
    zone = call.preferences.get("outlook.timezone") or "UTC"
    find_zone(zone)
    told = {"@odata.etag": f'W/"{event["changeKey"]}"'} | event
    if event["isAllDay"]:
        return told | {name: event[name] | {"timeZone": zone} for name in ("start", "end")}
    return told | {name: to_zoned(read_zoned(event[name]), zone) for name in ("start", "end")}


def _read(event: Json, path: str) -> object:
    found: object = event
    for name in path.split("/"):
        found = found.get(name) if isinstance(found, dict) else None
    return read_zoned(event[path.partition("/")[0]]) if path.endswith("/dateTime") else found
