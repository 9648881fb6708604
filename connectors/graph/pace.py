"""How fast Graph may be asked: 4 requests at a time per mailbox, waiting as long as it says, in a time."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_random_exponential

from connectors.graph.problems import busy, unreachable
from insights.errors import Unavailable

AT_A_TIME = 4
BUDGET_SECONDS = 8.0
"""What one question of a person may take altogether."""
LONG_BUDGET_SECONDS = 60.0
"""The same for what moves files or runs in the background."""
BACKOFF = wait_random_exponential(multiplier=0.3, max=5)


class AskAgain(Exception):
    """Graph wants to be asked later: after `seconds`, None where it does not say."""

    def __init__(self, seconds: float | None, *, is_throttled: bool) -> None:
        super().__init__("asked to wait" if is_throttled else "no answer")
        self.seconds, self.is_throttled = seconds, is_throttled

    def problem(self) -> Unavailable:
        """What is told once the time is up."""
        return busy() if self.is_throttled else unreachable()


class Budget:
    """The time that is left for one question."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds left, 0 when it is spent."""
        return max(0.0, self._ends - time.monotonic())


class _Gate:
    """A mailbox: its free slots, and until when Graph wants no request for it."""

    def __init__(self) -> None:
        self.slots, self.turn, self.closed_until = asyncio.Semaphore(AT_A_TIME), asyncio.Lock(), 0.0


class Pace:
    """What has been learnt about each mailbox; shared by all who ask from this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._gates: WeakValueDictionary[str, _Gate] = WeakValueDictionary()
        self._closed: dict[str, _Gate] = {}

    @asynccontextmanager
    async def slots(self, mailbox: str, count: int, budget: Budget) -> AsyncIterator[None]:
        """Hold as many of the mailbox's slots as are needed; raises Unavailable if none gets free."""
        gate = self._gate(mailbox)
        held = 0
        try:
            try:
                async with (
                    asyncio.timeout(budget.left),
                    gate.turn,
                ):  # in turn, or two would wait for each other
                    for _ in range(min(count, AT_A_TIME)):
                        await gate.slots.acquire()
                        held += 1
            except TimeoutError:
                raise busy() from None
            yield
        finally:
            for _ in range(held):
                gate.slots.release()

    def close(self, mailbox: str, seconds: float) -> None:
        """Graph wants no request for the mailbox for so long."""
        gate = self._gate(mailbox)
        gate.closed_until = max(gate.closed_until, self._clock() + seconds)
        self._closed[mailbox] = gate

    def closed_for(self, mailbox: str) -> float:
        """Seconds until the mailbox may be asked again."""
        left = self._gate(mailbox).closed_until - self._clock()
        if left <= 0:
            self._closed.pop(mailbox, None)
        return max(0.0, left)

    def tries(self, mailbox: str, budget: Budget) -> AsyncRetrying:
        """Attempts for as long as the budget allows, each after the pause that Graph asked for."""

        def wait(state: RetryCallState) -> float:
            asked = _failure(state).seconds
            return BACKOFF(state) if asked is None else max(asked, 0.0) + BACKOFF(state) / 4

        def stop(state: RetryCallState) -> bool:
            return state.upcoming_sleep >= budget.left

        def give_up(state: RetryCallState) -> None:
            raise _failure(state).problem() from None

        return AsyncRetrying(
            retry=retry_if_exception_type(AskAgain), wait=wait, stop=stop, retry_error_callback=give_up
        )

    def require_open(self, mailbox: str) -> None:
        """Raise AskAgain while the mailbox is closed, so that nobody makes it worse by asking."""
        if (seconds := self.closed_for(mailbox)) > 0:
            raise AskAgain(seconds, is_throttled=True)

    def _gate(self, mailbox: str) -> _Gate:
        gate = self._gates.get(mailbox)
        if gate is None:
            gate = self._gates[mailbox] = _Gate()
        return gate


def _failure(state: RetryCallState) -> AskAgain:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, AskAgain):
        raise TypeError("only what Graph wants asked again is tried again")
    return error
