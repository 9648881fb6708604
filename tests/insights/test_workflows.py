"""Durable workflows: retried, resumed by the next process, silent about what they worked on."""

import asyncio
import os
import signal
import sqlite3
import sys
from pathlib import Path

import pytest

from insights.errors import Conflict, Unavailable
from insights.workflows import Workflow, Workflows

KILLED_MIDWAY = """
import asyncio, sys
from pathlib import Path
from insights.workflows import Workflow, Workflows

async def first(key): return ""
async def second(key):
    print("in second", flush=True)
    await asyncio.sleep(60)
    return ""
async def failed(key, cause): return ""

async def main():
    workflows = Workflows(data_dir=Path(sys.argv[1]))
    workflows.register(Workflow("work", (first, second), failed))
    workflows.start()
    await workflows.wait_ready()
    await workflows.run("work", "k/1")
    await asyncio.sleep(60)

asyncio.run(main())
"""


class Recorder:
    """Steps that note that they ran."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.done = asyncio.Event()
        self.refusals = 0

    async def first(self, key: str) -> str:
        self.ran.append(f"first {key}")
        return ""

    async def second(self, key: str) -> str:
        if self.refusals:
            self.refusals -= 1
            raise Unavailable("away")
        self.ran.append(f"second {key}")
        self.done.set()
        return ""

    async def refuse(self, _key: str) -> str:
        raise Conflict("not_like_this")

    async def break_down(self, _key: str) -> str:
        raise ValueError("the secret subject")

    async def failed(self, key: str, cause: str) -> str:
        self.ran.append(f"failed {key} {cause}")
        self.done.set()
        return ""


async def run(workflows: Workflows, recorder: Recorder, *names: str) -> None:
    steps = [getattr(recorder, name) for name in names]
    workflows.register(Workflow("work", steps, recorder.failed))
    workflows.start()
    await workflows.wait_ready()
    await workflows.run("work", "k/1")
    async with asyncio.timeout(30):
        await recorder.done.wait()
    await workflows.stop()


async def test_steps_run_in_order_and_an_absent_service_is_tried_again(
    tmp_path: Path, database_url: str
) -> None:
    recorder = Recorder()
    recorder.refusals = 2
    await run(Workflows(data_dir=tmp_path, database_url=database_url), recorder, "first", "second")
    assert recorder.ran == ["first k/1", "second k/1"]


async def test_a_refusal_ends_the_workflow_with_its_cause(tmp_path: Path) -> None:
    recorder = Recorder()
    await run(Workflows(data_dir=tmp_path), recorder, "first", "refuse", "second")
    assert recorder.ran == ["first k/1", "failed k/1 not_like_this"]


async def test_a_bug_ends_the_workflow_and_its_words_reach_no_job(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorder = Recorder()
    await run(Workflows(data_dir=tmp_path), recorder, "break_down")
    assert recorder.ran == ["failed k/1 unexpected"]
    assert b"secret" not in b"".join(path.read_bytes() for path in tmp_path.glob("jobs.sqlite*"))
    captured = capsys.readouterr()
    assert "ValueError" in captured.out + captured.err
    assert "secret" not in captured.out + captured.err


async def test_a_killed_process_leaves_its_workflow_to_the_next_one(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        KILLED_MIDWAY,
        str(tmp_path),
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONPATH": "."},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    async with asyncio.timeout(60):
        assert await process.stdout.readline() == b"in second\n"
    process.send_signal(signal.SIGKILL)
    await process.communicate()
    recorder = Recorder()
    workflows = Workflows(data_dir=tmp_path)
    workflows.register(Workflow("work", (recorder.first, recorder.second), recorder.failed))
    workflows.start()
    async with asyncio.timeout(60):
        await recorder.done.wait()
        while status(tmp_path) != [("work:k/1", "SUCCESS")]:
            await asyncio.sleep(0.05)
    await workflows.stop()
    assert recorder.ran == ["second k/1"]


async def test_stopping_in_the_middle_leaves_the_workflow_to_the_next_start(tmp_path: Path) -> None:
    recorder = Recorder()
    reached = asyncio.Event()

    async def first(key: str) -> str:
        reached.set()
        await asyncio.sleep(0.5)
        return await recorder.first(key)

    workflows = Workflows(data_dir=tmp_path)
    workflows.register(Workflow("work", (first, recorder.second), recorder.failed))
    workflows.start()
    await workflows.wait_ready()
    await workflows.run("work", "k/1")
    async with asyncio.timeout(30):
        await reached.wait()
    await workflows.stop()
    assert recorder.ran in ([], ["first k/1"])
    assert status(tmp_path) == [("work:k/1", "PENDING")]
    await run(Workflows(data_dir=tmp_path), recorder, "first", "second")
    assert recorder.ran[-1] == "second k/1"


async def test_two_processes_on_one_data_directory_have_names_of_their_own(tmp_path: Path) -> None:
    from insights.workflows import _take_slot

    first, first_name = _take_slot(tmp_path)
    second, second_name = _take_slot(tmp_path)
    assert (first_name, second_name) == ("process-1", "process-2")
    first.release()
    third, third_name = _take_slot(tmp_path)
    assert third_name == "process-1"
    second.release()
    third.release()


def status(data_dir: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(data_dir / "jobs.sqlite") as connection:
        rows = connection.execute("SELECT workflow_uuid, status FROM workflow_status").fetchall()
    connection.close()
    return rows
