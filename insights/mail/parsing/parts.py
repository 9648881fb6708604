"""The parts of a message: which are its words, which are files."""

import re
from collections.abc import Iterator
from email.message import Message
from typing import TypeAlias

from insights.mail.parsing.parsed import ATTACHMENTS_LIMIT, NAME_LIMIT
from insights.mail.parsing.words import decode, decode_words, storable, unfold
from insights.model import Attachment

Part: TypeAlias = "Message[str, str]"
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
BODY_TYPES = frozenset({"text/plain", "text/html"})
TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)


def children(part: Part) -> list[Part]:
    """The parts inside a multipart; an attached message is a file, not a container."""
    payload = part.get_payload()
    if part.get_content_maintype() == "multipart" and isinstance(payload, list):
        return [child for child in payload if isinstance(child, Message)]
    return []


def read_attachments(message: Part) -> tuple[Attachment, ...]:
    """The message's files, inline pictures included."""
    return tuple(attachment for attachment, _ in files(message))


def find_file(message: Part, attachment_id: str) -> tuple[Attachment, bytes] | None:
    """One of `read_attachments` with its bytes."""
    for attachment, part in files(message):
        if attachment.id == attachment_id:
            return attachment, content_of(part)
    return None


def files(message: Part) -> Iterator[tuple[Attachment, Part]]:
    """Each file with its part; its id is the part's number in the message, so it never changes."""
    count = 0
    for number, part in enumerate(_leaves(message)):
        if not is_words(part):
            yield _attachment(str(number), part), part
            count += 1
            if count == ATTACHMENTS_LIMIT:
                return


def is_words(part: Part) -> bool:
    """Whether a leaf is part of the body: plain text or HTML that is not sent as a file."""
    return (
        part.get_content_type() in BODY_TYPES
        and part.get_content_disposition() != "attachment"
        and not part.get_filename()
    )


def words_of(part: Part) -> str:
    """A text part as characters."""
    return decode(content_of(part), str(part.get_content_charset() or ""))


def content_of(part: Part) -> bytes:
    """The bytes of a leaf, its transfer encoding undone; of an attached message its MIME."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return b"".join(child.as_bytes() for child in payload if isinstance(child, Message))
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _leaves(message: Part) -> Iterator[Part]:
    waiting = [message]
    while waiting:
        part = waiting.pop()
        inside = children(part)
        if inside:
            waiting.extend(reversed(inside))
        elif part.get_content_maintype() != "multipart" or isinstance(part.get_payload(), str):
            yield part


def _attachment(attachment_id: str, part: Part) -> Attachment:
    content_type = part.get_content_type()
    disposition = part.get_content_disposition()
    return Attachment(
        id=attachment_id,
        name=_file_name(part) or _default_name(attachment_id, content_type),
        content_type=content_type if TYPE.fullmatch(content_type) else "application/octet-stream",
        size=len(content_of(part)),
        is_inline=disposition == "inline" or (disposition is None and "content-id" in part),
    )


def _file_name(part: Part) -> str:
    """The name a file was sent under."""
    return clean_file_name(decode_words(unfold(part.get_filename() or "")))


def clean_file_name(name: str, *, extension: str = "") -> str:
    """A file's name without the sender's folders, control characters and excess; "" if nothing is left.

    `extension` is put behind a name that does not end in it.
    """
    name = CONTROL.sub("", re.split(r"[/\\]", storable(name))[-1]).strip(" .")
    if name and not name.lower().endswith(extension):
        name += extension
    if len(name) > NAME_LIMIT:
        stem, dot, ending = name.rpartition(".")
        keep = NAME_LIMIT - len(ending) - 1
        name = f"{stem[:keep]}.{ending}" if dot and keep > 0 else name[:NAME_LIMIT]
    return name


def _default_name(attachment_id: str, content_type: str) -> str:
    if content_type == "message/rfc822":
        return f"message-{attachment_id}.eml"
    return f"attachment-{attachment_id}"
