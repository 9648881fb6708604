"""`/mailFolders/delta`: all folders in one list, however deep they lie, then what changed since a token."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import uuid4

from tests.standins.graph.errors import GraphError, invalid_query, sync_state_not_found
from tests.standins.graph.folders import Folder
from tests.standins.graph.query import Query, read_query, selected
from tests.standins.graph.rendering import render_folder
from tests.standins.graph.wire import Answer, Call, Json

if TYPE_CHECKING:
    from tests.standins.graph.server import GraphStandin

FOLDER = "mailFolder"
KIND = {"@odata.type": "#microsoft.graph.mailFolder"}
PAGE = 10


@dataclass(frozen=True)
class FolderDeltaState:
    """What a token stands for: the first call's options, how far was told, what is left of a round."""

    mailbox_id: str
    generation: int
    query: Query
    told: int = 0
    rest: tuple[Folder, ...] = ()
    until: int = 0


def list_folder_changes(graph: "GraphStandin", call: Call) -> Answer:
    """The next page of folders; neither the root nor hidden ones are among them."""
    mailbox = call.mailbox
    skip, delta = call.query.get("$skiptoken"), call.query.get("$deltatoken")
    if skip or delta:
        found = graph.folder_deltas.get(str(skip or delta))
        if found is None or found.mailbox_id != mailbox.id:
            raise GraphError(400, "SyncStateInvalid", "The sync state is invalid.")
        if found.generation != mailbox.generation:
            raise sync_state_not_found()
        state = found
    else:
        query = read_query(call, graph.schema, FOLDER, top=PAGE)
        if query.filter or query.order or query.search or query.skip:
            raise invalid_query("Change tracking of folders supports only $select, $top and $expand.")
        state = FolderDeltaState(mailbox.id, mailbox.generation, query)
    if not skip:
        changed = [
            each
            for each in mailbox.folders.values()
            if each.change > state.told and not each.is_hidden and each.name != "msgfolderroot"
        ]
        state = replace(state, rest=tuple(changed), until=mailbox.folder_change)
    return _page(graph, call, state)


def _page(graph: "GraphStandin", call: Call, state: FolderDeltaState) -> Answer:
    asked = call.preferences.get("odata.maxpagesize", "")
    size = int(asked) if asked.isdecimal() and int(asked) else state.query.top
    page, rest = state.rest[:size], state.rest[size:]
    body: Json = {
        "@odata.context": f"{call.base_url}/$metadata#Collection(mailFolder)",
        "value": [KIND | selected(render_folder(call.mailbox, each), state.query.select) for each in page],
    }
    token = uuid4().hex
    if rest:
        graph.folder_deltas[token] = replace(state, rest=rest)
        body["@odata.nextLink"] = call.link({"$skiptoken": token})
    else:
        graph.folder_deltas[token] = replace(state, rest=(), told=state.until)
        body["@odata.deltaLink"] = call.link({"$deltatoken": token})
    return Answer(200, body, f"Collection({FOLDER})")
