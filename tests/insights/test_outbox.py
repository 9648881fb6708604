"""The outbox: a key counts once, a row is one process's, what left is never sent again."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, text, update

from insights import outbox
from insights.database import Database
from insights.migrate import REVISIONS, upgrade
from insights.outbox import FIRST_PAUSE, HELD, LONGEST_PAUSE, Push, State
from insights.tables import news, pushes
from tests.conftest import OpenDatabase

AT = datetime(2026, 11, 28, 9, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
ONE, OTHER = "process one", "process two"


class Outbox:
    """The outbox of one database, as several processes see it."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def add(self, key: str = "k", user_id: str = "ann", at: datetime = AT, **given: Any) -> bool:
        options = {"lasts": HOUR} | given
        return await self.database.write(outbox.add, user_id, key, "failure", {"email": key}, at, **options)

    async def claim(self, holder: str = ONE, at: datetime = AT, limit: int = 9) -> list[Push]:
        return await self.database.write(outbox.claim, holder, at, limit)

    async def begin(self, push: Push, holder: str = ONE, at: datetime = AT) -> bool:
        return await self.database.write(outbox.begin, push, holder, at)

    async def has_work(self, at: datetime = AT) -> bool:
        return await self.database.read(outbox.has_work, at)

    async def row(self, key: str = "k") -> Any:
        query = select(pushes).where(pushes.c.key == key)
        return await self.database.read(lambda connection: connection.execute(query).one())


@pytest.fixture
async def box(open_database: OpenDatabase) -> Outbox:
    database = open_database("liaison")
    await upgrade(database, REVISIONS)
    return Outbox(database)


async def test_a_key_counts_once_for_each_user_and_wakes_who_listens(box: Outbox) -> None:
    assert [await box.add(), await box.add(), await box.add(user_id="bob")] == [True, False, True]
    told = await box.database.read(lambda connection: connection.execute(select(news)).all())
    assert await box.has_work()
    claimed = await box.claim()
    assert [(row.kind, row.subject) for row in told] == [("push", str(push.id)) for push in claimed]
    assert [(push.user_id, push.kind, push.arguments, push.attempts) for push in claimed] == [
        ("ann", "failure", {"email": "k"}, 1),
        ("bob", "failure", {"email": "k"}, 1),
    ]
    assert not await box.has_work()
    for push in claimed:
        await box.database.write(outbox.end, push, ONE, AT, State.SENT)
    assert not await box.add()  # also once it was sent


async def test_a_row_that_two_processes_want_is_one_of_theirs(box: Outbox) -> None:
    for number in range(20):
        await box.add(f"{number}")
    some = await asyncio.gather(*(box.claim(f"process {number}", limit=5) for number in range(8)))
    ids = [push.id for claimed in some for push in claimed]
    assert len(ids) == len(set(ids))
    rest = await box.claim(limit=99)
    assert sorted([*ids, *(push.id for push in rest)]) == sorted(range(min(ids), min(ids) + 20))


async def test_what_waits_for_its_time_is_claimed_then_and_not_after(box: Outbox) -> None:
    await box.add("later", due_at=AT + HOUR)
    await box.add("now")
    [push] = await box.claim()
    assert push.arguments == {"email": "now"}
    await box.database.write(outbox.end, push, ONE, AT, State.SENT)
    assert not await box.has_work(AT + HOUR - SECOND)
    assert not await box.has_work(AT + 2 * HOUR + SECOND)
    [push] = await box.claim(at=AT + HOUR)
    assert push.arguments == {"email": "later"}


async def test_what_a_dead_process_had_claimed_is_anothers(box: Outbox) -> None:
    await box.add()
    [push] = await box.claim(ONE)
    assert await box.claim(OTHER, AT + HELD - SECOND) == []
    [again] = await box.claim(OTHER, AT + HELD)
    assert (again.id, again.attempts) == (push.id, 2)
    assert not await box.begin(push, ONE, AT + HELD)  # it was not dead, only slow
    await box.database.write(outbox.put_off, push, ONE, AT + HELD, "no_teams")
    assert await box.begin(again, OTHER, AT + HELD)
    assert not await box.begin(again, OTHER, AT + HELD)
    await box.database.write(outbox.end, again, OTHER, AT + HELD, State.SENT)
    assert (await box.row()).state == State.SENT


async def test_what_a_dead_process_was_sending_is_not_sent_again(box: Outbox) -> None:
    await box.add()
    [push] = await box.claim()
    assert await box.begin(push)
    assert not await box.has_work(AT + HELD - SECOND)
    assert await box.database.write(outbox.give_up_on_dead, AT + HELD - SECOND) == 0
    assert await box.has_work(AT + HELD)
    assert await box.claim(OTHER, AT + HELD) == []
    assert await box.database.write(outbox.give_up_on_dead, AT + HELD) == 1
    row = await box.row()
    assert (row.state, row.cause) == (State.UNSURE, "died")
    assert not await box.has_work(AT + HELD)
    # A process that was only slow knows better.
    await box.database.write(outbox.end, push, ONE, AT + HELD, State.SENT)
    assert (await box.row()).state == State.SENT


async def test_a_clock_that_was_set_back_keeps_nothing_from_being_claimed(box: Outbox) -> None:
    await box.add(at=AT - HOUR, lasts=2 * HOUR)
    await box.claim(at=AT)
    assert len(await box.claim(OTHER, AT - HOUR / 2)) == 1


async def test_what_is_put_off_waits_longer_each_time_and_then_no_more(box: Outbox) -> None:
    await box.add(lasts=HOUR)
    at, pauses = AT, []
    while claimed := await box.claim(at=at):
        assert await box.begin(claimed[0], at=at)
        await box.database.write(outbox.put_off, claimed[0], ONE, at, "no_teams")
        due_at = (await box.row()).due_at
        pauses.append(due_at - at)
        assert await box.claim(at=due_at - SECOND) == []
        at = due_at
    assert pauses[:3] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE
    assert AT + HOUR < at <= AT + HOUR + LONGEST_PAUSE
    assert await box.database.write(outbox.end_late, AT + HOUR) == 0
    assert await box.database.write(outbox.end_late, at) == 1
    row = await box.row()
    assert (row.state, row.cause) == (State.ENDED, "no_teams")


async def test_what_has_not_left_ends_for_all_of_a_users(box: Outbox) -> None:
    for key in ("sent", "leaving", "claimed"):
        await box.add(key)
        [push] = await box.claim()
        if key != "claimed":
            assert await box.begin(push)
        if key == "sent":
            await box.database.write(outbox.end, push, ONE, AT, State.SENT)
    await box.add("waiting")
    await box.add("bobs", "bob")
    await box.database.write(outbox.end_all, ["ann"], AT, "uninstalled")
    states = {key: (await box.row(key)).state for key in ("sent", "leaving", "claimed", "waiting", "bobs")}
    assert states == {
        "sent": State.SENT,
        "leaving": State.SENDING,
        "claimed": State.ENDED,
        "waiting": State.ENDED,
        "bobs": State.WAITING,
    }
    assert not await box.begin(push)


async def test_what_ended_is_forgotten_and_what_waits_is_not(box: Outbox) -> None:
    await box.add("waiting", lasts=99 * HOUR)
    await box.add("sent")
    for push in await box.claim():
        if push.arguments["email"] == "sent":
            await box.database.write(outbox.end, push, ONE, AT, State.SENT)
    assert await box.database.write(outbox.forget, AT) == 0
    assert await box.database.write(outbox.forget, AT + SECOND) == 1
    assert (await box.row("waiting")).state == State.CLAIMED


async def test_looking_for_work_passes_over_what_came_to_an_end(box: Outbox) -> None:
    """The table keeps two weeks of what was sent, and is asked at every news."""
    for number in range(30):
        await box.add(f"{number}")

    def end(connection: Connection) -> None:
        connection.execute(update(pushes).values(state=State.SENT))

    await box.database.write(end)
    statements: list[str] = []

    def explain(connection: Connection) -> None:
        for query in (
            select(pushes.c.id).where(outbox._can_be_claimed(AT)),
            select(pushes.c.id).where(pushes.c.state == State.SENDING),
        ):
            compiled = query.compile(connection, compile_kwargs={"literal_binds": True})
            word = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
            if connection.dialect.name != "sqlite":
                connection.execute(text("SET LOCAL enable_seqscan = off"))
            statements.append(str(connection.execute(text(f"{word} {compiled}")).all()))

    await box.database.write(explain)
    assert all("ix_pushes_state_due_at" in plan for plan in statements), statements
