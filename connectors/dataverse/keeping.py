"""What changes seldom, kept for a named time; whoever asks meanwhile waits for the same reading."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

METADATA_FOR = timedelta(hours=1)
"""Tables, columns, names of privileges."""
ORGANIZATION_FOR = timedelta(hours=1)
"""The organisation's id; its limits for files as long as users."""
USERS_FOR = timedelta(minutes=5)
"""Users with roles and privileges, mailboxes, limits for files."""
READERS_FOR = timedelta(minutes=10)
"""Who may read activities, for the number of those who will see an email."""
SEEN_FOR = timedelta(seconds=30)
"""That a user may read a record, where nothing of it is shown."""
MOST = 20_000


def take_note(done: asyncio.Future[Any]) -> None:
    """Look at how a reading ended, so that one that nobody waits for any more fails in silence."""
    if not done.cancelled():
        done.exception()


class Keeping:
    """Answers by key, each until its time is over; a failed reading is not kept."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._kept: OrderedDict[Hashable, tuple[datetime, Any]] = OrderedDict()
        self._running: dict[Hashable, asyncio.Future[Any]] = {}

    def find(self, key: Hashable) -> Any:
        """What is kept under the key, None if nothing is."""
        until, value = self._kept.get(key, (None, None))
        return value if until and self._now() < until else None

    def keep(self, key: Hashable, value: object, lifetime: timedelta) -> None:
        """Keep a value under the key."""
        self._kept.pop(key, None)
        self._kept[key] = (self._now() + lifetime, value)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)

    def forget(self) -> None:
        """Read everything anew from now on."""
        self._kept.clear()
        self._running.clear()

    async def get(self, key: Hashable, lifetime: timedelta, read: Callable[[], Awaitable[T]]) -> T:
        """What is kept under the key, else what `read` gives, which all who wait share; None is not kept."""
        kept = self.find(key)
        if kept is not None:
            found: T = kept
            return found
        running = self._running.get(key)
        if running is None:
            running = self._running[key] = asyncio.ensure_future(self._read(key, lifetime, read))
            running.add_done_callback(take_note)
        result: T = await asyncio.shield(running)
        return result

    async def _read(self, key: Hashable, lifetime: timedelta, read: Callable[[], Awaitable[T]]) -> T:
        task = asyncio.current_task()
        try:
            value = await read()
            if value is not None and self._running.get(key) is task:
                self.keep(key, value, lifetime)
            return value
        finally:
            if self._running.get(key) is task:
                del self._running[key]
