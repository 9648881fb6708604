"""Mailboxes."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from insights.model import (
    AttachmentContent,
    Mailbox,
    MailChanges,
    MailQuery,
    Message,
    MessageBody,
    MessageHeader,
    Page,
    User,
)


class Mail(Protocol):
    """Mailboxes. Reads in the right of the mailbox's `reader`: what that user may not see, nobody gets.

    A mailbox that does not exist or is not shared with its reader is NotFound (`no_mailbox`), but for
    a user's own, which then is empty. Problems of `body`, `attachment` and `source` have the codes
    `no_email`, `no_attachment`, for a file that is only a link `linked_file` (Conflict), for a message that
    defeats the parser `mail_unreadable` (Conflict), and `mail_too_long` (Unavailable).
    SignInNeeded where the reader has to sign in once more first. A cursor that is none of this mailbox and
    method is Invalid (`bad_cursor`).
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

    async def source(self, mailbox: Mailbox, email_id: str) -> bytes:
        """The whole message as it was received, in MIME; raises NotFound."""
        ...

    async def changes(
        self, mailbox: Mailbox, cursor: str | None, *, since: datetime | None = None
    ) -> MailChanges:
        """What has come, changed (read, moved, joined to another thread) and gone since the cursor.

        Without a cursor it begins now: the first `cursor` comes with `is_anew`, and who asks then reads what
        was before by `latest`. So it does where a cursor is lost. `since`, given at the beginning: changes of
        what was received before need not be told. Deleted mail and junk do not count, as in lists; `gone_ids`
        may lack what was told months ago.
        """
        ...

    async def headers(
        self, mailbox: Mailbox, since: datetime, until: datetime, cursor: str | None = None
    ) -> Page[MessageHeader]:
        """Headers of what came from `since` on and before `until`, oldest first; each once on a page.

        Read as the application, so that it works while nobody is signed in, and for mailboxes of its reader
        alone, NotFound otherwise. It takes no more than `Mail.ReadBasic` gives; NotAllowed where the
        mailbox is kept from the application. A server counts by when it received a message where it knows.
        """
        ...

    async def held(
        self, readers: Collection[User], email_ids: Collection[str]
    ) -> Mapping[str, frozenset[str]]:
        """Those of the emails that lie in a mailbox which each user reads, by the user's id.

        Their own, and those that are shared with them, as far as is known by now: a mail server far away
        is not asked, and what is asked costs one question however many they are.
        """
        ...

    async def versions(self, readers: Collection[User]) -> Mapping[str, str]:
        """`version` of each user's own mailbox, by the user's id, in one go."""
        ...

    async def version(self, mailbox: Mailbox) -> str:
        """A token that changes whenever the mailbox, or a message in it, does; cheap enough to poll."""
        ...
