"""Open event streams while nothing happens: what they cost the server in CPU time and memory."""

import asyncio
import resource
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

import aiohttp
import psutil

from benchmarks.measure import Figure
from benchmarks.server import started, wait_for
from benchmarks.startup import resident

STREAMS = 1000
SECONDS = 30.0
SETTLING = 5.0
LIMITS = {"LIAISON_CONNECTIONS": "4000", "LIAISON_CONNECTIONS_PER_ADDRESS": "4000"}


async def measure(streams: int = STREAMS) -> list[Figure]:
    """The share of a core, and MiB, that so many streams take more than none."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a file each, here and there
    with tempfile.TemporaryDirectory(prefix="liaison-bench") as folder:
        options = ("serve", "--demo", "--data", folder)
        async with started("cli", *options, variables=LIMITS) as server, AsyncExitStack() as stack:
            await wait_for(f"{server.url}/readyz")
            await asyncio.sleep(SETTLING)
            memory, idle = resident(server.pid), await share(server.pid)
            connector = aiohttp.TCPConnector(limit=0)
            session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
            token = await token_for(session, server.url)
            headers = {"Authorization": f"Bearer {token}"}
            url = f"{server.url}/api/v1/events"
            opened = [
                await stack.enter_async_context(session.get(url, headers=headers)) for _ in range(streams)
            ]
            await asyncio.sleep(SETTLING)
            busy, grown = await share(server.pid), resident(server.pid)
            seconds = await tell(session, server.url, headers, opened)
    name = f"{streams:,} open event streams, nothing happening"
    return [
        Figure(name, (busy - idle) * 100, "% of a core", 5),
        Figure(f"{name}: memory", grown - memory, "MiB", 60),
        Figure(f"an email that is tracked is told to {streams:,} panes within", seconds, "s", 1),
    ]


async def tell(
    session: aiohttp.ClientSession,
    url: str,
    headers: Mapping[str, str],
    opened: Sequence[aiohttp.ClientResponse],
) -> float:
    """The seconds from a press of *Track* until every open stream has heard of it."""
    async with session.get(f"{url}/demo/api/messages", headers=headers) as response:
        messages = (await response.json())["items"]
    hearing = [asyncio.create_task(hear(stream)) for stream in opened]
    for message in messages:
        body = {"internet_message_id": message["internet_message_id"]}
        async with session.post(f"{url}/api/v1/emails/lookup", json=body, headers=headers) as response:
            item = (await response.json()).get("item", {})
        if "track" in item.get("may", ()):
            break
    began = time.perf_counter()
    async with session.post(f"{url}/api/v1/emails/{item['id']}/track", json={}, headers=headers) as response:
        response.raise_for_status()
    await asyncio.gather(*hearing)
    return time.perf_counter() - began


async def hear(stream: aiohttp.ClientResponse) -> None:
    """Wait for a change on a stream."""
    async for line in stream.content:
        if line.startswith(b"event: change"):
            return
    raise RuntimeError("a stream ended")


async def token_for(session: aiohttp.ClientSession, url: str) -> str:
    """A token of somebody in the demo."""
    async with session.get(f"{url}/demo/api/users") as response:
        user = (await response.json())["items"][0]
    async with session.post(f"{url}/demo/api/token", json={"user": user["id"]}) as response:
        return str((await response.json())["token"])


async def share(pid: int) -> float:
    """The share of a core that a process takes, its children left out."""
    process = psutil.Process(pid)
    before = process.cpu_times()
    await asyncio.sleep(SECONDS)
    after = process.cpu_times()
    return (after.user + after.system - before.user - before.system) / SECONDS
