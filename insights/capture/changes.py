"""What open panes are told while they are open: emails whose tracking moved, mail that arrived.

Of an email hears who pressed *Track* on it, who holds a copy, and, once it is in the CRM, who may read what
its owner tracks: the id and the hour of what others track are nobody else's business.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import Connection, delete, func, select

from insights.capture.tracks import NEWS, Track, select_tracks
from insights.capture.views import Change
from insights.errors import Problem
from insights.model import TrackState, User
from insights.news import NewsItem
from insights.services import Services
from insights.tables import news
from insights.views import Ref

MAILBOX, MAILBOX_EVERY_SECONDS = "mailbox", 10.0
KEPT = timedelta(days=1)
IN_THE_CRM = frozenset({TrackState.TRACKED, TrackState.UNTRACKED})
"""Where an email is, or was until now, that others may have seen."""


async def watch(services: Services, user: User) -> AsyncIterator[list[Change]]:
    """Changes from now on that concern the user, those of one moment together, until nobody listens."""
    async with services.news.listen(user) as heard:
        version = await services.mail.version(user.mailbox)
        while True:
            happened = await heard.get()
            if isinstance(happened, Problem):
                raise happened
            changes = [_change(item) for item in happened if item.kind == NEWS]
            # Of several looks the newest counts; what it found may be older than this stream.
            found = [item.subject for item in happened if item.kind == MAILBOX][-1:]
            if found and found != [version]:
                [version] = found
                changes.append(Change(kind=MAILBOX, id=version))
            if changes:
                yield changes


class MailboxLook:
    """Looks whether mailboxes have changed, in one go for all whose panes are open."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._versions: dict[str, str] = {}

    async def __call__(self, users: Sequence[User]) -> Mapping[str, Sequence[NewsItem]]:
        """The version of each mailbox that is another one than at the last look, or was not in it."""
        versions = await self._services.mail.versions(users)
        before, self._versions = self._versions, dict(versions)
        return {
            user_id: [NewsItem(MAILBOX, version, is_own=True)]
            for user_id, version in versions.items()
            if before.get(user_id) != version
        }


def _change(item: NewsItem) -> Change:
    record = Ref(table=item.record.table, id=item.record.id) if item.record else None
    return Change(kind="track", id=item.subject, record=record, own=item.is_own)


async def overhear(
    services: Services, items: Sequence[NewsItem], users: Collection[User]
) -> Mapping[str, frozenset[str]]:
    """The emails that each of these users knows of, by user: one question to mailboxes and one to the CRM."""
    email_ids = list(dict.fromkeys(item.subject for item in items))
    rows = await services.database.read(select_tracks, email_ids)
    owned = _by_owner(rows)
    user_ids = [user.id for user in users]
    asking = asyncio.gather(*(services.crm.readers(owner_id, user_ids) for owner_id in owned))
    held, readable = await asyncio.gather(services.mail.held(users, email_ids), asking)
    known = {user.id: set(held.get(user.id, ())) for user in users}
    for subjects, readers in zip(owned.values(), readable, strict=True):
        for user_id in readers:
            known[user_id] |= subjects
    return {user_id: frozenset(subjects) for user_id, subjects in known.items()}


def _by_owner(rows: Mapping[str, Track]) -> dict[str, set[str]]:
    """The emails that stand or stood in the CRM, by whose they are there."""
    owned: dict[str, set[str]] = {}
    for email_id, row in rows.items():
        if row.state in IN_THE_CRM:
            owned.setdefault(row.user_id, set()).add(email_id)
    return owned


async def forget_changes(services: Services) -> int:
    """Drop what every pane has seen or can no longer miss; how many rows went."""
    return await services.database.write(_forget, services)


def _forget(connection: Connection, services: Services) -> int:
    # The newest stays: numbers must only grow, and SQLite would begin again after an empty table.
    newest = select(func.max(news.c.id)).scalar_subquery()
    old = (news.c.at < services.clock() - KEPT) & (news.c.id < newest)
    return connection.execute(delete(news).where(old)).rowcount
