"""What open panes are told while they are open: emails whose tracking moved, mail that arrived.

Every process asks the database, so it does not matter which of them moved something. Of an email hears
who pressed *Track* on it, who holds a copy, and who may read its row in the CRM: the id and the hour of
what others track are nobody else's business.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

from sqlalchemy import Connection, delete, func, select

from insights.capture.joins import select_pressed
from insights.capture.tracks import Track
from insights.capture.views import Change
from insights.errors import Problem
from insights.model import TrackState, User
from insights.services import Services
from insights.tables import changes

EVERY_SECONDS = 0.4
MAILBOX_EVERY_SECONDS = 10.0
KEPT = timedelta(days=1)
NEWEST = select(func.max(changes.c.id))


async def watch(services: Services, user: User) -> AsyncIterator[list[Change]]:
    """Changes from now on that concern the user, those of one moment together, until nobody listens."""
    last = await services.database.read(newest_change)
    version = await services.mail.version(user.mailbox)
    waited, shown = 0.0, set[str]()
    while True:
        if moved := await services.database.read(_since, last):
            last = moved[-1][0]
            email_ids = list(dict.fromkeys(email_id for _, email_id in moved))
            concerned = await _concerning(services, user, email_ids, shown)
            if told := [Change(kind="track", id=each) for each in email_ids if each in concerned]:
                yield told
        if waited >= MAILBOX_EVERY_SECONDS:
            waited = 0.0
            newest = await services.mail.version(user.mailbox)
            if newest != version:
                version = newest
                yield [Change(kind="mailbox", id=newest)]
        await asyncio.sleep(EVERY_SECONDS)
        waited += EVERY_SECONDS


async def _concerning(
    services: Services, user: User, email_ids: Sequence[str], shown: set[str]
) -> frozenset[str]:
    """Those of the emails that the user knows of; `shown` keeps what the CRM once let them read."""
    rows, joined = await services.database.read(select_pressed, email_ids, user.id)
    pressed = joined | {each for each, row in rows.items() if row.user_id == user.id}
    held = await services.mail.held(user, [each for each in email_ids if each not in pressed])
    others = [each for each in email_ids if each not in pressed | held | shown]
    readable = await asyncio.gather(*(_is_readable(services, user, each, rows.get(each)) for each in others))
    shown |= {each for each, is_readable in zip(others, readable, strict=True) if is_readable}
    return pressed | held | shown


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


def newest_change(connection: Connection) -> int:
    """The number of the newest change, to be asked for before what it may change is read."""
    return connection.execute(NEWEST).scalar() or 0


def _since(connection: Connection, last: int) -> list[tuple[int, str]]:
    query = (
        select(changes.c.id, changes.c.subject).where(changes.c.id > last).order_by(changes.c.id).limit(500)
    )
    return [(number, subject) for number, subject in connection.execute(query)]


def _forget(connection: Connection, services: Services) -> int:
    # The newest stays: numbers must only grow, and SQLite would begin again after an empty table.
    newest = select(func.max(changes.c.id)).scalar_subquery()
    old = (changes.c.at < services.clock() - KEPT) & (changes.c.id < newest)
    return connection.execute(delete(changes).where(old)).rowcount
