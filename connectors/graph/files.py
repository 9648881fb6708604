"""The files of a message with their bytes; large ones in pieces."""

from connectors.graph import requests
from connectors.graph.answers import Answer
from connectors.graph.batches import ask_all
from connectors.graph.calls import IMMUTABLE_IDS, Call, path_of
from connectors.graph.client import GraphClient
from connectors.graph.messages import read_files
from connectors.graph.pace import Budget
from connectors.graph.problems import no_attachment, no_email, no_mailbox, too_long
from connectors.graph.rights import asker_of, is_own, owner_path
from insights.errors import Conflict
from insights.model import Attachment, AttachmentContent, Mailbox

SECONDS = 300.0
"""What one file or message may take."""
MOST_BYTES = 200 * 1024 * 1024
"""Exchange Online takes messages of 150 MB, which are a third longer as they travel."""
PIECE = 3 * 1024 * 1024
"""Bytes that are asked for at a time; anything larger comes in ranges."""


class FileReader:
    """Attachments and whole messages as bytes."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    async def attachment(self, mailbox: Mailbox, message_id: str, attachment_id: str) -> AttachmentContent:
        """A file by our id for it; raises NotFound, Conflict for a link to a file that lies elsewhere."""
        budget, sdk = Budget(SECONDS), await self._graph.sdk()
        call = requests.attachments(sdk, owner_path(mailbox), message_id)
        [answer] = await ask_all(self._graph, asker_of(mailbox), [call], budget)
        _require_message(mailbox, answer)
        files = zip(read_files(answer.values), answer.values, strict=True)
        file, found = next((each for each in files if each[0].id == attachment_id), (None, None))
        if file is None or found is None:
            raise no_attachment()
        if str(found.get("@odata.type")).endswith("referenceAttachment"):
            raise _lies_elsewhere()
        owner = sdk.users.by_user_id(owner_path(mailbox))
        builder = owner.messages.by_message_id(message_id).attachments.by_attachment_id(str(found["id"]))
        content = await self._value(mailbox, f"{path_of(builder)}/$value", file, budget)
        return AttachmentContent(file, content)

    async def source(self, mailbox: Mailbox, message_id: str) -> bytes:
        """The whole message as MIME; raises NotFound."""
        sdk = await self._graph.sdk()
        builder = sdk.users.by_user_id(owner_path(mailbox)).messages.by_message_id(message_id).content
        call = Call("GET", path_of(builder), {"Prefer": IMMUTABLE_IDS}, most_bytes=MOST_BYTES)
        answer = await self._graph.ask(asker_of(mailbox), call, Budget(SECONDS))
        _require_message(mailbox, answer)
        return answer.content

    async def _value(self, mailbox: Mailbox, path: str, file: Attachment, budget: Budget) -> bytes:
        """The bytes behind an address; a server that knows no ranges sends all at once, which is as good."""
        headers, content = {"Prefer": IMMUTABLE_IDS}, bytearray()
        while True:
            is_large = file.size > PIECE
            span = {"Range": f"bytes={len(content)}-{len(content) + PIECE - 1}"} if is_large else {}
            call = Call("GET", path, headers | span, most_bytes=MOST_BYTES)
            answer = await self._graph.ask(asker_of(mailbox), call, budget)
            if answer.status == 416:  # the size told counts more than the bytes
                return bytes(content)
            if answer.is_gone:
                raise no_attachment()
            answer.require_ok()
            if answer.status != 206:
                return answer.content
            content += answer.content
            if len(content) > MOST_BYTES:
                raise too_long()
            if len(answer.content) < PIECE or len(content) >= _whole_size(answer):
                return bytes(content)


def _require_message(mailbox: Mailbox, answer: Answer) -> None:
    if not is_own(mailbox) and answer.status in {403, 404} and not answer.is_gone:
        raise no_mailbox()
    if answer.is_gone or answer.lacks_mailbox:
        raise no_email()
    answer.require_ok()


def _whole_size(answer: Answer) -> int:
    """The size that `Content-Range: bytes 0-99/1000` tells; without one the answer is the last."""
    size = answer.headers.get("content-range", "").rpartition("/")[2]
    return int(size) if size.isdigit() else 0


def _lies_elsewhere() -> Conflict:
    return Conflict("linked_file")
