"""The parts of a message: which are its words, which are files."""

import mimetypes
import re
from collections.abc import Iterator

from insights.mail.parsing.charsets import decode, label_in_html
from insights.mail.parsing.mime import Part, charset_of
from insights.mail.parsing.parsed import ATTACHMENTS_LIMIT, NAME_LIMIT
from insights.mail.parsing.tnef import TNEF_TYPES, open_tnef
from insights.mail.parsing.words import storable
from insights.model import Attachment

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
BODY_TYPES = frozenset({"text/plain", "text/html"})
TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
CONTENT_ID = re.compile(r"<([^<>]{1,250})>|^\s*([^<>\s]{1,250})\s*\Z")
ENDINGS = {
    "message/rfc822": ".eml",
    "message/delivery-status": ".txt",
    "text/calendar": ".ics",
    "text/rfc822-headers": ".txt",
    "text/vcard": ".vcf",
    "application/pgp-signature": ".asc",
    "application/pkcs7-signature": ".p7s",
    "application/pkcs7-mime": ".p7m",
    "application/ms-tnef": ".dat",
    "image/jpeg": ".jpg",
    "image/heic": ".heic",
    "image/webp": ".webp",
}
KNOWN_TYPES = mimetypes.MimeTypes()
"""Python's own table, so that a name is the same on every machine."""

File = tuple[Attachment, bytes]


def read_attachments(message: Part) -> tuple[Attachment, ...]:
    """The message's files, inline pictures included."""
    return tuple(attachment for attachment, _ in files(message))


def find_file(message: Part, attachment_id: str) -> File | None:
    """One of `read_attachments` with its bytes, or what the version before had of that id."""
    charset, outer = charset_of(message), attachment_id.partition(".")[0]
    for number, part in enumerate(leaves(message)):
        if str(number) == outer and not is_words(part):
            whole = _file(outer, part, charset)
            return next((each for each in (whole, *_inside(*whole)) if each[0].id == attachment_id), None)
    return None


def files(message: Part) -> Iterator[File]:
    """Each file with its bytes; its id is the part's number in the message, so it never changes.

    A file in which Outlook packed others is these, if it can be opened.
    """
    count, charset = 0, charset_of(message)
    for number, part in enumerate(leaves(message)):
        if is_words(part):
            continue
        whole = _file(str(number), part, charset)
        for each in _inside(*whole) or [whole]:
            yield each
            count += 1
            if count == ATTACHMENTS_LIMIT:
                return


def is_words(part: Part) -> bool:
    """Whether a leaf is part of the body: text that is not sent as a file, or lines that should be parts."""
    if part.is_multipart:
        return True
    return part.content_type in BODY_TYPES and part.disposition != "attachment" and not part.file_name("")


def words_of(part: Part) -> str:
    """A text part as characters."""
    content = part.content
    label = part.charset
    if not label and part.content_type == "text/html":
        label = label_in_html(content)
    return decode(content, label)


def leaves(message: Part) -> Iterator[Part]:
    """The parts that hold no others, in their order; an attached message is a file, not a container."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        if part.children:
            waiting.extend(reversed(part.children))
        else:
            yield part


def _file(attachment_id: str, part: Part, charset: str) -> File:
    content, content_type = part.content, part.content_type
    is_called = "content-id" in part.headers
    content_id = CONTENT_ID.search(part.first("content-id"))
    return Attachment(
        id=attachment_id,
        name=clean_file_name(part.file_name(charset)) or _default_name(attachment_id, content_type),
        content_type=content_type if TYPE.fullmatch(content_type) else "application/octet-stream",
        size=len(content),
        is_inline=part.disposition == "inline" or (is_called and (part.is_related or not part.disposition)),
        content_id=storable(content_id[1] or content_id[2]) if content_id else "",
    ), content


def _inside(whole: Attachment, content: bytes) -> list[File]:
    """The files that Outlook packed into one, [] if it is another file or cannot be opened."""
    if whole.content_type not in TNEF_TYPES:
        return []
    return [
        (Attachment(attachment_id, name, _type_of(name), len(inner)), inner)
        for number, (told, inner) in enumerate(open_tnef(content), start=1)
        for attachment_id in [f"{whole.id}.{number}"]
        for name in [clean_file_name(told) or f"attachment-{attachment_id}"]
    ]


def _type_of(name: str) -> str:
    return KNOWN_TYPES.guess_type(name)[0] or "application/octet-stream"


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
    kind = "message" if content_type == "message/rfc822" else "attachment"
    ending = ENDINGS.get(content_type) or KNOWN_TYPES.guess_extension(content_type) or ""
    return f"{kind}-{attachment_id}{ending}"
