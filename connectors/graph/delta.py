"""What has changed in a mailbox since the last look, by delta queries of the folders that get new mail."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connectors.graph.batches import ask_all
from connectors.graph.calls import IMMUTABLE_IDS, Call, follow, get, path_of
from connectors.graph.client import GraphClient
from connectors.graph.instants import to_text
from connectors.graph.pace import Budget
from connectors.graph.rights import asker_of, owner_path
from insights.model import Mailbox

if TYPE_CHECKING:
    from msgraph.graph_service_client import GraphServiceClient

FOLDERS = ("inbox", "sentitems")
HEADERS = {"Prefer": f"{IMMUTABLE_IDS}, odata.maxpagesize=200"}
GONE = 410


async def look(
    graph: GraphClient, mailbox: Mailbox, links: str, since: datetime, budget: Budget
) -> tuple[str, bool]:
    """(Where the next look begins, as text to be kept, whether anything came or went); "" begins at `since`.

    A link that has run out (410) is begun anew, and counts as a change: what was in between is not told.
    """
    sdk, known = await graph.sdk(), _read_links(links)
    calls = {
        name: _go_on(sdk, mailbox, name, known[name]) if name in known else _begin(sdk, mailbox, name, since)
        for name in FOLDERS
    }
    next_links: dict[str, str] = {}
    has_changed = False
    while calls:
        answers = await ask_all(graph, asker_of(mailbox), list(calls.values()), budget)
        waiting: dict[str, Call] = {}
        for name, answer in zip(calls, answers, strict=True):
            if answer.status == GONE and name in known:
                has_changed = True
                del known[name]
                waiting[name] = _begin(sdk, mailbox, name, since)
            elif link := answer.require_ok().next_link:
                waiting[name] = follow(link, HEADERS)
            else:
                # Its path would name the mailbox; that is not kept.
                next_links[name] = urlsplit(str(answer.json.get("@odata.deltaLink") or "")).query
            # What the first look finds was there before: nobody has missed it.
            has_changed |= bool(answer.values) and name in known
        calls = waiting
    return json.dumps(next_links), has_changed


def _begin(sdk: "GraphServiceClient", mailbox: Mailbox, folder: str, since: datetime) -> Call:
    """The first look at a folder: only what arrives from then on, not all it has ever held."""
    filter_ = f"receivedDateTime ge {to_text(since)}"
    call = get(_builder(sdk, mailbox, folder), select=("id",), filter=filter_)
    return Call(call.method, call.url, HEADERS)


def _go_on(sdk: "GraphServiceClient", mailbox: Mailbox, folder: str, query: str) -> Call:
    return Call("GET", f"{path_of(_builder(sdk, mailbox, folder))}?{query}", HEADERS)


def _builder(sdk: "GraphServiceClient", mailbox: Mailbox, folder: str) -> Any:
    return sdk.users.by_user_id(owner_path(mailbox)).mail_folders.by_mail_folder_id(folder).messages.delta


def _read_links(links: str) -> dict[str, str]:
    found = json.loads(links) if links else {}
    return {name: link for name, link in found.items() if link}
