"""What happened, read from the database once for all who listen in this process.

Every process reads for itself, so it does not matter which of them moved something.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from sqlalchemy import Connection, func, select

from insights.database import Database
from insights.errors import Problem, Unavailable
from insights.tables import changes

EVERY_SECONDS = 0.4
AT_ONCE = 500
log = structlog.get_logger(__name__)
NEWEST = select(func.max(changes.c.id))
Heard = asyncio.Queue[list[str] | Problem]
"""Ids of emails whose tracking moved, those of one moment together; a Problem where that is not known."""


class News:
    """Reads while anybody listens."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: set[Heard] = set()
        self._reading: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._last = 0

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[Heard]:
        """What happens from now on."""
        heard = Heard()
        async with self._starting:  # whoever comes meanwhile begins no second one
            if self._reading is None:
                self._last = await self._database.read(newest_change)
                self._reading = asyncio.create_task(self._read())
        self._listeners.add(heard)
        try:
            yield heard
        finally:
            self._listeners.discard(heard)
            if not self._listeners and self._reading:
                self._reading.cancel()
                self._reading = None

    async def _read(self) -> None:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                moved = await self._database.read(_since, self._last)
            except Problem as problem:
                self._tell(problem)
                continue
            except Exception:
                log.exception("news could not be read")
                self._tell(Unavailable("News could not be read", "the log says more", code="no_news"))
                continue
            if moved:
                self._last = moved[-1][0]
                self._tell(list(dict.fromkeys(subject for _, subject in moved)))

    def _tell(self, what: list[str] | Problem) -> None:
        for heard in self._listeners:
            heard.put_nowait(what)


def newest_change(connection: Connection) -> int:
    """The number of the newest change, to be asked for before what it may change is read."""
    return connection.execute(NEWEST).scalar() or 0


def _since(connection: Connection, last: int) -> list[tuple[int, str]]:
    query = select(changes.c.id, changes.c.subject).where(changes.c.id > last)
    rows = connection.execute(query.order_by(changes.c.id).limit(AT_ONCE))
    return [(number, subject) for number, subject in rows]
