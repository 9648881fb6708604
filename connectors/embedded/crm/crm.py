"""The port `Crm` on the row store: every method is one transaction, every read goes through `Access`."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection
from typing_extensions import override

from connectors.embedded.crm.access import Access
from connectors.embedded.crm.activities import read_activities, read_email
from connectors.embedded.crm.addresses import AddressBook
from connectors.embedded.crm.attachments import add_attachment, list_attachments
from connectors.embedded.crm.changes import read_changes
from connectors.embedded.crm.defaults import ensure_defaults, read_organization_id
from connectors.embedded.crm.editing import associate_rows, create_row, update_row
from connectors.embedded.crm.emails import (
    complete_email,
    create_email,
    delete_email,
    find_emails,
    link_email,
    set_regarding,
)
from connectors.embedded.crm.matches import find_matches
from connectors.embedded.crm.people import create_person
from connectors.embedded.crm.querying import read_queries
from connectors.embedded.crm.row import clean_id, clean_ref
from connectors.embedded.crm.search import as_records, search, timeline_tables
from connectors.embedded.crm.standard import standard_schema
from connectors.embedded.crm.structure import Structure
from connectors.embedded.crm.users import all_users, mailbox_state
from connectors.embedded.crm.writing import count_change, read_change
from connectors.embedded.probes import Probes, crm_probes
from insights.crm.conditions import Column
from insights.crm.rows import CrmRow, RowChanges, RowQuery, Values
from insights.crm.search import Asked
from insights.database import Database
from insights.migrate import upgrade
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

REVISIONS = Path(__file__).parent / "migrations"
P = ParamSpec("P")
T = TypeVar("T")


async def prepare_crm(database: Database, *, now: datetime) -> str:
    """Upgrade the schema, write what an empty CRM starts with; returns the organisation's id."""
    await upgrade(database, REVISIONS)
    existing = await database.read(read_organization_id)
    if existing is None:
        return await database.write(ensure_defaults, standard_schema(), now)
    return existing


class EmbeddedCrm(Crm):
    """A small Dataverse on our own database; call `start` once before anything else."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._standard = standard_schema()
        self._structure = Structure(self._standard)
        self._organization_id = ""

    async def start(self) -> None:
        """Upgrade the schema and write the defaults of an empty CRM."""
        self._organization_id = await prepare_crm(self._database, now=self._now())

    async def check(self) -> None:
        """Raise unless the database answers."""
        await self._database.check()

    def probes(self, _user: User | None) -> Probes:
        """What `liaison doctor` looks at (`ports.Probing`)."""
        return crm_probes(self._database)

    @override
    async def organization_id(self) -> str:
        return self._organization_id

    @override
    async def user(self, id_or_email: str) -> User | None:
        return await self._read(None, self._user, clean_id(id_or_email))

    @override
    async def user_by_object_id(self, object_id: str) -> User | None:
        return await self._read(None, self._user_by_object_id, clean_id(object_id))

    @override
    async def users(self) -> Sequence[User]:
        return await self._database.read(all_users)

    @override
    async def version(self) -> str:
        return str(await self._database.read(read_change))

    @override
    async def mailbox_state(self, user_id: str) -> MailboxState:
        return await self._database.read(mailbox_state, clean_id(user_id))

    @override
    async def tables(self) -> Sequence[Table]:
        found = await self._read(None, timeline_tables)
        return [Table(table.name, table.label, table.is_custom) for table in found]

    @override
    async def search(
        self, user: User, *, text: str, email: str, table: str, cursor: str | None, limit: int
    ) -> Page[Record]:
        return await self._read(user, search, Asked(text, email, table), cursor, limit)

    @override
    async def record(self, user: User, ref: RecordRef) -> Record:
        return await self._read(user, _record, clean_ref(ref))

    @override
    async def addresses(self, user: User, ref: RecordRef) -> Sequence[RecordAddress]:
        return await self._read(user, lambda access: AddressBook(access).addresses(clean_ref(ref)))

    @override
    async def matches(self, user: User, addresses: Sequence[str]) -> Sequence[RecordMatch]:
        return await self._read(user, find_matches, addresses)

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
        return await self._read(user, read_activities, clean_ref(ref), since, before, limit)

    @override
    async def email_activity(self, user: User, email_activity_id: str) -> CrmActivity:
        return await self._read(user, read_email, clean_id(email_activity_id))

    @override
    async def emails(self, user: User, internet_message_ids: Sequence[str]) -> Mapping[str, TrackedEmail]:
        return await self._read(user, find_emails, internet_message_ids)

    @override
    async def emails_among(
        self, user: User, query: MailQuery, messages: Awaitable[Sequence[Message]]
    ) -> Mapping[str, TrackedEmail]:
        return await self.emails(user, [message.internet_message_id for message in await messages])

    @override
    async def audience(self, user: User, regarding: RecordRef | None) -> int:
        return await self._read(user, self._audience, clean_ref(regarding) if regarding else None)

    @override
    async def readers(self, owner_id: str, user_ids: Collection[str]) -> frozenset[str]:
        return await self._read(None, self._readers, clean_id(owner_id)) & frozenset(user_ids)

    @override
    async def create_email(self, user: User, draft: EmailDraft) -> TrackedEmail:
        return await self._write(user, create_email, draft, self._now())

    @override
    async def add_attachment(self, user: User, email_activity_id: str, file: AttachmentContent) -> None:
        await self._write(user, add_attachment, clean_id(email_activity_id), file, self._now())

    @override
    async def complete_email(self, user: User, email_activity_id: str) -> None:
        await self._write(user, complete_email, clean_id(email_activity_id), self._now())

    @override
    async def delete_email(self, user: User, email_activity_id: str) -> None:
        await self._write(user, delete_email, clean_id(email_activity_id))
        await self._database.fold()

    @override
    async def set_regarding(self, user: User, email_activity_id: str, regarding: RecordRef | None) -> None:
        about = clean_ref(regarding) if regarding else None
        await self._write(user, set_regarding, clean_id(email_activity_id), about, self._now())

    @override
    async def link(self, user: User, email_activity_id: str, ref: RecordRef) -> None:
        await self._write(user, link_email, clean_id(email_activity_id), clean_ref(ref), self._now())

    @override
    async def attachments(self, user: User, email_activity_id: str) -> Sequence[Attachment]:
        return await self._read(user, list_attachments, clean_id(email_activity_id))

    @override
    async def create_person(self, user: User, person: NewPerson) -> Record:
        return await self._write(user, create_person, person, self._now())

    @override
    async def rows(self, user: User | None, queries: Sequence[RowQuery]) -> Sequence[Sequence[CrmRow]]:
        return await self._read(user, read_queries, queries)

    @override
    async def changes(self, table: str, columns: Sequence[Column], cursor: str | None) -> RowChanges:
        return await self._read(None, read_changes, table, tuple(columns), cursor)

    @override
    async def create(self, user: User | None, ref: RecordRef, values: Values) -> None:
        await self._write(user, create_row, clean_ref(ref), values, self._now())

    @override
    async def update(self, user: User | None, ref: RecordRef, values: Values) -> None:
        await self._write(user, update_row, clean_ref(ref), values, self._now())

    @override
    async def associate(self, user: User | None, table: str, one: RecordRef, other: RecordRef) -> None:
        await self._write(user, associate_rows, table, clean_ref(one), clean_ref(other), self._now())

    def _user(self, access: Access, id_or_email: str) -> User | None:
        return self._structure.user(access.connection, id_or_email)

    def _user_by_object_id(self, access: Access, object_id: str) -> User | None:
        return self._structure.user_by_object_id(access.connection, object_id)

    def _audience(self, access: Access, regarding: RecordRef | None) -> int:
        if regarding:
            access.require(regarding)
        return len(self._structure.readers(access.connection, access.user.id, "email"))

    def _readers(self, access: Access, owner_id: str) -> frozenset[str]:
        return self._structure.readers(access.connection, owner_id, "email")

    async def _read(
        self,
        user: User | None,
        function: Callable[Concatenate[Access, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        def run(connection: Connection) -> T:
            self._structure = self._structure.renewed(connection)
            return function(self._structure.access(connection, user), *args, **kwargs)

        return await self._database.read(run)

    async def _write(
        self,
        user: User | None,
        function: Callable[Concatenate[Access, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        def run(connection: Connection) -> T:
            count_change(connection)
            # Not kept: this transaction may see a structure that never comes to be.
            structure = Structure(self._standard).renewed(connection)
            return function(structure.access(connection, user), *args, **kwargs)

        return await self._database.write(run)


def _record(access: Access, ref: RecordRef) -> Record:
    return as_records(access, [access.require(ref)])[0]
