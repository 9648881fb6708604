"""Reading iCalendar in a process of its own that comes to an end."""

import asyncio
from collections.abc import Callable
from typing import Any

from insights.computing import compute
from insights.errors import Unavailable

SECONDS = 900.0
"""By the clock; each component has a bound of its own by processor time (`reading.py`)."""


async def compute_bounded(function: Callable[..., Any], **arguments: Any) -> Any:
    """What a function of `worker.py` returns; raises Unavailable where its process dies or does not end."""
    try:
        async with asyncio.timeout(SECONDS):
            return await compute(function, **arguments)
    except TimeoutError:
        why = f"reading it takes longer than {SECONDS:g} s"
    except Unavailable as problem:
        why = problem.why
    raise Unavailable(
        "The calendar cannot be read right now",
        why,
        "try again; if it stays so, see whether the machine is out of memory, or the file is too large",
        code="calendar_reader_down",
    )
