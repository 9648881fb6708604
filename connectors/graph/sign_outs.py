"""Who signed out here: until they sign in again their mail is not read in the app's right either."""

import json
import time
from collections import OrderedDict

from sqlalchemy import Connection, delete, select

from insights.database import Database
from insights.tables import preferences

NAME, SIGNED_OUT = "mail_access", json.dumps("signed_out")
CHECKED_SECONDS = 60.0
"""For how long nobody looks again whether somebody who is signed in has signed out elsewhere."""
MOST = 20_000


class SignOuts:
    """Rows of `preferences` by Entra object id, for that is all that a bearer token tells."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._signed_in: OrderedDict[str, float] = OrderedDict()

    async def note(self, object_id: str) -> bool:
        """The account has signed out; whether it had not before."""
        self._signed_in.pop(object_id, None)
        return bool(object_id) and await self._database.write(_insert, self._database, object_id)

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
    row = select(preferences.c.name).where(preferences.c.user_id == object_id, preferences.c.name == NAME)
    return connection.execute(row).first() is not None


def _insert(connection: Connection, database: Database, object_id: str) -> bool:
    row = database.insert(preferences).values(user_id=object_id, name=NAME, value=SIGNED_OUT)
    return connection.execute(row.on_conflict_do_nothing()).rowcount > 0


def _delete(connection: Connection, object_id: str) -> None:
    connection.execute(
        delete(preferences).where(preferences.c.user_id == object_id, preferences.c.name == NAME)
    )
