"""The port `Crm` on Dataverse: reads as the user by impersonation, so that the CRM's permissions decide."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime

import aiohttp
from typing_extensions import override

from connectors.dataverse.activities import Activities, Window
from connectors.dataverse.addresses import AddressBook
from connectors.dataverse.api import WebApi
from connectors.dataverse.attachments import add_attachment, list_attachments
from connectors.dataverse.changes import read_changes
from connectors.dataverse.detection import Detected, detect
from connectors.dataverse.editing import Editing
from connectors.dataverse.emails import Emails
from connectors.dataverse.faults import ServiceFault, as_problem
from connectors.dataverse.keeping import (
    METADATA_FOR,
    ORGANIZATION_FOR,
    READERS_FOR,
    SEEN_FOR,
    USERS_FOR,
    Keeping,
)
from connectors.dataverse.locks import Locks
from connectors.dataverse.matches import find_matches
from connectors.dataverse.metadata import Metadata, read_metadata
from connectors.dataverse.people import create_person
from connectors.dataverse.probes import Look, crm_probes
from connectors.dataverse.readers import Readers, read_readers
from connectors.dataverse.records import Records
from connectors.dataverse.rows import read_queries
from connectors.dataverse.search import Search
from connectors.dataverse.shapes import Shape, read_shape
from connectors.dataverse.tracking import Tracking
from connectors.dataverse.users import Users
from connectors.dataverse.wire import Timing
from connectors.tokens import Tokens
from insights.crm.conditions import Column
from insights.crm.rows import CrmRow, RowChanges, RowQuery, Values
from insights.crm.search import Asked
from insights.mail.addresses import mailbox_key
from insights.model import (
    Attachment,
    AttachmentContent,
    CrmActivity,
    EmailDraft,
    MailboxState,
    MailQuery,
    Message,
    NewPerson,
    Page,
    Record,
    RecordAddress,
    RecordMatch,
    RecordRef,
    Table,
    TrackedEmail,
    User,
)
from insights.ports import Crm

READ_ACTIVITIES = "prvReadActivity"


class DataverseCrm(Crm):
    """One organisation; what changes seldom is kept in memory for the times named in `keeping`."""

    def __init__(
        self,
        url: str,
        session: aiohttp.ClientSession,
        tokens: Tokens,
        now: Callable[[], datetime],
        *,
        timing: Timing | None = None,
    ) -> None:
        self.api = WebApi(url, session, tokens, timing=timing)
        self._users = Users(self.api)
        self._now, self._keeping, self._locks = now, Keeping(now), Locks()

    def forget(self) -> None:
        """Read everything anew: structure, users and limits are otherwise known minutes late."""
        self._keeping.forget()

    async def check(self) -> None:
        """Raise unless the CRM answers."""
        await self._who_am_i()

    async def detect(self) -> Detected:
        """Version, kind, roles, and what the application may do."""
        return await detect(self.api)

    def probes(self, _user: User | None) -> Mapping[str, Look]:
        """What `liaison doctor` looks at (`ports.Probing`)."""
        return crm_probes(self.api)

    async def metadata(self) -> Metadata:
        """The organisation's tables."""
        return await self._keeping.get("metadata", METADATA_FOR, lambda: read_metadata(self.api))

    @override
    async def organization_id(self) -> str:
        return await self._keeping.get("organization", ORGANIZATION_FOR, self._who_am_i)

    @override
    async def user(self, id_or_email: str) -> User | None:
        key = ("user", mailbox_key(id_or_email.strip()) or id_or_email.strip(" {}").lower())
        return await self._keeping.get(key, USERS_FOR, lambda: self._users.find(id_or_email))

    @override
    async def users(self) -> Sequence[User]:
        return await self._users.all()

    async def user_addresses(self) -> Sequence[str]:
        """The main addresses of all users, disabled ones too."""
        return await self._users.addresses()

    @override
    async def user_by_object_id(self, object_id: str) -> User | None:
        key = ("account", object_id.strip().lower())
        return await self._keeping.get(key, USERS_FOR, lambda: self._users.find_by_object_id(object_id))

    @override
    async def mailbox_state(self, user_id: str) -> MailboxState:
        key = ("mailbox", user_id.lower())
        return await self._keeping.get(key, USERS_FOR, lambda: self._users.mailbox_state(user_id))

    @override
    async def version(self) -> str:
        return ""

    @override
    async def tables(self) -> Sequence[Table]:
        return (await self.metadata()).as_tables()

    @override
    async def search(
        self, user: User, *, text: str, email: str, table: str, cursor: str | None, limit: int
    ) -> Page[Record]:
        return await Search(await self._records(user), Asked(text, email, table)).page(cursor, limit)

    @override
    async def record(self, user: User, ref: RecordRef) -> Record:
        return self._seen(user, await (await self._records(user)).record(ref))

    @override
    async def addresses(self, user: User, ref: RecordRef) -> Sequence[RecordAddress]:
        return await AddressBook(await self._records(user)).addresses(ref)

    @override
    async def matches(self, user: User, addresses: Sequence[str]) -> Sequence[RecordMatch]:
        return await find_matches(await self._records(user), addresses)

    @override
    async def activities(
        self,
        user: User,
        ref: RecordRef,
        *,
        since: datetime | None,
        before: tuple[datetime, str] | None,
        limit: int,
    ) -> Sequence[CrmActivity]:
        window = Window(since, before, limit)
        return await Activities(await self._records(user)).of_record(ref, window)

    @override
    async def email_activity(self, user: User, email_activity_id: str) -> CrmActivity:
        return await Activities(await self._records(user)).email(email_activity_id)

    @override
    async def emails(self, user: User, internet_message_ids: Sequence[str]) -> Mapping[str, TrackedEmail]:
        return await Emails(await self._records(user)).find(internet_message_ids)

    @override
    async def emails_among(
        self, user: User, query: MailQuery, messages: Awaitable[Sequence[Message]]
    ) -> Mapping[str, TrackedEmail]:
        return await Emails(await self._records(user)).among(query, messages)

    @override
    async def audience(self, user: User, regarding: RecordRef | None) -> int:
        """By roles and business units; whom a single row is shared with does not count."""
        readers, _ = await asyncio.gather(self._readers(), self._require(user, regarding))
        return len(readers.of(user.id))

    @override
    async def readers(self, owner_id: str, user_ids: Collection[str]) -> frozenset[str]:
        return (await self._readers()).of(owner_id) & frozenset(user_ids)

    @override
    async def create_email(self, user: User, draft: EmailDraft) -> TrackedEmail:
        return await (await self._tracking(user)).create(draft)

    @override
    async def add_attachment(self, user: User, email_activity_id: str, file: AttachmentContent) -> None:
        await add_attachment(await self._records(user), self._keeping, email_activity_id, file)

    @override
    async def complete_email(self, user: User, email_activity_id: str) -> None:
        await (await self._tracking(user)).complete(email_activity_id)

    @override
    async def delete_email(self, user: User, email_activity_id: str) -> None:
        await (await self._tracking(user)).delete(email_activity_id)

    @override
    async def set_regarding(self, user: User, email_activity_id: str, regarding: RecordRef | None) -> None:
        await (await self._tracking(user)).set_regarding(email_activity_id, regarding)

    @override
    async def link(self, user: User, email_activity_id: str, ref: RecordRef) -> None:
        await (await self._tracking(user)).link(email_activity_id, ref)

    @override
    async def attachments(self, user: User, email_activity_id: str) -> Sequence[Attachment]:
        return await list_attachments(await self._records(user), email_activity_id)

    @override
    async def create_person(self, user: User, person: NewPerson) -> Record:
        records, organization_id = await self._records(user), await self.organization_id()
        return await create_person(records, self._locks, organization_id, person)

    @override
    async def rows(self, user: User | None, queries: Sequence[RowQuery]) -> Sequence[Sequence[CrmRow]]:
        return await read_queries(self.api, self._shape, user, queries)

    @override
    async def changes(self, table: str, columns: Sequence[Column], cursor: str | None) -> RowChanges:
        return await read_changes(self.api, await self._shape(table), columns, cursor, now=self._now())

    @override
    async def create(self, user: User | None, ref: RecordRef, values: Values) -> None:
        await Editing(self.api, self._shape, user).create(ref, values)

    @override
    async def update(self, user: User | None, ref: RecordRef, values: Values) -> None:
        await Editing(self.api, self._shape, user).update(ref, values)

    @override
    async def associate(self, user: User | None, table: str, one: RecordRef, other: RecordRef) -> None:
        await Editing(self.api, self._shape, user).associate(table, one, other)

    async def _shape(self, table: str) -> Shape:
        return await self._keeping.get(("shape", table), METADATA_FOR, lambda: read_shape(self.api, table))

    async def _records(self, user: User) -> Records:
        return Records(self.api, await self.metadata(), user)

    async def _tracking(self, user: User) -> Tracking:
        return Tracking(await self._records(user), self._locks)

    async def _readers(self) -> Readers:
        async def read() -> Readers:
            privilege = (await self.metadata())["email"].privileges.get("Read", READ_ACTIVITIES)
            return await read_readers(self.api, privilege)

        return await self._keeping.get("readers", READERS_FOR, read)

    async def _require(self, user: User, ref: RecordRef | None) -> None:
        """Raise NotFound unless the user may read the record, or was seen to just now."""
        if ref and not self._keeping.find(("seen", user.id, ref)):
            self._seen(user, await (await self._records(user)).record(ref))

    def _seen(self, user: User, record: Record) -> Record:
        self._keeping.keep(("seen", user.id, record.ref), True, SEEN_FOR)  # noqa: FBT003
        return record

    async def _who_am_i(self) -> str:
        try:
            return str((await self.api.call("WhoAmI()"))["OrganizationId"])
        except ServiceFault as fault:
            raise as_problem(fault, "organization") from None
