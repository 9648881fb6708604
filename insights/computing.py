"""Heavy computing in a process of its own: it may take the machine's time and memory, and may die.

A durable step starts it and waits: its death is Unavailable, so the step runs again. What it is given and
what it returns is JSON and small; the data it works on lies in files.
"""

import asyncio
import contextlib
import importlib
import json
import signal
import sys
from collections.abc import Callable
from typing import Any

import structlog

from insights.errors import Unavailable

log = structlog.get_logger(__name__)


async def compute(function: Callable[..., Any], **arguments: Any) -> Any:
    """What a function of a module returns in a process of its own, with JSON in and out.

    Raises Unavailable where the process dies, of whatever. It dies with whoever waits for it.
    """
    place = f"{function.__module__}:{function.__qualname__}"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, place, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        answer, _ = await process.communicate(json.dumps(arguments).encode())
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
                process.kill()
            await process.wait()
    if process.returncode:
        cause = _cause(process.returncode)
        log.error("computing died", function=place, cause=cause)
        raise Unavailable("computing", cause=cause)
    return json.loads(answer)


def _cause(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit {code}"


def main(place: str) -> None:
    """The process: arguments from standard input, the result to standard output, which is nobody else's."""
    module, _, name = place.partition(":")
    arguments = json.load(sys.stdin)
    with contextlib.redirect_stdout(sys.stderr):
        result = getattr(importlib.import_module(module), name)(**arguments)
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
