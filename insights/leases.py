"""Shared work is done by one process at a time: whoever does it holds a lease, and renews it meanwhile.

Leases go by the real clock. One that dies with its process can be taken half a minute later.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import uuid4

import structlog
from sqlalchemy import Connection, or_, update

from insights.database import insert_into
from insights.errors import Problem
from insights.services import Services
from insights.tables import leases

LASTS = timedelta(seconds=30)
RENEWED_EVERY = 10.0
HOLDER = str(uuid4())
"""This process; another one that gets its number after it died is somebody else."""
log = structlog.get_logger(__name__)


@asynccontextmanager
async def held(services: Services, name: str, *, every: timedelta | None = None) -> AsyncIterator[bool]:
    """Hold the lease of some work; False where another process does, or began less than `every` ago."""
    is_ours = await services.database.write(take, name, HOLDER, services.clock(), every)
    if not is_ours:
        yield False
        return
    renewing = asyncio.create_task(_keep(services, name))
    try:
        yield True
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)
        await services.database.write(give_back, name, HOLDER, services.clock())


def take(
    connection: Connection, name: str, holder: str, now: datetime, every: timedelta | None = None
) -> bool:
    """Take a lease that nobody holds; whether it is ours now."""
    fresh = {"holder": holder, "until": now + LASTS, "began_at": now}
    row = insert_into(connection, leases).values(name=name, **fresh)
    # A clock that was set back must not stop the work until it has caught up.
    is_free = or_(leases.c.until <= now, leases.c.until > now + LASTS)
    if every is not None:
        is_free &= or_(leases.c.began_at <= now - every, leases.c.began_at > now)
    row = row.on_conflict_do_update(index_elements=["name"], set_=fresh, where=is_free)
    return bool(connection.execute(row).rowcount)


def renew(connection: Connection, name: str, holder: str, now: datetime) -> bool:
    """Hold it for longer; False where it is another's by now."""
    mine = (leases.c.name == name) & (leases.c.holder == holder)
    return bool(connection.execute(update(leases).where(mine).values(until=now + LASTS)).rowcount)


def give_back(connection: Connection, name: str, holder: str, now: datetime) -> None:
    """Let others have it."""
    mine = (leases.c.name == name) & (leases.c.holder == holder)
    connection.execute(update(leases).where(mine).values(until=now))


async def _keep(services: Services, name: str) -> None:
    while True:
        await asyncio.sleep(RENEWED_EVERY)
        try:
            if not await services.database.write(renew, name, HOLDER, services.clock()):
                log.warning("a lease was lost while its work went on", lease=name)
                return
        except Problem as problem:
            log.warning("a lease could not be renewed", lease=name, code=problem.code)
