"""What open panes are told while they are open: emails whose tracking moved, mail that arrived.

Of an email hears who pressed *Track* on it, who holds a copy, and who may read its row in the CRM: the id
and the hour of what others track are nobody else's business.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

from sqlalchemy import Connection, delete, func, select

from insights.capture.joins import select_pressed
from insights.capture.tracks import Track
from insights.capture.views import Change
from insights.errors import Problem
from insights.model import TrackState, User
from insights.news import Heard
from insights.services import Services
from insights.tables import changes

MAILBOX_EVERY_SECONDS = 10.0
KEPT = timedelta(days=1)
MOST_SHOWN = 1000
"""Emails that a pane remembers to have been shown by the CRM."""


async def watch(services: Services, user: User) -> AsyncIterator[list[Change]]:
    """Changes from now on that concern the user, those of one moment together, until nobody listens."""
    async with services.news.listen() as heard:
        version, looked_at = await services.mail.version(user.mailbox), time.monotonic()
        shown = OrderedDict[str, None]()
        while True:
            moved = await _hear(heard, looked_at + MAILBOX_EVERY_SECONDS)
            if moved:
                concerned = await _concerning(services, user, moved, shown)
                if told := [Change(kind="track", id=each) for each in moved if each in concerned]:
                    yield told
            if time.monotonic() - looked_at >= MAILBOX_EVERY_SECONDS:
                newest, looked_at = await services.mail.version(user.mailbox), time.monotonic()
                if newest != version:
                    version = newest
                    yield [Change(kind="mailbox", id=newest)]


async def _hear(heard: Heard, until: float) -> list[str]:
    """The next news, none where there was none in time; raises the Problem that came instead."""
    try:
        async with asyncio.timeout(max(until - time.monotonic(), 0)):
            news = await heard.get()
    except TimeoutError:
        return []
    if isinstance(news, Problem):
        raise news
    return news


async def _concerning(
    services: Services, user: User, email_ids: Sequence[str], shown: OrderedDict[str, None]
) -> frozenset[str]:
    """Those of the emails that the user knows of; `shown` keeps what the CRM once let them read."""
    rows, joined = await services.database.read(select_pressed, email_ids, user.id)
    pressed = joined | {each for each, row in rows.items() if row.user_id == user.id}
    held = await services.mail.held(user, [each for each in email_ids if each not in pressed])
    others = [each for each in email_ids if each not in pressed | held and each not in shown]
    readable = await asyncio.gather(*(_is_readable(services, user, each, rows.get(each)) for each in others))
    shown.update((each, None) for each, is_readable in zip(others, readable, strict=True) if is_readable)
    concerned = pressed | held | shown.keys()
    while len(shown) > MOST_SHOWN:
        shown.popitem(last=False)
    return frozenset(concerned)


async def _is_readable(services: Services, user: User, email_id: str, row: Track | None) -> bool:
    """Whether the CRM shows the user a row of the email; an unfinished one is none yet.

    A CRM that does not answer says no: the pane's regular look finds out, and the line goes on.
    """
    if row and row.state is not TrackState.TRACKED:
        return False
    try:
        await services.crm.email_activity(user, (row and row.email_activity_id) or email_id)
    except Problem:
        return False
    return True


async def forget_changes(services: Services) -> int:
    """Drop what every pane has seen or can no longer miss; how many rows went."""
    return await services.database.write(_forget, services)


def _forget(connection: Connection, services: Services) -> int:
    # The newest stays: numbers must only grow, and SQLite would begin again after an empty table.
    newest = select(func.max(changes.c.id)).scalar_subquery()
    old = (changes.c.at < services.clock() - KEPT) & (changes.c.id < newest)
    return connection.execute(delete(changes).where(old)).rowcount
