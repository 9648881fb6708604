"""Reading iCalendar in a process of its own that comes to an end."""

import asyncio
from collections.abc import Callable
from typing import Any

from insights.computing import compute
from insights.errors import Unavailable
from insights.words import say

SECONDS = 900.0
"""By the clock; each component has a bound of its own by processor time (`reading.py`)."""


async def compute_bounded(function: Callable[..., Any], **arguments: Any) -> Any:
    """What a function of `worker.py` returns; raises Unavailable where its process dies or does not end."""
    try:
        async with asyncio.timeout(SECONDS):
            return await compute(function, **arguments)
    except TimeoutError:
        why = say("why.reading_takes_longer_than", seconds=f"{SECONDS:g}")
    except Unavailable as problem:
        why = problem.part("why")
    raise Unavailable("calendar_reader_down", why=why)
