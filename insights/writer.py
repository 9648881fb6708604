"""Commits together what is written at the same time: a commit waits for the disk, on SQLite one at a time.

Each function is a transaction of its own to whoever asked: if one of a group fails, nothing of the group
is kept and each runs again by itself, as if it had come alone.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine

MOST_TOGETHER = 64


@dataclass(frozen=True, slots=True)
class Write:
    """A function that waits for its transaction, and where its result goes."""

    function: Callable[[Connection], Any]
    done: Future[Any] = field(default_factory=Future)


class Writer:
    """Runs write transactions in threads; what comes while all are busy is one transaction."""

    def __init__(self, engine: Engine, name: str, *, threads: int) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=f"write-{name}")
        self._waiting: deque[Write] = deque()
        self._idle = threads
        self._lock = threading.Lock()

    async def write(self, function: Callable[[Connection], Any]) -> Any:
        """The function's result once it is committed; its exception where nothing was."""
        write = Write(function)
        with self._lock:
            self._waiting.append(write)
            is_thread_idle = self._idle > 0
            self._idle -= is_thread_idle
        if is_thread_idle:
            self._threads.submit(self._commit_waiting)
        # Nobody may take back what the thread may be doing already.
        return await asyncio.shield(asyncio.wrap_future(write.done))

    def close(self) -> None:
        """Wait for what was asked for, then end the threads."""
        self._threads.shutdown()

    def _commit_waiting(self) -> None:
        """Commit group after group until nothing waits."""
        while True:
            with self._lock:
                group = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_TOGETHER))]
                self._idle += not group
            if not group:
                return
            self._commit_group(group)

    def _commit_group(self, group: list[Write]) -> None:
        if len(group) > 1:
            with suppress(Exception):  # whose it was shows when each runs alone
                self._commit(group)
                return
        for write in group:
            try:
                self._commit([write])
            except BaseException as error:  # noqa: BLE001  it belongs to who asked
                write.done.set_exception(error)

    def _commit(self, group: list[Write]) -> None:
        with self._engine.begin() as connection:
            # An INSERT's count of rows, by which "somebody was faster" is told, is not kept by itself.
            keeping = connection.execution_options(preserve_rowcount=True)
            results = [write.function(keeping) for write in group]
        for write, result in zip(group, results, strict=True):
            write.done.set_result(result)
