"""Callers that are slow, or many: measured on a real listener, with uvloop as in production and without."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from ipaddress import ip_network

import pytest
from aiohttp import web

import app
from addin.connections import Connections
from addin.http import SERVICES, Route, Visit, add_routes
from addin.limits import Limits, read_limits
from addin.observe import Metrics
from cli.server import new_event_loop
from connectors.embedded.directory import EmbeddedDirectory
from insights.settings import Network, Settings
from tests.wire import Connection, Wire, listening, read_reply

HURRY = Limits(head=0.3, body=0.3, stall=0.3, idle=0.5)
FEW = Limits(per_address=3, overall=5)
MANY = 40
HERE = ip_network("127.0.0.0/8")
HEAD = b"POST /api/v1/records/lookup HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
Check = Callable[[Wire, str], Awaitable[None]]


@pytest.fixture(params=[asyncio.new_event_loop, new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest, settings: Settings) -> Callable[..., None]:
    """Run a check of a server with these limits on either kind of event loop; it is handed a token, too."""

    async def serve(check: Check, limits: Limits, proxies: tuple[Network, ...]) -> None:
        chosen = settings.model_copy(update={"trusted_proxies": proxies})
        server = app.create_app(chosen, limits=limits)
        add_routes(server, (Route("GET", "/endless", send_without_end, "public"),))
        async with listening(server, chosen) as wire:
            directory = server[SERVICES].directory
            assert isinstance(directory, EmbeddedDirectory)
            async with asyncio.timeout(20):
                await check(wire, directory.issue_token("ann"))

    def run_check(check: Check, limits: Limits = HURRY, proxies: tuple[Network, ...] = ()) -> None:
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(serve(check, limits, proxies))

    return run_check


async def send_without_end(visit: Visit) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(visit.request)
    while True:
        await response.write(b"x" * 65536)


@asynccontextmanager
async def connected(wire: Wire, count: int, sent: bytes = b"") -> AsyncIterator[list[Connection]]:
    connections = [await wire.connect() for _ in range(count)]
    for _, writer in connections:
        writer.write(sent)
    yield connections
    for _, writer in connections:
        writer.close()


@pytest.mark.parametrize("sent", [b"", b"GE", b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "])
def test_half_a_request_does_not_stay(run: Callable[..., None], sent: bytes) -> None:
    async def check(wire: Wire, _token: str) -> None:
        async with connected(wire, MANY, sent) as connections:
            for reply in await asyncio.gather(*(read_reply(reader) for reader, _ in connections)):
                assert reply.status == 0
        assert b'connections_ended_total{why="slow"} 40.0' in (await wire.ask("GET", "/metrics")).body

    run(check)


def test_headers_in_drops_do_not_stay_either(run: Callable[..., None]) -> None:
    async def check(wire: Wire, _token: str) -> None:
        reader, writer = await wire.connect()
        writer.write(b"GET / HTTP/1.1\r\n")
        ended = asyncio.create_task(read_reply(reader))
        while not ended.done():
            writer.write(b"X-Drop: 1\r\n")
            await asyncio.sleep(0.05)
        writer.close()

    run(check)


def test_neither_does_half_a_second_request_nor_none_at_all(run: Callable[..., None]) -> None:
    async def check(wire: Wire, _token: str) -> None:
        for more in (b"GE", b""):
            reader, writer = await wire.connect()
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await reader.readuntil(b'{"status":"ok"}')
            writer.write(more)
            assert (await read_reply(reader)).status == 0
            writer.close()

    run(check)


@pytest.mark.parametrize("body", [b"", b'{"q": "Ana"}'], ids=["bare", "with a body"])
@pytest.mark.parametrize("is_split", [False, True])
def test_nor_does_half_a_request_that_came_along_with_a_whole_one(
    run: Callable[..., None], body: bytes, is_split: bool
) -> None:
    """Where an idle line may stay for longer than headers may take."""

    async def check(wire: Wire, token: str) -> None:
        whole = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        if body:
            whole = HEAD + b"Authorization: Bearer %b\r\nContent-Length: %d\r\n\r\n" % (
                token.encode(),
                len(body),
            )
        sent = whole + body + b"GET /healthz HT"
        reader, writer = await wire.connect()
        for part in (sent[: len(whole) + 3], sent[len(whole) + 3 :]) if is_split else (sent,):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.05)
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200")
        with suppress(ConnectionError):
            while await reader.read(65536):
                pass
        writer.close()

    run(check, replace(HURRY, idle=60))


def test_a_whole_request_behind_another_is_answered_and_the_line_stays(run: Callable[..., None]) -> None:
    async def check(wire: Wire, _token: str) -> None:
        reader, writer = await wire.connect()
        whole = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for sent in (whole * 2, whole):
            writer.write(sent)
            for _ in range(sent.count(b"GET")):
                await reader.readuntil(b'{"status":"ok"}')
            await asyncio.sleep(HURRY.head * 3)
        writer.close()

    run(check, replace(HURRY, idle=60))


def test_a_body_that_does_not_come_is_refused(run: Callable[..., None]) -> None:
    async def check(wire: Wire, token: str) -> None:
        asked = HEAD + f"Authorization: Bearer {token}\r\nContent-Length: 100\r\n\r\n".encode() + b'{"q":'
        async with connected(wire, MANY, asked) as connections:
            for reply in await asyncio.gather(*(read_reply(reader) for reader, _ in connections)):
                assert reply.status == 408
                assert b'"code":"slow_body"' in reply.body

    run(check)


def test_nor_is_one_waited_for_that_nobody_reads(run: Callable[..., None]) -> None:
    async def check(wire: Wire, _token: str) -> None:
        async with connected(wire, MANY, HEAD + b"Content-Length: 100\r\n\r\n") as connections:
            for reply in await asyncio.gather(*(read_reply(reader) for reader, _ in connections)):
                assert reply.status == 401

    run(check)


def test_who_takes_nothing_of_an_answer_is_cut_off(run: Callable[..., None]) -> None:
    async def check(wire: Wire, _token: str) -> None:
        async with connected(wire, 5, b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n"):
            while b'why="stalled"} 5.0' not in (await wire.ask("GET", "/metrics")).body:
                await asyncio.sleep(0.05)

    run(check)


def test_who_takes_an_answer_slowly_gets_it(run: Callable[..., None]) -> None:
    async def check(wire: Wire, _token: str) -> None:
        reader, writer = await wire.connect()
        writer.write(b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for _ in range(12):
            await asyncio.sleep(HURRY.stall / 4)
            await reader.readexactly(2_000_000)
        writer.close()

    run(check)


def test_a_stream_of_changes_stays_though_nothing_happens(run: Callable[..., None]) -> None:
    async def check(wire: Wire, token: str) -> None:
        reader, writer = await wire.connect()
        writer.write(
            f"GET /api/v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        )
        assert b"200 OK" in await reader.readline()
        await reader.readuntil(b": open")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(4 * HURRY.stall):
                await reader.readuntil(b"\n\r\n0")
        assert not reader.at_eof()
        writer.close()

    run(check)


def test_an_address_gets_so_many_and_others_go_on(run: Callable[..., None]) -> None:
    async def check(wire: Wire, _token: str) -> None:
        async with connected(wire, 3) as connections:
            refused = await wire.send()
            assert (refused.status, refused.headers["Content-Type"]) == (429, "application/problem+json")
            assert refused.headers["X-Content-Type-Options"] == "nosniff"
            connections[0][1].close()
            while (await wire.ask("GET", "/healthz")).status != 200:  # the place of one that left is free
                await asyncio.sleep(0.05)

    run(check, FEW)


def test_a_proxy_speaks_for_many_but_not_for_any_number(run: Callable[..., None]) -> None:
    async def check(wire: Wire, _token: str) -> None:
        async with connected(wire, 4):
            assert (await wire.ask("GET", "/healthz")).status == 200
            async with connected(wire, 1):
                assert (await wire.send()).status == 503

    run(check, FEW, (HERE,))


def test_a_site_with_ipv6_counts_as_one_caller() -> None:
    connections = Connections(FEW, (), Metrics())
    assert [connections.enter(f"2001:db8::{number}") for number in (1, 2, 3)] == [None] * 3
    assert connections.enter("2001:db8::ffff:1") is not None
    assert connections.enter("2001:db8:0:1::1") is None, "another site"
    connections.leave("2001:db8::9")
    assert connections.enter("2001:db8::4") is None
    mapped = Connections(FEW, (), Metrics())
    assert [mapped.enter("::ffff:192.0.2.1"), *map(mapped.enter, ["192.0.2.1"] * 2)] == [None] * 3
    assert mapped.enter("192.0.2.1") is not None


@pytest.mark.parametrize("proxies", [(), (HERE,)], ids=["caller", "proxy"])
def test_an_idle_line_of_a_proxy_stays_where_that_of_a_caller_ends(
    run: Callable[..., None], proxies: tuple[Network, ...]
) -> None:
    async def check(wire: Wire, _token: str) -> None:
        reader, writer = await wire.connect()
        asked = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        writer.write(asked)
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200")
        await reader.readuntil(b"}")
        await asyncio.sleep(HURRY.idle * 3)
        writer.write(asked)
        answer = await reader.read(12)
        assert answer == (b"HTTP/1.1 200" if proxies else b"")
        writer.close()

    run(check, HURRY, proxies)


def test_the_bounds_are_settings_and_never_more_than_files_may_be_open(settings: Settings) -> None:
    few = settings.model_copy(update={"connections": 7, "connections_per_address": 5})
    assert (read_limits(few).overall, read_limits(few).per_address) == (7, 5)
    endless = settings.model_copy(update={"connections": 10**12})
    assert read_limits(endless).overall < 10**12
