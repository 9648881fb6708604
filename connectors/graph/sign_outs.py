"""Who signed out here: until they sign in again their mail is not read in the app's right either."""

import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, delete, select

from insights.database import Database, insert_into
from insights.tables import sign_outs

CHECKED_SECONDS = 60.0
"""For how long nobody looks again whether somebody who is signed in has signed out elsewhere."""
MOST = 20_000


class SignOuts:
    """Rows of `sign_outs` by Entra object id, for that is all that a bearer token tells."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database, self._now = database, now
        self._signed_in: OrderedDict[str, float] = OrderedDict()

    async def note(self, object_id: str) -> bool:
        """The account has signed out; whether it had not before."""
        self._signed_in.pop(object_id, None)
        return bool(object_id) and await self._database.write(_insert, object_id, self._now())

    async def forget(self, object_id: str) -> None:
        """The account has signed in."""
        checked_at = self._signed_in.get(object_id, float("-inf"))
        if not object_id or time.monotonic() - checked_at < CHECKED_SECONDS:
            return
        if await self.has(object_id):
            await self._database.write(_delete, object_id)
        self._signed_in[object_id] = time.monotonic()
        self._signed_in.move_to_end(object_id)
        while len(self._signed_in) > MOST:
            self._signed_in.popitem(last=False)

    async def has(self, object_id: str) -> bool:
        """Whether the account has signed out and not in again."""
        return await self._database.read(_is_there, object_id)


def _is_there(connection: Connection, object_id: str) -> bool:
    row = select(sign_outs.c.object_id).where(sign_outs.c.object_id == object_id)
    return connection.execute(row).first() is not None


def _insert(connection: Connection, object_id: str, now: datetime) -> bool:
    row = insert_into(connection, sign_outs).values(object_id=object_id, at=now)
    return connection.execute(row.on_conflict_do_nothing()).rowcount > 0


def _delete(connection: Connection, object_id: str) -> None:
    connection.execute(delete(sign_outs).where(sign_outs.c.object_id == object_id))
