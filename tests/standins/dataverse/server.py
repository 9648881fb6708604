"""The server: HTTP in front of the organisation, with its log of requests and its faults."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from ssl import SSLContext
from typing import Any
from uuid import uuid4

from aiohttp import web
from multidict import CIMultiDict

from tests.standins.dataverse.batch import answer_batch
from tests.standins.dataverse.errors import DataverseError, unauthorized
from tests.standins.dataverse.faults import Fault, Faults
from tests.standins.dataverse.filling import Rows, bootstrap, fill
from tests.standins.dataverse.messages import Request, Response
from tests.standins.dataverse.organization import Organization
from tests.standins.dataverse.schema import read_schema
from tests.standins.dataverse.service import answer, error_response
from tests.standins.dataverse.signing_in import SignIn, read_token

ROOT = "/api/data/v9.2/"
LONGEST_URL = 32_768
LONGEST_LINE = 131_072
TLS_PATIENCE = 0.1
"""Seconds that a closing TLS connection waits for a client that has gone without a word."""
LARGEST_BODY = 256 * 1024 * 1024
KEPT_HEADERS = ("Prefer", "CallerObjectId", "MSCRMCallerID", "If-Match", "If-None-Match", "Content-Type")


@dataclass(frozen=True)
class Logged:
    """A request as the server saw it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    parts: int = 0
    """How many requests a batch holds."""


@dataclass
class DataverseStandin:
    """A Dataverse organisation that listens on loopback."""

    organization: Organization
    url: str = ""
    """The organisation's address, without a slash at its end."""
    faults: Faults = field(default_factory=Faults)
    requests: list[Logged] = field(default_factory=list)
    round_trip: float = 0
    """Seconds that every request takes on its way."""
    accepts: Callable[[str], bool] = bool
    """Whether a bearer token is good."""
    revoked: set[str] = field(default_factory=set)
    """Tokens that are good no more."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set after every request."""

    def __post_init__(self) -> None:
        self._sign_in = SignIn(self.organization)

    def fill(self, world: Rows, metadata: Mapping[str, Any] | None = None) -> None:
        """Add rows (text by entity set, as files hold them) and, before them, custom tables."""
        if metadata:
            self.organization.use_schema(self.organization.schema.with_custom(metadata))
        fill(self.organization, world)

    def add(self, **tables: list[dict[str, str]]) -> None:
        """Add or change rows by entity set."""
        fill(self.organization, tables)

    def expire_deltas(self) -> None:
        """Forget what was before now: delta tokens handed out so far are refused."""
        self.organization.store.version += 1
        self.organization.oldest_delta = self.organization.store.version

    async def wait_for(self, found: Callable[[], bool], *, seconds: float = 20) -> None:
        """Until `found()` holds."""
        async with asyncio.timeout(seconds):
            while not found():
                self.changed.clear()
                await self.changed.wait()

    def app(self) -> web.Application:
        """The Web API as an application."""
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_route("*", ROOT + "{path:.*}", self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self._log(request, body)
        if self.round_trip:
            await asyncio.sleep(self.round_trip)
        fault = self.faults.take(request.method, request.path) or Fault()
        if fault.seconds:
            await asyncio.sleep(fault.seconds)
        if fault.status:
            return web.Response(status=fault.status, body=fault.body, headers=fault.headers)
        response = self._answer(request, body)
        self.changed.set()
        headers = response.headers | {"x-ms-service-request-id": str(uuid4())}
        if fault.cuts:
            return await _cut_off(request, response, headers)
        return web.Response(status=response.status, body=response.body or None, headers=headers)

    def _log(self, request: web.Request, body: bytes) -> None:
        kept = {name: request.headers[name] for name in KEPT_HEADERS if name in request.headers}
        is_batch = request.match_info["path"] == "$batch"
        parts = body.count(b"HTTP/1.1") if is_batch else 0
        self.requests.append(Logged(request.method, request.path, dict(request.query), kept, parts))

    def _answer(self, request: web.Request, body: bytes) -> Response:
        try:
            token = read_token(request.headers)
            if token in self.revoked or not self.accepts(token):
                raise unauthorized()
            if len(str(request.rel_url)) > LONGEST_URL:
                raise DataverseError(414, "0x80060888", "The request URL is too long.")
            caller = self._sign_in.caller(request.headers)
        except DataverseError as error:
            return error_response(error)
        path = request.match_info["path"]
        read = Request(
            method=request.method,
            path=path,
            query=dict(request.query),
            headers=CIMultiDict(request.headers),
            body=body,
            base=f"{request.scheme}://{request.host}{ROOT}",
            caller=caller,
        )
        return answer_batch(read) if path == "$batch" and request.method == "POST" else answer(read)


async def _cut_off(
    request: web.Request, response: Response, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Send half of the answer, then nothing."""
    content = response.body or b"cut off"
    stream = web.StreamResponse(status=response.status if response.body else 200, headers=headers)
    stream.content_length = len(content)
    await stream.prepare(request)
    await stream.write(content[: len(content) // 2])
    if request.transport:
        request.transport.close()
    return stream


def new_standin(testdata: Path, **options: Any) -> DataverseStandin:
    """An organisation with what every one has; options are those of DataverseStandin or Organization."""
    known = Organization.__dataclass_fields__
    about = {name: value for name, value in options.items() if name in known}
    organization = Organization(read_schema(testdata), **about)
    bootstrap(organization)
    switches = {name: value for name, value in options.items() if name not in known}
    return DataverseStandin(organization, **switches)


@asynccontextmanager
async def running_dataverse(
    testdata: Path, *, port: int = 0, tls: SSLContext | None = None, **options: Any
) -> AsyncIterator[DataverseStandin]:
    """A stand-in that listens on loopback, at any free port unless one is named, by HTTPS if given `tls`."""
    standin = new_standin(testdata, **options)
    runner = web.AppRunner(standin.app(), max_line_size=LONGEST_LINE, max_field_size=LONGEST_LINE)
    await runner.setup()
    patience = TLS_PATIENCE if tls else None
    server = await asyncio.get_running_loop().create_server(
        lambda: _protocol(runner), "127.0.0.1", port, ssl=tls, ssl_shutdown_timeout=patience
    )
    try:
        host, listening = server.sockets[0].getsockname()
        standin.url = f"{'https' if tls else 'http'}://{host}:{listening}"
        yield standin
    finally:
        server.close()
        await runner.cleanup()
        if tls:
            await asyncio.sleep(TLS_PATIENCE * 3)


def _protocol(runner: web.AppRunner) -> asyncio.Protocol:
    if runner.server is None:
        raise RuntimeError("the stand-in has stopped")
    return runner.server()


def read_rows(path: Path) -> Rows:
    """Rows by entity set from a JSON file of the shape that `fill` takes."""
    read: Rows = json.loads(path.read_text("utf-8"))
    return read
