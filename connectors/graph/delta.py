"""What has changed in a mailbox since the last look: deltas of two folders, and what came into the others.

Deltas exist folder by folder. Rules move new mail anywhere, so the newest messages of the whole mailbox are
looked at beside them, in the same round trip.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from connectors.graph.answers import Answer
from connectors.graph.batches import ask_all
from connectors.graph.calls import IMMUTABLE_IDS, Call, get, path_of
from connectors.graph.client import GraphClient
from connectors.graph.instants import read_instant, to_text
from connectors.graph.pace import Budget
from connectors.graph.rights import asker_of, owner_path
from insights.model import Mailbox

if TYPE_CHECKING:
    from msgraph.graph_service_client import GraphServiceClient

FOLDERS = ("inbox", "sentitems")
ANYWHERE = "anywhere"
HEADERS = {"Prefer": f"{IMMUTABLE_IDS}, odata.maxpagesize=200"}
GONE = 410
OVERLAP = timedelta(minutes=10)
"""How much later than it was received a message may appear, or Graph's clock differ from ours."""
NEWEST = 200


@dataclass
class Seen:
    """How far a mailbox was looked at, as `subscriptions.delta_link` keeps it: no id, address or word."""

    links: dict[str, str] = field(default_factory=dict)
    """Queries with which each folder's delta goes on."""
    looked_at: datetime | None = None
    newest: Sequence[str] = ()
    """Digests of what had been received shortly before."""

    @classmethod
    def read(cls, text: str) -> "Seen":
        """From its text, "" before the first look."""
        found = json.loads(text) if text else {}
        anywhere = found.get(ANYWHERE) or {}
        links = {name: found[name] for name in FOLDERS if found.get(name)}
        return cls(links, read_instant(anywhere.get("looked_at")), anywhere.get("newest", ()))

    def write(self) -> str:
        """As text."""
        looked_at = to_text(self.looked_at) if self.looked_at else None
        return json.dumps({**self.links, ANYWHERE: {"looked_at": looked_at, "newest": list(self.newest)}})


async def look(
    graph: GraphClient, mailbox: Mailbox, known: str, since: datetime, now: datetime, budget: Budget
) -> tuple[str, bool]:
    """(Where the next look begins, as text to be kept, whether anything came or went); "" begins at `since`.

    A link that has run out (410) is begun anew, and counts as a change: what was in between is not told.
    """
    sdk, before, after = await graph.sdk(), Seen.read(known), Seen(looked_at=now)
    calls = {name: _go_on(sdk, mailbox, name, before, since) for name in FOLDERS}
    calls[ANYWHERE] = _newest(sdk, mailbox, (before.looked_at or now) - OVERLAP)
    has_changed = False
    while calls:
        answers = await ask_all(graph, asker_of(mailbox), list(calls.values()), budget)
        waiting: dict[str, Call] = {}
        for (name, call), answer in zip(calls.items(), answers, strict=True):
            if name == ANYWHERE:
                after.newest = _digests(answer.require_ok())
                has_changed |= before.looked_at is not None and not set(after.newest) <= set(before.newest)
                continue
            if answer.status == GONE and name in before.links:
                has_changed = True
                del before.links[name]
                waiting[name] = _go_on(sdk, mailbox, name, before, since)
            elif more := answer.require_ok().next_page(call):
                waiting[name] = more
            else:
                # Its path would name the mailbox; that is not kept.
                after.links[name] = answer.delta_query
            # What the first look finds was there before: nobody has missed it.
            has_changed |= bool(answer.values) and name in before.links
        calls = waiting
    return after.write(), has_changed


def _go_on(sdk: "GraphServiceClient", mailbox: Mailbox, folder: str, seen: Seen, since: datetime) -> Call:
    """The next look at a folder; the first finds what arrives from then on, not all it has ever held."""
    builder = sdk.users.by_user_id(owner_path(mailbox)).mail_folders.by_mail_folder_id(folder).messages.delta
    if query := seen.links.get(folder):
        return Call("GET", f"{path_of(builder)}?{query}", HEADERS)
    call = get(builder, select=("id",), filter=f"receivedDateTime ge {to_text(since)}")
    return Call(call.method, call.url, HEADERS)


def _newest(sdk: "GraphServiceClient", mailbox: Mailbox, since: datetime) -> Call:
    """The newest messages of all folders."""
    return get(
        sdk.users.by_user_id(owner_path(mailbox)).messages,
        filter=f"receivedDateTime ge {to_text(since)}",
        orderby="receivedDateTime desc",
        select=("id", "isDraft"),
        top=NEWEST,
    )


def _digests(answer: Answer) -> list[str]:
    return [_digest(each) for each in answer.values if not each.get("isDraft")]


def _digest(message: Any) -> str:
    return blake2b(str(message.get("id")).encode(), digest_size=8).hexdigest()
