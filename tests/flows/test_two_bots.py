"""Two servers with a bot each on one PostgreSQL: a card is pushed once, and redrawn whichever has sent it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from bot.pushing import AT_ONCE
from connectors.embedded.demo.people import COLLEAGUES, US
from insights.capture import tracks
from insights.database import Database
from insights.model import TrackState
from tests.bot.conftest import buttons, texts
from tests.conftest import own_database
from tests.flows.liaison import Liaison
from tests.flows.test_two_servers import Pair
from tests.standins.connector import ConnectorStandin, Sent, running_connector

ACCOUNTS = {each.key: each.directory_id for each in COLLEAGUES}
TITLE = "An email you wanted to track"
MANY = AT_ONCE + AT_ONCE // 2
"""More than one of the two takes at a time."""


class Bots(Pair):
    """The demo's people, who write to either of two servers."""

    def __init__(self, folder: Path, url: str, connector: ConnectorStandin) -> None:
        super().__init__(folder, url)
        self.connector = connector
        self.database = Database("liaison", data_dir=self.one.data, url=url)
        self._url = url

    async def say(self, liaison: Liaison, user: str, text: str) -> None:
        """Write something to the bot in the own chat."""
        await self._receive(liaison, user, {"type": "message", "text": text})

    async def press(self, liaison: Liaison, user: str, sent: Sent, button: dict[str, Any]) -> None:
        action = {"type": "Action.Execute", "verb": button["verb"], "data": button["data"]}
        more = {"name": "adaptiveCard/action", "value": {"action": action}, "replyToId": sent.id}
        await self._receive(liaison, user, {"type": "invoke", **more})

    async def _receive(self, liaison: Liaison, user: str, activity: dict[str, Any]) -> None:
        about = {
            "id": f"{datetime.now(UTC).timestamp()}",
            "channelId": "msteams",
            "serviceUrl": self.connector.url,
            "from": {"id": f"29:{user}", "name": US[user].name, "aadObjectId": ACCOUNTS[user]},
            "recipient": {"id": "28:bot", "name": "Liaison"},
            "conversation": {"id": f"a:{user}", "conversationType": "personal", "tenantId": "t"},
        }
        assert liaison._session
        async with liaison._session.post("/api/messages", json=activity | about) as answer:
            assert answer.status in {200, 201, 202}, await answer.text()

    async def email_ids(self, user: str) -> list[str]:
        """Emails of somebody's mailbox that nobody has tracked."""
        page = await self.one.get(US[user].email, "/demo/api/messages", limit="100")
        taken = {row.email_id for row in self.ask("SELECT email_id FROM liaison.tracks")}
        return [item["id"] for item in page["items"] if item["id"] not in taken]

    async def fail(self, user: str, email_ids: list[str]) -> None:
        """What so many presses of *Track* came to."""
        person, now = US[user], datetime.now(UTC)

        def fail(connection: sqlalchemy.Connection) -> None:
            for each in email_ids:
                row, is_ours = tracks.claim(
                    connection, email_id=each, user_id=person.id, mailbox=None, regarding=None,
                    attachment_ids=[], now=now,
                )  # fmt: skip
                assert is_ours
                tracks.finish(connection, row.key, TrackState.FAILED, now, cause="unavailable")

        await self.database.write(fail)

    def pushed(self, user: str) -> Counter[str]:
        """The emails of which a card was pushed, and how often."""
        cards = [each for each in self.connector.chats.get(f"a:{user}", []) if TITLE in texts(each.card)]
        return Counter(button["data"]["id"] for each in cards for button in buttons(each.card, "retry"))

    def requests(self, user: str) -> int:
        """How often something was sent to somebody's chat, answered or not."""
        path = f"/v3/conversations/a:{user}/activities"
        return self.connector.requests.count(("POST", path))

    def states(self, user: str) -> Counter[str]:
        rows = self.ask(f"SELECT state FROM liaison.pushes WHERE user_id = '{US[user].id}'")
        return Counter(row.state for row in rows)

    async def wait_until(self, found: Any) -> None:
        try:
            async with asyncio.timeout(40):
                while not found():
                    await asyncio.sleep(0.05)
        except TimeoutError:
            states = self.ask("SELECT user_id, state, cause, count(*) FROM liaison.pushes GROUP BY 1, 2, 3")
            raise AssertionError(f"{states}\n{self.other.log.read_text()[-3000:]}") from None

    def locked_mail(self) -> sqlalchemy.Connection:
        """A connection that keeps everybody from reading mail, and so from drawing, until it is closed."""
        connection = self._engine.connect()
        connection.exec_driver_sql("LOCK TABLE mailbox.messages IN ACCESS EXCLUSIVE MODE")
        return connection

    def let_leases_run_out(self) -> None:
        """Half a minute goes by: the processes that hold a claim and live would have ended with it."""
        self.ask("UPDATE liaison.pushes SET held_until = now() WHERE held_until IS NOT NULL")


@pytest.fixture
async def bots(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Bots]:
    with own_database(request, "postgresql") as url:
        monkeypatch.setenv("LIAISON_DATABASE_URL", url)  # for the tokens, which the test's own process makes
        async with running_connector() as connector:
            bots = Bots(tmp_path, url, connector)
            await bots.one.start("--demo")
            await bots.other.start("--demo")
            yield bots
            await bots.stop()
            await bots.database.close()


async def test_two_bots_on_one_database(bots: Bots) -> None:
    """One pair for all of it: to seed the demo and start both takes longer than what they show."""
    await check_that_cards_that_either_sent_are_redrawn(bots)
    await check_that_what_one_had_claimed_is_pushed_by_the_other_once_it_is_killed(bots)
    await bots.one.start("--demo")
    await check_that_what_one_was_sending_is_not_sent_again_once_it_is_killed(bots)


async def check_that_cards_that_either_sent_are_redrawn(bots: Bots) -> None:
    for each in (bots.one, bots.other):
        await bots.say(each, "alexw", "untracked")
    await bots.wait_until(lambda: len(bots.connector.chats.get("a:alexw", [])) == 2)
    lists = bots.connector.chats["a:alexw"]
    button = buttons(lists[0].card, "track")[0]
    await bots.press(bots.other, "alexw", lists[0], button)
    await bots.wait_until(
        lambda: all("Tracked by Alex Wilber" in " ".join(texts(each.card)) for each in lists)
    )


async def check_that_what_one_had_claimed_is_pushed_by_the_other_once_it_is_killed(bots: Bots) -> None:
    await bots.say(bots.one, "adelev", "help")
    email_ids = (await bots.email_ids("adelev"))[:MANY]
    assert len(email_ids) == MANY
    with bots.locked_mail():
        await bots.fail("adelev", email_ids)
        await bots.wait_until(lambda: bots.states("adelev") == {"claimed": MANY})
        assert len(bots.ask("SELECT DISTINCT holder FROM liaison.pushes WHERE state = 'claimed'")) == 2
        await bots.one.kill()
    await bots.wait_until(lambda: bots.states("adelev")["sent"] > 0)
    await bots.wait_until(lambda: bots.states("adelev")["claimed"] == MANY - bots.states("adelev")["sent"])
    assert bots.states("adelev")["sent"] < MANY
    bots.let_leases_run_out()
    await bots.wait_until(lambda: bots.states("adelev") == {"sent": MANY})
    assert set(bots.pushed("adelev").values()) == {1}
    assert len(bots.pushed("adelev")) == MANY


async def check_that_what_one_was_sending_is_not_sent_again_once_it_is_killed(bots: Bots) -> None:
    await bots.say(bots.one, "isaiah", "help")
    email_ids = (await bots.email_ids("isaiah"))[:MANY]
    assert len(email_ids) == MANY
    bots.connector.is_open.clear()
    before = bots.requests("isaiah")
    await bots.fail("isaiah", email_ids)
    await bots.wait_until(lambda: bots.requests("isaiah") == before + MANY)
    await bots.other.kill()
    bots.connector.is_open.set()  # what was on its way when the server died arrives all the same
    await bots.wait_until(lambda: len(bots.pushed("isaiah")) == MANY)
    bots.let_leases_run_out()
    await bots.wait_until(lambda: bots.states("isaiah")["sending"] == 0)
    states = bots.states("isaiah")
    assert states["unsure"] > 0
    assert states["unsure"] + states["sent"] == MANY  # how many it had sent depends on the machine
    assert set(bots.pushed("isaiah").values()) == {1}
