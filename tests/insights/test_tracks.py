"""The rows of tracking: who pressed first has them, an attempt ends once, what ended is not moved by it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.registry import open_services
from insights.capture import joins, tracks
from insights.capture.tracks import Track
from insights.database import Database
from insights.model import RecordRef, TrackState
from insights.news import newest_change
from insights.settings import Settings

AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FABRIKAM = RecordRef("account", "fabrikam")
PENDING, TRACKED, FAILED = TrackState.PENDING, TrackState.TRACKED, TrackState.FAILED
UNTRACKED = TrackState.UNTRACKED


class Rows:
    """The rows of one database."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def claim(self, email_id: str, user_id: str, at: datetime = AT, **given: Any) -> tuple[Track, bool]:
        values = {"mailbox": None, "regarding": None, "attachment_ids": []} | given
        return await self.database.write(tracks.claim, email_id=email_id, user_id=user_id, now=at, **values)

    async def find(self, email_id: str) -> Track:
        return (await self.database.read(tracks.select_tracks, [email_id]))[email_id]

    async def failures(self, user_id: str, **given: Any) -> list[str]:
        asked = {"since": AT - MINUTE, "before": None, "limit": 9} | given
        found = await self.database.read(
            tracks.select_failures, user_id, asked["since"], asked["before"], asked["limit"]
        )
        return [row.email_id for row in found]

    async def told(self) -> int:
        return await self.database.read(newest_change)


@pytest.fixture
async def rows(tmp_path: Path, database_url: str) -> AsyncIterator[Rows]:
    """Those of an installation whose server does not run: nothing but the test moves them."""
    async with open_services(Settings(data_dir=tmp_path, database_url=database_url), lambda: AT) as services:
        yield Rows(services.database)


async def test_who_presses_first_has_it(rows: Rows) -> None:
    before = await rows.told()
    row, is_mine = await rows.claim("m", "ann", regarding=FABRIKAM, attachment_ids=["a", "b"], mailbox="s@x")
    assert is_mine
    assert (row.state, row.user_id, row.mailbox, row.regarding) == (PENDING, "ann", "s@x", FABRIKAM)
    assert (row.attempt, row.key, row.requested_at, row.changed_at) == (1, "m/1", AT, AT)
    assert (row.cause, row.email_activity_id) == (None, None)
    assert row.files == {"a": (PENDING, None), "b": (PENDING, None)}
    told = await rows.told()
    assert told > before
    again, is_bobs = await rows.claim("m", "bob", AT + MINUTE, attachment_ids=["c"])
    assert not is_bobs
    assert again == row
    assert await rows.told() == told


async def test_after_its_end_the_next_one_begins_afresh(rows: Rows) -> None:
    await rows.claim("m", "ann", regarding=FABRIKAM, attachment_ids=["a"], mailbox="s@x")
    await rows.database.write(tracks.touch, "m/1", AT + MINUTE, email_activity_id="e")
    touched = await rows.find("m")
    assert (touched.changed_at, touched.email_activity_id) == (AT + MINUTE, "e")
    await rows.database.write(tracks.settle_file, "m", "a", FAILED, "linked_file")
    await rows.database.write(tracks.finish, "m/1", FAILED, AT + 2 * MINUTE, cause="unavailable")
    failed = await rows.find("m")
    assert (failed.state, failed.cause, failed.changed_at) == (FAILED, "unavailable", AT + 2 * MINUTE)
    assert failed.files == {"a": (FAILED, "linked_file")}
    row, is_bobs = await rows.claim("m", "bob", AT + 3 * MINUTE, attachment_ids=["b"])
    assert is_bobs
    assert (row.user_id, row.mailbox, row.regarding, row.cause) == ("bob", None, None, None)
    assert (row.attempt, row.email_activity_id, row.requested_at) == (2, None, AT + 3 * MINUTE)
    assert row.files == {"b": (PENDING, None)}


async def test_an_attempt_that_is_over_moves_nothing(rows: Rows) -> None:
    await rows.claim("m", "ann")
    await rows.claim("n", "ann")
    await rows.database.write(tracks.finish, "m/1", TRACKED, AT + MINUTE)
    ended, told = await rows.find("m"), await rows.told()
    await rows.database.write(tracks.finish, "m/1", FAILED, AT + 2 * MINUTE, cause="late")
    assert await rows.find("m") == ended
    await rows.claim("m", "bob", AT + 3 * MINUTE)
    second, told = await rows.find("m"), await rows.told()
    await rows.database.write(tracks.finish, "m/1", FAILED, AT + 4 * MINUTE, cause="late")
    await rows.database.write(tracks.touch, "m/1", AT + 4 * MINUTE, email_activity_id="late")
    assert await rows.find("m") == second
    assert await rows.told() == told, "nobody is told of what did not change"
    assert (await rows.find("n")).changed_at == AT, "nor is another email touched"


async def test_a_retry_gives_failed_files_another_chance_and_may_change_hands(rows: Rows) -> None:
    await rows.claim("m", "ann", attachment_ids=["good", "bad"], mailbox="s@x")
    await rows.claim("n", "ann", attachment_ids=["bad"])
    for email_id in ("m", "n"):
        await rows.database.write(tracks.settle_file, email_id, "bad", FAILED, "linked_file")
    await rows.database.write(tracks.settle_file, "m", "good", TRACKED, None)
    await rows.database.write(tracks.finish, "m/1", FAILED, AT, cause="unavailable")
    told = await rows.told()
    row = await rows.database.write(tracks.again, "m", AT + MINUTE)
    assert (row.state, row.cause, row.attempt, row.changed_at) == (PENDING, None, 2, AT + MINUTE)
    assert (row.user_id, row.mailbox) == ("ann", "s@x")
    assert row.files == {"good": (TRACKED, None), "bad": (PENDING, None)}
    assert await rows.told() > told
    assert (await rows.find("n")).files == {"bad": (FAILED, "linked_file")}
    taken = await rows.database.write(tracks.again, "m", AT + MINUTE, user_id="bob")
    assert (taken.user_id, taken.mailbox, taken.attempt) == ("bob", None, 3)
    await rows.database.write(tracks.finish, "m/3", TRACKED, AT + MINUTE)
    assert (await rows.database.write(tracks.again, "m", AT + 2 * MINUTE)).state is TRACKED
    assert (await rows.find("n")).attempt == 1


async def test_what_is_untracked_keeps_its_count_of_attempts(rows: Rows) -> None:
    for email_id in ("m", "n"):
        await rows.claim(email_id, "ann", attachment_ids=["a"])
        await rows.database.write(tracks.touch, f"{email_id}/1", AT, email_activity_id="e")
        await rows.database.write(tracks.finish, f"{email_id}/1", TRACKED, AT)
    told = await rows.told()
    await rows.database.write(tracks.let_go, "m", AT + MINUTE)
    row = await rows.find("m")
    assert (row.state, row.email_activity_id, row.attempt, row.files) == (UNTRACKED, None, 1, {})
    assert row.changed_at == AT + MINUTE
    assert await rows.told() > told
    other = await rows.find("n")
    assert (other.state, other.email_activity_id, other.files) == (TRACKED, "e", {"a": (PENDING, None)})
    assert (await rows.claim("m", "ann"))[0].key == "m/2"


async def test_failures_are_of_those_who_pressed_the_newest_first(rows: Rows) -> None:
    for number, (email_id, user_id) in enumerate((("m", "ann"), ("n", "bob"), ("o", "ann"), ("p", "ann"))):
        await rows.claim(email_id, user_id)
        if email_id != "p":
            await rows.database.write(tracks.finish, f"{email_id}/1", FAILED, AT + number * MINUTE)
    await rows.claim("k", "ann")
    await rows.database.write(tracks.finish, "k/1", FAILED, AT)  # at the same moment as m
    assert await rows.failures("ann") == ["o", "m", "k"]
    assert await rows.failures("root") == []
    assert await rows.failures("ann", limit=2) == ["o", "m"]
    assert await rows.failures("ann", before=(AT, "m")) == ["k"]
    assert await rows.failures("ann", before=(AT + 2 * MINUTE, "o")) == ["m", "k"]
    assert await rows.failures("ann", since=AT) == ["o", "m", "k"]
    assert await rows.failures("ann", since=AT + MINUTE) == ["o"]
    assert await rows.database.write(joins.join, "n", "ann", AT)
    assert not await rows.database.write(joins.join, "n", "ann", AT)
    assert await rows.failures("ann") == ["o", "n", "m", "k"]
    assert await rows.failures("bob") == ["n"]
    assert await rows.database.write(tracks.drop_failures, AT + MINUTE) == 2
    assert await rows.failures("ann") == ["o", "n"]
    gone = await rows.find("m")
    assert (gone.state, gone.cause) == (UNTRACKED, None)


async def test_strays_are_pending_and_not_touched_since(rows: Rows) -> None:
    await rows.claim("m", "ann", attachment_ids=["a"])
    await rows.claim("n", "ann", AT + MINUTE)
    await rows.claim("o", "ann")
    await rows.database.write(tracks.finish, "o/1", FAILED, AT)
    found = await rows.database.read(tracks.select_strays, AT + MINUTE)
    assert [(row.email_id, row.files) for row in found] == [("m", {"a": (PENDING, None)})]


async def test_who_joined_stands_in_the_order_of_pressing_and_may_leave(rows: Rows) -> None:
    for user_id, at in (("bob", AT + MINUTE), ("zoe", AT), ("ann", AT + MINUTE)):
        await rows.database.write(joins.join, "m", user_id, at)
    assert await rows.database.read(joins.select_joiners, "m") == ["zoe", "ann", "bob"]
    assert await rows.database.read(joins.select_joined, ["m", "n"], "bob") == {"m"}
    assert await rows.database.read(joins.select_joined, ["n"], "bob") == frozenset()
    assert await rows.database.read(joins.select_joined, [], "bob") == frozenset()
    assert not await rows.database.write(joins.leave, "n", "bob")
    assert await rows.database.write(joins.leave, "m", "bob")
    assert not await rows.database.write(joins.leave, "m", "bob")
    assert await rows.database.read(joins.select_joiners, "m") == ["zoe", "ann"]
