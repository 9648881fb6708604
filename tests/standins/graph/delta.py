"""`/mailFolders/{id}/messages/delta`: what changed in a folder since a token."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import uuid4

from tests.standins.graph.errors import GraphError, bad_request, invalid_query, sync_state_not_found
from tests.standins.graph.mailbox import Mailbox
from tests.standins.graph.message import StoredMessage
from tests.standins.graph.messages import read_message_query
from tests.standins.graph.query import Query
from tests.standins.graph.rendering import passes, render_message
from tests.standins.graph.wire import Answer, Call, Json

if TYPE_CHECKING:
    from tests.standins.graph.server import GraphStandin

FLAGS, ALWAYS = frozenset({"isRead", "flag"}), frozenset({"id", "parentFolderId"})
FILTER_PATHS = ["receivedDateTime"]
CHANGE_TYPES = frozenset({"", "created", "updated", "deleted"})


@dataclass(frozen=True)
class DeltaState:
    """What a token stands for: the first call's options, how far was told, what is left of a round."""

    mailbox_id: str
    folder_id: str
    generation: int
    query: Query
    change_type: str
    told: int = 0
    rest: tuple[StoredMessage, ...] = ()
    until: int = 0


def refuse_delta(_graph: "GraphStandin", _call: Call) -> Answer:
    """Messages have a delta only per folder, whatever the metadata says."""
    raise bad_request(
        "Unsupported request: Change tracking is not supported against 'microsoft.graph.message'."
    )


def list_changes(graph: "GraphStandin", call: Call) -> Answer:
    """The next page of changes: a first round tells the whole folder, a later one what changed since."""
    mailbox, folder = call.mailbox, call.mailbox.folder(call.keys["folder"])
    skip, delta = call.query.get("$skiptoken"), call.query.get("$deltatoken")
    if skip or delta:
        state = graph.deltas.get(str(skip or delta))
        if state is None or (state.mailbox_id, state.folder_id) != (mailbox.id, folder.id):
            raise GraphError(400, "SyncStateInvalid", "The sync state is invalid.")
        if state.generation != mailbox.generation:
            raise sync_state_not_found()
        if delta:
            state = _begin(state, mailbox)
    else:
        state = _begin(_first_state(graph, call, mailbox, folder.id), mailbox)
    return _page(graph, call, state)


def _first_state(graph: "GraphStandin", call: Call, mailbox: Mailbox, folder_id: str) -> DeltaState:
    query = read_message_query(graph, call, top=10)
    if query.search or query.skip or query.count:
        raise invalid_query(
            "The following parameters are not supported with change tracking: '$search, $skip, $count'."
        )
    if query.filter and (
        query.filter.paths != FILTER_PATHS or " le " in query.filter.text or " lt " in query.filter.text
    ):
        raise invalid_query(
            "The '$filter' parameter value is not supported for 'Messages' resource; "
            "only a value of 'receivedDateTime ge value' is supported."
        )
    if query.order not in ([], [("receivedDateTime", True)]):
        raise invalid_query(
            "The '$orderby' parameter value is not supported; only 'receivedDateTime desc' is."
        )
    change_type = call.query.get("changeType", "")
    if change_type not in CHANGE_TYPES:
        raise invalid_query("The changeType must be created, updated or deleted.")
    return DeltaState(mailbox.id, folder_id, mailbox.generation, query, change_type)


def _begin(state: DeltaState, mailbox: Mailbox) -> DeltaState:
    """A round: everything up to now that this token has not told."""
    changed = [each for each in mailbox.changed_since(state.told) if _is_of_interest(state, each)]
    if state.told == 0:
        changed.sort(key=lambda each: each.received, reverse=True)
    return replace(state, rest=tuple(changed), until=mailbox.change)


def _is_of_interest(state: DeltaState, message: StoredMessage) -> bool:
    before = message.place_at(state.told)
    was_here = before is not None and before.folder_id == state.folder_id
    is_here = message.folder_id == state.folder_id
    if is_here and not passes(state.query, message):
        return False
    kind = "created" if is_here and not was_here else "updated" if is_here else "deleted"
    is_wanted = state.told == 0 or state.change_type in {"", kind}
    return (is_here or was_here) and is_wanted


def _page(graph: "GraphStandin", call: Call, state: DeltaState) -> Answer:
    asked = call.preferences.get("odata.maxpagesize", "")
    default = state.query.top if "$top" in state.query.raw else 10
    size = int(asked) if asked.isdecimal() and int(asked) else default
    page, rest = state.rest[:size], state.rest[size:]
    body: Json = {
        "@odata.context": f"{call.base_url}/$metadata#Collection(message)",
        "value": [_told(graph, call, state, message) for message in page],
    }
    token = uuid4().hex
    if rest:
        graph.deltas[token] = replace(state, rest=rest)
        body["@odata.nextLink"] = call.link({"$skiptoken": token})
    else:
        graph.deltas[token] = replace(state, rest=(), told=state.until)
        body["@odata.deltaLink"] = call.link({"$deltatoken": token})
    headers = {"Preference-Applied": f"odata.maxpagesize={size}"} if asked else {}
    return Answer(200, body, "Collection(message)", headers)


def _told(graph: "GraphStandin", call: Call, state: DeltaState, message: StoredMessage) -> Json:
    kind = {"@odata.type": "#microsoft.graph.message"}
    if message.folder_id == state.folder_id:
        told = kind | render_message(call, state.query, message, overhead=graph.attachment_overhead)
        names = message.updated_since(state.told) if state.told else None
        if names is not None and names <= FLAGS:  # of a message that was read the service tells little else
            told = {name: value for name, value in told.items() if "@" in name or name in names | ALWAYS}
        return told
    before = message.place_at(state.told)
    message_id = message.immutable_id if call.wants_immutable_ids or before is None else before.id
    return kind | {"id": message_id, "@removed": {"reason": "deleted"}}
