"""The worker processes that parse mail: each message has a time limit, each worker a memory limit.

A message that takes too long or brings its worker down is lost alone: its batch is parsed again one
by one. Workers start at the first task, or before it by `warm`; nothing of a message is written to disk
or logged.
"""

import asyncio
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TaskTimeoutError
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from insights.errors import Conflict, Unavailable
from insights.mail.parsing import worker
from insights.mail.parsing.parsed import ParsedMessage, Unreadable
from insights.model import AttachmentContent, MessageBody

T = TypeVar("T")

SECONDS = 5.0
"""Processor time for a message; on a busy machine the clock may show more, but never `PATIENCE` times it."""
PATIENCE = 3
WARM_SECONDS = 60.0
MEMORY_LIMIT = 768 * 1024 * 1024
TASKS_PER_WORKER = 500
"""After so many tasks a worker is replaced, so that memory it could not give back is."""
ATTEMPTS = 2


class _Failed(Exception):
    """A task that brought no result; the text says why, without content."""


class MailParser:
    """Parses mail outside this process; close it when done."""

    def __init__(
        self, *, workers: int = 2, seconds: float = SECONDS, memory_limit: int = MEMORY_LIMIT
    ) -> None:
        self._workers, self._seconds, self._memory_limit = workers, seconds, memory_limit
        self._pool: ProcessPool | None = None
        self._lock = asyncio.Lock()
        self._waiting: set[Future[Any]] = set()
        self._is_closed = False

    async def warm(self) -> None:
        """Start the workers and wait for one, so that the first mail does not; raises Unavailable."""
        try:
            await self._run(WARM_SECONDS, worker.wake)
        except _Failed:
            raise _unavailable() from None

    async def parse(self, batch: Sequence[bytes]) -> list[ParsedMessage | Unreadable]:
        """Each message parsed, or why not, in the order given."""
        seconds = self._seconds * PATIENCE
        try:
            return await self._run(seconds, worker.parse_batch, list(batch), self._seconds)
        except _Failed as failure:
            if len(batch) == 1:
                return [Unreadable(str(failure))]
        return [(await self.parse([raw]))[0] for raw in batch]

    async def body(self, stored: bytes) -> MessageBody:
        """The words of a stored message; without its formatting where cleaning that takes too long."""
        return await self._clean(worker.body, stored)

    async def words(self, content: str, *, is_html: bool) -> MessageBody:
        """The same of a body that comes without its message."""
        return await self._clean(worker.words, content, is_html)

    async def attachment(self, stored: bytes, attachment_id: str) -> AttachmentContent | None:
        """A file of a stored message with its bytes, or None if it has no such file."""
        try:
            return await self._run(self._seconds * PATIENCE, worker.attachment, stored, attachment_id)
        except _Failed as failure:
            raise _unreadable(failure) from None

    async def close(self) -> None:
        """Stop the workers for good; who still waits for a result is told that there is none."""
        self._is_closed = True
        async with self._lock:
            pool, self._pool = self._pool, None
            if pool:
                await self._stop(pool)

    async def _clean(self, function: Callable[..., MessageBody], *args: object) -> MessageBody:
        for plain in (False, True):
            try:
                return await self._run(self._seconds, function, *args, plain)
            except _Failed as failed:
                failure = failed
        raise _unreadable(failure) from None

    async def _run(self, seconds: float, function: Callable[..., T], *args: object) -> T:
        for _ in range(ATTEMPTS):
            pool = await self._started()
            try:
                future = pool.schedule(function, args=args, timeout=seconds)
            except RuntimeError:  # it has been stopped or found broken since
                await self._discard(pool)
                continue
            self._waiting.add(future)
            try:
                return await asyncio.wrap_future(future)
            except TaskTimeoutError:
                raise _Failed(f"reading it takes longer than {self._seconds:g} s") from None
            except ProcessExpired:
                raise _Failed("reading it brings the reader down") from None
            except BrokenProcessPool:  # a worker died between two tasks
                await self._discard(pool)
            except MemoryError:
                raise _Failed("it needs too much memory") from None
            except Exception as error:  # noqa: BLE001 - whatever the standard parser raised over there
                raise _Failed(f"it is malformed ({type(error).__name__})") from None
            finally:
                self._waiting.discard(future)
        raise _unavailable()

    async def _started(self) -> ProcessPool:
        async with self._lock:
            if self._is_closed:
                raise _unavailable()
            if self._pool is None:
                self._pool = ProcessPool(
                    max_workers=self._workers,
                    max_tasks=TASKS_PER_WORKER,
                    initializer=worker.start,
                    initargs=(self._memory_limit,),
                    # The server has threads: a forked copy of it could hang on one of their locks.
                    context=multiprocessing.get_context("spawn"),
                )
            return self._pool

    async def _discard(self, pool: ProcessPool) -> None:
        async with self._lock:
            if self._pool is pool:
                self._pool = None
                await self._stop(pool)

    async def _stop(self, pool: ProcessPool) -> None:
        pool.stop()  # type: ignore[no-untyped-call]
        await asyncio.to_thread(pool.join)
        for future in self._waiting:
            if not future.done():
                future.set_exception(BrokenProcessPool())


def _unavailable() -> Unavailable:
    return Unavailable("mail_parser_down")


def _unreadable(failure: _Failed) -> Conflict:
    return Conflict("mail_unreadable.failed", failure=str(failure))
