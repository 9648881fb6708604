"""News is read once for all who listen in a process, and by nobody while nobody does."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from insights import news as module
from insights.database import Database
from insights.errors import Problem, Unavailable
from insights.migrate import REVISIONS, upgrade
from insights.news import News
from insights.tables import changes
from tests.conftest import OpenDatabase

NOW = datetime(2026, 3, 2, tzinfo=UTC)


class Counting:
    """A database that counts reads, and may be away."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.reads = 0
        self.is_away = self.is_broken = False

    async def read(self, function: Callable[..., Any], *args: Any) -> Any:
        self.reads += 1
        if self.is_broken:
            raise ZeroDivisionError
        if self.is_away:
            raise Unavailable("The database does not answer", code="no_database")
        return await self._database.read(function, *args)

    async def tell(self, *subjects: str) -> None:
        rows = [{"at": NOW, "kind": "track", "subject": each} for each in subjects]
        await self._database.write(lambda connection: connection.execute(changes.insert(), rows))


@pytest.fixture
async def counting(open_database: OpenDatabase, monkeypatch: pytest.MonkeyPatch) -> Counting:
    database = open_database("liaison")
    await upgrade(database, REVISIONS)
    monkeypatch.setattr(module, "EVERY_SECONDS", 0.02)
    return Counting(database)


async def test_all_hear_what_one_has_read(counting: Counting) -> None:
    news = News(cast(Database, counting))
    await counting.tell("before")
    async with AsyncExitStack() as stack:
        heard = [await stack.enter_async_context(news.listen()) for _ in range(50)]
        before = counting.reads
        await asyncio.sleep(0.5)
        assert counting.reads - before <= 30  # one of them reads, whatever their number
        await counting.tell("a", "b", "a")
        async with asyncio.timeout(10):
            assert [await each.get() for each in heard] == [["a", "b"]] * 50
        late = await stack.enter_async_context(news.listen())
        await counting.tell("c")
        async with asyncio.timeout(10):
            assert (await heard[0].get(), await late.get()) == (["c"], ["c"])
    before = counting.reads
    await asyncio.sleep(0.2)
    assert counting.reads == before
    async with news.listen() as again:
        await counting.tell("d")
        async with asyncio.timeout(10):
            assert await again.get() == ["d"]


async def test_that_the_database_is_away_is_told_and_its_return(counting: Counting) -> None:
    news = News(cast(Database, counting))
    async with news.listen() as heard:
        counting.is_away = True
        async with asyncio.timeout(10):
            assert isinstance(await heard.get(), Problem)
        counting.is_away = False
        await counting.tell("a")
        async with asyncio.timeout(10):
            while isinstance(told := await heard.get(), Problem):
                pass
        assert told == ["a"]


async def test_a_fault_of_ours_is_told_as_well_and_reading_goes_on(counting: Counting) -> None:
    news = News(cast(Database, counting))
    async with news.listen() as heard:
        counting.is_broken = True
        async with asyncio.timeout(10):
            told = await heard.get()
        assert isinstance(told, Problem)
        assert told.code == "no_news"
        counting.is_broken = False
        await counting.tell("a")
        async with asyncio.timeout(10):
            while isinstance(told := await heard.get(), Problem):
                pass
        assert told == ["a"]


async def test_who_comes_while_the_database_is_away_leaves_nothing_behind(counting: Counting) -> None:
    news = News(cast(Database, counting))
    counting.is_away = True
    for _ in range(3):
        with pytest.raises(Unavailable):
            async with news.listen():
                pass
    before = counting.reads
    await asyncio.sleep(0.2)
    assert counting.reads == before
    counting.is_away = False
    await counting.tell("old")
    async with news.listen() as heard:
        await counting.tell("new")
        async with asyncio.timeout(10):
            assert await heard.get() == ["new"]
