"""What is sent by itself: once, to those it concerns, as a card that goes on changing; or not, and why."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select, update

from bot import kinds, pushing
from bot.bot import open_bot
from bot.chats import Chats
from bot.connector import NO_ANSWER, Connector
from bot.credentials import NoCredentials
from bot.pushing import Pusher
from bot.trust import Trust
from bot.turns import Kind
from insights import choices, features, outbox
from insights.capture import joins, tracks
from insights.capture.untracked import list_untracked
from insights.errors import SignInNeeded, Unavailable
from insights.model import TrackState, User
from insights.outbox import State
from insights.services import Services
from insights.tables import conversations, drawings, places, pushes
from insights.views import FeaturesBody, FeatureSwitches, PreferencesBody
from tests.bot.conftest import Chat, buttons, texts
from tests.standins.connector import ConnectorStandin, Sent

TITLE = "An email you wanted to track"
LATER = timedelta(minutes=11)
"""After which a card shown before is no longer the one that somebody looks at."""


@dataclass
class Seller:
    """Ann, who has a chat with the bot, and her emails."""

    chat: Chat
    services: Services
    user: User
    email_ids: list[str]

    async def press(self, *, number: int = 0, user_id: str = "ann") -> str:
        """A press of *Track* in Outlook whose work is still to be done; its key."""
        row, _ = await self.services.database.write(
            tracks.claim,
            email_id=self.email_ids[number],
            user_id=user_id,
            mailbox=None,
            regarding=None,
            attachment_ids=[],
            now=self.services.now(),
        )
        return row.key

    async def fail(self, key: str, cause: str = "unavailable") -> None:
        """What the workflow notes at its end."""
        now = self.services.clock()
        await self.services.database.write(tracks.finish, key, TrackState.FAILED, now, cause=cause)

    async def uninstall(self) -> None:
        gone = self.chat.activity("ann", type="installationUpdate", action="remove")
        await self.chat.receive(gone)

    def cards(self, user_id: str = "ann") -> list[Sent]:
        """The cards of that kind in somebody's chat."""
        found = self.chat.connector.chats.get(f"a:{user_id}", [])
        return [each for each in found if TITLE in texts(each.card)]

    async def states(self) -> list[tuple[str, str | None]]:
        query = select(pushes.c.state, pushes.c.cause).order_by(pushes.c.id)
        rows = await self.services.database.read(lambda connection: connection.execute(query).all())
        return [(row.state, row.cause) for row in rows]

    async def wait_for(self, *states: tuple[str, str | None]) -> None:
        """Until the pushes stand so."""
        found: list[tuple[str, str | None]] = []
        try:
            async with asyncio.timeout(20):
                while (found := await self.states()) != list(states):
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(found) from None

    async def run(self, statement: Any) -> None:
        await self.services.database.write(lambda connection: connection.execute(statement))


@pytest.fixture
async def seller(chat: Chat, services: Services) -> Seller:
    ann = await services.crm.user("ann")
    assert ann
    rows = (await list_untracked(services, ann, None)).rows
    await chat.say("ann", "help")
    return Seller(chat, services, ann, [row.item.id for row in rows])


async def test_who_pressed_is_told_once_that_it_failed_and_may_retry_there(seller: Seller) -> None:
    key = await seller.press()
    await seller.fail(key)
    await seller.fail(key)  # a step may run twice
    await seller.wait_for((State.SENT, None))
    [sent] = seller.cards()
    assert "Not tracked: the CRM or the mailbox did not answer" in texts(sent.card)
    [retry] = buttons(sent.card, "retry")
    answer = await seller.chat.press("ann", sent, retry)
    assert TITLE in texts(answer["value"])
    # The card is redrawn where it stands, with the words of what was done and nothing else to choose.
    await seller.chat.connector.wait_for(lambda: "Tracked by Ann Beebe" in " ".join(texts(sent.card)))
    await seller.chat.press("ann", sent, buttons(sent.card, "untrack")[0])
    await seller.chat.connector.wait_for(lambda: not buttons(sent.card, "untrack"))
    assert buttons(sent.card, "track") == []
    assert seller.cards() == [sent]
    assert await seller.states() == [(State.SENT, None)]


async def test_a_second_try_that_fails_changes_the_card_that_stands_there(seller: Seller) -> None:
    await seller.fail(await seller.press())
    await seller.wait_for((State.SENT, None))
    [sent] = seller.cards()
    row = await seller.services.database.write(tracks.again, seller.email_ids[0], seller.services.now())
    await seller.fail(row.key, "not_allowed")
    await seller.wait_for((State.SENT, None), (State.ENDED, "not_wanted"))
    await seller.chat.connector.wait_for(
        lambda: "Not tracked: the CRM does not let you write there" in texts(sent.card)
    )
    assert seller.cards() == [sent]


async def test_all_who_pressed_are_told_and_nobody_else(seller: Seller) -> None:
    for user_id in ("bob", "root"):
        await seller.chat.say(user_id, "help")
    shared = {row.item.id for row in (await list_untracked(seller.services, seller.user, None)).rows}
    bob = await seller.services.crm.user("bob")
    assert bob
    [common] = shared & {row.item.id for row in (await list_untracked(seller.services, bob, None)).rows}
    seller.email_ids = [common]
    key = await seller.press()
    await seller.services.database.write(joins.join, common, "bob", seller.services.now())
    await seller.fail(key)
    await seller.wait_for((State.SENT, None), (State.SENT, None))
    assert [len(seller.cards(user_id)) for user_id in ("ann", "bob", "root")] == [1, 1, 0]


async def test_who_has_it_on_a_card_before_them_is_not_told_again(seller: Seller) -> None:
    listed = await seller.chat.say("ann", "untracked")
    await seller.fail(await seller.press())
    await seller.wait_for((State.ENDED, "not_wanted"))
    await seller.chat.connector.wait_for(lambda: "Not tracked" in " ".join(texts(listed.card)))
    # A list of long ago is far up in the chat: it is redrawn, and they are told as well.
    await seller.run(update(places).values(shown_at=seller.services.now() - LATER))
    await seller.fail(await seller.press(number=1))
    await seller.wait_for((State.ENDED, "not_wanted"), (State.SENT, None))
    assert len(seller.cards()) == 1


async def test_who_has_no_chat_is_not_told_however_soon_there_is_one(seller: Seller) -> None:
    await seller.uninstall()
    await seller.fail(await seller.press())
    await seller.wait_for((State.ENDED, "no_chat"))
    await seller.chat.say("ann", "help")
    await seller.fail(await seller.press(number=1))
    await seller.wait_for((State.ENDED, "no_chat"), (State.SENT, None))
    assert len(seller.cards()) == 1


async def test_uninstalling_ends_it(seller: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    drawing, go_on = asyncio.Event(), asyncio.Event()

    async def draw_slowly(*given: Any) -> Any:
        drawing.set()
        await go_on.wait()
        return await kinds.KINDS["failure"].draw(*given)

    monkeypatch.setattr("bot.pushing.draw", draw_slowly)
    await seller.fail(await seller.press())
    async with asyncio.timeout(20):
        await drawing.wait()
    await seller.uninstall()
    assert await seller.states() == [(State.ENDED, "uninstalled")]
    go_on.set()
    await seller.fail(await seller.press(number=1))
    await seller.wait_for((State.ENDED, "uninstalled"), (State.ENDED, "no_chat"))
    assert seller.cards() == []


async def test_who_installs_anew_is_told_whichever_process_heard_of_what(
    seller: Seller,
) -> None:
    await seller.run(conversations.delete())  # what this process has in memory says otherwise
    await seller.chat.receive(seller.chat.activity("ann", type="installationUpdate", action="add"))
    await seller.fail(await seller.press())
    await seller.wait_for((State.SENT, None))


async def test_while_teams_is_away_it_waits_longer_each_time(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "FIRST_PAUSE", timedelta(milliseconds=20))
    monkeypatch.setattr(pushing, "ROUND_SECONDS", 0.02)
    seller.chat.connector.faults += [(503, {}), (429, {"Retry-After": "0"}), (500, {}), (502, {})]
    requests = len(seller.chat.connector.requests)
    await seller.fail(await seller.press())
    await seller.wait_for((State.SENT, None))
    assert len(seller.chat.connector.requests) - requests == 5  # each try is one request
    assert len(seller.cards()) == 1


async def test_what_teams_refuses_ends(seller: Seller) -> None:
    seller.chat.connector.faults += [(403, {})]
    await seller.fail(await seller.press())
    await seller.wait_for((State.ENDED, "teams_refused"))
    seller.chat.connector.faults += [(404, {})]
    await seller.fail(await seller.press(number=1))
    await seller.wait_for((State.ENDED, "teams_refused"), (State.ENDED, "no_conversation"))


async def test_what_teams_gives_no_answer_to_is_not_sent_again(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = Connector.send

    async def send_and_hang_up(self: Connector, *given: Any, **options: Any) -> str:
        await send(self, *given, **options)
        raise Unavailable(NO_ANSWER, why="it hung up")

    monkeypatch.setattr(Connector, "send", send_and_hang_up)
    await seller.fail(await seller.press())
    await seller.wait_for((State.UNSURE, NO_ANSWER))
    monkeypatch.undo()
    [sent] = seller.cards()
    # Where it stands nobody noted, but its buttons work, and by the press it is known.
    answer = await seller.chat.press("ann", sent, buttons(sent.card, "retry")[0])
    assert TITLE in texts(answer["value"])
    await seller.chat.connector.wait_for(lambda: "Tracked by Ann Beebe" in " ".join(texts(sent.card)))


async def test_a_feature_that_is_off_and_a_kind_of_another_version_end(seller: Seller) -> None:
    root = await seller.services.crm.user("root")
    assert root
    key = await seller.press()
    off = FeaturesBody(features=FeatureSwitches(auto_capture="off"))
    await features.change_features(seller.services, root, off)
    await seller.fail(key)
    await seller.wait_for((State.ENDED, "feature_off"))
    lasts, now = timedelta(hours=1), seller.services.clock()
    await seller.services.database.write(
        outbox.add, "ann", "k", "of another version", {"card": "x"}, now, lasts=lasts
    )
    await seller.services.database.write(outbox.add, "who left", "k", "failure", {}, now, lasts=lasts)
    await seller.wait_for((State.ENDED, "feature_off"), (State.ENDED, "no_kind"), (State.ENDED, "no_chat"))


async def test_a_fault_of_ours_ends_one_and_hinders_no_other(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> Any:
        raise ZeroDivisionError

    ours = kinds.KINDS["failure"]
    monkeypatch.setattr(kinds, "KINDS", {**kinds.KINDS, "broken": Kind(fail, ours.shows)})
    lasts, now = timedelta(hours=1), seller.services.clock()
    await seller.services.database.write(outbox.add, "ann", "k", "broken", {"email": "x"}, now, lasts=lasts)
    await seller.fail(await seller.press())
    await seller.wait_for((State.ENDED, "unexpected"), (State.SENT, None))


async def test_where_the_mailbox_wants_a_sign_in_the_cause_is_told_without_words(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> Any:
        raise SignInNeeded("interaction_required")

    monkeypatch.setattr(type(seller.services.mail), "find", refuse)
    await seller.fail(await seller.press(), "interaction_required")
    await seller.wait_for((State.SENT, None))
    [sent] = seller.cards()
    told = texts(sent.card)
    assert "Not tracked: Microsoft 365 wants you to sign in again" in told
    assert not any("Delivery" in text for text in told)
    assert len(buttons(sent.card, "retry")) == 1


@pytest.fixture
async def alone(services: Services, connector: ConnectorStandin) -> Seller:
    """Ann and her chat, and no bot that runs: tests push by hand."""
    root, ann = await services.crm.user("root"), await services.crm.user("ann")
    assert root
    assert ann
    body = FeaturesBody(accept_terms=True, features=FeatureSwitches(auto_capture="on"))
    await features.change_features(services, root, body)
    async with open_bot(services, is_local=True) as bot:
        chat = Chat(bot, connector)
        await chat.say("ann", "help")
    rows = (await list_untracked(services, ann, None)).rows
    return Seller(chat, services, ann, [row.item.id for row in rows])


MakePusher = Callable[[str], Pusher]


@pytest.fixture
async def pusher(alone: Seller) -> AsyncIterator[MakePusher]:
    """A pusher as another process has it, by its name."""
    async with aiohttp.ClientSession() as session:

        def make(holder: str) -> Pusher:
            connector = Connector(session, NoCredentials(), None, Trust.local().reaches)
            return Pusher(alone.services, Chats(alone.services, connector, Trust.local()), holder)

        yield make


async def end_of(pusher: Pusher) -> None:
    await pusher._begin_round()
    await asyncio.gather(*pusher._drawing.values(), return_exceptions=True)


async def test_of_many_processes_one_pushes_each(alone: Seller, pusher: MakePusher) -> None:
    pushers = [pusher(f"process {number}") for number in range(4)]
    for number in range(3):
        await alone.fail(await alone.press(number=number))
    await asyncio.gather(*(end_of(each) for each in pushers))
    await alone.wait_for(*[(State.SENT, None)] * 3)
    assert len(alone.cards()) == 3


async def test_what_was_tried_again_meanwhile_is_not_told(alone: Seller, pusher: MakePusher) -> None:
    await alone.fail(await alone.press())
    await alone.services.database.write(tracks.again, alone.email_ids[0], alone.services.now())
    await end_of(pusher("one"))
    assert await alone.states() == [(State.ENDED, "not_wanted")]
    assert alone.cards() == []


async def test_what_a_process_died_over_before_it_left_is_pushed_by_another(
    alone: Seller, pusher: MakePusher
) -> None:
    await alone.fail(await alone.press())
    await alone.services.database.write(outbox.claim, "dead", alone.services.clock(), 9)
    await end_of(pusher("alive"))
    assert alone.cards() == []
    late = alone.services.clock() - outbox.HELD
    await alone.run(update(pushes).values(held_until=late))
    await end_of(pusher("alive"))
    assert await alone.states() == [(State.SENT, None)]
    assert len(alone.cards()) == 1


async def test_what_a_process_died_over_while_it_left_is_not_pushed_again(
    alone: Seller, pusher: MakePusher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise SystemError("kill -9, between the sending and its note")

    await alone.fail(await alone.press())
    dying = pusher("dying")
    monkeypatch.setattr(dying, "_note_sent", die)
    monkeypatch.setattr(dying, "_end", die)
    await end_of(dying)
    assert len(alone.cards()) == 1
    assert (await alone.states())[0][0] == State.SENDING
    await alone.run(update(pushes).values(held_until=alone.services.clock()))
    await end_of(pusher("alive"))
    assert await alone.states() == [(State.UNSURE, "died")]
    assert len(alone.cards()) == 1


async def test_a_server_that_stops_waits_for_what_is_leaving(
    alone: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, leaving, go_on = Connector.send, asyncio.Event(), asyncio.Event()

    async def send_slowly(self: Connector, *given: Any, **options: Any) -> str:
        leaving.set()
        await go_on.wait()
        return await send(self, *given, **options)

    monkeypatch.setattr(Connector, "send", send_slowly)
    async with open_bot(alone.services, is_local=True):
        await alone.fail(await alone.press())
        async with asyncio.timeout(20):
            await leaving.wait()
        asyncio.get_running_loop().call_later(0.1, go_on.set)
    assert await alone.states() == [(State.SENT, None)]
    assert len(alone.cards()) == 1


async def test_a_chat_of_a_foreign_tenant_gets_nothing(alone: Seller, connector: ConnectorStandin) -> None:
    foreign = {"tenant_id": "theirs"}
    await alone.run(update(conversations).values(foreign))
    ours = alone.services.settings.model_copy(
        update={"microsoft_app_tenant_id": "ours", "microsoft_app_id": "app"}
    )
    services = replace(alone.services, settings=ours)
    await alone.fail(await alone.press())
    async with open_bot(services, is_local=False, credentials=NoCredentials()):
        await alone.wait_for((State.ENDED, "no_chat"))
    assert alone.cards() == []


async def test_at_rest_are_ids_only(alone: Seller, pusher: MakePusher) -> None:
    await alone.fail(await alone.press())
    await end_of(pusher("one"))
    rows = await alone.services.database.read(
        lambda connection: str([connection.execute(select(table)).all() for table in (pushes, drawings)])
    )
    assert alone.email_ids[0] in rows
    assert "Delivery" not in rows
    assert "@" not in rows


async def test_the_card_is_in_the_language_that_was_chosen(alone: Seller, pusher: MakePusher) -> None:
    await choices.change_preferences(alone.services, alone.user, PreferencesBody(language="de"))
    await alone.fail(await alone.press())
    await end_of(pusher("one"))
    language = await alone.services.database.read(
        lambda connection: connection.execute(select(drawings.c.language)).scalars().all()
    )
    assert language == ["en"]  # until there is a German catalogue
