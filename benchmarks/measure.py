"""Figures and where they were taken."""

import platform
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value; `bound` is what it may be at most (or at least, for `at_least`)."""

    name: str
    value: float
    unit: str
    bound: float | None = None
    baseline: str = ""
    at_least: bool = False

    @property
    def holds(self) -> bool | None:
        """Whether the bound holds; None without one."""
        if self.bound is None:
            return None
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def row(self) -> dict[str, Any]:
        """The figure as it is written to results.json."""
        row = asdict(self) | {"value": round(self.value, 3), "holds": self.holds}
        del row["at_least"]
        return row | {"machine": machine(), "date": datetime.now(UTC).date().isoformat()}


def machine() -> str:
    """Processor, number of cores and Python, as far as the platform tells."""
    model = ""
    cpuinfo = Path("/proc/cpuinfo")
    cores = 0
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                cores += 1
    return f"{model or platform.machine()}, {cores} cores, Python {platform.python_version()}"


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0–1) of the values lie."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


async def time_each(call: Callable[[], Awaitable[object]], times: int, *, warm_up: int = 5) -> list[float]:
    """Milliseconds of each of `times` calls, after some that do not count."""
    for _ in range(warm_up):
        await call()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        await call()
        taken.append((time.perf_counter() - start) * 1000)
    return taken
