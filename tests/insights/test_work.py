"""What falls due is done by one process at a time, a failure of one kind leaves the others done."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app import utc_now
from connectors.registry import open_stores
from insights.database import Database
from insights.errors import Unavailable
from insights.leases import LASTS, give_back, held, renew, take
from insights.services import Services
from insights.settings import Settings
from insights.tables import leases
from insights.work import Due, Job, _try, run_due, running
from insights.workflows import Workflow
from tests.conftest import OpenDatabase

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


async def test_a_lease_has_one_holder_and_ends_with_it(open_database: OpenDatabase) -> None:
    database: Database = open_database("liaison")
    write = database.write
    assert await write(take, "x", "a", NOW)
    assert not await write(take, "x", "b", NOW + LASTS - SECOND)
    assert await write(take, "y", "b", NOW)
    assert await write(renew, "x", "a", NOW + LASTS - SECOND)
    assert not await write(take, "x", "b", NOW + LASTS)
    assert not await write(renew, "x", "b", NOW)
    assert await write(take, "x", "b", NOW + 2 * LASTS)  # a is dead
    assert not await write(renew, "x", "a", NOW + 2 * LASTS)
    await write(give_back, "x", "a", NOW)  # which comes too late
    assert not await write(take, "x", "a", NOW + 2 * LASTS + SECOND)
    await write(give_back, "x", "b", NOW + 2 * LASTS)
    assert not await write(take, "x", "a", NOW + 2 * LASTS + SECOND, HOUR)  # begun a second ago
    assert await write(take, "x", "a", NOW + 2 * LASTS + HOUR, HOUR)
    await write(give_back, "x", "a", NOW)
    assert await write(take, "x", "a", NOW - HOUR * 30, HOUR)  # the clock was set back


async def test_of_many_at_once_one_gets_it(open_database: OpenDatabase) -> None:
    database = open_database("liaison")
    names = [str(number) for number in range(12)]
    taken = await asyncio.gather(*(database.write(take, "x", name, NOW) for name in names))
    assert sum(taken) == 1


async def test_each_kind_runs_once_in_its_time(services: Services) -> None:
    ran: list[str] = []

    def kind(name: str) -> Due:
        async def run(_services: Services) -> int:
            ran.append(name)
            await asyncio.sleep(0)
            return 1

        return Due(name, "…", run, HOUR)

    table = [kind("one"), kind("two")]
    await asyncio.gather(*(_try(due, services) for due in table for _ in range(5)))
    assert sorted(ran) == ["one", "two"]
    later = services.clock() + HOUR + SECOND
    await asyncio.gather(*(_try(due, replace(services, clock=lambda: later)) for due in table))
    assert sorted(ran) == ["one", "one", "two", "two"]
    assert [each.count for each in await run_due(services, table)] == [
        1,
        1,
    ]  # which does not wait for its hour


async def test_a_kind_that_fails_leaves_the_others_done(services: Services) -> None:
    async def away(_services: Services) -> int:
        raise Unavailable("no_crm")

    async def broken(_services: Services) -> int:
        raise ZeroDivisionError

    async def well(_services: Services) -> int:
        return 3

    table = [Due(run.__name__, "…", run, HOUR) for run in (away, broken, well)]
    outcomes = await run_due(services, table)
    assert [(each.kind, each.count, each.problem and each.problem.code) for each in outcomes] == [
        ("away", 0, "no_crm"),
        ("broken", 0, "due_failed"),
        ("well", 3, None),
    ]


async def test_who_runs_what_a_server_is_at_waits_for_it(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(_services: Services) -> int:
        return 1

    due = Due("shared", "…", run, HOUR)
    monkeypatch.setattr("insights.leases.HOLDER", "another")
    async with held(services, "due shared") as is_theirs:
        assert is_theirs
        monkeypatch.setattr("insights.leases.HOLDER", "ours")
        waiting = asyncio.create_task(run_due(services, [due]))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        monkeypatch.setattr("insights.leases.HOLDER", "another")
    monkeypatch.setattr("insights.leases.HOLDER", "ours")
    assert [each.count for each in await waiting] == [1]
    monkeypatch.setattr("insights.work.LONGEST_WAIT", 0.3)
    await services.database.write(take, "due shared", "another", services.clock())
    [refused] = await run_due(services, [due])
    assert refused.problem
    assert refused.problem.code == "busy"


async def test_what_was_started_has_ended(settings: Settings) -> None:
    ended: list[str] = []
    slow = asyncio.Event()

    async def step(key: str) -> str:
        await slow.wait()
        ended.append(key)
        return ""

    async def failed(_key: str, cause: str) -> str:
        raise AssertionError(cause)

    async def start(services: Services) -> int:
        for key in ("a", "b"):
            await services.workflows.run("slow", key)
        return 2

    async def none_pending(_services: Services) -> None: ...

    jobs = [Job(lambda _services: Workflow("slow", (step,), failed), none_pending)]
    async with open_stores(settings, utc_now) as (services, _), running(services, jobs):
        await services.workflows.wait_ready()
        due = asyncio.create_task(run_due(services, [Due("slow", "…", start, HOUR)]))
        await asyncio.sleep(0.2)
        assert not due.done()
        slow.set()
        [outcome] = await due
        assert (outcome.count, sorted(ended)) == (2, ["a", "b"])
        await services.workflows.drain()


async def test_progress_is_noted_by_the_real_clock(settings: Settings) -> None:
    """Whatever `--now` says: the rows of a year ahead would be no stray's for a year."""
    ahead = utc_now() + timedelta(days=365)
    async with open_stores(settings, lambda: ahead, utc_now) as (services, _):
        assert (services.now(), services.clock() < ahead) == (ahead, True)

        async def nothing(_services: Services) -> int:
            return 0

        await run_due(services, [Due("x", "…", nothing, HOUR)])
        begun = await services.database.read(lambda connection: connection.scalar(select(leases.c.began_at)))
        assert begun
        assert begun < ahead
