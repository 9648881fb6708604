"""What the product needs from the outside, as small Protocols; connectors implement them.

Each method is *required*: `tests/contracts/` has a test for it that every implementation passes. Only
`Probing` is *optional*: any connector may have it beside its port.
All of them raise only `insights.errors.Problem`s. `user` is who asks: the answer holds nothing that
this user's CRM permissions hide, and a record that may not be read is `NotFound`.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from insights.model import (
    Attachment,
    AttachmentContent,
    CrmActivity,
    EmailDraft,
    Finding,
    Identity,
    Mailbox,
    MailboxState,
    MailQuery,
    Message,
    MessageBody,
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


class Directory(Protocol):
    """Who signs in, and which addresses are our own."""

    async def identify(self, token: str) -> Identity:
        """Whom a bearer token proves; raises NotSignedIn."""
        ...

    async def sign_out(self, user: User) -> bool:
        """Forget what lets us act for the user while they are away; whether there was anything."""
        ...

    async def own_domains(self) -> frozenset[str]:
        """Lower-case mail domains of the organisation (accepted domains)."""
        ...

    async def groups(self, user_id: str) -> frozenset[str]:
        """Ids of the security groups the user is in, directly or through others."""
        ...


class Mail(Protocol):
    """Mailboxes. Reads in the right of the mailbox's `reader`: what that user may not see, nobody gets.

    A mailbox that does not exist or is not shared with its reader is NotFound (`no_mailbox`), but for
    a user's own, which then is empty. Problems of `body` and `attachment` have the codes `no_email`,
    `no_attachment`, for a file that is only a link `linked_file` (Conflict) and, for a message that
    defeats the parser, `mail_unreadable` (Conflict).
    SignInNeeded where the reader has to sign in once more first.
    """

    async def search(self, mailbox: Mailbox, query: MailQuery) -> Sequence[Message]:
        """Messages of the mailbox that match, newest first, one per Message-ID."""
        ...

    async def find(
        self, mailbox: Mailbox, email_ids: Sequence[str], *, listed_only: bool = False
    ) -> Mapping[str, Message]:
        """Those of the messages that this mailbox holds, by `email_id`.

        A mail server with ids of its own may find only what it has listed before, to whomever.
        `listed_only` leaves out what `search` does: deleted mail and junk.
        """
        ...

    async def find_by_message_id(self, mailbox: Mailbox, internet_message_id: str) -> Message | None:
        """The mailbox's copy of a message, or None."""
        ...

    async def conversation(self, mailbox: Mailbox, conversation_id: str) -> Sequence[Message]:
        """All messages of a thread in this mailbox, oldest first."""
        ...

    async def latest(self, mailbox: Mailbox, cursor: str | None, limit: int) -> Page[Message]:
        """The mailbox's messages, newest first."""
        ...

    async def body(self, mailbox: Mailbox, email_id: str) -> MessageBody:
        """The cleaned words of a message; raises NotFound."""
        ...

    async def attachment(self, mailbox: Mailbox, email_id: str, attachment_id: str) -> AttachmentContent:
        """A file with its bytes; raises NotFound."""
        ...

    async def held(self, reader: User, email_ids: Collection[str]) -> frozenset[str]:
        """Those of the emails that lie in a mailbox which the user reads, as far as is known by now.

        Their own, and those that are shared with them; a mail server far away is not asked.
        """
        ...

    async def version(self, mailbox: Mailbox) -> str:
        """A token that changes whenever the mailbox gets or loses a message; cheap enough to poll."""
        ...


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

    async def create_email(self, user: User, draft: EmailDraft) -> TrackedEmail:
        """Create the open email activity; if its key or Message-ID is taken, return the existing row."""
        ...

    async def add_attachment(self, user: User, email_activity_id: str, file: AttachmentContent) -> None:
        """Add a file once (same name and size = already there); raises TooLarge, Invalid (blocked)."""
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


@runtime_checkable
class Probing(Protocol):
    """*Optional*: a connector that can look whether the service behind it gives what Liaison needs."""

    def probes(self, user: User | None) -> Mapping[str, Callable[[], Awaitable[Finding]]]:
        """Requirement → look, for rows of `insights/requirements/table.py`; a look changes nothing.

        `user` is whose token and mailbox are tried where one is needed; None = nobody is known, so such
        looks answer *unknown*. Looks run at the same time, each with a time limit of the caller's; one
        that raises a Problem counts as *unknown* with its words.
        """
        ...
