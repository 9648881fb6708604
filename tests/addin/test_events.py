"""The stream of changes."""

import asyncio
import json
from collections.abc import Callable

import pytest
from aiohttp import ClientResponse

from addin import events
from addin.http import SERVICES
from connectors.embedded.directory import EmbeddedDirectory
from insights.tables import changes
from tests.conftest import Client


async def next_event(stream: ClientResponse) -> str:
    async with asyncio.timeout(15):
        return (await stream.content.readuntil(b"\n\n")).decode()


async def open_stream(client: Client, token: str) -> ClientResponse:
    stream = await client.get("/api/v1/events", headers={"Authorization": f"Bearer {token}"})
    assert stream.status == 200
    assert stream.content_type == "text/event-stream"
    assert await next_event(stream) == ": open\n\n"
    return stream


async def test_a_change_reaches_an_open_pane(client: Client, token_for: Callable[[str], str]) -> None:
    stream = await open_stream(client, token_for("ann"))
    services = client.app[SERVICES]
    await asyncio.sleep(0.5)
    news = changes.insert().values(at=services.now(), kind="track", subject="some-id")
    await services.database.write(lambda connection: connection.execute(news))
    kind, data, *_ = (await next_event(stream)).splitlines()
    assert kind == "event: change"
    assert json.loads(data.removeprefix("data: ")) == {"kind": "track", "id": "some-id"}
    stream.close()


async def test_the_line_is_kept_alive_until_the_token_runs_out(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT", 0.2)
    directory = client.app[SERVICES].directory
    assert isinstance(directory, EmbeddedDirectory)
    stream = await open_stream(client, directory.issue_token("ann", hours=2.5 / 3600))
    assert await next_event(stream) == ": alive\n\n"
    async with asyncio.timeout(10):
        rest = await stream.content.read()
    assert rest.replace(b": alive\n\n", b"") == b"", "it ends by itself, without an error"
