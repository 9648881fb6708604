"""`/messages`: listing, searching, reading, drafting, changing, moving."""

import base64
from typing import TYPE_CHECKING

from tests.standins.graph.errors import GraphError, access_denied, bad_body, bad_request, bad_select
from tests.standins.graph.message import (
    SETTABLE,
    SETTABLE_ONCE_SENT,
    StoredMessage,
    blank_values,
    extended_of_letter,
    merge_json,
    normal_property_id,
    recipient,
    values_of_letter,
)
from tests.standins.graph.mime import read_letter
from tests.standins.graph.query import Query, page_of, read_query, require_sortable
from tests.standins.graph.rendering import NOT_BASIC, RELATED, filterable, passes, render_message
from tests.standins.graph.search import RESULTS, read_search
from tests.standins.graph.sending import compose, new_attachment, read_mime
from tests.standins.graph.wire import Answer, Call, Json

if TYPE_CHECKING:
    from tests.standins.graph.server import GraphStandin

MESSAGE, MESSAGES = "message", "Collection(message)"


def read_message_query(graph: "GraphStandin", call: Call, *, top: int = 10) -> Query:
    """The options of a call on messages; expanding extended properties needs a filter on their ids."""
    query = read_query(call, graph.schema, MESSAGE, top=top)
    properties = "singleValueExtendedProperties"
    if properties in query.expand and not query.expanded_property_ids(properties):
        raise bad_select(f"{properties} must be expanded with a $filter on id.")
    if call.is_basic:
        _require_basic(query)
    return query


def _require_basic(query: Query) -> None:
    """Raise the service's 403 for what `Mail.ReadBasic` does not give, be it only to filter by."""
    paths = query.filter.paths if query.filter else []
    asked = {*query.select, *query.expand, *(path.partition("/")[0] for path in paths)}
    if asked & (NOT_BASIC | RELATED):
        raise access_denied()


def list_messages(graph: "GraphStandin", call: Call) -> Answer:
    """Messages of the mailbox or of one folder; hidden ones (Deletions) only by their folder."""
    query = read_message_query(graph, call)
    mailbox = call.mailbox
    if "folder" in call.keys:
        found = list(mailbox.in_folder(mailbox.folder(call.keys["folder"]).id))
    else:
        found = [each for each in mailbox.messages if not mailbox.folders[each.folder_id].is_hidden]
    if query.search:
        return _search(graph, call, query, found)
    require_sortable(query)
    found = sort([message for message in found if passes(query, message)], query)
    return _page(graph, call, query, found)


def sort(found: list[StoredMessage], query: Query) -> list[StoredMessage]:
    """As asked, else newest received first; of equals the one stored last comes first."""
    found = found[::-1]
    found.sort(key=lambda message: message.received, reverse=True)
    for path, is_descending in reversed(query.order):
        found.sort(key=lambda message: _sort_key(filterable(message), path), reverse=is_descending)
    return found


def count_messages(graph: "GraphStandin", call: Call) -> Answer:
    """`$count`: the number as text."""
    query = read_message_query(graph, call)
    found = [each for each in call.mailbox.messages if passes(query, each)]
    if "folder" in call.keys:
        folder_id = call.mailbox.folder(call.keys["folder"]).id
        found = [each for each in found if each.folder_id == folder_id]
    return Answer(200, str(len(found)).encode(), content_type="text/plain")


def get_message(graph: "GraphStandin", call: Call) -> Answer:
    """One message."""
    query = read_message_query(graph, call)
    message = _found(call)
    body = {"@odata.context": _context(call, query, "/$entity")}
    return Answer(
        200, body | render_message(call, query, message, overhead=graph.attachment_overhead), MESSAGE
    )


def get_message_mime(graph: "GraphStandin", call: Call) -> Answer:
    """`$value`: the message as it arrived, or as it would leave."""
    message = _found(call)
    return Answer(200, message.raw or compose(message, graph.now()), content_type="text/plain")


def create_message(graph: "GraphStandin", call: Call) -> Answer:
    """A draft, from JSON or from MIME in base64 (Content-Type text/plain)."""
    folder = call.keys.get("folder", "drafts")
    if call.headers.get("Content-Type", "").startswith("text/plain"):
        letter = read_letter(read_mime(call.body))
        values = values_of_letter(letter, received_at=graph.now(), now=graph.now())
        values |= {"isDraft": True, "isRead": True, "internetMessageHeaders": None}
        message = call.mailbox.add(
            values,
            folder,
            seeds=[letter.internet_message_id, *letter.references, letter.in_reply_to],
            extended=extended_of_letter(letter),
            attachments=letter.attachments,
            raw=letter.raw,
        )
    else:
        message = create_draft(graph, call, call.json(), folder)
    return _answer(graph, call, message, 201)


def create_draft(graph: "GraphStandin", call: Call, change: Json, folder: str) -> StoredMessage:
    """A draft from a message's JSON, attachments included, by the mailbox's user unless `from` says else."""
    check_change(graph, change, is_draft=True)
    author = recipient((call.user.name, call.user.address))
    message = call.mailbox.add(
        blank_values(graph.now()) | {"internetMessageId": change.get("internetMessageId")},
        folder,
        seeds=_threading(change),
        attachments=[new_attachment(graph.schema, each) for each in change.get("attachments") or []],
    )
    merge_json(message, {"from": author, "sender": author} | change)
    return message


def update_message(graph: "GraphStandin", call: Call) -> Answer:
    """Change a draft's words, or the marks of a message."""
    message, change = _found(call), call.json()
    check_change(graph, change, is_draft=bool(message.values["isDraft"]))
    expected = call.headers.get("If-Match", "*")
    if expected not in {"*", f'W/"{message.values["changeKey"]}"'}:
        raise GraphError(
            412, "ErrorIrresolvableConflict", "The send or update operation could not be performed."
        )
    call.mailbox.update(message, change)
    if set(change) - SETTABLE_ONCE_SENT:
        message.raw = None
    return _answer(graph, call, message, 200)


def delete_message(_graph: "GraphStandin", call: Call) -> Answer:
    """Into Deleted Items; from there into nothing."""
    message = _found(call)
    if message.folder_id == call.mailbox.folder("deleteditems").id:
        call.mailbox.delete(message)
    else:
        call.mailbox.move(message, "deleteditems")
    return Answer(204)


def move_message(graph: "GraphStandin", call: Call) -> Answer:
    """Move; the answer has the new id."""
    message = _found(call)
    call.mailbox.move(message, _destination(call))
    return _answer(graph, call, message, 201)


def copy_message(graph: "GraphStandin", call: Call) -> Answer:
    """Copy; the answer is the copy."""
    return _answer(graph, call, call.mailbox.copy(_found(call), _destination(call)), 201)


def check_change(graph: "GraphStandin", change: Json, *, is_draft: bool) -> None:
    """Raise the service's 400 for names, values or read-only properties."""
    graph.check_body(MESSAGE, change)
    allowed = (
        SETTABLE | {"attachments"} if is_draft else SETTABLE_ONCE_SENT | {"singleValueExtendedProperties"}
    )
    for name in change:
        if "@" not in name and name not in allowed:
            raise GraphError(
                400, "ErrorInvalidPropertySet", f"The property '{name}' is read-only and can't be set."
            )
    for header in change.get("internetMessageHeaders") or []:
        if not str(header.get("name", "")).lower().startswith("x-"):
            raise GraphError(
                400,
                "InvalidInternetMessageHeader",
                f"The internet message header name '{header.get('name')}' should start with 'x-' or 'X-'.",
            )
    for each in change.get("singleValueExtendedProperties") or []:
        if not each.get("id") or "value" not in each:
            raise bad_body("An extended property needs an id and a value.")


def _search(graph: "GraphStandin", call: Call, query: Query, found: list[StoredMessage]) -> Answer:
    for option, code in {"$filter": "SearchWithFilter", "$orderby": "SearchWithOrderBy"}.items():
        if option in query.raw:
            raise GraphError(400, code, f"The query parameter '{option}' is not supported with '$search'.")
    if query.skip:
        raise GraphError(
            400, "SearchWithSkip", "The query parameter '$skip' is not supported with '$search'."
        )
    if call.is_basic:
        raise access_denied()
    matching = read_search(query.search)(call.mailbox.index())
    indexed = (each for each in found if (graph.now() - each.stored_at).total_seconds() >= graph.index_lag)
    hits = [message for message in indexed if message in matching]
    hits.sort(key=lambda message: (message.values["sentDateTime"], message.received), reverse=True)
    hits = hits[:RESULTS]
    start = _read_skiptoken(query.raw.get("$skiptoken", ""))
    body = {
        "@odata.context": _context(call, query),
        "value": [_render(graph, call, query, each) for each in hits[start : start + query.top]],
    }
    if len(hits) > start + query.top:
        token = base64.urlsafe_b64encode(f"from:{start + query.top}".encode()).decode()
        body["@odata.nextLink"] = call.link(query.raw | {"$skiptoken": token})
    return Answer(200, body, MESSAGES)


def _read_skiptoken(token: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(token).removeprefix(b"from:") or b"0")
    except ValueError as error:
        raise bad_request("Skip token is not valid.") from error


def _page(graph: "GraphStandin", call: Call, query: Query, found: list[StoredMessage]) -> Answer:
    page = page_of(call, query, [{"at": at} for at in range(len(found))], "")
    page["@odata.context"] = _context(call, query)
    page["value"] = [_render(graph, call, query, found[each["at"]]) for each in page["value"]]
    return Answer(200, page, MESSAGES)


def _render(graph: "GraphStandin", call: Call, query: Query, message: StoredMessage) -> Json:
    return render_message(call, query, message, overhead=graph.attachment_overhead)


def _answer(graph: "GraphStandin", call: Call, message: StoredMessage, status: int) -> Answer:
    query = read_query(call, graph.schema, MESSAGE, top=1)
    body = {"@odata.context": _context(call, query, "/$entity")}
    return Answer(status, body | _render(graph, call, query, message), MESSAGE)


def _context(call: Call, query: Query, end: str = "") -> str:
    chosen = f"({','.join(query.select)})" if query.select else ""
    return f"{call.base_url}/$metadata#users('{call.user.id}')/messages{chosen}{end}"


def _found(call: Call) -> StoredMessage:
    message = call.mailbox.find(call.keys["message"])
    if "folder" in call.keys and call.mailbox.folder(call.keys["folder"]).id != message.folder_id:
        raise GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")
    return message


def _destination(call: Call) -> str:
    wanted = {name.lower(): value for name, value in call.json().items()}
    if not isinstance(wanted.get("destinationid"), str):
        raise bad_request("The value of 'DestinationId' is missing.")
    return str(wanted["destinationid"])


def _threading(change: Json) -> list[str]:
    """Message-IDs that a draft's extended properties (In-Reply-To, References) tie it to."""
    set_by_client = {
        normal_property_id(str(each.get("id"))): str(each.get("value"))
        for each in change.get("singleValueExtendedProperties") or []
    }
    references = set_by_client.get("String 0x1039", "").split()
    return [str(change.get("internetMessageId") or ""), *references, set_by_client.get("String 0x1042", "")]


def _sort_key(values: Json, path: str) -> tuple[bool, str]:
    found: object = values
    for name in path.split("/"):
        found = found.get(name) if isinstance(found, dict) else None
    return found is not None, str(found if found is not None else "").lower()
