"""Bounds of a process that reads what strangers wrote: time for each piece, memory for all."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class TooSlowError(BaseException):
    """Comes out of wherever the time ran out; no `except Exception` on the way may keep it."""


def bound_memory(most: int) -> None:
    """Refuse this process more memory (bytes) and let others go first: for good, so only one of its own."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        os.nice(5)


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TooSlowError after so much processor time; only the main thread's is measured.

    What does not listen, as C code, is ended by who waits for the process.
    """
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_signal: int, _frame: object) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGPROF, stop)
    # Once more after the same time: what is raised in a callback of the collector is lost there.
    signal.setitimer(signal.ITIMER_PROF, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
