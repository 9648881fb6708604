"""Mail that arrives while the pane is open is shown, and panes hear of what others did."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from tests.flows.liaison import Liaison, letter


async def hear(liaison: Liaison, user: str) -> AsyncGenerator[str, None]:
    """The data lines of a user's event stream."""
    assert liaison._session
    headers = {"Authorization": f"Bearer {liaison.token(user)}"}
    async with liaison._session.get("/api/v1/events", headers=headers) as response:
        assert response.content_type == "text/event-stream"
        async for line in response.content:
            if line.startswith(b"data:"):
                yield line.decode().removeprefix("data:").strip()


@pytest.mark.slow("the embedded mailbox is looked at every ten seconds")
async def test_new_mail_is_announced_and_listed(liaison: Liaison) -> None:
    liaison.import_mail("ann@ours.example", [letter(1)])
    events = hear(liaison, "ann")
    waiting = asyncio.ensure_future(anext(events))
    await asyncio.sleep(1)
    await asyncio.to_thread(liaison.import_mail, "ann@ours.example", [letter(2)])
    async with asyncio.timeout(60):
        assert '"mailbox"' in await waiting
    await events.aclose()
    assert len(await liaison.timeline("ann", "contact", "ana")) == 2


async def test_a_colleagues_pane_hears_of_a_track(liaison: Liaison) -> None:
    both = letter(1, to="ann@ours.example, bob@ours.example")
    liaison.import_mail("ann@ours.example", [both])
    liaison.import_mail("bob@ours.example", [both])
    [item] = await liaison.timeline("ann", "contact", "ana")
    events = hear(liaison, "bob")
    waiting = asyncio.ensure_future(anext(events))
    await asyncio.sleep(1)
    await liaison.post("ann", f"/api/v1/emails/{item['id']}/track", status=202)
    async with asyncio.timeout(20):
        assert item["id"] in await waiting
    await events.aclose()


async def test_the_server_stops_while_panes_listen(liaison: Liaison) -> None:
    events = hear(liaison, "ann")
    waiting = asyncio.ensure_future(anext(events, None))
    await asyncio.sleep(1)
    async with asyncio.timeout(15):
        await liaison.stop()
    assert await waiting is None or waiting.done()
