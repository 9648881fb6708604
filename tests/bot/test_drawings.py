"""Cards of any kind change in their chats with what they show; what took their place is not drawn over."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot import actions, drawings, kinds
from bot.drawings import HELD, Drawing, Place
from bot.turns import Press
from insights import features, gate
from insights.errors import Invalid, NotFound
from insights.news import EVERYONE, tell
from insights.services import Services
from insights.tables import drawings as table
from insights.tables import places
from insights.views import FeaturesBody, FeatureSwitches
from tests.bot.conftest import Chat, buttons, texts
from tests.bot.test_presses import turn_of
from tests.standins.connector import Sent

PLACE = Place("https://teams.example", "a:ann", "1")


async def switch(services: Services, state: Any, *, feature: str = "auto_capture") -> None:
    """What another administrator does, on another surface."""
    root = await services.crm.user("root")
    assert root
    switches = FeatureSwitches.model_validate({feature: state})
    await features.change_features(services, root, FeaturesBody(features=switches))


def switches_of(sent: Sent) -> dict[str, str]:
    """Feature → what its switch does."""
    return {
        button["data"]["id"]: verb for verb in ("enable", "disable") for button in buttons(sent.card, verb)
    }


async def standing(services: Services) -> list[str]:
    query = select(table.c.kind).join(places)
    return list(await services.database.read(lambda connection: connection.execute(query).scalars().all()))


async def test_the_features_change_on_a_card_when_somebody_else_switches_one(
    chat: Chat, services: Services
) -> None:
    sent = await chat.say("root", "settings")
    assert switches_of(sent)["auto_capture"] == "disable"
    await switch(services, "off")
    await chat.connector.wait_for(lambda: switches_of(sent)["auto_capture"] == "enable")
    await services.database.write(gate.note_obstacles, {"who_knows_whom": "crm_online"}, services.now())
    await chat.connector.wait_for(lambda: "on-premises" in " ".join(texts(sent.card)))
    [turn_on] = [each for each in buttons(sent.card, "enable") if each["data"]["id"] == "auto_capture"]
    await chat.press("root", sent, turn_on)
    assert switches_of(sent)["auto_capture"] == "disable"
    assert await standing(services) == ["settings"]


async def test_who_is_no_administrator_any_more_sees_nothing_new(
    chat: Chat, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = await chat.say("root", "settings")
    root = await services.crm.user("root")
    assert root
    find = type(services.crm).user

    async def demoted(crm: Any, user_id: str) -> Any:
        return replace(root, roles=()) if user_id == "root" else await find(crm, user_id)

    monkeypatch.setattr(type(services.crm), "user", demoted)
    await services.database.write(tell, gate.NEWS, "auto_capture", EVERYONE, services.now())
    async with asyncio.timeout(20):
        while await standing(services):
            await asyncio.sleep(0.02)
    assert sent.updates == 0


async def test_a_question_in_place_of_a_card_is_not_drawn_over(chat: Chat, services: Services) -> None:
    sent, other = await chat.say("root", "settings"), await chat.say("root", "settings")
    await chat.press("root", sent, buttons(sent.card, "disable")[0])
    assert buttons(sent.card, "disable_now")
    await switch(services, "off")
    await chat.connector.wait_for(lambda: switches_of(other)["auto_capture"] == "enable")
    assert buttons(sent.card, "disable_now")
    assert await standing(services) == ["settings"]
    [keep] = buttons(sent.card, "say")
    await chat.press("root", sent, keep)
    assert await standing(services) == ["settings", "settings"]


async def test_a_card_of_another_version_is_given_up(chat: Chat, services: Services) -> None:
    await chat.say("root", "settings")
    other = update(table).values(kind="of another version")
    await services.database.write(lambda connection: connection.execute(other))
    await switch(services, "off")
    async with asyncio.timeout(20):
        while await standing(services):
            await asyncio.sleep(0.02)
    [drawing_id] = await services.database.read(
        lambda connection: connection.execute(select(table.c.id)).scalars().all()
    )
    found = await services.database.read(drawings.select_drawing, drawing_id)
    assert found
    with pytest.raises(NotFound) as refused:
        kinds.find_kind(found.kind)
    assert refused.value.code == "no_kind"


async def test_a_card_without_pages_turns_none(chat: Chat, services: Services) -> None:
    drawing = kinds.make_drawing("settings", "ann", "en", {})
    await services.database.write(drawings.keep_drawing, drawing, services.now())
    with pytest.raises(Invalid) as refused:
        await actions.press(await turn_of(services, "ann"), Press("page", f"{drawing.id}/"))
    assert refused.value.code == "no_pages"


def test_the_same_drawing_has_the_same_id() -> None:
    def drawn(**given: object) -> Drawing:
        return kinds.make_drawing("untracked", "ann", "en", given)

    assert drawn(emails=["x"], next="y").id == drawn(next="y", emails=["x"]).id
    assert len({drawn(emails=["x"]).id, drawn(emails=["y"]).id}) == 2


async def test_one_process_at_a_time_redraws_a_card(services: Services) -> None:
    drawing = kinds.make_drawing("untracked", "ann", "en", {"emails": ["x"]})
    database, now = services.database, services.now()

    async def stale(at: Any = now) -> list[Place]:
        _, found = await database.read(drawings.select_stale, 0, at)
        return [place for each, place in found if each == drawing]

    await database.write(drawings.keep, database, drawing, PLACE, 0, now)
    assert await stale() == []
    await database.write(tell, "track", "another", EVERYONE, now)
    await database.write(tell, "feature", "x", EVERYONE, now)
    assert await stale() == []
    await database.write(tell, "track", "x", EVERYONE, now)
    assert await stale() == [PLACE]
    assert await database.write(drawings.hold, PLACE, now)
    assert not await database.write(drawings.hold, PLACE, now)
    assert await stale() == []
    # One that was killed meanwhile is made up for; one that failed lets others try.
    assert await stale(now + HELD) == [PLACE]
    assert await stale(now - timedelta(hours=1)) == [PLACE]  # a clock that was set back
    await database.write(drawings.let_go, PLACE)
    assert await stale() == [PLACE]
    newest, _ = await database.read(drawings.select_stale, 0, now)
    await database.write(drawings.note_drawn, PLACE, newest)
    assert await stale() == []
