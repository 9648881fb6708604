"""What a message's headers say: identity, people, times, flags."""

import re
from collections.abc import Iterable
from datetime import datetime

from insights.mail.identity import message_id_key
from insights.mail.parsing.addresses import read_addresses
from insights.mail.parsing.dates import read_time
from insights.mail.parsing.mime import Part
from insights.mail.parsing.parsed import MESSAGE_ID_LIMIT, REFERENCES_LIMIT, SUBJECT_LIMIT
from insights.mail.parsing.words import decode_words, storable, unfold

HEADERS = frozenset(
    """
    message-id subject from sender to cc bcc in-reply-to references date received
    sensitivity msip_labels
    """.split()  # noqa: SIM905 - a list of quoted words is harder to read
)
BRACKETED = re.compile(r"<[^<>]+>")
LABEL = re.compile(r"MSIP_Label_([^_=;]+)_Enabled=(?!false\b)", re.IGNORECASE)
LABEL_OFF = re.compile(r"MSIP_Label_[^_=;]+_Enabled=false\b", re.IGNORECASE)
OPEN_SENSITIVITY = frozenset({"", "normal", "none", "personal"})
ENCRYPTED_TYPES = frozenset({"multipart/encrypted", "application/x-microsoft-rpmsg-message"})
SMIME_TYPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
SIGNED_SMIME = frozenset({"signed-data", "certs-only"})

Headers = dict[str, list[str]]
"""Unfolded values by lower-case name, in the order of the message; only those we read."""


def read_headers(message: Part, charset: str) -> Headers:
    """The headers we use, their raw bytes in the mail's own charset."""
    return {
        name: [unfold(value, charset) for value in message.headers[name]]
        for name in HEADERS
        if name in message.headers
    }


def first(headers: Headers, name: str) -> str:
    """The first value that says something, or ""."""
    return next((value for value in headers.get(name, ()) if value), "")


def read_message_id(headers: Headers) -> str:
    """The Message-ID as it is written, or "" where it is missing, empty or absurdly long."""
    value = storable(first(headers, "message-id"))
    if value.startswith("<") and ">" in value:
        value = value[: value.index(">") + 1]
    return value if message_id_key(value) and len(value) <= MESSAGE_ID_LIMIT else ""


def read_subject(headers: Headers) -> str:
    """The decoded subject in one line."""
    return decode_words(first(headers, "subject")[: 10 * SUBJECT_LIMIT])[:SUBJECT_LIMIT]


def read_sender(headers: Headers) -> tuple[str, str]:
    """(display name, address) of From, else of Sender."""
    for name in ("from", "sender"):
        people = [person for value in headers.get(name, ()) for person in read_addresses(value)]
        if people:
            return next((person for person in people if person[1]), people[0])
    return "", ""


def read_recipients(headers: Headers, name: str) -> tuple[str, ...]:
    """The addresses of To, Cc or Bcc, each once, in their order."""
    people = (person for value in headers.get(name, ()) for person in read_addresses(value))
    return tuple(dict.fromkeys(address for _, address in people if address))


def read_authors(headers: Headers, sender: str) -> tuple[str, ...]:
    """The addresses of From beside the sender's: a message can have several authors."""
    return tuple(address for address in read_recipients(headers, "from") if address != sender)


def read_references(headers: Headers, people: frozenset[str]) -> tuple[str, tuple[str, ...]]:
    """(In-Reply-To, References), without the `people` whom old mailers name there beside the id."""
    answered = [found for found in _bracketed(headers, "in-reply-to") if found[1:-1] not in people]
    references = list(dict.fromkeys(_bracketed(headers, "references")))
    if len(references) > REFERENCES_LIMIT:
        references = [references[0], *references[1 - REFERENCES_LIMIT :]]
    return (answered[-1] if answered else ""), tuple(references)


def with_answered(references: Iterable[str], in_reply_to: str) -> tuple[str, ...]:
    """References, oldest first, and at their end the message that is answered, which some leave out."""
    return tuple(dict.fromkeys(each for each in (*references, in_reply_to) if each))


def _bracketed(headers: Headers, name: str) -> list[str]:
    found = (match for value in headers.get(name, ()) for match in BRACKETED.findall(value))
    return [storable(match) for match in found if len(match) <= MESSAGE_ID_LIMIT]


def read_sent_at(headers: Headers) -> datetime | None:
    """The time of the first readable Date."""
    return next((time for value in headers.get("date", ()) if (time := read_time(value))), None)


def read_received_at(headers: Headers) -> datetime | None:
    """The time of the last hop that gives one; each server puts its Received above the earlier ones."""
    times = (read_time(value.rpartition(";")[2]) for value in headers.get("received", ()))
    return next((time for time in times if time), None)


def is_private(headers: Headers) -> bool:
    """Whether Sensitivity is *private* or *company-confidential*; a word we do not know counts as such."""
    return any(value.lower() not in OPEN_SENSITIVITY for value in headers.get("sensitivity", ()))


def read_labels(headers: Headers) -> tuple[str, ...]:
    """Ids of the sensitivity labels; a label header that we cannot read counts as one, `unreadable`."""
    values = ["".join(decode_words(value).split()) for value in headers.get("msip_labels", ()) if value]
    ids = dict.fromkeys(label.lower() for value in values for label in LABEL.findall(value))
    is_unreadable = not all(LABEL_OFF.search(value) for value in values)
    return tuple(ids) or ("unreadable",) * is_unreadable


def is_encrypted(message: Part) -> bool:
    """Whether the whole message is S/MIME-enveloped, PGP/MIME-encrypted or rights-protected (rpmsg)."""
    if message.content_type in SMIME_TYPES:
        return message.parameters.get("smime-type", "").lower() not in SIGNED_SMIME
    if message.content_type in ENCRYPTED_TYPES:
        return True
    if message.first("content-class").strip().lower() == "rpmsg.message":
        return True
    return any(child.content_type == "application/x-microsoft-rpmsg-message" for child in message.children)
