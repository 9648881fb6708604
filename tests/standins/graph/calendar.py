"""`/events` and `/calendarView`: single events, in the time zone that the asker prefers."""

from datetime import datetime
from typing import TYPE_CHECKING

from tests.standins.graph import ids
from tests.standins.graph.errors import GraphError, bad_body, item_not_found
from tests.standins.graph.message import recipient
from tests.standins.graph.query import Query, page_of, read_query, selected
from tests.standins.graph.times import find_zone, read_time, read_zoned, to_text, to_zoned
from tests.standins.graph.wire import Answer, Call, Json

if TYPE_CHECKING:
    from tests.standins.graph.server import GraphStandin

EVENT = "event"


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
    found = [
        event
        for event in call.mailbox.events.values()
        if read_zoned(event["start"]) < end and read_zoned(event["end"]) > start
    ]
    return _page(call, query, sorted(found, key=lambda event: read_zoned(event["start"])))


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
    number = call.mailbox.next_number()
    event = blank_event(graph.now()) | {
        "id": ids.exchange_id(ids.IMMUTABLE, call.mailbox.id, number),
        "iCalUId": ids.conversation_index(f"{call.mailbox.id} {number}"),
        "changeKey": ids.change_key(number),
        "organizer": recipient((call.user.name, call.user.address)),
    }
    call.mailbox.events[event["id"]] = event | given
    return _answer(call, read_query(call, graph.schema, EVENT, top=1), call.mailbox.events[event["id"]], 201)


def update_event(graph: "GraphStandin", call: Call) -> Answer:
    """Change an event."""
    event, given = _found(call), call.json()
    _check(graph, given)
    event |= given | {
        "lastModifiedDateTime": to_text(graph.now()),
        "changeKey": ids.change_key(call.mailbox.next_number()),
    }
    return _answer(call, read_query(call, graph.schema, EVENT, top=1), event, 200)


def delete_event(_graph: "GraphStandin", call: Call) -> Answer:
    """Take an event away."""
    del call.mailbox.events[_found(call)["id"]]
    return Answer(204)


def _check(graph: "GraphStandin", given: Json) -> None:
    graph.check_body(EVENT, given)
    for name in ("start", "end"):
        if given.get(name):
            try:
                read_zoned(given[name])
            except (KeyError, ValueError) as error:
                raise bad_body(f"The property '{name}' is no time.") from error


def _found(call: Call) -> Json:
    event = call.mailbox.events.get(call.keys["event"])
    if event is None:
        raise item_not_found()
    return event


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
    """Start and end in the preferred zone, in UTC without a preference."""
    zone = call.preferences.get("outlook.timezone") or "UTC"
    find_zone(zone)
    told = {"@odata.etag": f'W/"{event["changeKey"]}"'} | event
    return told | {name: to_zoned(read_zoned(event[name]), zone) for name in ("start", "end")}


def _read(event: Json, path: str) -> object:
    found: object = event
    for name in path.split("/"):
        found = found.get(name) if isinstance(found, dict) else None
    return read_zoned(event[path.partition("/")[0]]) if path.endswith("/dateTime") else found
