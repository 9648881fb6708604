"""Which conversation a message belongs to: a union of what the mailbox knows, made at import.

Every Message-ID that a message has or refers to is a key that leads to its conversation; a message
whose keys lead to several joins them. One that refers to nothing but answers something (`Re: …`)
finds its conversation by subject and people, if there is a mail of both within two weeks and the subject
tells something; mails that merely share a subject, such as a weekly report, and what is only sent on
(`FW: …`) stay apart.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from uuid import UUID, uuid5

from sqlalchemy import Connection, bindparam, select, update

from connectors.embedded.mail.tables import messages, thread_keys
from insights.mail.identity import message_id_key
from insights.mail.parsing.parsed import ParsedMessage

PREFIX = re.compile(
    r"\s*(?:(?:(re|aw|sv|vs|antw|res|odp|rif|ynt|回复|答复)|fw|fwd|wg|tr|rv|enc|转发)"
    r"\s*(?:\[\d+\]|\(\d+\))?\s*[:\uff1a])",
    re.IGNORECASE,
)
"""With its first group for an answer, without it for what is sent on."""
EMPTY_WORDS = frozenset(
    """
    meeting invoice hello hi question questions info information update thanks call document documents file
    files fyi test order request follow-up followup reminder hallo besprechung termin rechnung frage fragen
    danke anfrage bonjour réunion facture question merci hola reunión factura pregunta gracias ciao riunione
    fattura grazie
    """.split()  # noqa: SIM905 - a list of quoted words is harder to read
)
"""Subjects under which the same people write about one thing today and another next week."""
DAYS = 14
"""How far the neighbour may be in time that a mail without references joins."""
DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KEYS_PER_STATEMENT = 500
PEOPLE_LIMIT = 50
"""A subject among more people than this is no sign of a conversation."""


@dataclass(slots=True)
class ThreadKeys:
    """The keys of one message; `root` is the Message-ID its conversation is named after."""

    root: str
    ids: list[bytes]
    is_reply: bool = False
    refers: bool = False
    subject: bytes | None = None
    day: int = 0
    """Of the message, counted from 1970: subjects lead to conversations of days near it only."""

    @property
    def sign(self) -> bytes | None:
        """The key that is there if a conversation of its subject is, of any day; None if it joins none."""
        if self.subject is None or self.refers:
            return None
        return self.subject if self.is_reply else _waiting(self.subject)

    @property
    def near(self) -> list[bytes]:
        """The keys under which that conversation stands if it is near in time, the likeliest first."""
        subject = self.sign
        if subject is None:
            return []
        before, after = [-each for each in range(DAYS + 1)], list(range(1, DAYS + 1))
        days = before + after if self.is_reply else [0, *after, *before[1:]]
        return [_on(subject, self.day + each) for each in days]


@dataclass(slots=True)
class Threads:
    """Keys and conversations of a batch; a joined conversation's id is itself a key, to what it joined."""

    organization_id: UUID
    known: dict[bytes, bytes]
    new: dict[bytes, bytes] = field(default_factory=dict)
    joined: list[bytes] = field(default_factory=list)

    def place(self, keys: ThreadKeys) -> bytes:
        """The conversation of a message, and its keys lead there from now on."""
        found = {self.current(self.known[key]) for key in keys.ids if key in self.known}
        if not found and (by_subject := self._by_subject(keys)):
            found = {by_subject}
        is_first = not found
        conversation_id = min(found) if found else self._named_after(keys.root)
        for other in found - {conversation_id}:
            self.joined.append(other)
            self._lead(other, conversation_id)
        for key in keys.ids:
            self._lead(key, conversation_id)
        if keys.subject:
            self._lead_subject(keys.subject, keys.day, conversation_id)
            if is_first and keys.is_reply and not keys.refers:
                self._lead_subject(_waiting(keys.subject), keys.day, conversation_id)
        return conversation_id

    def current(self, conversation_id: bytes) -> bytes:
        """The conversation that this one has become part of, or itself."""
        while conversation_id in self.known:
            conversation_id = self.known[conversation_id]
        return conversation_id

    def _lead(self, key: bytes, conversation_id: bytes) -> None:
        if self.known.get(key) != conversation_id:
            self.known[key] = self.new[key] = conversation_id

    def _lead_subject(self, subject: bytes, day: int, conversation_id: bytes) -> None:
        self._lead(subject, conversation_id)
        self._lead(_on(subject, day), conversation_id)

    def _named_after(self, root: str) -> bytes:
        return self.current(uuid5(self.organization_id, f"conversation {root}").bytes)

    def _by_subject(self, keys: ThreadKeys) -> bytes | None:
        if keys.sign not in self.known:
            return None
        return next((self.current(self.known[key]) for key in keys.near if key in self.known), None)


def read_thread_keys(message: ParsedMessage, people: Iterable[str], at: datetime) -> ThreadKeys:
    """The keys of a message of that time among these people (address keys of From, To and Cc)."""
    own = message_id_key(message.internet_message_id)
    references = [message_id_key(found) for found in (*message.references, message.in_reply_to) if found]
    keys = ThreadKeys(
        root=next(iter(references), own),
        ids=[_key("id", reference) for reference in dict.fromkeys((own, *references)) if reference],
        refers=bool(references),
        day=(at - EPOCH) // DAY,
    )
    subject, keys.is_reply = normalise_subject(message.subject)
    among = sorted(set(people))
    if subject and subject not in EMPTY_WORDS and among and len(among) <= PEOPLE_LIMIT:
        keys.subject = _key("subject", subject, *among)
    return keys


def normalise_subject(subject: str) -> tuple[str, bool]:
    """The subject without `Re:` and its kin, case and spacing, and whether it is one of an answer."""
    rest, first = " ".join(subject.split()), None
    while prefix := PREFIX.match(rest):
        rest, first = rest[prefix.end() :], first or prefix
    return rest.strip().casefold(), bool(first and first[1])


def read_threads(
    connection: Connection, mailbox_id: int, organization_id: str, keys: Sequence[ThreadKeys]
) -> Threads:
    """What the mailbox knows about the keys of a batch."""
    wanted = {key for each in keys for key in each.ids}
    wanted.update(each.sign for each in keys if each.sign)
    known = _read_keys(connection, mailbox_id, sorted(wanted))
    wanted = set(known.values()) - known.keys()
    wanted.update(key for each in keys if each.sign in known for key in each.near)
    while wanted:  # keys, then the conversations they lead to, then those these were joined to
        found = _read_keys(connection, mailbox_id, sorted(wanted))
        known |= found
        wanted = set(found.values()) - known.keys()
    return Threads(UUID(organization_id), known)


def join_threads(connection: Connection, mailbox_id: int, threads: Threads, version: int) -> None:
    """Move the messages of conversations that the batch joined; costs as much as these are long."""
    for other in threads.joined:
        connection.execute(
            update(messages)
            .where(messages.c.mailbox_id == mailbox_id, messages.c.conversation_id == other)
            .values(conversation_id=threads.current(other), version=version)
        )


def _read_keys(connection: Connection, mailbox_id: int, keys: list[bytes]) -> dict[bytes, bytes]:
    statement = select(thread_keys.c.key, thread_keys.c.conversation_id).where(
        thread_keys.c.mailbox_id == mailbox_id, thread_keys.c.key.in_(bindparam("keys", expanding=True))
    )
    found: dict[bytes, bytes] = {}
    for start in range(0, len(keys), KEYS_PER_STATEMENT):
        rows = connection.execute(statement, {"keys": keys[start : start + KEYS_PER_STATEMENT]})
        found.update((bytes(key), bytes(conversation_id)) for key, conversation_id in rows)
    return found


def _waiting(subject: bytes) -> bytes:
    """The key of a subject whose first message has not come yet, only an answer to it."""
    return _key("waiting", subject.hex())


def _on(subject: bytes, day: int) -> bytes:
    """The key of a subject on a day."""
    return _key("day", subject.hex(), str(day))


def _key(*parts: str) -> bytes:
    return blake2b("\n".join(parts).encode("utf-8", "replace"), digest_size=16).digest()
