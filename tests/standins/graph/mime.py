"""A raw message as Exchange understands it when it arrives; any bytes are a message, however broken."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, utils
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message

from tests.standins.graph.attachment import Attachment

Person = tuple[str, str]
IDS = re.compile(r"<[^<>\s]+>")
SPLIT_WORDS = re.compile(r"(\?=)\s+(=\?)")
SENSITIVITIES = {"personal": 1, "private": 2, "company-confidential": 3}
IMPORTANCES = {
    "high": "high",
    "urgent": "high",
    "1": "high",
    "2": "high",
    "low": "low",
    "5": "low",
    "4": "low",
}
CLASSES = {
    "multipart/signed": "IPM.Note.SMIME.MultipartSigned",
    "application/pkcs7-mime": "IPM.Note.SMIME",
    "application/x-pkcs7-mime": "IPM.Note.SMIME",
    "multipart/report": "REPORT.IPM.Note.NDR",
}


@dataclass(slots=True)
class Letter:
    """What a raw message says; people are (name, address)."""

    raw: bytes
    headers: list[tuple[str, str]]
    subject: str
    authors: list[Person]
    sender: Person | None
    to: list[Person]
    cc: list[Person]
    bcc: list[Person]
    reply_to: list[Person]
    sent_at: datetime | None
    internet_message_id: str
    references: list[str]
    in_reply_to: str
    importance: str
    sensitivity: int
    message_class: str
    html: str | None = None
    text: str | None = None
    attachments: list[Attachment] = field(default_factory=list)

    def header(self, name: str) -> str:
        """The first header of that name as it is written, unfolded; "" if there is none."""
        return next((value for known, value in self.headers if known.lower() == name.lower()), "")


def read_letter(raw: bytes) -> Letter:
    """Everything that Exchange would keep of a raw message."""
    message = message_from_bytes(raw)
    headers = [(name, unfold(str(value))) for name, value in message.raw_items()]
    first = {name.lower(): value for name, value in reversed(headers)}

    def people(name: str) -> list[Person]:
        return read_people([value for known, value in headers if known.lower() == name])

    letter = Letter(
        raw=raw,
        headers=headers,
        subject=decode(first.get("subject", "")),
        authors=people("from"),
        sender=next(iter(people("sender")), None),
        to=people("to"),
        cc=people("cc"),
        bcc=people("bcc"),
        reply_to=people("reply-to"),
        sent_at=read_date(first.get("date", "")),
        internet_message_id=first.get("message-id", "").strip(),
        references=IDS.findall(first.get("references", "")),
        in_reply_to=next(iter(IDS.findall(first.get("in-reply-to", ""))), ""),
        importance=_importance(first),
        sensitivity=SENSITIVITIES.get(first.get("sensitivity", "").strip().lower(), 0),
        message_class=CLASSES.get(message.get_content_type(), "IPM.Note"),
    )
    _take_parts(message, letter, is_root=True)
    return letter


def unfold(value: str) -> str:
    """A header's value in one line; bytes that are no ASCII are read as UTF-8, else as Latin-1."""
    value = re.sub(r"\r?\n(?=[ \t])|[\r\n]", "", value).strip()
    if value.isascii():
        return value
    raw = value.encode("utf-8", "surrogateescape")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def decode(value: str) -> str:
    """A header's value with its encoded words decoded, as far as they can be."""
    try:
        parts = decode_header(SPLIT_WORDS.sub(r"\1 \2", value))
    except (HeaderParseError, ValueError):
        return value
    return "".join(part if isinstance(part, str) else _decode_bytes(part, charset) for part, charset in parts)


def read_people(values: list[str]) -> list[Person]:
    """(Name, address) of each mailbox in address headers; what holds no address is left out."""
    found = utils.getaddresses(values)
    return [(decode(name), decode(address)) for name, address in found if address]


def read_date(value: str) -> datetime | None:
    """A Date header in UTC, or None where it is none."""
    try:
        return utils.parsedate_to_datetime(value).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError, AttributeError):
        return None


def _importance(first: dict[str, str]) -> str:
    written = first.get("importance") or first.get("x-priority") or first.get("priority") or ""
    return IMPORTANCES.get(written.strip().lower()[:6].split(" ")[0], "normal")


def _decode_bytes(content: bytes, charset: str | None) -> str:
    try:
        return content.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        return content.decode("latin-1")


def _take_parts(part: "Message[str, str]", letter: Letter, *, is_root: bool = False) -> None:
    """Sort a part and what is inside it into bodies and attachments."""
    content_type = part.get_content_type()
    if content_type == "message/rfc822":
        letter.attachments.append(_inner_message(part))
    elif isinstance(part.get_payload(), list) and part.get_content_maintype() == "multipart":
        for inner in part.get_payload():
            if isinstance(inner, Message):
                _take_parts(inner, letter)
    elif _is_words(part) or (is_root and content_type.startswith("text/")):
        words = _decode_bytes(_content(part), part.get_content_charset())
        if content_type == "text/html" and letter.html is None:
            letter.html = words
        elif content_type != "text/html" and letter.text is None:
            letter.text = words
        else:
            letter.attachments.append(_file(part))
    elif part.get_content_maintype() == "multipart":
        letter.text = letter.text or _decode_bytes(_content(part), None)
    else:
        letter.attachments.append(_file(part))


def _is_words(part: "Message[str, str]") -> bool:
    is_file = part.get_content_disposition() == "attachment" or part.get_filename()
    return part.get_content_type() in {"text/plain", "text/html"} and not is_file


def _content(part: "Message[str, str]") -> bytes:
    payload = part.get_payload(decode=True)
    if isinstance(payload, bytes):
        return payload
    return str(part.get_payload()).encode("utf-8", "surrogateescape")


def _file(part: "Message[str, str]") -> Attachment:
    content_id = str(part.get("Content-ID", "")).strip().strip("<>")
    return Attachment(
        name=_file_name(part),
        content_type=part.get_content_type(),
        content=_content(part),
        is_inline=part.get_content_disposition() == "inline" or bool(content_id),
        content_id=content_id or None,
        content_location=str(part.get("Content-Location", "")).strip() or None,
    )


def _inner_message(part: "Message[str, str]") -> Attachment:
    payload = part.get_payload()
    inner = payload[0] if isinstance(payload, list) and payload else None
    raw = inner.as_bytes() if isinstance(inner, Message) else _content(part)
    subject = decode(unfold(str(inner.get("Subject", "")))) if isinstance(inner, Message) else ""
    return Attachment(subject or _file_name(part), "message/rfc822", raw, kind="itemAttachment")


def _file_name(part: "Message[str, str]") -> str:
    try:
        name = part.get_filename()
    except (TypeError, ValueError, LookupError):
        name = None
    return decode(unfold(name)) if name else "ATT00001.bin"
