"""A real server process to measure."""

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Server:
    """Where it listens, its process id and the seconds until it first answered."""

    url: str
    pid: int
    seconds: float


@asynccontextmanager
async def running(data: Path, *options: str) -> AsyncIterator[Server]:
    """`liaison serve` on a free port, from its start to its end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    start = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "serve", "--port", str(port), "--data", str(data), *options),
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": "."},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        await wait_for(f"{url}/healthz")
        yield Server(url, process.pid, time.perf_counter() - start)
    finally:
        process.terminate()
        await process.wait()


async def wait_for(url: str, seconds: float = 90) -> None:
    """Return as soon as the address answers 200."""
    async with asyncio.timeout(seconds), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(url) as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                await asyncio.sleep(0.02)
            else:
                await asyncio.sleep(0.05)
