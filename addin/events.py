"""Server-sent events: open panes learn what changed, read by `fetch` with the Authorization header."""

import asyncio
from collections.abc import AsyncIterator

import structlog
from aiohttp import web

from addin.auth import read_token, read_user
from addin.http import Call
from insights.capture.changes import watch
from insights.capture.views import Change
from insights.errors import Problem

log = structlog.get_logger(__name__)

HEARTBEAT = 15.0
STOPPING = web.AppKey("stopping", asyncio.Event)


async def stream_changes(call: Call) -> web.StreamResponse:
    """`event: change` with a Change as data; a comment every 15 s shows that the line is alive."""
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
    )
    changes = watch(call.services, call.user)
    await response.prepare(call.request)
    try:
        await response.write(b": open\n\n")
        await _copy(call, changes, response)
    except (ConnectionError, Problem) as end:  # hung up, or no longer signed in: the client decides anew
        log.debug("stream ended", reason=type(end).__name__)
    except Exception:
        # The answer has begun, so no problem details can be sent any more.
        log.exception("stream broke")
    return response


async def _copy(call: Call, changes: AsyncIterator[list[Change]], response: web.StreamResponse) -> None:
    """Pass on what comes; the token is looked at before anything is written, for it runs out meanwhile.

    That its user is still there is looked at where there is something to tell.
    """
    stopping = asyncio.ensure_future(call.request.app[STOPPING].wait())
    upcoming = asyncio.ensure_future(anext(changes))
    try:
        while True:
            await asyncio.wait({upcoming, stopping}, timeout=HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
            if stopping.done():
                return
            if upcoming.done():
                await read_user(call.request, call.services)
                await response.write(b"".join(map(_event, upcoming.result())))
                upcoming = asyncio.ensure_future(anext(changes))
            else:
                await call.services.directory.identify(read_token(call.request))
                await response.write(b": alive\n\n")
    except StopAsyncIteration:
        return
    finally:
        for task in (stopping, upcoming):
            task.cancel()
        await asyncio.gather(stopping, upcoming, return_exceptions=True)


def _event(change: Change) -> bytes:
    return f"event: change\ndata: {change.model_dump_json()}\n\n".encode()
