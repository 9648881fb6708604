"""The folders whose messages do not count, Deleted Items and Junk, by mailbox."""

import time
from collections.abc import Iterable, Sequence

from connectors.graph import requests
from connectors.graph.answers import Answer
from connectors.graph.calls import Call
from connectors.graph.client import GraphClient
from connectors.graph.rights import owner_path
from insights.mail.addresses import mailbox_key
from insights.model import Mailbox

FOLDERS_SECONDS = 3600.0


class Outside:
    """Their ids, asked for once an hour in the same round trip as something else."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph
        self._known: dict[str, tuple[float, frozenset[str]]] = {}

    async def calls(self, mailbox: Mailbox) -> list[Call]:
        """What has to be asked for before `read`; mostly nothing."""
        read_at, _ = self._known.get(mailbox_key(mailbox.address), (float("-inf"), None))
        if time.monotonic() - read_at < FOLDERS_SECONDS:
            return []
        sdk = await self._graph.sdk()
        return [requests.folder(sdk, owner_path(mailbox), each) for each in requests.OUTSIDE]

    def read(self, mailbox: Mailbox, answers: Sequence[Answer]) -> frozenset[str]:
        """Their ids, by the answers to `calls` where there were any."""
        key = mailbox_key(mailbox.address)
        if answers:
            ids = frozenset(each for answer in answers for each in _folder_ids(answer))
            self._known[key] = time.monotonic(), ids
        return self._known[key][1]


def _folder_ids(answer: Answer) -> Iterable[str]:
    """The folder's id and those of the folders inside; nothing where there is no such folder."""
    if not answer.is_ok:
        return []
    inside = answer.json.get("childFolders") or []
    return [str(each.get("id")) for each in (answer.json, *inside)]
