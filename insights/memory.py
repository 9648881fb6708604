"""Answers kept in memory for exactly as long as what they were read from stays the same.

Each is kept with a stamp: versions of all its sources, read before the answer was. Nothing of it is
ever written; an answer that nobody asks for again goes with the next ones, or after some minutes.
"""

import time
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")
KEPT_SECONDS = 300.0


class Memory(Generic[T]):
    """The latest answers by key, at most `size` of them."""

    def __init__(self, size: int = 256) -> None:
        self._size = size
        self._kept: OrderedDict[Hashable, tuple[float, object, T]] = OrderedDict()

    def find(self, key: Hashable, stamp: object) -> T | None:
        """The answer kept under the key, if its sources are still as the stamp says."""
        self._drop_old()
        _, kept_stamp, answer = self._kept.get(key, (0.0, None, None))
        return answer if kept_stamp == stamp else None

    def keep(self, key: Hashable, stamp: object, answer: T) -> None:
        """Keep an answer that was read after the stamp."""
        self._kept.pop(key, None)
        self._kept[key] = (time.monotonic(), stamp, answer)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)

    def _drop_old(self) -> None:
        before = time.monotonic() - KEPT_SECONDS
        while self._kept and next(iter(self._kept.values()))[0] < before:
            self._kept.popitem(last=False)
