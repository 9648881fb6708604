"""What open panes are told while they are open: emails whose tracking moved, mail that arrived.

Every process asks the database, so it does not matter which of them moved something.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

from sqlalchemy import Connection, delete, func, select

from insights.capture.views import Change
from insights.model import User
from insights.services import Services
from insights.tables import changes

EVERY_SECONDS = 0.4
MAILBOX_EVERY_SECONDS = 10.0
KEPT = timedelta(days=1)
NEWEST = select(func.max(changes.c.id))


async def watch(services: Services, user: User) -> AsyncIterator[Change]:
    """Changes from now on, until the caller stops listening."""
    last = await services.database.read(newest_change)
    version = await services.mail.version(user.mailbox)
    waited = 0.0
    while True:
        for number, email_id in await services.database.read(_since, last):
            last = number
            yield Change(kind="track", id=email_id)
        if waited >= MAILBOX_EVERY_SECONDS:
            waited = 0.0
            newest = await services.mail.version(user.mailbox)
            if newest != version:
                version = newest
                yield Change(kind="mailbox", id=newest)
        await asyncio.sleep(EVERY_SECONDS)
        waited += EVERY_SECONDS


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
    old = (changes.c.at < services.now() - KEPT) & (changes.c.id < newest)
    return connection.execute(delete(changes).where(old)).rowcount
