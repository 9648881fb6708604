"""The stream of changes."""

import asyncio
import json
from collections.abc import Callable, Collection
from typing import Any

import jwt
import pytest
from aiohttp import ClientResponse
from sqlalchemy import Connection

from addin import events
from addin.http import SERVICES
from connectors.embedded.directory import EmbeddedDirectory
from insights import features
from insights.capture import filing, tracking
from insights.capture.tracks import select_tracks
from insights.capture.views import TrackBody
from insights.mail.identity import email_id
from insights.model import RecordRef, TrackState
from insights.news import EVERYONE, tell
from insights.services import Services
from insights.views import FeaturesBody, FeatureSwitches, Ref
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


async def announce(services: Services, *email_ids: str, to: Collection[str] = ()) -> None:
    def write(connection: Connection) -> None:
        for each in email_ids:
            tell(connection, "track", each, to, services.now())

    await services.database.write(write)


async def id_of(services: Services, name: object) -> str:
    return email_id(await services.crm.organization_id(), f"<{name}@mail.example>")


async def told(stream: ClientResponse) -> dict[str, Any]:
    kind, data, *_ = (await next_event(stream)).splitlines()
    assert kind == "event: change"
    event: dict[str, Any] = json.loads(data.removeprefix("data: "))
    return event


async def switch_on(services: Services) -> None:
    root = await services.crm.user("root")
    assert root
    body = FeaturesBody(accept_terms=True, features=FeatureSwitches(auto_capture="on"))
    await features.change_features(services, root, body)


async def test_a_change_reaches_an_open_pane(client: Client, token_for: Callable[[str], str]) -> None:
    stream = await open_stream(client, token_for("ann"))
    services = client.app[SERVICES]
    await asyncio.sleep(0.5)
    mine = await id_of(services, 1)
    await announce(services, mine)
    assert await told(stream) == {"kind": "track", "id": mine, "record": None, "own": False}
    await announce(services, "not hers", to=["bob"])
    await announce(services, mine, to=["ann"])
    assert await told(stream) == {"kind": "track", "id": mine, "record": None, "own": True}
    await announce(services, "anything", to=EVERYONE)
    assert (await told(stream))["id"] == "anything"
    stream.close()


async def test_nobody_hears_of_what_others_do_with_mail_of_their_own(
    client: Client, token_for: Callable[[str], str]
) -> None:
    """Ann holds 1, 2 and 3, Bob 3 and his own; the administrator none."""
    services = client.app[SERVICES]
    ids = [await id_of(services, name) for name in (1, 2, "bobs", "nobodys", 3)]
    streams = [await open_stream(client, token_for(user)) for user in ("ann", "bob", "root")]
    await asyncio.sleep(0.5)
    await announce(services, *ids)
    ann, bob, root = streams
    assert [(await told(ann))["id"] for _ in range(3)] == [ids[0], ids[1], ids[4]]
    assert [(await told(bob))["id"] for _ in range(2)] == [ids[2], ids[4]]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.5):
            await root.content.readuntil(b"\n\n")
    for stream in streams:
        stream.close()


async def test_who_may_read_the_row_hears_of_it_to_its_end(
    client: Client, token_for: Callable[[str], str]
) -> None:
    services = client.app[SERVICES]
    await switch_on(services)
    ann = await services.crm.user("ann")
    assert ann
    own_id = await id_of(services, 1)
    stream = await open_stream(client, token_for("root"))  # holds no copy
    await asyncio.sleep(0.5)
    await tracking.track(services, ann, own_id, TrackBody(regarding=Ref(table="contact", id="ana")))
    ana = {"table": "contact", "id": "ana"}
    event = await told(stream)
    if event["record"] is None:  # that it was pressed, where who may know was found out after it was done
        assert event["id"] == own_id
        event = await told(stream)
    assert event == {"kind": "track", "id": own_id, "record": ana, "own": False}
    rows = await services.database.read(select_tracks, [own_id])
    assert rows[own_id].state is TrackState.TRACKED, "while it was on its way it was nobody's but Ann's"
    company = RecordRef("account", "fabrikam")
    await filing.set_regarding(services, ann, own_id, company)
    moved = [(await told(stream))["record"] for _ in range(2)]
    assert moved == [ana, {"table": company.table, "id": company.id}]
    await tracking.untrack(services, ann, own_id)
    assert (await told(stream))["record"] == moved[1]
    stream.close()


async def test_a_busy_line_ends_with_its_token(client: Client) -> None:
    services = client.app[SERVICES]
    directory = services.directory
    assert isinstance(directory, EmbeddedDirectory)
    mine = await id_of(services, 1)
    stream = await open_stream(client, directory.issue_token("ann", hours=2.5 / 3600))

    async def keep_busy() -> None:
        while True:
            await announce(services, mine)
            await asyncio.sleep(0.05)

    busy = asyncio.create_task(keep_busy())
    async with asyncio.timeout(20):
        received = await stream.content.read()
    ended_at = services.now().timestamp()
    busy.cancel()
    assert received.count(b"event: change") > 0
    token = stream.request_info.headers["Authorization"].removeprefix("Bearer ")
    expires_at = jwt.decode(token, options={"verify_signature": False})["exp"]
    assert ended_at >= expires_at
    async with client.get("/api/v1/me", headers=stream.request_info.headers) as response:
        assert response.status == 401


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
