"""Sending through Graph: at once as JSON or MIME, or as a draft that grows before it goes.

The sender's own copy lies in Sent Items, and a draft keeps its id when it is sent. Nothing that may
have been done is done again: after a broken connection the caller is told, not the recipient twice.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.graph.answers import Answer
from connectors.graph.calls import IMMUTABLE_IDS, Call, path_of, send
from connectors.graph.client import GraphClient
from connectors.graph.pace import LONG_BUDGET_SECONDS, AskAgain, Budget
from connectors.graph.problems import no_email
from connectors.graph.rights import asker_of, owner_path
from insights.errors import Unavailable
from insights.model import Mailbox

SMALL = 3 * 1024 * 1024
"""Larger files go up in pieces."""
PIECE = 12 * 320 * 1024
"""Bytes of a piece; Graph wants multiples of 320 KiB."""
UPLOAD_SECONDS = 600.0
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """A message to be sent; `headers` are internet headers, whose names begin with X-."""

    subject: str
    html: str
    to: Sequence[str]
    cc: Sequence[str] = ()
    bcc: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> Json:
        """The message as Graph takes it."""
        message: Json = {
            "subject": self.subject,
            "body": {"contentType": "html", "content": self.html},
            "toRecipients": _recipients(self.to),
            "ccRecipients": _recipients(self.cc),
            "bccRecipients": _recipients(self.bcc),
        }
        headers = [{"name": name, "value": value} for name, value in self.headers.items()]
        return message | ({"internetMessageHeaders": headers} if headers else {})


class GraphSender:
    """Sends from mailboxes in the right of their reader."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    async def send(self, mailbox: Mailbox, mail: OutgoingMail, *, keep_copy: bool = True) -> None:
        """Send a message at once; raises Unavailable where nobody knows whether it went."""
        body = {"message": mail.to_json(), "saveToSentItems": keep_copy}
        await self._ask(mailbox, send("POST", f"{await self._root(mailbox)}/sendMail", body))

    async def send_mime(self, mailbox: Mailbox, mime: bytes) -> None:
        """Send a message as it is; who gets it follows from its headers."""
        call = Call(
            "POST",
            f"{await self._root(mailbox)}/sendMail",
            {"Content-Type": "text/plain"},
            base64.b64encode(mime),
            is_repeatable=False,
        )
        await self._ask(mailbox, call)

    async def create_draft(self, mailbox: Mailbox, mail: OutgoingMail) -> str:
        """Put a message into Drafts; its id, which stays the same once it is sent."""
        call = send("POST", f"{await self._root(mailbox)}/messages", mail.to_json())
        return str((await self._ask(mailbox, call)).json.get("id") or "")

    async def update_draft(self, mailbox: Mailbox, draft_id: str, mail: OutgoingMail) -> None:
        """Give a draft other words or recipients; its headers are those it was made with."""
        change = mail.to_json()
        change.pop("internetMessageHeaders", None)
        await self._ask(mailbox, send("PATCH", await self._draft(mailbox, draft_id), change))

    async def attach(
        self, mailbox: Mailbox, draft_id: str, name: str, content_type: str, content: bytes
    ) -> None:
        """Add a file of any size to a draft."""
        path = f"{await self._draft(mailbox, draft_id)}/attachments"
        if len(content) > SMALL:
            await self._upload(mailbox, path, name, content_type, content)
            return
        body = {
            "@odata.type": "#microsoft.graph.fileAttachment",
            "name": name,
            "contentType": content_type,
            "contentBytes": base64.b64encode(content).decode(),
        }
        await self._ask(mailbox, send("POST", path, body))

    async def send_draft(self, mailbox: Mailbox, draft_id: str) -> None:
        """Send a draft; raises NotFound, Unavailable where nobody knows whether it went."""
        await self._ask(mailbox, send("POST", f"{await self._draft(mailbox, draft_id)}/send"))

    async def delete_draft(self, mailbox: Mailbox, draft_id: str) -> None:
        """Drop a draft; one that is gone is no error."""
        call = send("DELETE", await self._draft(mailbox, draft_id))
        answer = await self._graph.ask(asker_of(mailbox), call, Budget(LONG_BUDGET_SECONDS))
        if not answer.is_gone:
            answer.require_ok()

    async def _upload(
        self, mailbox: Mailbox, path: str, name: str, content_type: str, content: bytes
    ) -> None:
        """Piece after piece; where one fails Graph says from which byte to go on."""
        item = {"attachmentType": "file", "name": name, "size": len(content), "contentType": content_type}
        call = send("POST", f"{path}/createUploadSession", {"AttachmentItem": item})
        address = self._graph.outside(str((await self._ask(mailbox, call)).json.get("uploadUrl")))
        budget, at = Budget(UPLOAD_SECONDS), 0
        while at < len(content):
            piece = content[at : at + PIECE]
            span = f"bytes {at}-{at + len(piece) - 1}/{len(content)}"
            call = Call("PUT", address, _piece_headers(span), piece)
            answer = await self._put(call, address, budget)
            if answer.status == 404 and await self._holds(mailbox, path, name):
                return  # it was whole, and only the last answer got lost
            at = _next_byte(answer.require_ok(), len(content))

    async def _put(self, call: Call, address: str, budget: Budget) -> Answer:
        """What Graph says after a piece, or of the whole upload where that answer got lost.

        The address itself is the right to upload: no token goes with it.
        """
        state = Call("GET", address)
        async for attempt in self._graph.pace.tries(address, budget):
            with attempt:
                try:
                    answer = (await self._graph.send(call, budget)).require_final()
                except AskAgain as again:
                    if again.is_throttled:
                        raise
                    return (await self._graph.send(state, budget)).require_final()
                if answer.status == 416:  # the piece is there already
                    return (await self._graph.send(state, budget)).require_final()
                return answer
        raise AssertionError("the attempts end with an answer or a Problem")

    async def _holds(self, mailbox: Mailbox, path: str, name: str) -> bool:
        """Whether the draft has a file of that name."""
        answer = await self._ask(mailbox, Call("GET", f"{path}?$select=name", {"Prefer": IMMUTABLE_IDS}))
        return any(each.get("name") == name for each in answer.values)

    async def _ask(self, mailbox: Mailbox, call: Call) -> Answer:
        answer = await self._graph.ask(asker_of(mailbox), call, Budget(LONG_BUDGET_SECONDS))
        if answer.is_gone:
            raise no_email()
        return answer.require_ok()

    async def _root(self, mailbox: Mailbox) -> str:
        return path_of((await self._graph.sdk()).users.by_user_id(owner_path(mailbox)))

    async def _draft(self, mailbox: Mailbox, draft_id: str) -> str:
        sdk = await self._graph.sdk()
        return path_of(sdk.users.by_user_id(owner_path(mailbox)).messages.by_message_id(draft_id))


def _recipients(addresses: Sequence[str]) -> list[Json]:
    return [{"emailAddress": {"address": address}} for address in addresses]


def _piece_headers(span: str) -> dict[str, str]:
    return {"Content-Type": "application/octet-stream", "Content-Range": span}


def _next_byte(answer: Answer, size: int) -> int:
    """The first byte that Graph has not got; all of them once the file is made."""
    if answer.status == 201:
        return size
    ranges = answer.json.get("nextExpectedRanges") or answer.json.get("NextExpectedRanges") or []
    first = str(ranges[0] if ranges else "").partition("-")[0]
    if not first.isdigit():
        raise Unavailable("upload_failed")
    return int(first)
