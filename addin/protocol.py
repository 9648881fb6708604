"""HTTP below the application: what is no request at all, comes too slowly or too often is refused here."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import cast
from uuid import uuid4

import structlog
from aiohttp import StreamReader, web
from aiohttp.http import RawRequestMessage
from aiohttp.web_request import BaseRequest

from addin.connections import Connections
from addin.problems import CONTENT_TYPE, described, respond_as_json, translate_refusal
from insights.words import DEFAULT, read_words

log = structlog.get_logger(__name__)
PROXY_IDLE = 3630.0
"""Seconds that a proxy's connection may wait for its next request: the proxy ends it, never we."""
LINGER = 10.0
"""Seconds at most in which the rest of a body that nobody reads is thrown away."""
CHECKS = 4
"""Looks at a connection within the time that it may stall."""


class Protocol(web.RequestHandler):
    """One connection; aiohttp's own answers would be text that quotes what was sent, and so would its log."""

    __slots__ = (
        "_awaited_since",
        "_body",
        "_check",
        "_connections",
        "_has_begun",
        "_headers",
        "_line",
        "_moved_at",
        "_peer",
        "_unsent",
    )

    leaves_packed = True
    """Bodies are unpacked by who reads them: aiohttp takes a gzip body that was cut for a whole one."""

    def __init__(
        self,
        manager: web.Server,
        *,
        loop: asyncio.AbstractEventLoop,
        connections: Connections,
        headers: Mapping[str, str],
    ) -> None:
        limits = connections.limits
        super().__init__(
            manager,
            loop=loop,
            keepalive_timeout=limits.idle,
            lingering_time=min(LINGER, limits.body),
            auto_decompress=False,
        )
        self._connections, self._headers = connections, headers
        self._line: asyncio.Transport | None = None
        self._peer: str | None = None
        self._check: asyncio.TimerHandle | None = None
        self._awaited_since: float | None = None
        self._moved_at, self._unsent = 0.0, 0
        self._body: StreamReader | None = None
        self._has_begun = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to count and to watch; a connection too many gets its refusal and is closed."""
        line = cast(asyncio.Transport, transport)  # uvloop's is one in all but name
        peer = str((line.get_extra_info("peername") or ("",))[0])
        if refusal := self._connections.enter(peer):
            line.write(self._refuse(refusal))
            line.close()
            return
        self._line, self._peer = line, peer
        if self._connections.is_proxy(peer):
            self._keepalive_timeout = PROXY_IDLE
        super().connection_made(transport)
        self._awaited_since = self._moved_at = self._loop.time()
        self._watch()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Count out, stop watching."""
        if self._peer is not None:
            self._connections.leave(self._peer)
        if self._check:
            self._check.cancel()
        self._line = self._peer = self._check = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; the clock for a request's headers runs from its first byte to their end."""
        if self._peer is None:
            return
        seen = self._request_count
        # The last byte by itself tells whether what came ends with a request or goes on with the next one.
        super().data_received(data[:-1])
        self._note_body(seen)
        before, is_read = self._request_count, self._body is None or self._body.is_eof()
        super().data_received(data[-1:])
        self._note_body(before)
        if self._request_count > seen:
            self._awaited_since = None
            self._tell_reader()
        elif data and self._waiter and self._awaited_since is None:
            self._awaited_since = self._loop.time()
        if data:
            self._has_begun = is_read and self._request_count == before

    def _note_body(self, seen: int) -> None:
        if self._request_count > seen:
            self._body = self._messages[-1][1]

    def _tell_reader(self) -> None:
        """End a body at bytes that are no HTTP: aiohttp only queues its refusal behind who still reads."""
        is_request = not self._messages or isinstance(self._messages[-1][0], RawRequestMessage)
        if not is_request and self._current_request and not self._current_request.content.is_eof():
            self._current_request.content.set_exception(web.RequestPayloadError())

    def resume_writing(self) -> None:
        """The caller has taken what lay ready."""
        self._moved_at = self._loop.time()
        super().resume_writing()

    def _watch(self) -> None:
        """End the connection where the caller stalls, else look again later."""
        if self._line is None:
            return
        now, limits = self._loop.time(), self._connections.limits
        unsent = self._line.get_write_buffer_size()
        if not unsent or unsent < self._unsent:
            self._moved_at = now
        self._unsent = unsent
        awaited = None if self._awaited_since is None else self._awaited_since + limits.head - now
        if awaited is not None and awaited <= 0:
            self._end("slow")
        elif now - self._moved_at >= limits.stall:
            self._end("stalled")
        else:
            pause = limits.stall / CHECKS
            self._check = self._loop.call_later(
                pause if awaited is None else min(pause, awaited), self._watch
            )

    def _end(self, why: str) -> None:
        self._connections.note(why)
        if self._line:
            self._line.abort()

    def _refuse(self, status: HTTPStatus) -> bytes:
        """An answer to a connection, before any request was read."""
        details = described(read_words(DEFAULT), status, "too_many_connections")
        body = details.model_dump_json()
        headers = {
            **self._marked(),
            "Content-Type": CONTENT_TYPE,
            "Content-Length": str(len(body.encode())),
            "Connection": "close",
            "Retry-After": "5",
        }
        lines = [
            f"HTTP/1.1 {status.value} {status.phrase}",
            *(f"{name}: {headers[name]}" for name in headers),
        ]
        return "\r\n".join([*lines, "", body]).encode()

    def _marked(self) -> dict[str, str]:
        """The headers that every answer carries, and an id."""
        return {**self._headers, "X-Request-ID": uuid4().hex}

    async def finish_response(
        self, request: BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer; what aiohttp refuses before any of our code runs is told as a problem, too."""
        if isinstance(resp, web.HTTPException) and isinstance(request, web.Request):
            resp = translate_refusal(request, resp)
        finished = await super().finish_response(request, resp, start_time)
        # Part of the next request came along with this one: the clock for its headers runs from here.
        if self._has_begun and not self._messages:
            self._awaited_since = self._awaited_since or self._loop.time()
        return finished

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to bytes that are no request, or to a failure outside of all middlewares."""
        headers = self._marked()
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            log.info("malformed request", status=status, request_id=headers["X-Request-ID"])
            details = described(read_words(DEFAULT), status, "malformed_request")
        else:
            log.error("failure outside a request", exc_info=exc, request_id=headers["X-Request-ID"])
            request_id = headers["X-Request-ID"]
            details = described(read_words(DEFAULT), status, "internal", request_id=request_id)
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun, it cannot become another one")
        response = respond_as_json(details, headers)
        response.force_close()
        return response
