"""`/mailFolders`: the folders of a mailbox."""

from typing import TYPE_CHECKING

from tests.standins.graph.errors import GraphError, bad_request
from tests.standins.graph.folders import Folder
from tests.standins.graph.query import page_of, read_query, selected
from tests.standins.graph.rendering import render_folder
from tests.standins.graph.wire import Answer, Call

if TYPE_CHECKING:
    from tests.standins.graph.server import GraphStandin

FOLDER = "mailFolder"


def list_folders(graph: "GraphStandin", call: Call) -> Answer:
    """The folders below the root, or below one; hidden ones on request."""
    query = read_query(call, graph.schema, FOLDER, top=10)
    mailbox = call.mailbox
    parent_id = mailbox.folder(call.keys.get("folder", "msgfolderroot")).id
    with_hidden = {name.lower(): value for name, value in call.query.items()}.get(
        "includehiddenfolders"
    ) == "true"
    found = [
        each
        for each in mailbox.folders.values()
        if each.parent_id == parent_id and (with_hidden or not each.is_hidden)
    ]
    told = [render_folder(mailbox, each) for each in found]
    if query.filter:
        told = [each for each in told if query.filter.matches(each)]
    told = [selected(each, query.select) for each in told]
    return Answer(200, page_of(call, query, told, _context(call)), f"Collection({FOLDER})")


def get_folder(graph: "GraphStandin", call: Call) -> Answer:
    """One folder by id or well-known name, on request with those right inside it (ids and names)."""
    query = read_query(call, graph.schema, FOLDER, top=1)
    folder, mailbox = call.mailbox.folder(call.keys["folder"]), call.mailbox
    answer = _answer(call, folder, 200, query.select)
    if "childFolders" in query.expand and isinstance(answer.body, dict):
        inside = [each for each in mailbox.folders.values() if each.parent_id == folder.id]
        answer.body["childFolders"] = [render_folder(mailbox, each) for each in inside]
    return answer


def create_folder(graph: "GraphStandin", call: Call) -> Answer:
    """A new folder below the root, or below one."""
    given = call.json()
    graph.check_body(FOLDER, given)
    name = given.get("displayName")
    if not name:
        raise bad_request("The displayName of the folder is missing.")
    parent = call.mailbox.folder(call.keys.get("folder", "msgfolderroot"))
    if any(
        each.parent_id == parent.id and each.display_name == name for each in call.mailbox.folders.values()
    ):
        raise GraphError(
            409,
            "ErrorFolderExists",
            "A folder with the specified name already exists., Could not create folder.",
        )
    return _answer(call, call.mailbox.add_folder(name, parent.id), 201, [])


def _answer(call: Call, folder: Folder, status: int, select: list[str]) -> Answer:
    context = {"@odata.context": f"{call.base_url}/$metadata#{_context(call)}/$entity"}
    return Answer(status, context | selected(render_folder(call.mailbox, folder), select), FOLDER)


def _context(call: Call) -> str:
    return f"users('{call.user.id}')/mailFolders"
