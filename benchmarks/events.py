"""Open event streams while nothing happens: what they cost the server in CPU time and memory."""

import asyncio
import resource
import tempfile
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
            for _ in range(streams):
                await stack.enter_async_context(session.get(f"{server.url}/api/v1/events", headers=headers))
            await asyncio.sleep(SETTLING)
            busy, grown = await share(server.pid), resident(server.pid)
    name = f"{streams:,} open event streams, nothing happening"
    return [
        Figure(name, (busy - idle) * 100, "% of a core", 5),
        Figure(f"{name}: memory", grown - memory, "MiB", 60),
    ]


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
