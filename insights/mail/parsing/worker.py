"""What runs in a worker process: raw MIME in, plain values out. Imports nothing of the server."""

import hashlib
import re
import zlib
from datetime import datetime

from insights.bounds import TooSlowError, bound_memory, limited
from insights.mail.parsing.bodies import read_body, read_words
from insights.mail.parsing.dates import read_time
from insights.mail.parsing.headers import (
    is_encrypted,
    is_private,
    read_authors,
    read_headers,
    read_labels,
    read_message_id,
    read_received_at,
    read_recipients,
    read_references,
    read_sender,
    read_sent_at,
    read_subject,
)
from insights.mail.parsing.mime import Part, charset_of, normalise, read_message
from insights.mail.parsing.parsed import HEADERS_LIMIT, MESSAGE_LIMIT, ParsedMessage, Unreadable
from insights.mail.parsing.parts import find_file, read_attachments
from insights.mail.parsing.stored import pack
from insights.model import AttachmentContent, MessageBody

ENVELOPE_LIMIT = 500
QUOTED_FROM = re.compile(rb"^>+From ", re.MULTILINE)


def start(memory_limit: int) -> None:
    """Bound this process: more memory is refused, and the server goes first where they compete."""
    bound_memory(memory_limit)


def wake() -> None:
    """Nothing: whoever gets this back knows that a worker is there, with all that it imports."""


def parse_batch(batch: list[bytes], seconds: float) -> list[ParsedMessage | Unreadable]:
    """Each message parsed, or why not; `seconds` of processor time for each."""
    results: list[ParsedMessage | Unreadable] = []
    for raw in batch:
        try:
            with limited(seconds):
                results.append(parse(raw))
        except TooSlowError:
            results.append(Unreadable(f"reading it takes longer than {seconds:g} s"))
    return results


def parse(raw: bytes) -> ParsedMessage | Unreadable:
    """One message parsed, or why not; never raises, whatever the bytes are."""
    kept_at = _envelope_time(raw)
    raw = without_envelope(raw)
    if reason := _refusal(raw):
        return Unreadable(reason)
    try:
        return _parsed(raw, kept_at)
    except MemoryError:
        return Unreadable("it needs too much memory")
    except RecursionError:
        return Unreadable("its parts are nested too deeply")
    except Exception as error:  # noqa: BLE001 - the standard parser raises anything on malformed mail
        return Unreadable(f"it is malformed ({type(error).__name__})")


def body(stored: bytes, plain: bool) -> MessageBody:  # noqa: FBT001
    """The words of a stored message."""
    return read_body(_message(stored), plain=plain)


def words(content: str, is_html: bool, plain: bool) -> MessageBody:  # noqa: FBT001
    """The words of a body that comes without its message."""
    return read_words(content, is_html=is_html, plain=plain)


def attachment(stored: bytes, attachment_id: str) -> AttachmentContent | None:
    """A file of a stored message with its bytes, or None."""
    found = find_file(_message(stored), attachment_id)
    return AttachmentContent(*found) if found else None


def without_envelope(raw: bytes) -> bytes:
    """The message itself, without the line that mbox files put before it."""
    while raw.startswith((b"From ", b">From ")):
        raw = raw.partition(b"\n")[2]
    return raw


def _envelope_time(raw: bytes) -> datetime | None:
    """The time in the line that mbox files put before a message."""
    if not raw.startswith(b"From "):
        return None
    words = raw[:ENVELOPE_LIMIT].partition(b"\n")[0].split(None, 2)[2:]
    return read_time(words[0].decode("utf-8", "replace")) if words else None


def derived_message_id(raw: bytes) -> str:
    """A Message-ID for a message that has none: the same for the same content, however it was stored.

    Line ends, blank lines at the end and the quoting of "From " differ between mbox and single files.
    """
    content = QUOTED_FROM.sub(b"From ", raw.replace(b"\r\n", b"\n").strip(b"\n"))
    return f"<{hashlib.sha256(content).hexdigest()[:40]}@no-message-id.invalid>"


def _message(stored: bytes) -> Part:
    return read_message(zlib.decompress(stored) if stored else b"")


def _refusal(raw: bytes) -> str:
    if not raw.strip():
        return "it is empty"
    if len(raw) > MESSAGE_LIMIT:
        return f"it is larger than {MESSAGE_LIMIT // 1024**2} MiB"
    raw = normalise(raw)
    ends = (raw.find(b"\n\n"), raw.find(b"\r\n\r\n"))
    if min((end for end in ends if end >= 0), default=len(raw)) > HEADERS_LIMIT:
        return f"its headers are larger than {HEADERS_LIMIT // 1024**2} MiB"
    return ""


def _parsed(raw: bytes, kept_at: datetime | None) -> ParsedMessage:
    message = read_message(raw)
    headers = read_headers(message, charset_of(message))
    sender_name, sender = read_sender(headers)
    to, cc, bcc = (read_recipients(headers, name) for name in ("to", "cc", "bcc"))
    authors = read_authors(headers, sender)
    message_id = read_message_id(headers)
    in_reply_to, references = read_references(headers, frozenset((sender, *authors, *to, *cc)))
    return ParsedMessage(
        internet_message_id=message_id or derived_message_id(raw),
        subject=read_subject(headers),
        sender=sender,
        sender_name=sender_name,
        to=to,
        cc=cc,
        bcc=bcc,
        in_reply_to=in_reply_to,
        references=references,
        sent_at=read_sent_at(headers),
        received_at=read_received_at(headers),
        kept_at=kept_at,
        attachments=read_attachments(message),
        is_private=is_private(headers),
        labels=read_labels(headers),
        is_encrypted=is_encrypted(message),
        authors=authors,
        former_id=derived_message_id(raw) if message_id and message.is_odd else "",
        stored=pack(raw),
    )
