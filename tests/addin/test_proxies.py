"""Whom we believe about caller, scheme and host."""

from ipaddress import ip_network

import pytest
from aiohttp import web
from pytest_aiohttp import AiohttpClient

import app
from addin.observe import METRICS, Metrics, mark, observe
from addin.pages import SURROUNDINGS, Surroundings
from addin.problems import translate_errors
from addin.proxies import believe_proxies, require_loopback_host
from insights.services import Services
from insights.settings import Settings
from tests.conftest import Client
from tests.wire import listening

LOCAL, INNER = "127.0.0.0/8", "10.0.0.0/8"


async def seen_by(
    aiohttp_client: AiohttpClient, trusted: list[str], headers: dict[str, str]
) -> dict[str, str]:
    """What a handler sees of a request that comes from this machine with these headers."""

    async def show(request: web.Request) -> web.Response:
        seen = {"remote": request.remote, "scheme": request.scheme, "host": request.host}
        return web.json_response(seen | {"left": [name for name in request.headers if name.startswith("X-")]})

    server = web.Application(middlewares=[believe_proxies(tuple(ip_network(network) for network in trusted))])
    server.router.add_get("/", show)
    client = await aiohttp_client(server)
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
        ("203.0.113.9, nonsense", ""),
        ("nonsense, 127.0.0.1", ""),
        ("203.0.113.9, unknown", ""),
        ("203.0.113.9, _hidden", ""),
        ("203.0.113.9, _hidden:443", ""),
        ("203.0.113.9:", ""),
        ("203.0.113.9:99999", ""),
        ("203.0.113.9,", ""),
        ("", ""),
        ("203.0.113.9:4711", "203.0.113.9"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, ::ffff:127.0.0.1", "203.0.113.9"),
    ],
)
async def test_only_the_end_of_the_chain_counts_and_what_is_no_address_is_unknown(
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

    middlewares = [observe, translate_errors, believe_proxies(()), require_loopback_host]
    server = web.Application(middlewares=middlewares)
    server[METRICS], server[SURROUNDINGS] = Metrics(), Surroundings()
    server.on_response_prepare.append(mark)
    server.router.add_get("/", answer)
    client = await aiohttp_client(server)
    return (await client.get("/", headers={"Host": host})).status


MALFORMED = [
    *("", ":80", "[::1]x", "localhost:abc", "127.0.0.1:6401:1", "[::1].evil.example", "[::1", "::1", "[]"),
    *(
        "localhost:",
        "localhost:0",
        "localhost:65536",
        "localhost:-1",
        "localhost.",
        "localhost..",
        ".localhost",
    ),
    *(
        "user@localhost",
        "localhost/",
        "localhost?",
        "localhost#",
        "loc%61lhost",
        "localhost\\x",
        "local host",
    ),
    *(
        "localhost, evil.example",
        "[fe80::1%25eth0]",
        "[fe80::1%eth0]",
        "[127.0.0.1]",
        "[v1.x]",
        "\xe9.example",
    ),
    *("a" * 64, ".".join(["a" * 63] * 5)),
]


@pytest.mark.parametrize("host", MALFORMED)
async def test_a_host_that_is_none_is_refused_at_the_door(
    settings: Settings, aiohttp_client: AiohttpClient, host: str
) -> None:
    here = settings.model_copy(update={"trusted_proxies": (ip_network(LOCAL),)})
    client = await aiohttp_client(app.create_app(here))
    names = ["Host"] if host == "" or "," in host else ["Host", "X-Forwarded-Host"]
    for name in names:
        for path in ("/healthz", "/api/v1/me", "/nowhere", "/static/boot.js"):
            response = await client.get(path, headers={name: host})
            assert (response.status, response.content_type) == (400, "application/problem+json")
            assert (await response.json())["code"] == "bad_host"
    assert (await client.get("/healthz", headers={"X-Forwarded-Host": "Liaison.example:8443"})).status == 200


TRACES = (
    *("X-Forwarded-For", "Forwarded", "X-Forwarded-Host", "Via", "X-Forwarded-Proto", "X-Forwarded-Server"),
    *("X-Forwarded", "X-Real-IP", "CF-Connecting-IP", "CF-Ray", "True-Client-IP", "X-Client-IP"),
    *("X-Cluster-Client-IP", "Fastly-Client-IP", "Fly-Client-IP", "X-Original-For", "X-Original-URL"),
    *("X-Envoy-External-Address", "X-ARR-SSL", "X-ARR-LOG-ID", "X-Azure-ClientIP", "X-Amzn-Trace-Id"),
    *("X-Request-ID", "X-Whatever-A-Proxy-Adds", "Traceparent"),
)
ASKERS = {
    "Prometheus": {"X-Prometheus-Scrape-Timeout-Seconds": "10", "Accept-Encoding": "gzip"},
    "a browser": {"Sec-Fetch-Site": "none", "Sec-CH-UA": "x", "Upgrade-Insecure-Requests": "1", "DNT": "1"},
    "curl": {"User-Agent": "curl/8.5.0", "Accept": "*/*"},
}


@pytest.mark.parametrize("asker", ASKERS)
async def test_metrics_are_for_whoever_asks_on_this_machine(client: Client, asker: str) -> None:
    assert (await client.get("/metrics", headers=ASKERS[asker])).status == 200


async def test_metrics_are_not_for_a_name_that_somebody_made_mean_this_machine(client: Client) -> None:
    for host in ("liaison.example", "127.0.0.1.evil.example", "203.0.113.9"):
        assert (await client.get("/metrics", headers={"Host": host})).status == 401


@pytest.mark.parametrize(
    "hop", ["203.0.113.9:4711", "[2001:db8::1]:443", "unknown", "_hidden", "127.0.0.1", ""]
)
async def test_metrics_are_for_this_machine_not_for_what_a_proxy_passes_on(
    settings: Settings, aiohttp_client: AiohttpClient, hop: str
) -> None:
    here = settings.model_copy(update={"trusted_proxies": (ip_network(LOCAL),)})
    client = await aiohttp_client(app.create_app(here))
    assert (await client.get("/metrics")).status == 200
    for header in TRACES:
        value = "liaison.example" if header == "X-Forwarded-Host" else hop
        assert (await client.get("/metrics", headers={header: value})).status == 401


async def test_headers_of_any_bytes_are_passed_on(settings: Settings) -> None:
    here = settings.model_copy(update={"trusted_proxies": (ip_network(LOCAL),)})
    async with listening(app.create_app(here), here) as wire:
        for path in ("/healthz", "/static/boot.js", "http://localhost/healthz"):
            assert (
                await wire.ask("GET", path, "X-Any: \xaf^U\xc8", "X-Forwarded-Proto: https")
            ).status == 200


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        ("http://localhost:3978/healthz", "liaison.example", 200),
        ("http://liaison.example/healthz", "localhost", 421),
        ("http://localhost/healthz", "[::1]x", 400),
        ("http://user@localhost/healthz", "localhost", 400),
        ("http://[::1]x/healthz", "localhost", 400),
    ],
)
async def test_an_address_with_scheme_and_host_names_the_host(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, target: str, host: str, status: int
) -> None:
    """RFC 9112, 3.2.2: the Host header counts for nothing then; it has to be sound all the same."""

    async def leave_as_it_is(_services: Services) -> None:
        """The company is there already."""

    monkeypatch.setattr("connectors.embedded.demo.seed", leave_as_it_is)
    async with listening(app.create_app(settings, is_demo=True), settings) as wire:
        assert (await wire.ask("GET", target, host=host)).status == status


@pytest.mark.parametrize("version", ["HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTTP/3.0"])
async def test_another_version_of_http_is_not_spoken(settings: Settings, version: str) -> None:
    async with listening(app.create_app(settings), settings) as wire:
        reply = await wire.send(
            f"GET /healthz {version}\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
        )
        assert reply.status in {400, 505}
        assert b'"code":"http_version"' in reply.body or b'"code":"malformed_request"' in reply.body
