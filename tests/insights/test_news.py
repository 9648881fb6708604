"""News is read once for all who listen in a process, and by nobody while nobody does."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from sqlalchemy import Connection

from insights import news as module
from insights.database import Database
from insights.errors import Problem, Unavailable
from insights.model import User
from insights.news import EVERYONE, Heard, News, NewsItem, tell
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
            raise Unavailable("no_database.no_answer", name="x")
        return await self._database.read(function, *args)

    async def tell(self, *subjects: str, to: Collection[str] = EVERYONE) -> None:
        def write(connection: Connection) -> None:
            for each in subjects:
                tell(connection, "track", each, to, NOW)

        await self._database.write(write)


async def hear(heard: Heard) -> list[str]:
    """The subjects that are heard of next."""
    async with asyncio.timeout(10):
        told = await heard.get()
    assert isinstance(told, list)
    return [item.subject for item in told]


@pytest.fixture
async def counting(open_database: OpenDatabase, monkeypatch: pytest.MonkeyPatch) -> Counting:
    database = open_database("liaison")
    monkeypatch.setattr(module, "EVERY_SECONDS", 0.02)
    return Counting(database)


async def test_all_hear_what_one_has_read(counting: Counting) -> None:
    news = News(cast(Database, counting))
    await counting.tell("before")
    async with AsyncExitStack() as stack:
        heard = [await stack.enter_async_context(news.listen(None)) for _ in range(50)]
        before = counting.reads
        await asyncio.sleep(0.5)
        assert counting.reads - before <= 30  # one of them reads, whatever their number
        await counting.tell("a", "b", "a")
        assert [await hear(each) for each in heard] == [["a", "b"]] * 50
        late = await stack.enter_async_context(news.listen(None))
        await counting.tell("c")
        assert (await hear(heard[0]), await hear(late)) == (["c"], ["c"])
    before = counting.reads
    await asyncio.sleep(0.2)
    assert counting.reads == before
    async with news.listen(None) as again:
        await counting.tell("d")
        assert await hear(again) == ["d"]


async def test_that_the_database_is_away_is_told_and_its_return(counting: Counting) -> None:
    news = News(cast(Database, counting))
    async with news.listen(None) as heard:
        counting.is_away = True
        async with asyncio.timeout(10):
            assert isinstance(await heard.get(), Problem)
        counting.is_away = False
        await counting.tell("a")
        async with asyncio.timeout(10):
            while isinstance(told := await heard.get(), Problem):
                pass
        assert [item.subject for item in told] == ["a"]


async def test_a_fault_of_ours_is_told_as_well_and_reading_goes_on(counting: Counting) -> None:
    news = News(cast(Database, counting))
    async with news.listen(None) as heard:
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
        assert [item.subject for item in told] == ["a"]


async def test_who_comes_while_the_database_is_away_leaves_nothing_behind(counting: Counting) -> None:
    news = News(cast(Database, counting))
    counting.is_away = True
    for _ in range(3):
        with pytest.raises(Unavailable):
            async with news.listen(None):
                pass
    before = counting.reads
    await asyncio.sleep(0.2)
    assert counting.reads == before
    counting.is_away = False
    await counting.tell("old")
    async with news.listen(None) as heard:
        await counting.tell("new")
        assert await hear(heard) == ["new"]


async def test_who_is_told_hears_and_who_may_know_overhears(counting: Counting) -> None:
    news, asked = News(cast(Database, counting)), []

    async def overhear(items: Sequence[NewsItem], users: Collection[User]) -> Mapping[str, frozenset[str]]:
        asked.append(({item.subject for item in items}, {user.id for user in users}))
        return {"bob": frozenset({"x", "y", "never happened"}), "stranger": frozenset({"x"})}

    news.let_overhear("track", overhear)
    ann, bob, cid = (User(word, word.title(), f"{word}@ours.example") for word in ("ann", "bob", "cid"))
    async with AsyncExitStack() as stack:
        first, second, third, all_of_it = [
            await stack.enter_async_context(news.listen(each)) for each in (ann, bob, cid, None)
        ]
        await counting.tell("x", to=["ann"])
        assert (await hear(first), await hear(second), await hear(all_of_it)) == (["x"], ["x"], ["x"])
        await counting.tell("y", "z", to=["bob", "cid"])
        assert (await hear(second), await hear(third), await hear(all_of_it)) == (["y", "z"],) * 3
        await counting.tell("w", to=[])
        assert await hear(all_of_it) == ["w"]
        await counting.tell("end")
        assert [await hear(each) for each in (first, second, third, all_of_it)] == [["end"]] * 4
    assert asked == [({"x"}, {"bob", "cid"}), ({"y", "z"}, {"ann"}), ({"w"}, {"ann", "bob", "cid"})]


@pytest.mark.parametrize("fault", [Unavailable("away"), ZeroDivisionError("a bug")])
async def test_where_nobody_can_say_who_may_know_those_who_are_told_hear_it_all_the_same(
    counting: Counting, fault: Exception
) -> None:
    news = News(cast(Database, counting))

    async def overhear(items: Sequence[NewsItem], users: Collection[User]) -> Mapping[str, frozenset[str]]:
        raise fault

    news.let_overhear("track", overhear)
    ann, bob = (User(word, word.title(), f"{word}@ours.example") for word in ("ann", "bob"))
    async with news.listen(ann) as first, news.listen(bob) as second:
        for subject in ("x", "y"):
            await counting.tell(subject, to=["ann"])
            assert await hear(first) == [subject]
        await counting.tell("z", to=["bob"])
        assert await hear(second) == ["z"]
