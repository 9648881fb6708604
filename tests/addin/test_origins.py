"""Pages of other origins, and bodies that they could send without asking first."""

from collections.abc import Callable
from ipaddress import ip_network

import pytest
from pytest_aiohttp import AiohttpClient

import app
import urls
from addin.http import Route
from insights.services import Services
from insights.settings import Settings
from tests.conftest import Client
from tests.wire import listening

FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://liaison.example.evil.example"},
    {"Origin": "http://liaison.example:81"},
    {"Origin": "ftp://liaison.example"},
    {"Origin": "http://user@liaison.example"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "http://liaison.example", "Sec-Fetch-Site": "cross-site"},
]
OWN = [
    {},
    {"Origin": "http://liaison.example"},
    {"Origin": "http://liaison.example:80"},
    {"Origin": "https://liaison.example"},  # a proxy we were not told of
    {"Origin": "http://LIAISON.example", "Sec-Fetch-Site": "same-origin"},
    {"Origin": "https://public.example"},
    {"Sec-Fetch-Site": "none"},
]
HOST = {"Host": "liaison.example"}


@pytest.fixture
async def published(settings: Settings, aiohttp_client: AiohttpClient) -> Client:
    """The server with a public address, which it is also asked under another name."""
    public = settings.model_copy(update={"public_url": "https://public.example"})
    return await aiohttp_client(app.create_app(public))


def changing() -> list[Route]:
    return [route for route in urls.routes(is_demo=False) if route.method not in {"GET", "HEAD"}]


@pytest.mark.parametrize("headers", FOREIGN)
async def test_other_sites_change_nothing(published: Client, headers: dict[str, str]) -> None:
    for route in changing():
        path = route.path.format(table="contact", id="ana", email_id="any")
        response = await published.request(route.method, path, headers=HOST | headers)
        assert (response.status, (await response.json())["code"]) == (403, "foreign_origin"), route.path
    assert (await published.get("/healthz", headers=HOST | headers)).status == 200


@pytest.mark.parametrize("headers", OWN)
async def test_our_own_pages_and_programs_do(published: Client, headers: dict[str, str]) -> None:
    for route in changing():
        path = route.path.format(table="contact", id="ana", email_id="any")
        response = await published.request(route.method, path, headers=HOST | headers)
        assert response.status != 403, route.path


async def test_a_proxy_tells_which_host_was_asked(settings: Settings, aiohttp_client: AiohttpClient) -> None:
    here = settings.model_copy(update={"trusted_proxies": (ip_network("127.0.0.0/8"),)})
    client = await aiohttp_client(app.create_app(here))
    headers = {"X-Forwarded-Host": "liaison.example", "X-Forwarded-Proto": "https"}
    own = await client.post("/api/v1/records/lookup", headers=headers | {"Origin": "https://liaison.example"})
    assert own.status == 401
    other = await client.post("/api/v1/records/lookup", headers=headers | {"Origin": "http://127.0.0.1"})
    assert other.status == 403


@pytest.fixture
async def demo(settings: Settings, aiohttp_client: AiohttpClient, monkeypatch: pytest.MonkeyPatch) -> Client:
    async def leave_as_it_is(_services: Services) -> None:
        """The company is there already."""

    monkeypatch.setattr("connectors.embedded.demo.seed", leave_as_it_is)
    return await aiohttp_client(app.create_app(settings, is_demo=True))


async def test_no_page_elsewhere_becomes_somebody_in_the_demo(demo: Client) -> None:
    body = b'{"user": "root"}'
    plain = await demo.post("/demo/api/token", data=body, headers={"Content-Type": "text/plain"})
    assert (plain.status, (await plain.json())["code"]) == (415, "not_json")
    foreign = {"Content-Type": "application/json", "Origin": "https://evil.example"}
    assert (await demo.post("/demo/api/token", data=body, headers=foreign)).status == 403
    assert (await demo.post("/demo/api/token", json={"user": "root"})).status == 200
    said = await demo.post(
        "/api/messages", data=b'{"type": "message"}', headers={"Content-Type": "text/plain"}
    )
    assert said.status == 415
    assert (await demo.options("/demo/api/token", headers={"Origin": "https://evil.example"})).status == 403


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=UTF-8", 200),
        ('Application/JSON;charset="utf-8"', 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("text/plain; application/json", 415),
        ("application/json; charset=utf-16", 415),
        ("application/jsonx", 415),
        ("nonsense", 415),
        ("", 415),
    ],
)
async def test_json_is_read_where_it_is_called_so(
    client: Client, token_for: Callable[[str], str], content_type: str, status: int
) -> None:
    headers = {"Authorization": f"Bearer {token_for('ann')}", "Content-Type": content_type}
    response = await client.post("/api/v1/records/lookup", data=b'{"q": "Ana"}', headers=headers)
    assert response.status == status
    none = await client.post("/api/v1/records/lookup", headers=headers)
    assert none.status == 200, "without a body there is nothing to call"


async def test_what_a_second_header_says_counts_too(settings: Settings) -> None:
    async with listening(app.create_app(settings), settings) as wire:
        for name, values in (
            ("Sec-Fetch-Site", ("same-origin", "cross-site")),
            ("Sec-Fetch-Site", ("none", "same-site", "none")),
            ("Origin", ("http://localhost", "https://evil.example")),
        ):
            lines = [f"{name}: {value}" for value in values]
            reply = await wire.ask("POST", "/api/v1/records/lookup", *lines)
            assert (reply.status, b"foreign_origin" in reply.body) == (403, True)
            fitting = await wire.ask("POST", "/api/v1/records/lookup", lines[0], lines[0])
            assert fitting.status == 401
