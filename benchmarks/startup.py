"""Cold start to the first answer on an existing data directory, and memory at rest."""

import asyncio
import tempfile
from pathlib import Path

import psutil

from benchmarks.measure import Figure, percentile
from benchmarks.server import running, wait_for

STARTS = 5


async def measure() -> list[Figure]:
    """Seconds from process start to the first answer; resident memory of server and children, MiB."""
    with tempfile.TemporaryDirectory(prefix="liaison-bench") as folder:
        async with running(Path(folder)) as server:
            await wait_for(f"{server.url}/readyz")
        seconds, memory = [], 0.0
        for _ in range(STARTS):
            async with running(Path(folder)) as server:
                seconds.append(server.seconds)
                await wait_for(f"{server.url}/readyz")
                await asyncio.sleep(2)
                memory = max(memory, resident(server.pid))
        async with running(Path(folder) / "demo", "--demo") as server:
            first = server.seconds
        async with running(Path(folder) / "demo", "--demo") as server:
            later = server.seconds
    return [
        Figure("cold start to first answer, median", percentile(seconds, 0.5), "s", 4),
        Figure("idle memory", memory, "MiB", 250),
        Figure("demo, first start", first, "s", 20),
        Figure("demo, later start", later, "s", 6),
    ]


def resident(pid: int) -> float:
    """Resident memory of a process and its children, MiB."""
    process = psutil.Process(pid)
    return sum(each.memory_info().rss for each in [process, *process.children(recursive=True)]) / 2**20
