"""Graph's messages in the product's words."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from connectors.graph.instants import read_instant
from connectors.graph.requests import (
    CONTENT_CLASS,
    IN_REPLY_TO,
    LABELS,
    MESSAGE_CLASS,
    REFERENCES,
    SENSITIVITY,
)
from insights.mail.addresses import mailbox_key, smtp_address
from insights.mail.identity import email_id, message_id_key
from insights.mail.parsing.addresses import read_addresses
from insights.mail.parsing.headers import read_labels, read_references, with_answered
from insights.mail.parsing.parsed import MESSAGE_ID_LIMIT, SUBJECT_LIMIT
from insights.mail.parsing.parts import clean_file_name
from insights.mail.parsing.words import storable
from insights.model import Attachment, Message, MessageHeader

Json = Mapping[str, Any]
PRIVATE = 2
ENCRYPTED_FILES = frozenset({"application/x-microsoft-rpmsg-message", "application/pgp-encrypted"})
SMIME = ("application/pkcs7-mime", "application/x-pkcs7-mime")
HEADER_LIMIT, CONTENT_ID_LIMIT = 20_000, 250


@dataclass(frozen=True, slots=True)
class Found:
    """A message, where Graph has it, and in which folder."""

    message: Message
    id: str
    folder_id: str
    may_have_authors: bool
    """Whether it may have authors that only its headers name, and these have not been read."""
    lacks_files: bool
    """Whether it has files, and these have not been read."""

    @property
    def place(self) -> tuple[datetime, str]:
        """What lists are ordered by."""
        return self.message.at, self.message.email_id


def read_found(json: Json, organization_id: str) -> Found | None:
    """A message of a list or by itself; None for a draft, and for what has no Message-ID or time."""
    identity = _identity(json)
    if identity is None:
        return None
    internet_message_id, received_at = identity
    properties = {_property_key(str(each.get("id"))): str(each.get("value")) for each in _properties(json)}
    headers = _headers(json)
    name, sender = _person(json.get("from") or json.get("sender"))
    files = read_files(json.get("attachments") or ())
    in_reply_to, references = _thread(properties, headers)
    message = Message(
        email_id=email_id(organization_id, internet_message_id),
        internet_message_id=internet_message_id,
        conversation_id=str(json.get("conversationId") or ""),
        subject=storable(str(json.get("subject") or ""))[:SUBJECT_LIMIT],
        at=min(read_instant(json.get("sentDateTime")) or received_at, received_at),
        received_at=received_at,
        sender=sender,
        sender_name=name,
        to=_people(json.get("toRecipients")),
        cc=_people(json.get("ccRecipients")),
        bcc=_people(json.get("bccRecipients")),
        in_reply_to=in_reply_to,
        attachments=files,
        is_private=_sensitivity(properties) >= PRIVATE,
        labels=_labels(properties, headers),
        is_encrypted=_is_encrypted(properties, headers, files),
        authors=_authors(headers, sender),
        is_read=json.get("isRead") is not False,
        references=references,
    )
    sent_by = _person(json.get("sender"))[1]
    differs = bool(sent_by) and mailbox_key(sent_by) != mailbox_key(sender)
    return Found(
        message,
        str(json.get("id") or ""),
        str(json.get("parentFolderId") or ""),
        may_have_authors=differs and "internetMessageHeaders" not in json,
        lacks_files=bool(json.get("hasAttachments")) and "attachments" not in json,
    )


def read_header(json: Json, organization_id: str) -> MessageHeader | None:
    """The same of what is told without the right to read it."""
    identity = _identity(json)
    if identity is None:
        return None
    internet_message_id, received_at = identity
    return MessageHeader(
        email_id=email_id(organization_id, internet_message_id),
        internet_message_id=internet_message_id,
        conversation_id=str(json.get("conversationId") or ""),
        at=min(read_instant(json.get("sentDateTime")) or received_at, received_at),
        received_at=received_at,
        sender=_person(json.get("from") or json.get("sender"))[1],
        to=_people(json.get("toRecipients")),
        cc=_people(json.get("ccRecipients")),
    )


def _identity(json: Json) -> tuple[str, datetime] | None:
    """(Message-ID, time received); None for a draft, and for what has no Message-ID or time."""
    internet_message_id = storable(str(json.get("internetMessageId") or "")).strip()
    received_at = read_instant(json.get("receivedDateTime"))
    is_named = message_id_key(internet_message_id) and len(internet_message_id) <= MESSAGE_ID_LIMIT
    if json.get("isDraft") or not is_named or received_at is None:
        return None
    return internet_message_id, received_at


def _thread(properties: Mapping[str, str], headers: Mapping[str, list[str]]) -> tuple[str, tuple[str, ...]]:
    """(Message-ID that is answered, those of the thread); what was sent from here has no headers to tell."""
    named = {"in-reply-to": IN_REPLY_TO, "references": REFERENCES}
    told = {
        name: headers.get(name) or [properties.get(_property_key(property_id), "")]
        for name, property_id in named.items()
    }
    answered, references = read_references(told, frozenset())
    in_reply_to = answered or storable(properties.get(_property_key(IN_REPLY_TO), ""))
    return in_reply_to, with_answered(references, in_reply_to)


def read_files(values: Sequence[Json]) -> tuple[Attachment, ...]:
    """The files of a message without their bytes, in Graph's order.

    Graph's ids differ from copy to copy of a message. Ours are the same in all, so that who holds one sees
    what became of each file: they are made of the names; files of one name are counted, the smaller first.
    """
    names, counts = [_file_name(each) for each in values], Counter[str]()
    ids: dict[int, str] = {}
    for at in sorted(range(len(values)), key=lambda at: (_size(values[at]), str(values[at].get("id")))):
        ids[at] = blake2b(f"{counts[names[at]]}/{names[at]}".encode(), digest_size=12).hexdigest()
        counts[names[at]] += 1
    return tuple(
        Attachment(
            id=ids[at],
            name=names[at],
            content_type=_content_type(each),
            size=_size(each),
            is_inline=bool(each.get("isInline")),
            content_id=storable(str(each.get("contentId") or "")).strip(" <>")[:CONTENT_ID_LIMIT],
        )
        for at, each in enumerate(values)
    )


def _file_name(json: Json) -> str:
    ending = ".eml" if _is_message(json) else ""
    return clean_file_name(str(json.get("name") or ""), extension=ending) or f"attachment{ending}"


def _content_type(json: Json) -> str:
    if _is_message(json):
        return "message/rfc822"
    return str(json.get("contentType") or "application/octet-stream")


def _is_message(json: Json) -> bool:
    return str(json.get("@odata.type")).endswith("itemAttachment")


def _size(json: Json) -> int:
    return int(json.get("size") or 0)


def _properties(json: Json) -> Iterable[Json]:
    found = json.get("singleValueExtendedProperties")
    return found if isinstance(found, list) else ()


@lru_cache(maxsize=256)
def _property_key(property_id: str) -> str:
    """One spelling of a property's id: Graph gives back `Integer 0x36` for `Integer 0x0036`."""
    kind, _, rest = property_id.lower().partition(" ")
    return f"{kind} {int(rest, 16):#x}" if rest.startswith("0x") else f"{kind} {rest}"


def _headers(json: Json) -> dict[str, list[str]]:
    """Header values by lower-case name; {} where they were not asked for or there are none."""
    found: dict[str, list[str]] = {}
    for header in json.get("internetMessageHeaders") or ():
        found.setdefault(str(header.get("name")).lower(), []).append(str(header.get("value"))[:HEADER_LIMIT])
    return found


def _person(recipient: Any) -> tuple[str, str]:
    """(display name, address); who has no name is named by the address in Graph."""
    email = (recipient or {}).get("emailAddress") or {}
    name, address = storable(str(email.get("name") or "")), storable(str(email.get("address") or ""))
    return ("" if name.strip("'") == address else name), smtp_address(address)


def _people(recipients: Any) -> tuple[str, ...]:
    addresses = (_person(recipient)[1] for recipient in recipients or ())
    return tuple(dict.fromkeys(address for address in addresses if address))


def _sensitivity(properties: Mapping[str, str]) -> int:
    value = properties.get(_property_key(SENSITIVITY), "0")
    return int(value) if value.isdigit() else PRIVATE  # a value that we cannot read counts as private


def _labels(properties: Mapping[str, str], headers: Mapping[str, list[str]]) -> tuple[str, ...]:
    """Of what arrived a header tells the labels, of what was sent from here only the property."""
    own = properties.get(_property_key(LABELS), "")
    values = headers.get("msip_labels") or ([own] if own else [])
    return read_labels({"msip_labels": values})


def _is_encrypted(
    properties: Mapping[str, str], headers: Mapping[str, list[str]], files: Iterable[Attachment]
) -> bool:
    """S/MIME, rights-protected or PGP/MIME; S/MIME of which only the class is known counts as encrypted."""
    content_type = next(iter(headers.get("content-type", ())), "").lower()
    if content_type.startswith(SMIME):
        return not any(kind in content_type for kind in ("signed-data", "certs-only"))
    if content_type.startswith(("multipart/encrypted", "application/x-microsoft-rpmsg-message")):
        return True
    content_class = properties.get(_property_key(CONTENT_CLASS), "")
    if content_class.strip().lower() == "rpmsg.message":
        return True
    if any(file.content_type.lower() in ENCRYPTED_FILES or file.name == "message.rpmsg" for file in files):
        return True
    message_class = properties.get(_property_key(MESSAGE_CLASS), "").lower()
    return message_class.startswith("ipm.note.smime") and not message_class.endswith("multipartsigned")


def _authors(headers: Mapping[str, list[str]], sender: str) -> tuple[str, ...]:
    """The further addresses of From; Graph itself names one author only."""
    people = [person for value in headers.get("from", ()) for person in read_addresses(value)]
    addresses = dict.fromkeys(address for _, address in people if address)
    return tuple(each for each in addresses if mailbox_key(each) != mailbox_key(sender))
