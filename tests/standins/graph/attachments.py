"""`/attachments`: listing, reading with ranges, adding, and upload sessions for large files."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from tests.standins.graph.attachment import Attachment
from tests.standins.graph.errors import GraphError, bad_request, item_not_found
from tests.standins.graph.mailbox import Mailbox
from tests.standins.graph.message import StoredMessage, blank_values, values_of_letter
from tests.standins.graph.mime import read_letter
from tests.standins.graph.query import page_of, read_query, selected
from tests.standins.graph.sending import SMALL_FILE, new_attachment
from tests.standins.graph.times import to_text
from tests.standins.graph.wire import Answer, Call, Json

if TYPE_CHECKING:
    from tests.standins.graph.server import GraphStandin

LARGEST = 150 * 1024 * 1024
CHUNK = 4 * 1024 * 1024
RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")
CONTENT_RANGE = re.compile(r"^bytes (\d+)-(\d+)/(\d+)$")
LIFETIME = timedelta(hours=2)


@dataclass
class Upload:
    """An open upload session."""

    mailbox: Mailbox
    message: StoredMessage
    attachment: Attachment
    size: int
    expires_at: datetime
    location: str
    content: bytearray = field(default_factory=bytearray)


def list_attachments(graph: "GraphStandin", call: Call) -> Answer:
    """The files of a message; bytes only where `contentBytes` is not left out by `$select`."""
    message = call.mailbox.find(call.keys["message"])
    query = read_query(call, graph.schema, "attachment", top=1000)
    told = [selected(_told(graph, each), query.select) for each in message.attachments]
    if query.filter:
        told = [each for each in told if query.filter.matches(each)]
    context = f"users('{call.user.id}')/messages('{call.keys['message']}')/attachments"
    return Answer(200, page_of(call, query, told, context), "Collection(attachment)")


def get_attachment(graph: "GraphStandin", call: Call) -> Answer:
    """One file; `$expand=microsoft.graph.itemattachment/item` opens an attached message."""
    attachment = _found(call)
    query = read_query(call, graph.schema, "attachment", top=1)
    told = selected(_told(graph, attachment), query.select)
    if "item" in query.expand and attachment.kind == "itemAttachment":
        told["item"] = _item(attachment, graph.now())
    owner = f"users('{call.user.id}')/messages('{call.keys['message']}')"
    context = f"{call.base_url}/$metadata#{owner}/attachments/$entity"
    return Answer(200, {"@odata.context": context} | told, "attachment")


def get_attachment_content(_graph: "GraphStandin", call: Call) -> Answer:
    """`$value`: the bytes, or the part that `Range` asks for."""
    attachment = _found(call)
    if attachment.kind == "referenceAttachment":
        raise GraphError(405, "ErrorInvalidOperation", "The attachment has no content stream.")
    content, size = attachment.content, len(attachment.content)
    wanted = RANGE.match(call.headers.get("Range", "").strip())
    headers = {"Accept-Ranges": "bytes"}
    if wanted is None or wanted.groups() == ("", ""):
        return Answer(200, content, headers=headers, content_type=attachment.content_type)
    first, last = wanted.groups()
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last), size - 1) if first and last else size - 1
    if start >= size or end < start:
        raise GraphError(416, "InvalidRange", "Invalid range.", {"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {start}-{end}/{size}"
    return Answer(206, content[start : end + 1], headers=headers, content_type=attachment.content_type)


def add_attachment(graph: "GraphStandin", call: Call) -> Answer:
    """Add a file below 3 MB to a draft."""
    message = _draft(call)
    attachment = new_attachment(graph.schema, call.json())
    call.mailbox.attach(message, attachment)
    message.raw = None
    return Answer(201, _told(graph, attachment), "attachment")


def delete_attachment(_graph: "GraphStandin", call: Call) -> Answer:
    """Take a file away from a draft."""
    message = _draft(call)
    message.attachments.remove(_found(call))
    message.raw = None
    call.mailbox.update(message, {})
    return Answer(204)


def create_upload_session(graph: "GraphStandin", call: Call) -> Answer:
    """A session for a file from 3 to 150 MB; its URL needs no token."""
    message = _draft(call)
    given = {name.lower(): value for name, value in call.json().items()}.get("attachmentitem")
    if not isinstance(given, dict):
        raise bad_request("The AttachmentItem is missing.")
    graph.check_body("attachmentItem", given)
    size = given.get("size")
    if (
        not isinstance(size, int)
        or not given.get("name")
        or given.get("attachmentType", "").lower() != "file"
    ):
        raise GraphError(400, "ErrorInvalidRequest", "AttachmentItem needs attachmentType, name and size.")
    if size < SMALL_FILE:
        message_text = f"The attachment size {size} should not be less than the minimum size {SMALL_FILE}."
        raise GraphError(400, "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize", message_text)
    if size > LARGEST:
        raise GraphError(400, "ErrorAttachmentSizeLimitExceeded", "The attachment is larger than 150 MB.")
    attachment = Attachment(
        given["name"],
        given.get("contentType") or "application/octet-stream",
        b"",
        is_inline=bool(given.get("isInline")),
        content_id=given.get("contentId"),
    )
    session_id = uuid4().hex
    location = f"{call.base_url}/users('{call.user.id}')/messages('{call.keys['message']}')/attachments"
    upload = Upload(call.mailbox, message, attachment, size, graph.now() + LIFETIME, location)
    graph.uploads[session_id] = upload
    root = call.base_url.removesuffix("/v1.0")
    body = {
        "@odata.context": f"{call.base_url}/$metadata#microsoft.graph.uploadSession",
        "uploadUrl": f"{root}/upload/{session_id}?authtoken={uuid4().hex}",
        "expirationDateTime": to_text(upload.expires_at),
        "nextExpectedRanges": ["0-"],
    }
    return Answer(201, body, "uploadSession")


def continue_upload(
    graph: "GraphStandin", session_id: str, method: str, content_range: str, body: bytes
) -> Answer:
    """PUT of the next bytes: 200 and what is expected next, 201 with Location at the end; DELETE ends it."""
    upload = graph.uploads.get(session_id)
    if upload is None or graph.now() > upload.expires_at:
        raise item_not_found()
    if method == "DELETE":
        del graph.uploads[session_id]
        return Answer(204)
    if method == "GET":
        return Answer(200, _progress(upload), "uploadSession")
    given = CONTENT_RANGE.match(content_range)
    if given is None:
        raise GraphError(
            400, "InvalidContentRangeHeader", "The Content-Range header is missing or malformed."
        )
    start, end, total = map(int, given.groups())
    if total != upload.size or end - start + 1 != len(body) or len(body) > CHUNK:
        raise GraphError(400, "ErrorInvalidRequest", "Content-Range, length and size of the file do not fit.")
    if start != len(upload.content):
        raise GraphError(416, "InvalidRange", f"The next expected byte is {len(upload.content)}.")
    upload.content += body
    if len(upload.content) < upload.size:
        return Answer(200, _progress(upload), "uploadSession")
    upload.attachment.content = bytes(upload.content)
    upload.mailbox.attach(upload.message, upload.attachment)
    upload.message.raw = None
    del graph.uploads[session_id]
    return Answer(201, b"", headers={"Location": f"{upload.location}('{upload.attachment.id}')"})


def _progress(upload: Upload) -> Json:
    return {
        "expirationDateTime": to_text(upload.expires_at),
        "nextExpectedRanges": [str(len(upload.content))],
    }


def _told(graph: "GraphStandin", attachment: Attachment) -> Json:
    return attachment.to_json(overhead=graph.attachment_overhead)


def _found(call: Call) -> Attachment:
    message = call.mailbox.find(call.keys["message"])
    for attachment in message.attachments:
        if attachment.id == call.keys["attachment"]:
            return attachment
    raise item_not_found()


def _draft(call: Call) -> StoredMessage:
    message = call.mailbox.find(call.keys["message"])
    if not message.values["isDraft"]:
        raise GraphError(
            400, "ErrorInvalidOperation", "Attachments of a sent or received message can't be changed."
        )
    return message


def _item(attachment: Attachment, now: datetime) -> Json:
    letter = read_letter(attachment.content)
    values = blank_values(now) | values_of_letter(letter, received_at=letter.sent_at or now, now=now)
    return {"@odata.type": "#microsoft.graph.message", "id": ""} | values
