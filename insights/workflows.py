"""Durable background work on DBOS Transact: what was started ends, whatever dies in between.

A workflow is a name and a list of steps, each an async function of one key (an id, never content:
the job store keeps arguments and results). A step may run twice and must then change nothing. It
returns "" to go on or a cause to stop; a Problem of kind Unavailable is retried, then a cause as well.

DBOS runs steps in its own threads; here they hop back onto the server's event loop. It is imported
and launched in the background, so that the server answers before jobs do.
"""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from filelock import FileLock, Timeout

from insights.errors import Problem, Unavailable
from insights.job_store import SCHEMA, drop_unreadable, forbid_pickles

Step = Callable[[str], Awaitable[str]]
log = structlog.get_logger(__name__)

# Fixed, so that an upgrade goes on with the workflows of the version before it.
APPLICATION_VERSION = "1"
UNFINISHED = {"PENDING", "ENQUEUED"}
LOOKED_EVERY = 0.05
RETRIES = {"interval_seconds": 0.5, "backoff_rate": 2.0, "max_attempts": 10}
"""Four minutes: who is throttled or restarts has come back by then; later, *Retry* is offered."""


@dataclass(frozen=True, slots=True)
class Workflow:
    """Steps in order; `failed(key, cause)` is the last step where one of them stopped."""

    name: str
    steps: Sequence[Step]
    failed: Callable[[str, str], Awaitable[str]]


class Interrupted(BaseException):
    """The server stops: leave the workflow as it is, the next start goes on with it."""


class Workflows:
    """The durable workflows of one server process."""

    def __init__(self, *, data_dir: Path, database_url: str = "") -> None:
        self._data_dir = data_dir
        self._url = (
            database_url.replace("+asyncpg", "") if database_url else f"sqlite:///{data_dir / 'jobs.sqlite'}"
        )
        self._workflows: dict[str, Workflow] = {}
        self._functions: dict[str, Callable[[str], None]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._launch: asyncio.Task[None] | None = None
        self._stopping = threading.Event()
        self._begun: set[str] = set()
        """Ids of workflows that this process started or went on with, and that have not ended here."""
        self._slot: FileLock | None = None

    def register(self, workflow: Workflow) -> None:
        """Make a workflow known; before `start`, since recovery needs its name."""
        self._workflows[workflow.name] = workflow

    @property
    def is_ready(self) -> bool:
        """Whether jobs run; until then `run` leaves the row to the next sweep."""
        return self._launch is not None and self._launch.done() and not self._launch.exception()

    def start(self) -> None:
        """Launch in the background; unfinished workflows of this process slot go on at once."""
        self._loop = asyncio.get_running_loop()
        self._launch = asyncio.create_task(asyncio.to_thread(self._launch_dbos))
        self._launch.add_done_callback(_report)

    async def wait_ready(self) -> None:
        """Wait until jobs run; raises what hindered the launch."""
        if self._launch is None:
            raise Unavailable("jobs_not_started")
        await asyncio.shield(self._launch)

    async def run(self, name: str, key: str) -> None:
        """Start the workflow `name:key`; one that was started before is left alone."""
        if self.is_ready and not self._stopping.is_set():
            await asyncio.to_thread(self._start, name, key)

    async def revive(self, name: str, key: str) -> bool:
        """Go on with a workflow that seems dead, or start it; False if it has ended long since."""
        if not self.is_ready or self._stopping.is_set():
            return True
        return await asyncio.to_thread(self._revive, name, key)

    async def drain(self) -> None:
        """Wait until every workflow has ended that this process started or went on with."""
        while begun := set(self._begun):
            self._begun -= await asyncio.to_thread(self._ended, begun)
            await asyncio.sleep(LOOKED_EVERY)

    async def stop(self) -> None:
        """Let running steps end, leave the rest for the next start."""
        self._stopping.set()
        if self._launch is None:
            return
        with contextlib.suppress(Exception):  # a failed launch was logged when it failed
            await self._launch
            await asyncio.to_thread(self._destroy_dbos)
        if self._slot:
            self._slot.release()

    def _launch_dbos(self) -> None:
        from dbos import DBOS, DBOSPortableJSONSerializer

        forbid_pickles()
        if dropped := drop_unreadable(self._url):
            log.warning("jobs of another version were dropped, what is pending begins anew", count=dropped)
        self._slot, executor_id = _take_slot(self._data_dir)
        DBOS(
            config={
                "name": "liaison",
                "system_database_url": self._url,
                "dbos_system_schema": SCHEMA,
                "serializer": DBOSPortableJSONSerializer(),
                "application_version": APPLICATION_VERSION,
                "executor_id": executor_id,
                "log_level": "ERROR",
                "max_executor_threads": 16,
                # Nobody is notified through DBOS; its listener only has to hear soon that the server stops.
                "notification_listener_polling_interval_sec": 0.05,
            }
        )
        for workflow in self._workflows.values():
            self._functions[workflow.name] = DBOS.workflow(name=workflow.name)(self._function(workflow))
        DBOS.launch()

    def _destroy_dbos(self) -> None:
        from dbos import DBOS

        DBOS.destroy(destroy_registry=True)

    def _start(self, name: str, key: str) -> None:
        from dbos import DBOS, SetWorkflowID

        self._begun.add(f"{name}:{key}")
        with SetWorkflowID(f"{name}:{key}"):
            DBOS.start_workflow(self._functions[name], key)

    def _revive(self, name: str, key: str) -> bool:
        from dbos import DBOS

        known = DBOS.get_workflow_status(f"{name}:{key}")
        if known is None:
            self._start(name, key)
        elif known.status not in UNFINISHED:
            return False
        else:
            self._begun.add(known.workflow_id)
            if known.executor_id != DBOS.executor_id:  # what is ours runs, or was recovered at the launch
                DBOS.resume_workflow(known.workflow_id)
        return True

    def _ended(self, workflow_ids: set[str]) -> set[str]:
        from dbos import DBOS

        found = DBOS.list_workflows(workflow_ids=sorted(workflow_ids), load_input=False, load_output=False)
        return workflow_ids - {each.workflow_id for each in found if each.status in UNFINISHED}

    def _function(self, workflow: Workflow) -> Callable[[str], None]:
        """The workflow as DBOS wants it: synchronous, deterministic, all effects in steps."""
        from dbos import DBOS, PortableWorkflowError
        from dbos._error import DBOSMaxStepRetriesExceeded  # raised by run_step, exported nowhere

        def run(key: str) -> None:
            try:
                run_steps(key)
            finally:
                self._begun.discard(f"{workflow.name}:{key}")

        def run_steps(key: str) -> None:
            for step in workflow.steps:
                options: Any = {"name": step.__name__, "retries_allowed": True, **RETRIES}
                try:
                    cause = DBOS.run_step(options, self._call, step, key)
                except (DBOSMaxStepRetriesExceeded, PortableWorkflowError):  # now, or as it was recorded
                    cause = "unavailable"
                if cause:
                    DBOS.run_step({"name": "failed"}, self._call, workflow.failed, key, cause)
                    return

        run.__qualname__ = workflow.name
        return run

    def _call(self, function: Callable[..., Awaitable[str]], *arguments: str) -> str:
        """Run a step on the server's loop; only a cause ever reaches the job store."""
        if self._stopping.is_set() or self._loop is None:
            raise Interrupted
        try:
            return asyncio.run_coroutine_threadsafe(_guard(function, *arguments), self._loop).result()
        except (CancelledError, RuntimeError):  # the loop ended under the step
            raise Interrupted from None


async def _guard(function: Callable[..., Awaitable[str]], *arguments: str) -> str:
    try:
        return await function(*arguments)
    except Unavailable as problem:
        raise Unavailable(problem.key) from None  # its values may name what is private
    except Problem as problem:
        return problem.code
    except Exception as error:  # noqa: BLE001  a bug ends the attempt, not the worker
        # Its words may quote the message: class and place must do.
        _log_error("step failed", error, step=function.__name__)
        return "unexpected"


def _log_error(event: str, error: BaseException, **about: str) -> None:
    log.error(event, error=type(error).__name__, at=_place(error), **about)


def _place(error: BaseException) -> str:
    frame = error.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    return f"{Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}" if frame else ""


def _report(launch: "asyncio.Task[None]") -> None:
    if not launch.cancelled() and (error := launch.exception()):
        _log_error("background jobs did not start", error)


def _take_slot(data_dir: Path) -> tuple[FileLock, str]:
    """The lowest process number free on this data directory, held until the process ends.

    A restarted process gets the number of the dead one, and with it DBOS's recovery of its workflows.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    for number in range(1, 1000):
        lock = FileLock(data_dir / f"process-{number}.lock", thread_local=False)
        with contextlib.suppress(Timeout):
            lock.acquire(timeout=0)
            return lock, f"process-{number}"
    raise Unavailable("no_process_slot")
