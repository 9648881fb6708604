"""Two servers on one PostgreSQL: shared work is done once, news reaches both, one makes up for the other."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import sqlalchemy

from app import DUE
from tests.conftest import own_database
from tests.flows.liaison import COMPANY, Liaison, letter

LOOKS = 20
ABOUT = {"regarding": {"table": "account", "id": "fabrikam"}}


class Pair:
    """Two servers with one data directory and one database, as behind a load balancer."""

    def __init__(self, folder: Path, url: str) -> None:
        (folder / "second").mkdir()
        self.one = Liaison(folder, LIAISON_DATABASE_URL=url)
        self.other = Liaison(folder / "second", LIAISON_DATABASE_URL=url, LIAISON_DATA_DIR=str(self.one.data))
        self.other.data = self.one.data
        self._engine = sqlalchemy.create_engine(url.replace("+asyncpg", "+psycopg"))

    def ask(self, statement: str) -> list[Any]:
        """Rows of the database that both share."""
        with self._engine.begin() as connection:
            result = connection.execute(sqlalchemy.text(statement))
            return list(result) if result.returns_rows else []

    async def stop(self) -> None:
        await asyncio.gather(self.one.stop(), self.other.stop())
        self._engine.dispose()


@pytest.fixture
async def pair(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Pair]:
    with own_database(request, "postgresql") as url:
        monkeypatch.setenv("LIAISON_DATABASE_URL", url)  # for what the test's own process imports
        pair = Pair(tmp_path, url)
        pair.one.import_crm(COMPANY)
        pair.one.import_mail("ann@ours.example", [letter(number) for number in range(4)])
        await pair.one.start()
        await pair.other.start()
        await pair.one.turn_on("auto_capture")
        yield pair
        await pair.stop()


@pytest.mark.slow("starts three servers, and waits for the lease of one that was killed")
async def test_two_servers_on_one_database(pair: Pair) -> None:
    """One pair for all of it: to start two servers takes longer than what they show."""
    await check_that_what_is_due_runs_in_one_of_them(pair)
    await check_that_news_reaches_the_panes_of_both(pair)
    await check_that_one_makes_up_for_the_other_that_is_killed(pair)


async def check_that_news_reaches_the_panes_of_both(pair: Pair) -> None:
    [item, *_] = await pair.one.timeline("ann", "contact", "ana")
    async with aiohttp.ClientSession() as session:
        streams = [await open_stream(session, each) for each in (pair.one, pair.other)]
        await pair.one.post("ann", f"/api/v1/emails/{item['id']}/track", ABOUT, status=202)
        assert [(await next_event(stream))["id"] for stream in streams] == [item["id"]] * 2
        await pair.other.wait_for_state("ann", [item["internet_message_id"]], "tracked")
        assert {event["record"]["id"] for stream in streams for event in [await next_event(stream)]} == {
            "fabrikam"
        }
        for stream in streams:
            stream.close()


async def check_that_what_is_due_runs_in_one_of_them(pair: Pair) -> None:
    """Each server looks at every kind when it starts: the second one finds all of them just done."""
    began: defaultdict[str, set[datetime]] = defaultdict(set)
    for _ in range(LOOKS):
        for name, began_at in pair.ask("SELECT name, began_at FROM liaison.leases"):
            began[name].add(began_at)
        await asyncio.sleep(0.1)
    every = {f"due {due.kind}": due.every for due in DUE}
    assert began.keys() >= every.keys()
    for name, rhythm in every.items():
        gaps = [later - earlier for earlier, later in pairwise(sorted(began[name]))]
        assert all(gap >= rhythm for gap in gaps), (name, gaps)
    assert sum(len(times) == 1 for times in began.values()) >= len(every) - 1


async def check_that_one_makes_up_for_the_other_that_is_killed(pair: Pair) -> None:
    items = await pair.one.timeline("ann", "contact", "ana")
    for item in items[1:]:  # the first one is tracked already
        await pair.one.post("ann", f"/api/v1/emails/{item['id']}/track", ABOUT, status=202)
    await pair.one.kill()
    # What has not moved for a minute is looked after; here the minute is over at once.
    pair.ask(
        "UPDATE liaison.tracks SET changed_at = changed_at - interval '2 minutes' WHERE state = 'pending'"
    )
    ids = [item["internet_message_id"] for item in items]
    await pair.other.wait_for_state("ann", ids, "tracked", seconds=120)
    [[count]] = pair.ask("SELECT count(*) FROM crm.rows WHERE table_name = 'email'")
    assert count == len(ids)
    seen = await pair.other.timeline("bob", "account", "fabrikam")
    assert sorted(item["internet_message_id"] for item in seen) == sorted(ids)


async def open_stream(session: aiohttp.ClientSession, liaison: Liaison) -> aiohttp.ClientResponse:
    headers = {"Authorization": f"Bearer {liaison.token('ann')}"}
    stream = await session.get(f"{liaison.url}/api/v1/events", headers=headers)
    assert (await stream.content.readuntil(b"\n\n")) == b": open\n\n"
    return stream


async def next_event(stream: aiohttp.ClientResponse) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while not (line := await stream.content.readline()).startswith(b"data: "):
            pass
    event: dict[str, Any] = json.loads(line.removeprefix(b"data: "))
    return event
