"""What is done behind requests: durable jobs, and what falls due by itself; a capability adds its rows.

Of what is due every server looks now and then and one does it; `liaison jobs run-due` does it at once.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import structlog

from insights.capture import promotion
from insights.capture.changes import forget_changes
from insights.capture.failures import forget_failures
from insights.errors import Problem, Unavailable
from insights.leases import held
from insights.pilots import refresh_members
from insights.requirements.availability import look_at_availability
from insights.services import Services
from insights.workflows import Workflow

ASKED_EVERY = 0.2
LONGEST_WAIT = 60.0
"""Seconds that `run_due` waits for a server that is at the same work."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """A kind of durable work: its workflow, and what starts whatever is pending when a server starts."""

    workflow: Callable[[Callable[[], Services]], Workflow]
    start_pending: Callable[[Services], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Due:
    """A kind of due work: what is due is decided by `services.now()`, running it twice does it once."""

    kind: str
    sentence: str
    run: Callable[[Services], Awaitable[int]]
    every: timedelta


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a kind: how many there were, or why it failed."""

    kind: str
    count: int
    problem: Problem | None = None


JOBS = (Job(promotion.workflow, promotion.start_pending),)
DUE = (
    Due("strays", "unfinished tracking was taken up again", promotion.sweep_strays, timedelta(seconds=20)),
    Due("failures", "failures older than 90 days were dropped", forget_failures, timedelta(hours=1)),
    Due("changes", "news older than a day was dropped", forget_changes, timedelta(hours=1)),
    Due(
        "members",
        "groups and roles that features are on for have other members",
        refresh_members,
        timedelta(minutes=5),
    ),
    Due("availability", "features became (un)available", look_at_availability, timedelta(minutes=5)),
)


@asynccontextmanager
async def running(services: Services, jobs: Sequence[Job] = JOBS) -> AsyncIterator[None]:
    """Make all jobs known and launch them behind the caller; those at work are let end with the block."""
    for job in jobs:
        services.workflows.register(job.workflow(lambda: services))
    services.workflows.start()
    try:
        yield
    finally:
        await services.workflows.stop()


async def run_due(services: Services, table: Sequence[Due] = DUE) -> list[Outcome]:
    """Run everything that is due once, and wait until what that started has ended.

    A kind that fails leaves the others done.
    """
    outcomes = [await _run_at_once(due, services) for due in table]
    await services.workflows.drain()
    return outcomes


async def keep_running(services: Services, table: Sequence[Due] = DUE) -> None:
    """Run each kind at its rhythm until cancelled; a failure is logged and tried again next time."""
    await services.workflows.wait_ready()
    for job in JOBS:
        await job.start_pending(services)
    async with asyncio.TaskGroup() as group:
        for due in table:
            group.create_task(_repeat(due, services))


async def _repeat(due: Due, services: Services) -> None:
    while True:
        await _try(due, services)
        await asyncio.sleep(due.every.total_seconds())


async def _try(due: Due, services: Services) -> None:
    """Run it unless another process has just done so, or is at it."""
    try:
        async with held(services, f"due {due.kind}", every=due.every) as is_ours:
            if is_ours:
                await due.run(services)
    except Problem as problem:
        log.warning("due work failed", kind=due.kind, code=problem.code)
    except Exception:
        log.exception("due work failed", kind=due.kind)


async def _run_at_once(due: Due, services: Services) -> Outcome:
    try:
        async with asyncio.timeout(LONGEST_WAIT) as waiting:
            while True:
                async with held(services, f"due {due.kind}") as is_ours:
                    if is_ours:
                        waiting.reschedule(None)
                        return Outcome(due.kind, await due.run(services))
                await asyncio.sleep(ASKED_EVERY)
    except Problem as problem:
        return Outcome(due.kind, 0, problem)
    except TimeoutError:
        busy = Unavailable("busy", kind=due.kind)
        return Outcome(due.kind, 0, busy)
    except Exception:
        log.exception("due work failed", kind=due.kind)
        failed = Unavailable("due_failed", kind=due.kind)
        return Outcome(due.kind, 0, failed)
