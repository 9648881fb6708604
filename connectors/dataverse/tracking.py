"""Writes email activities, in the order and with the keys that make twice the same as once.

The row's id follows from the message, so that a second create is refused by its key; a row of the same
Message-ID that another tool made is looked for before.
"""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from connectors.dataverse.activity import (
    CREATED_BY,
    FILE_ID,
    FILE_NAME,
    FILE_SIZE,
    FILES,
    ID,
    OUTGOING,
    read_email,
)
from connectors.dataverse.attachments import attachment_id
from connectors.dataverse.emails import SEEN_BY_ALL, Emails, as_tracked, message_key
from connectors.dataverse.expressions import clean
from connectors.dataverse.faults import ServiceFault, as_problem, not_found
from connectors.dataverse.locks import Locks
from connectors.dataverse.metadata import STATE
from connectors.dataverse.parties import listed, party_bodies, person_queries, resolve, user_queries
from connectors.dataverse.query import Expand
from connectors.dataverse.records import Records, as_guid, lookup, text
from connectors.dataverse.wire import ANNOTATIONS, Row
from insights.crm.activities import COMPLETED, OPEN, RECEIVED, SENT, About
from insights.crm.conditions import Column
from insights.errors import Conflict, NotAllowed
from insights.model import EmailDraft, Record, RecordRef, TrackedEmail

LONGEST_SUBJECT = 200
LONGEST_SENDER = 250
MODIFIED_BY = Column("modifiedby", "lookup")
CONNECTIONS = [Expand(name, [Column("connectionid", "guid"), CREATED_BY])
               for name in ("email_connections1", "email_connections2")]  # fmt: skip


class Tracking:
    """Writes for one user; `locks` are shared by all."""

    def __init__(self, records: Records, locks: Locks) -> None:
        self._records, self._api, self._locks = records, records.api, locks
        self._emails = Emails(records)

    async def create(self, draft: EmailDraft) -> TrackedEmail:
        """Create the open email activity, or return the row that has its id or Message-ID."""
        async with self._locks.one_at_a_time(
            message_key(draft.message.internet_message_id) or draft.email_id
        ):
            existing, (regarding, should_promote), parties = await asyncio.gather(
                self._existing(draft), self._check(draft), self._parties(draft)
            )
            if existing is None and not should_promote:
                existing = await self._existing(draft)  # the service knew it already: it came just now
            if existing:
                return existing
            if draft.regarding and regarding is None:
                raise not_found(draft.regarding.table)
            return await self._insert(draft, regarding, parties)

    async def complete(self, email_id: str) -> None:
        """Set the email sent or received; a completed one stays as it is."""
        row = await read_email(self._records, email_id, [ID, STATE, OUTGOING])
        if row.get(STATE.name) == OPEN:
            status = SENT if row.get(OUTGOING.name) else RECEIVED
            await self._update(row, {"statecode": COMPLETED, "statuscode": status})

    async def set_regarding(self, email_id: str, regarding: RecordRef | None) -> None:
        """Change what the email is about, None for nothing."""
        row = await read_email(self._records, email_id, [ID, Column("regardingobjectid", "lookup")])
        current = lookup(row, "regardingobjectid")
        if regarding is None:
            if current:
                await self._update(row, {self._navigation(current.table): None})
            return
        target = (await self._records.record(regarding)).ref
        if target != current:
            await self._update(row, self._bind("email", "regardingobjectid", target))

    async def link(self, email_id: str, ref: RecordRef) -> None:
        """Connect the email to a record; twice is once."""
        row, target = await asyncio.gather(
            read_email(self._records, email_id, [ID]), self._records.record(ref)
        )
        key = uuid5(NAMESPACE_URL, f"email:{row[ID.name]}:{target.table}:{target.id}")
        body = {
            "connectionid": str(key),
            **self._bind("connection", "record1id", RecordRef("email", str(row[ID.name]))),
            **self._bind("connection", "record2id", target.ref),
        }
        try:
            await self._api.send("POST", "connections", self._records.user, body=body)
        except ServiceFault as fault:
            if not fault.is_duplicate:
                raise as_problem(fault, target.table) from None

    async def delete(self, email_id: str) -> None:
        """Delete the email with its parties, files and links, unless others added to it."""
        user = self._records.user
        row = await read_email(self._records, email_id, [ID, CREATED_BY, MODIFIED_BY], [FILES, *CONNECTIONS])
        creator = _id(row, CREATED_BY)
        if user.id != creator and not user.is_admin:
            raise NotAllowed("not_yours.tracked")
        authors = {_id(row, MODIFIED_BY)}
        authors |= {
            _id(each, CREATED_BY) for expand in CONNECTIONS for each in row.get(expand.navigation) or ()
        }
        if authors - {creator, user.id, ""} or _has_foreign_files(row, {creator, user.id}):
            raise Conflict("others_added.row")
        try:
            await self._api.send("DELETE", f"emails({row[ID.name]})", user)
        except ServiceFault as fault:
            if fault.status != 404:  # gone meanwhile, perhaps by a try of ours whose answer got lost
                raise as_problem(fault, "email") from None

    async def _existing(self, draft: EmailDraft) -> TrackedEmail | None:
        return await self._emails.existing(draft.message.internet_message_id, draft.email_id)

    async def _check(self, draft: EmailDraft) -> tuple[Record | None, bool]:
        """(the regarding as far as it may be read, whether the service has no row of this message)."""
        wanted = [draft.regarding] if draft.regarding else []
        refs = [RecordRef(ref.table, as_guid(ref.id)) for ref in wanted if as_guid(ref.id)]
        found, should_promote = await asyncio.gather(self._records.find(refs), self._should_promote(draft))
        return next(iter(found.values()), None), should_promote

    async def _should_promote(self, draft: EmailDraft) -> bool:
        message_id = message_key(draft.message.internet_message_id)
        if not message_id:
            return True
        given = {"@m": message_id, "@s": clean(draft.message.subject)[:LONGEST_SUBJECT]}
        written = "&".join(f"{name}={quote(_literal(value), safe='')}" for name, value in given.items())
        direction = 1 if draft.direction == "outgoing" else 0
        call = f"CheckPromoteEmail(MessageId=@m,Subject=@s,DirectionCode={direction})?{written}"
        try:
            answer = await self._api.call(call, self._records.user)
        except ServiceFault as fault:
            raise as_problem(fault, "email") from None
        return answer.get("ShouldPromote") is not False

    async def _parties(self, draft: EmailDraft) -> list[dict[str, object]]:
        people = [address for _, address in listed(draft.message)]
        if not people:
            return []
        persons = person_queries(self._records, people)
        users, rows = await asyncio.gather(
            self._api.all_rows(user_queries(people), None),
            self._api.all_rows([query for _, query in persons], self._records.user) if persons else _none(),
        )
        found = zip((name for name, _ in persons), rows, strict=True)
        known = resolve(self._records, people, [row for some in users for row in some], found)
        return party_bodies(self._records, draft.message, known)

    async def _insert(
        self, draft: EmailDraft, regarding: Record | None, parties: list[dict[str, object]]
    ) -> TrackedEmail:
        body = {
            **email_body(draft),
            "email_activity_parties": parties,
            **(self._bind("email", "regardingobjectid", regarding.ref) if regarding else {}),
        }
        select = ",".join(column.property for column in SEEN_BY_ALL)
        headers = {"Prefer": f"return=representation,{ANNOTATIONS}"}
        try:
            reply = await self._api.send(
                "POST", f"emails?$select={select}", self._records.user, body=body, headers=headers
            )
        except ServiceFault as fault:
            taken = await self._existing(draft) if fault.is_duplicate else None
            if taken:
                return taken
            if fault.is_duplicate:
                raise Conflict("tracked_meanwhile") from None
            raise as_problem(fault, "email") from None
        return as_tracked(reply.json(), About(regarding, ()))

    async def _update(self, row: Row, changes: Mapping[str, object]) -> None:
        try:
            await self._api.send("PATCH", f"emails({row[ID.name]})", self._records.user, body=changes,
                                 headers={"If-Match": "*"})  # fmt: skip
        except ServiceFault as fault:
            raise as_problem(fault, "email") from None

    def _navigation(self, table: str) -> str:
        name = self._records.metadata["email"].navigation.get(("regardingobjectid", table))
        if not name:
            raise not_found(table)
        return name

    def _bind(self, table: str, column: str, target: RecordRef) -> dict[str, str]:
        """A lookup as a body sets it; NotFound where the column can't point to such a row."""
        name = self._records.metadata[table].navigation.get((column, target.table))
        if not name:
            raise not_found(target.table)
        entity_set = self._records.metadata[target.table].entity_set
        return {f"{name}@odata.bind": f"/{entity_set}({target.id})"}


def email_body(draft: EmailDraft) -> dict[str, Any]:
    """The email itself, as far as it can be set at create: senton, inreplyto and state can't."""
    message = draft.message
    sent_at = message.at.strftime("%Y-%m-%dT%H:%M:%S%z")
    body: dict[str, Any] = {
        "activityid": draft.email_id,
        "subject": clean(message.subject)[:LONGEST_SUBJECT],
        "description": clean(draft.body.html),
        "directioncode": draft.direction == "outgoing",
        "sender": clean(message.sender)[:LONGEST_SENDER],
        "actualend": sent_at,
        "overriddencreatedon": sent_at,
    }
    if key := message_key(message.internet_message_id):
        body["messageid"] = key
    return body


def _has_foreign_files(row: Row, user_ids: set[str]) -> bool:
    """Whether somebody else attached a file: the ids of ours follow from who attached which file."""
    email_id = str(row[ID.name])
    files = row.get(FILES.navigation) or ()
    for file in files:
        name, size = text(file, FILE_NAME.name), int(file.get(FILE_SIZE.name) or 0)
        ours = {
            attachment_id(email_id, user_id, name, size, number)
            for user_id in user_ids
            for number in range(len(files))
        }
        if str(file[FILE_ID.name]) not in ours:
            return True
    return False


def _id(row: Row, column: Column) -> str:
    ref = lookup(row, column.name)
    return ref.id if ref else ""


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


async def _none() -> list[list[Row]]:
    return []
