"""The job store holds JSON: a pickle that somebody put there is never read, what it stood for begins anew."""

import asyncio
import base64
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from insights.errors import Unavailable
from insights.job_store import PickleRefused, drop_unreadable, forbid_pickles
from insights.workflows import Workflow, Workflows
from tests.insights.test_workflows import Recorder, run

Execute = Callable[..., list[Any]]


class Trap:
    """Makes a folder where it is unpickled."""

    def __init__(self, sprung: Path) -> None:
        self.sprung = sprung

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.sprung),)


@pytest.fixture
def sprung(tmp_path: Path) -> Path:
    return tmp_path / "sprung"


@pytest.fixture
def trap(sprung: Path) -> str:
    return base64.b64encode(pickle.dumps({"args": (Trap(sprung),), "kwargs": {}})).decode()


@pytest.fixture
def execute(tmp_path: Path, database_url: str) -> Execute:
    """Runs a statement on the job store; `jobs.` stands for its schema."""
    url = database_url.replace("+asyncpg", "+psycopg") or f"sqlite:///{tmp_path / 'jobs.sqlite'}"

    def execute(statement: str, **values: object) -> list[Any]:
        engine = sa.create_engine(url)
        text = statement if database_url else statement.replace("jobs.", "")
        try:
            with engine.begin() as connection:
                result = connection.execute(sa.text(text), values)
                return list(result) if result.returns_rows else []
        finally:
            engine.dispose()

    return execute


def made(tmp_path: Path, database_url: str) -> Workflows:
    return Workflows(data_dir=tmp_path, database_url=database_url)


async def test_what_is_written_is_json(tmp_path: Path, database_url: str, execute: Execute) -> None:
    recorder = Recorder()
    recorder.refusals = 1
    await run(made(tmp_path, database_url), recorder, "first", "second")
    rows = execute("SELECT serialization FROM jobs.workflow_status")
    rows += execute("SELECT serialization FROM jobs.operation_outputs")
    assert {row.serialization for row in rows} == {"portable_json"}
    [[inputs]] = execute("SELECT inputs FROM jobs.workflow_input")
    assert inputs == '{"namedArgs":{},"positionalArgs":["k/1"]}'


async def test_the_trap_would_work(trap: str, sprung: Path) -> None:
    pickle.loads(base64.b64decode(trap))
    assert sprung.exists()


@pytest.mark.parametrize(
    ("status", "doctored"),
    [
        ("PENDING", "UPDATE jobs.workflow_input SET inputs = :trap"),
        ("SUCCESS", "UPDATE jobs.workflow_output SET output = :trap"),
        ("ERROR", "UPDATE jobs.workflow_output SET output = NULL, error = :trap"),
        ("PENDING", "UPDATE jobs.operation_outputs SET output = :trap, serialization = 'py_pickle'"),
        (
            "PENDING",
            "UPDATE jobs.operation_outputs SET output = NULL, error = :trap, serialization = 'py_pickle'",
        ),
    ],
)
@pytest.mark.parametrize("running", [False, True], ids=["before the start", "while it runs"])
async def test_a_doctored_row_runs_nothing(
    tmp_path: Path,
    database_url: str,
    execute: Execute,
    trap: str,
    sprung: Path,
    status: str,
    doctored: str,
    *,
    running: bool,
) -> None:
    def doctor(executor_id: str) -> None:
        is_of_a_step = "operation_outputs" in doctored
        written = "portable_json" if is_of_a_step else "py_pickle"
        execute(
            "UPDATE jobs.workflow_status SET status = :status, executor_id = :executor_id,"
            " serialization = :written",
            status=status,
            executor_id=executor_id,
            written=written,
        )
        execute(doctored, trap=trap)

    await run(made(tmp_path, database_url), Recorder(), "first", "second")
    recorder, workflows = Recorder(), made(tmp_path, database_url)
    workflows.register(Workflow("work", (recorder.first, recorder.second), recorder.failed))
    if not running:
        doctor("process-1")
    workflows.start()
    await workflows.wait_ready()
    if running:
        doctor("process-9")
    await workflows.revive("work", "k/1")
    await workflows.run("work", "k/2")
    async with asyncio.timeout(30):
        while ("SUCCESS",) not in execute("SELECT status FROM jobs.workflow_status WHERE workflow_uuid = :id",
                                          id="work:k/2"):  # fmt: skip
            await asyncio.sleep(0.02)
    await workflows.stop()
    assert "second k/2" in recorder.ran
    assert not sprung.exists()


async def test_what_a_version_with_pickles_left_is_dropped_and_can_begin_anew(
    tmp_path: Path, database_url: str, execute: Execute, capfd: pytest.CaptureFixture[str]
) -> None:
    await run(made(tmp_path, database_url), Recorder(), "first", "second")
    inputs = base64.b64encode(pickle.dumps({"args": ("k/1",), "kwargs": {}})).decode()
    done = base64.b64encode(pickle.dumps("")).decode()
    execute("UPDATE jobs.workflow_status SET status = 'PENDING', inputs = :i, output = NULL,"
            " serialization = 'py_pickle'", i=inputs)  # fmt: skip
    execute("UPDATE jobs.operation_outputs SET output = :done, serialization = 'py_pickle'", done=done)
    recorder = Recorder()
    await run(made(tmp_path, database_url), recorder, "first", "second")
    assert recorder.ran == ["first k/1", "second k/1"]
    assert "what is pending begins anew" in "".join(capfd.readouterr())
    rows = execute("SELECT serialization FROM jobs.workflow_status")
    assert [row.serialization for row in rows] == ["portable_json"]


async def test_what_belongs_to_no_job_of_ours_is_dropped(
    tmp_path: Path, database_url: str, execute: Execute
) -> None:
    """A schedule that cannot be read would end the thread that looks at them, at every start."""
    await run(made(tmp_path, database_url), Recorder(), "first", "second")
    columns = "schedule_id, schedule_name, workflow_name, schedule, context"
    values = "'1', 'evil', 'no workflow', 'never', 'no JSON'"
    execute(f"INSERT INTO jobs.workflow_schedules ({columns}) VALUES ({values})")
    execute("UPDATE jobs.operation_outputs SET serialization = 'py_pickle' WHERE function_name = 'second'")
    address = database_url.replace("+asyncpg", "") or f"sqlite:///{tmp_path / 'jobs.sqlite'}"
    assert drop_unreadable(address) == 0
    assert execute("SELECT schedule_id FROM jobs.workflow_schedules") == []
    names = [row.function_name for row in execute("SELECT function_name FROM jobs.operation_outputs")]
    assert "second" not in names
    assert "first" in names


async def test_an_error_that_was_recorded_before_the_end_is_the_cause_at_the_next_start(
    tmp_path: Path, execute: Execute, database_url: str
) -> None:
    """The last try of a step was recorded, then the process died before the row said so."""
    await run(made(tmp_path, database_url), Recorder(), "first", "second")
    error = '{"name":"DBOSMaxStepRetriesExceeded","message":"away"}'
    execute("UPDATE jobs.workflow_status SET status = 'PENDING', output = NULL")
    execute("UPDATE jobs.operation_outputs SET output = NULL, error = :error WHERE function_name = 'second'",
            error=error)  # fmt: skip
    recorder, workflows = Recorder(), made(tmp_path, database_url)
    workflows.register(Workflow("work", (recorder.first, recorder.second), recorder.failed))
    workflows.start()
    async with asyncio.timeout(30):
        await recorder.done.wait()
    await workflows.stop()
    assert recorder.ran == ["failed k/1 unavailable"]


def test_a_store_that_is_none_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "jobs.sqlite").write_bytes(b"no database at all, though it is long enough to be one" * 40)
    with pytest.raises(Unavailable, match="begins anew") as told:
        drop_unreadable(f"sqlite:///{tmp_path / 'jobs.sqlite'}")
    assert told.value.code == "no_job_store"


def test_no_pickle_is_written_or_read_in_a_process_with_jobs(trap: str, sprung: Path) -> None:
    from dbos._serialization import DBOSDefaultSerializer, deserialize_args, serialize_value_as

    forbid_pickles()
    with pytest.raises(PickleRefused):
        deserialize_args(trap, "py_pickle", DBOSDefaultSerializer)
    with pytest.raises(PickleRefused):
        serialize_value_as("x", "py_pickle", DBOSDefaultSerializer)
    assert not sprung.exists()
