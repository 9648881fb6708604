"""One at a time for what has the same key, in this process; between processes the CRM's keys decide."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class Locks:
    """Locks by key, gone when nobody holds them."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def one_at_a_time(self, key: str) -> AsyncIterator[None]:
        """Wait until nobody else holds the key."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            yield
