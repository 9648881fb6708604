"""Whom we believe about caller, scheme and host."""

from ipaddress import ip_network

import pytest
from aiohttp import web
from pytest_aiohttp import AiohttpClient

from addin.observe import METRICS, Metrics, mark, observe
from addin.pages import SURROUNDINGS, Surroundings
from addin.proxies import believe_proxies, require_loopback_host

LOCAL, INNER = "127.0.0.0/8", "10.0.0.0/8"


async def seen_by(
    aiohttp_client: AiohttpClient, trusted: list[str], headers: dict[str, str]
) -> dict[str, str]:
    """What a handler sees of a request that comes from this machine with these headers."""

    async def show(request: web.Request) -> web.Response:
        seen = {"remote": request.remote, "scheme": request.scheme, "host": request.host}
        return web.json_response(seen | {"left": [name for name in request.headers if name.startswith("X-")]})

    app = web.Application(middlewares=[believe_proxies(tuple(ip_network(network) for network in trusted))])
    app.router.add_get("/", show)
    client = await aiohttp_client(app)
    seen: dict[str, str] = await (await client.get("/", headers=headers)).json()
    return seen


FORWARDED = {
    "X-Forwarded-For": "6.6.6.6, 203.0.113.9, 10.0.0.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "liaison.example",
}


async def test_nobody_is_believed_by_default(aiohttp_client: AiohttpClient) -> None:
    seen = await seen_by(aiohttp_client, [], FORWARDED)
    assert (seen["remote"], seen["scheme"]) == ("127.0.0.1", "http")
    assert seen["host"].startswith("127.0.0.1:")


async def test_a_trusted_proxy_tells_all(aiohttp_client: AiohttpClient) -> None:
    seen = await seen_by(aiohttp_client, [LOCAL, INNER], FORWARDED)
    assert seen == {"remote": "203.0.113.9", "scheme": "https", "host": "liaison.example", "left": []}


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("forged, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, nonsense", "127.0.0.1"),
        ("", "127.0.0.1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
    ],
)
async def test_only_the_end_of_the_chain_counts(
    aiohttp_client: AiohttpClient, chain: str, client: str
) -> None:
    seen = await seen_by(aiohttp_client, [LOCAL], {"X-Forwarded-For": chain, "X-Forwarded-Proto": "gopher"})
    assert (seen["remote"], seen["scheme"]) == (client, "http")


@pytest.mark.parametrize("host", ["localhost:3978", "LOCALHOST", "127.0.0.1", "127.9.9.9:1", "[::1]:3978"])
async def test_the_demo_answers_this_machine(aiohttp_client: AiohttpClient, host: str) -> None:
    assert await status_for(aiohttp_client, host) == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "192.168.1.5", "[::2]", "127.0.0.1.nip.io", "0"]
)
async def test_the_demo_answers_no_other_name(aiohttp_client: AiohttpClient, host: str) -> None:
    assert await status_for(aiohttp_client, host) == 421


async def status_for(aiohttp_client: AiohttpClient, host: str) -> int:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application(middlewares=[observe, require_loopback_host])
    app[METRICS], app[SURROUNDINGS] = Metrics(), Surroundings()
    app.on_response_prepare.append(mark)
    app.router.add_get("/", answer)
    client = await aiohttp_client(app)
    return (await client.get("/", headers={"Host": host})).status
