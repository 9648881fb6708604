"""Work that is looked for when something happens, and from time to time for what is left of it."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from insights.errors import Problem
from insights.news import Heard
from insights.services import Services

PAUSE = 1.0
log = structlog.get_logger(__name__)


async def keep_round(services: Services, work: Callable[[], Awaitable[float]], failing: str) -> None:
    """Do `work` until cancelled: at once, on any news, and after the seconds that it returned.

    Where it fails it is tried again; `failing` is what is logged then.
    """
    while True:
        try:
            async with services.news.listen(None) as heard:
                while True:
                    await _wait_for_news(heard, await work())
        except Problem as problem:
            log.warning(failing, code=problem.code)
        except Exception:
            log.exception(failing)
        await asyncio.sleep(PAUSE)


async def _wait_for_news(heard: Heard, seconds: float) -> None:
    """Until something happened or the time is over; raises the Problem of no news."""
    try:
        async with asyncio.timeout(seconds):
            told = await heard.get()
    except TimeoutError:
        return
    if isinstance(told, Problem):
        raise told
