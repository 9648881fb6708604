"""The CRM."""

from collections.abc import Awaitable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from insights.crm.conditions import Column
from insights.crm.rows import CrmRow, RowChanges, RowQuery, Values
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


class Crm(Protocol):
    """The CRM, in Dataverse's words.

    Problems of what tracking calls have the codes `record_not_found`, `attachment_too_large`,
    `blocked_attachment`, `tracked_meanwhile`, `others_added` (`insights/capture/causes.py` has words).
    """

    async def organization_id(self) -> str:
        """The organisation's UUID, for good the same."""
        ...

    async def user(self, id_or_email: str) -> User | None:
        """An enabled user with roles and privileges, by `systemuserid` or whole address.

        An address that several enabled users have names nobody.
        """
        ...

    async def user_by_object_id(self, object_id: str) -> User | None:
        """The same by Entra object id (`azureactivedirectoryobjectid`)."""
        ...

    async def users(self) -> Sequence[User]:
        """All enabled users with their roles, own ones and those of teams; without privileges."""
        ...

    async def mailbox_state(self, user_id: str) -> MailboxState:
        """How the user's mailbox is synchronised and approved."""
        ...

    async def version(self) -> str:
        """A token that changes whenever anything in the CRM does; "" where that is not known."""
        ...

    async def tables(self) -> Sequence[Table]:
        """The tables whose rows have a timeline: the five of ours and custom ones."""
        ...

    async def search(
        self, user: User, *, text: str, email: str, table: str, cursor: str | None, limit: int
    ) -> Page[Record]:
        """Records by name or address, best match first; nothing given = all the user may read."""
        ...

    async def record(self, user: User, ref: RecordRef) -> Record:
        """One record; raises NotFound, also where the user may not read it."""
        ...

    async def addresses(self, user: User, ref: RecordRef) -> Sequence[RecordAddress]:
        """The record's addresses by the rules of product.md §1.1, each once, nearest relation first."""
        ...

    async def matches(self, user: User, addresses: Sequence[str]) -> Sequence[RecordMatch]:
        """The records these addresses belong to: open opportunities and cases, persons, accounts."""
        ...

    async def activities(
        self,
        user: User,
        ref: RecordRef,
        *,
        since: datetime | None,
        before: tuple[datetime, str] | None,
        limit: int,
    ) -> Sequence[CrmActivity]:
        """Activities regarding or linked to the record that the user may read, newest first by (at, id)."""
        ...

    async def email_activity(self, user: User, email_activity_id: str) -> CrmActivity:
        """One email activity; raises NotFound, also where the user may not read it."""
        ...

    async def emails(self, user: User, internet_message_ids: Sequence[str]) -> Mapping[str, TrackedEmail]:
        """Email activities by Message-ID, whoever tracked them with whatever tool; also unreadable ones."""
        ...

    async def emails_among(
        self, user: User, query: MailQuery, messages: Awaitable[Sequence[Message]]
    ) -> Mapping[str, TrackedEmail]:
        """`emails` of the messages that a mail query finds, asked while the query is still on its way.

        So a CRM far away need not wait for a mail server far away: it may answer by the addresses and
        the time of the query, and look for the rest once the messages are known.
        """
        ...

    async def audience(self, user: User, regarding: RecordRef | None) -> int:
        """How many enabled users could read an email that `user` tracks with this regarding."""
        ...

    async def readers(self, owner_id: str, user_ids: Collection[str]) -> frozenset[str]:
        """Those of the users who could read an email that `owner_id` tracks, by roles and business units.

        Whom a single row is shared with does not count, and what is known may be minutes old.
        """
        ...

    async def create_email(self, user: User, draft: EmailDraft) -> TrackedEmail:
        """Create the open email activity; if its key or Message-ID is taken, return the existing row."""
        ...

    async def add_attachment(self, user: User, email_activity_id: str, file: AttachmentContent) -> None:
        """Add a file once (same name and bytes = already there); raises TooLarge, Invalid (blocked)."""
        ...

    async def complete_email(self, user: User, email_activity_id: str) -> None:
        """Set sent or received; completing twice changes nothing."""
        ...

    async def delete_email(self, user: User, email_activity_id: str) -> None:
        """Delete the row; raises Conflict where others added to it, NotFound."""
        ...

    async def set_regarding(self, user: User, email_activity_id: str, regarding: RecordRef | None) -> None:
        """Change what the email is about."""
        ...

    async def link(self, user: User, email_activity_id: str, ref: RecordRef) -> None:
        """Connect the email to a further record; twice is once."""
        ...

    async def attachments(self, user: User, email_activity_id: str) -> Sequence[Attachment]:
        """The files of an email activity."""
        ...

    async def create_person(self, user: User, person: NewPerson) -> Record:
        """A contact or lead owned by `user`; raises Conflict where the address is one that they may read.

        Another one that is hidden from them does not show: a second row is made, as the CRM itself would.
        """
        ...

    async def rows(self, user: User | None, queries: Sequence[RowQuery]) -> Sequence[Sequence[CrmRow]]:
        """The rows of each query, as far as the user may read them, in one round trip; None asks as Liaison.

        What was read for nobody in particular is shown to a user only after asking as the user. Raises
        Invalid for a table or column that the CRM does not have (`unknown_table`, `unknown_column`).
        """
        ...

    async def changes(self, table: str, columns: Sequence[Column], cursor: str | None) -> RowChanges:
        """A page of what changed in a table since the cursor, None for all of it; asked as Liaison.

        Costs by what changed. Raises Invalid for a cursor that is none (`bad_cursor`).
        """
        ...

    async def create(self, user: User | None, ref: RecordRef, values: Values) -> None:
        """Make the row with this id, owned by the user; one that is there already stays as it is.

        Raises NotAllowed, Invalid for what a column does not take (`bad_value`), NotFound or NotAllowed
        for a row that a lookup points to and the user may not read. Emails are made by `create_email`.
        """
        ...

    async def update(self, user: User | None, ref: RecordRef, values: Values) -> None:
        """Set columns of a row; raises as `create`, NotFound or NotAllowed for one not theirs to change."""
        ...

    async def associate(self, user: User | None, table: str, one: RecordRef, other: RecordRef) -> None:
        """Join two rows by the table that holds such pairs (`opportunitycompetitors`); twice is once."""
        ...
