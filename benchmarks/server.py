"""A real server process to measure."""

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping
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
    async with started("cli", "serve", "--data", str(data), *options) as server:
        yield server


@asynccontextmanager
async def started(
    module: str, *arguments: str, variables: Mapping[str, str] | None = None, first: str = "/healthz"
) -> AsyncIterator[Server]:
    """A module that listens on `--port`, from its start to its end; it is up once it answers at `first`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    start = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments, "--port", str(port)),
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": "."} | dict(variables or {}),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        await _until_up(process, f"{url}{first}")
        yield Server(url, process.pid, time.perf_counter() - start)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _until_up(process: asyncio.subprocess.Process, url: str) -> None:
    ended = asyncio.create_task(process.wait())
    answers = asyncio.create_task(wait_for(url))
    done, waiting = await asyncio.wait({ended, answers}, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    if ended in done:
        raise RuntimeError(f"it ended with {process.returncode} instead of answering at {url}")
    await answers


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
