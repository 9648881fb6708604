"""Sending: what leaves as MIME, the copy in Sent Items, delivery into the mailboxes that are known here."""

import base64
import binascii
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING

from tests.standins.graph.attachment import Attachment
from tests.standins.graph.errors import GraphError, bad_body
from tests.standins.graph.message import SENSITIVITY, StoredMessage
from tests.standins.graph.mime import read_letter
from tests.standins.graph.schema import Schema, SchemaViolation
from tests.standins.graph.times import to_text
from tests.standins.graph.wire import Answer, Call, Json

if TYPE_CHECKING:
    from tests.standins.graph.server import GraphStandin

RECIPIENTS = {"To": "toRecipients", "Cc": "ccRecipients", "Bcc": "bccRecipients"}
SMALL_FILE = 3 * 1024 * 1024
HEADERS_OF = {"String 0x1042": "In-Reply-To", "String 0x1039": "References"}
SENSITIVITY_WORDS = {"1": "Personal", "2": "Private", "3": "Company-Confidential"}


def send_mail(graph: "GraphStandin", call: Call) -> Answer:
    """`sendMail`, from JSON or from MIME in base64; 202 once it is accepted."""
    from tests.standins.graph.messages import create_draft, create_message

    if call.headers.get("Content-Type", "").startswith("text/plain"):
        create_message(graph, call)
        message, keeps_copy = call.mailbox.messages[-1], True
    else:
        given = {name.lower(): value for name, value in call.json().items()}
        unknown = set(given) - {"message", "savetosentitems"}
        if unknown or not isinstance(given.get("message"), dict):
            raise GraphError(
                400, "ErrorInvalidRequest", "The Message property is missing, or others are unknown."
            )
        message = create_draft(graph, call, given["message"], "drafts")
        keeps_copy = given.get("savetosentitems", True) is not False
    try:
        _send(graph, call, message)
    except GraphError:
        call.mailbox.delete(message)
        raise
    if not keeps_copy:
        call.mailbox.delete(message)
    return Answer(202)


def send_draft(graph: "GraphStandin", call: Call) -> Answer:
    """Send a draft; its copy in Sent Items has the draft's immutable id."""
    message = call.mailbox.find(call.keys["message"])
    if not message.values["isDraft"]:
        raise GraphError(400, "ErrorInvalidOperation", "Only a draft can be sent.")
    _send(graph, call, message)
    return Answer(202)


def compose(message: StoredMessage, now: datetime) -> bytes:
    """The MIME of a message that was written here."""
    values, mail = message.values, EmailMessage()
    mail["Message-ID"] = values["internetMessageId"]
    mail["Date"] = format_datetime(now)
    mail["Subject"] = " ".join(str(values["subject"] or "").split())
    for header, name in {"From": "from", "Sender": "sender"}.items():
        if values[name] and (header == "From" or values["sender"] != values["from"]):
            mail[header] = _address(values[name])
    for header, name in {**RECIPIENTS, "Reply-To": "replyTo"}.items():
        if values[name]:
            mail[header] = ", ".join(map(_address, values[name]))
    for each in values["internetMessageHeaders"] or []:
        mail[each["name"]] = each["value"]
    for property_id, header in HEADERS_OF.items():
        if property_id in message.extended:
            mail[header] = message.extended[property_id]
    if message.extended.get(SENSITIVITY) in SENSITIVITY_WORDS:
        mail["Sensitivity"] = SENSITIVITY_WORDS[message.extended[SENSITIVITY]]
    _fill(mail, message)
    return mail.as_bytes()


def read_mime(body: bytes) -> bytes:
    """The MIME in a request's base64; raises the service's 400."""
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise GraphError(
            400, "ErrorMimeContentInvalidBase64String", "Invalid base64 string for MIME content."
        ) from error


def new_attachment(schema: Schema, given: Json) -> Attachment:
    """An attachment from a client's JSON; raises the service's 400s, and 413 from 3 MB on."""
    kind = str(given.get("@odata.type", "")).removeprefix("#").removeprefix("microsoft.graph.")
    if kind not in {"fileAttachment", "itemAttachment", "referenceAttachment"}:
        raise bad_body(
            "A type of attachment is missing: '@odata.type' must be '#microsoft.graph.fileAttachment'."
        )
    try:
        schema.check(kind, given)
    except SchemaViolation as error:
        raise bad_body(str(error)) from error
    if not given.get("name"):
        raise GraphError(400, "ErrorInvalidPropertySet", "The attachment needs a name.")
    content = base64.b64decode(given.get("contentBytes") or "")
    if len(content) > SMALL_FILE:
        raise GraphError(
            413, "RequestEntityTooLarge", "The request body is too large; use an upload session."
        )
    return Attachment(
        name=given["name"],
        content_type=given.get("contentType") or "application/octet-stream",
        content=content,
        kind=kind,
        is_inline=bool(given.get("isInline")),
        content_id=given.get("contentId"),
    )


def _send(graph: "GraphStandin", call: Call, message: StoredMessage) -> None:
    people = [each["emailAddress"] for name in RECIPIENTS.values() for each in message.values[name]]
    addresses = list(dict.fromkeys(str(each.get("address") or "").lower() for each in people))
    if not addresses or any("@" not in address for address in addresses):
        reason = (
            "isn't valid."
            if addresses
            else "isn't valid., A message can't be sent because it contains no recipients."
        )
        raise GraphError(400, "ErrorInvalidRecipients", f"At least one recipient {reason}")
    _require_sender(graph, call, message)
    now = graph.now()
    raw = message.raw or compose(message, now)
    mail = read_letter(raw)
    message.values |= {"isDraft": False, "sentDateTime": to_text(now), "receivedDateTime": to_text(now)}
    message.raw = raw
    call.mailbox.move(message, "sentitems")
    graph.sent.append((call.user.address, addresses, raw))
    delivered = without_bcc(raw) if mail.bcc else raw
    for address in addresses:
        user = graph.directory.find(address)
        if user and user.mailbox:
            graph.deliver(user.id, delivered)


def _require_sender(graph: "GraphStandin", call: Call, message: StoredMessage) -> None:
    """Who is named in `from` must be the mailbox's user or somebody who shared a mailbox with the asker."""
    address = str(((message.values["from"] or {}).get("emailAddress") or {}).get("address") or "").lower()
    other = graph.directory.find(address) if address else call.user
    if other is call.user:
        return
    if other is None or not other.mailbox or call.user.id not in other.mailbox.delegates:
        raise GraphError(
            403,
            "ErrorSendAsDenied",
            "The user account which was used to submit this request does not have the right to send mail "
            "on behalf of the specified sending account., Cannot submit message.",
        )


def without_bcc(raw: bytes) -> bytes:
    """The message without Bcc headers, otherwise byte for byte."""
    end = b"\r\n\r\n" if b"\r\n\r\n" in raw else b"\n\n"
    head, separator, body = raw.partition(end)
    kept, is_bcc = [], False
    for line in head.splitlines(keepends=True):
        if not line.startswith((b" ", b"\t")):
            is_bcc = line.lower().startswith(b"bcc:")
        kept += [] if is_bcc else [line]
    return b"".join(kept).rstrip(b"\r\n") + separator + body


def _address(given: Json) -> str:
    """A recipient as a header has it; quoted so that any name is one."""
    email = given.get("emailAddress") or {}
    name, address = str(email.get("name") or ""), str(email.get("address") or "")
    quoted = name.replace("\\", "").replace('"', "").replace("\n", " ").replace("\r", " ")
    return f'"{quoted}" <{address}>' if quoted and quoted != address else address


def _fill(mail: EmailMessage, message: StoredMessage) -> None:
    body = message.values["body"]
    subtype = "html" if str(body.get("contentType")).lower() == "html" else "plain"
    mail.set_content(str(body.get("content") or ""), subtype=subtype)
    for attachment in message.attachments:
        main, _, sub = attachment.content_type.partition("/")
        if attachment.kind == "fileAttachment":
            mail.add_attachment(
                attachment.content,
                maintype=main or "application",
                subtype=sub or "octet-stream",
                filename=attachment.name,
                disposition="inline" if attachment.is_inline else "attachment",
                cid=f"<{attachment.content_id}>" if attachment.content_id else None,
            )
