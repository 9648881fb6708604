"""The headers that every answer carries."""

from collections.abc import Callable, Mapping
from ipaddress import ip_network

import pytest
from pytest_aiohttp import AiohttpClient

import app
from insights.settings import Settings
from tests.conftest import Client
from tests.wire import listening

ALWAYS = {
    "Cross-Origin-Resource-Policy",
    "Cross-Origin-Opener-Policy",
    "Referrer-Policy",
    "X-Content-Type-Options",
    "Cache-Control",
    "Permissions-Policy",
    "X-Request-ID",
}
HTTPS = "Strict-Transport-Security"
NEVER = ("X-Frame-Options", "Cross-Origin-Embedder-Policy", "Access-Control-Allow-Origin", "Set-Cookie")


def check(headers: Mapping[str, str], *, is_https: bool = False) -> None:
    """What must stand there does, and nothing that would break the pane or open the door."""
    assert headers.keys() >= ALWAYS
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Server"] == "Liaison"
    assert (HTTPS in headers) == is_https
    assert not [name for name in NEVER if name in headers]


async def test_whatever_is_answered(client: Client, token_for: Callable[[str], str]) -> None:
    bearer = {"Authorization": f"Bearer {token_for('ann')}"}
    tag = (await client.get("/static/boot.js")).headers["ETag"]
    asked = [
        ("GET", "/healthz", {}, 200),
        ("GET", "/metrics", {}, 200),
        ("GET", "/api/openapi.json", {}, 200),
        ("GET", "/api/v1/me", bearer, 200),
        ("GET", "/api/v1/me", {}, 401),
        ("GET", "/api/v1/events", bearer, 200),
        ("HEAD", "/docs/", {}, 200),
        ("GET", "/", {}, 200),
        ("GET", "/nowhere", {}, 404),
        ("GET", "/nowhere", {"Sec-Fetch-Mode": "navigate"}, 404),
        ("DELETE", "/api/v1/me", {}, 405),
        ("GET", "/static/boot.js", {}, 200),
        ("GET", "/static/boot.js", {"If-None-Match": tag}, 304),
        ("GET", "/static/boot.js", {"Range": "bytes=9999999-"}, 200),
        ("GET", "/docs/operator.md", {}, 200),
        ("POST", "/api/messages", {}, 503),
        ("POST", "/api/graph/notifications", {}, 202),
        ("GET", "/healthz", {"Expect": "wonders"}, 417),
    ]
    for method, path, headers, status in asked:
        response = await client.request(method, path, headers=headers)
        assert response.status == status, (method, path)
        check(response.headers)
        response.close()


async def test_what_is_no_request_is_answered_with_them_too(settings: Settings) -> None:
    public = settings.model_copy(update={"public_url": "https://liaison.example"})
    for chosen, is_https in ((settings, False), (public, True)):
        async with listening(app.create_app(chosen), chosen) as wire:
            for sent in (
                b"\0\r\n\r\n",
                b"GET / HTTP/1.1\r\n\r\n",
                b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            ):
                reply = await wire.send(sent)
                assert reply.status == 400
                check(reply.headers, is_https=is_https)
            reply = await wire.ask("GET", "/healthz", "Expect: wonders")
            assert (reply.status, reply.headers["Content-Type"]) == (417, "application/problem+json")
            check(reply.headers, is_https=is_https)


@pytest.mark.parametrize(("scheme", "is_https"), [("https", True), ("http", False)])
async def test_https_is_demanded_of_those_who_came_by_it(
    settings: Settings, aiohttp_client: AiohttpClient, scheme: str, is_https: bool
) -> None:
    here = settings.model_copy(update={"trusted_proxies": (ip_network("127.0.0.0/8"),)})
    client = await aiohttp_client(app.create_app(here))
    for path in ("/", "/healthz", "/nowhere", "/static/boot.js", "/api/v1/me"):
        check((await client.get(path, headers={"X-Forwarded-Proto": scheme})).headers, is_https=is_https)


async def test_outlook_and_teams_may_show_what_is_meant_for_them(client: Client) -> None:
    for path in ("/addin/pane", "/tab", "/t/any", "/static/icons/64.png"):
        assert (await client.get(path)).headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    for path in ("/addin/pane", "/tab"):
        headers = (await client.get(path)).headers
        assert headers["Cross-Origin-Opener-Policy"] == "unsafe-none"
        assert "https://*.office.com" in headers["Content-Security-Policy"]
    for path in ("/", "/api/v1/me", "/docs/"):
        assert (await client.get(path)).headers["Cross-Origin-Resource-Policy"] == "same-origin"
