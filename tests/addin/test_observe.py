"""What logs and metrics say, and what they must never say."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from ipaddress import ip_network

import pytest
import structlog
from aiohttp import web
from pytest_aiohttp import AiohttpClient

import app
from addin.http import Route, Visit, add_routes
from addin.observe import set_up_logs
from insights.settings import Settings
from tests.conftest import Client

SECRET = "ana@fabrikam.example"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The server's log as it is written in production."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    set_up_logs("info", stream)
    yield stream
    structlog.reset_defaults()
    root.handlers = handlers
    root.setLevel(level)


def lines(log: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


async def test_a_request_is_one_line_with_its_id_and_template(
    log: io.StringIO, client: Client, token_for: Callable[[str], str]
) -> None:
    headers = {"Authorization": f"Bearer {token_for('ann')}", "User-Agent": SECRET, "Referer": SECRET}
    response = await client.get(f"/api/v1/records?email={SECRET}", headers=headers)
    assert response.status == 200
    await client.get(f"/api/v1/records/contact/{SECRET}/activities", headers=headers)
    await client.get(f"/{SECRET}", headers=headers)
    first, second, third = lines(log)
    assert first["route"] == "/api/v1/records"
    assert first["request_id"] == response.headers["X-Request-ID"]
    assert (first["method"], first["status"]) == ("GET", 200)
    assert second["route"] == "/api/v1/records/{table}/{id}/activities"
    assert third["route"] == "unmatched"
    assert SECRET not in log.getvalue()
    assert "ann" not in log.getvalue()


async def test_the_unexpected_is_logged_once_by_place_not_by_words(
    log: io.StringIO, settings: Settings, aiohttp_client: AiohttpClient
) -> None:
    async def fail(_visit: Visit) -> web.Response:
        raise LookupError(SECRET)

    server = app.create_app(settings)
    add_routes(server, (Route("GET", "/fail", fail, "public"),))
    client = await aiohttp_client(server)
    response = await client.get("/fail")
    failure, request = lines(log)
    assert failure["exception"] == "builtins.LookupError"
    assert "fail" in str(failure["frames"])
    assert failure["request_id"] == request["request_id"] == response.headers["X-Request-ID"]
    assert SECRET not in log.getvalue()


async def test_metrics_count_by_template(client: Client) -> None:
    await client.get(f"/{SECRET}")
    await client.get("/static/theme.css")
    await client.get("/static/pane.css")
    response = await client.get("/metrics")
    text = await response.text()
    assert response.content_type == "text/plain"
    assert 'liaison_http_requests_total{method="GET",route="/static/{file}",status="200"} 2.0' in text
    assert 'liaison_http_requests_total{method="GET",route="unmatched",status="404"} 1.0' in text
    assert SECRET not in text


async def test_metrics_are_read_here_or_with_the_token(
    settings: Settings, aiohttp_client: AiohttpClient
) -> None:
    token = "metrics-token-é"
    here = ip_network("127.0.0.0/8")
    guarded = settings.model_copy(update={"metrics_token": token, "trusted_proxies": (here,)})
    client = await aiohttp_client(app.create_app(guarded))
    far = {"X-Forwarded-For": "203.0.113.9"}
    assert (await client.get("/metrics")).status == 200
    assert (await client.get("/metrics", headers=far)).status == 401
    assert (await client.get("/metrics", headers=far | {"Authorization": "Bearer wrong"})).status == 401
    assert (await client.get("/metrics", headers=far | {"Authorization": f"Bearer {token}"})).status == 200


async def test_an_unknown_proxy_on_this_machine_opens_no_metrics(client: Client) -> None:
    for header in ("X-Forwarded-For", "Forwarded"):
        response = await client.get("/metrics", headers={header: "127.0.0.1"})
        assert response.status == 401
        assert response.content_type == "application/problem+json"


@pytest.mark.parametrize("name", ["dbos", "dbos.queue", "sqlalchemy.pool", "any.library"])
def test_a_library_cannot_forge_a_line(log: io.StringIO, name: str) -> None:
    logging.getLogger(name).error("job %s failed", 'track:x\n{"event": "forged"}')
    [line] = lines(log)
    assert (line["logger"], line["level"]) == (name, "error")
    assert "forged" in str(line["event"])
