"""What falls due by itself: each row is run by every server now and then, and by `liaison jobs run-due`."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from insights.capture.changes import forget_changes
from insights.capture.failures import forget_failures
from insights.capture.promotion import start_pending, sweep_strays
from insights.errors import Problem
from insights.requirements.availability import look_at_availability
from insights.services import Services

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """A kind of due work: what is due is decided by `services.now()`, running it twice does it once."""

    kind: str
    sentence: str
    run: Callable[[Services], Awaitable[int]]
    every: timedelta


DUE = (
    Due("strays", "unfinished tracking was taken up again", sweep_strays, timedelta(seconds=20)),
    Due("failures", "failures older than 90 days were dropped", forget_failures, timedelta(hours=1)),
    Due("changes", "news older than a day was dropped", forget_changes, timedelta(hours=1)),
    Due("availability", "features became (un)available", look_at_availability, timedelta(minutes=5)),
)


async def run_due(services: Services, table: Sequence[Due] = DUE) -> dict[str, int]:
    """Run everything that is due once; how many of each kind there were."""
    return {due.kind: await due.run(services) for due in table}


async def keep_running(services: Services, table: Sequence[Due] = DUE) -> None:
    """Run each kind at its rhythm until cancelled; a failure is logged and tried again next time."""
    await services.workflows.wait_ready()
    await start_pending(services)
    async with asyncio.TaskGroup() as group:
        for due in table:
            group.create_task(_repeat(due, services))


async def _repeat(due: Due, services: Services) -> None:
    while True:
        try:
            await due.run(services)
        except Problem as problem:
            log.warning("due work failed", kind=due.kind, code=problem.code)
        except Exception:
            log.exception("due work failed", kind=due.kind)
        await asyncio.sleep(due.every.total_seconds())
