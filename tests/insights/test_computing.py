"""Heavy computing has a process of its own, whose death is a retry."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from insights.computing import compute
from insights.errors import Unavailable
from insights.workflows import Workflow, Workflows


def add(numbers: list[int]) -> dict[str, int]:
    """Adds, and says something that must not get into the answer."""
    sys.stdout.write("adding")
    return {"sum": sum(numbers), "process": os.getpid()}


def die_once(mark: str) -> str:
    """Is killed the first time."""
    if not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def fail() -> None:
    """Raises what nobody expected."""
    raise ZeroDivisionError


def sleep(mark: str) -> None:
    """Says who it is, and does not end."""
    Path(mark).write_text(str(os.getpid()), encoding="utf-8")
    time.sleep(600)


async def test_it_runs_elsewhere_and_answers() -> None:
    answer = await compute(add, numbers=[1, 2, 39])
    assert answer["sum"] == 42
    assert answer["process"] != os.getpid()


async def test_its_death_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="SIGKILL") as died:
        await compute(die_once, mark=str(tmp_path / "mark"))
    assert died.value.code == "computing"
    assert await compute(die_once, mark=str(tmp_path / "mark")) == "done"
    with pytest.raises(Unavailable, match="exit 1"):
        await compute(fail)


async def test_a_step_whose_computing_dies_runs_again(tmp_path: Path) -> None:
    ended = asyncio.Event()

    async def step(_key: str) -> str:
        assert await compute(die_once, mark=str(tmp_path / "mark")) == "done"
        ended.set()
        return ""

    async def failed(_key: str, cause: str) -> str:
        raise AssertionError(cause)

    workflows = Workflows(data_dir=tmp_path)
    workflows.register(Workflow("heavy", (step,), failed))
    workflows.start()
    await workflows.wait_ready()
    await workflows.run("heavy", "x")
    await asyncio.wait_for(ended.wait(), 30)
    await workflows.drain()
    await workflows.stop()


@pytest.mark.skipif(sys.platform == "win32", reason="looks for the process as POSIX has it")
async def test_it_dies_with_whoever_waits(tmp_path: Path) -> None:
    waiting = asyncio.create_task(compute(sleep, mark=str(tmp_path / "mark")))
    while not (tmp_path / "mark").exists() or not (tmp_path / "mark").read_text(encoding="utf-8"):
        await asyncio.sleep(0.02)
    process = int((tmp_path / "mark").read_text(encoding="utf-8"))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
