"""What buttons and commands refuse, by code; in the chat it is told in words."""

import asyncio

import pytest
from structlog.testing import capture_logs

from bot import actions
from bot.activities import Account, Incoming
from bot.commands import answer
from bot.settings import read_feature
from bot.turns import Press, Turn
from cards.words import read_words
from connectors.embedded.crm.crm import EmbeddedCrm
from connectors.embedded.crm.importing import import_rows
from insights.errors import Invalid, Problem
from insights.news import EVERYONE, tell
from insights.services import Services
from tests.bot.conftest import Chat, buttons
from tests.standins.connector import Sent

OTHER_ID = "00000000-0000-4000-8000-000000000000"


async def turn_of(services: Services, user_id: str) -> Turn:
    user = await services.crm.user(user_id)
    assert user
    incoming = Incoming("invoke", "", "msteams", f"a:{user_id}", Account(f"29:{user_id}"), Account("28:bot"))
    return Turn(services, incoming, user, read_words("en"))


def carried(sent: Sent) -> tuple[str, str]:
    """(Id of the list, id of the first email in it)."""
    listing_id, _, email_id = buttons(sent.card, "track")[0]["data"]["id"].partition("/")
    return listing_id, email_id


async def test_a_press_that_is_wrong_is_refused_by_its_code(chat: Chat, services: Services) -> None:
    listing_id, email_id = carried(await chat.say("ann", "untracked"))
    whole = f"{listing_id}/{email_id}"
    chosen = f"regarding {email_id}"
    for user_id, pressed, code in (
        ("ann", Press("explode", whole), "bad_verb"),
        ("ann", Press("untracked", "nonsense"), "bad_id"),
        ("ann", Press("say", "explode"), "bad_id"),
        ("ann", Press("save_preferences", ""), "bad_choice"),
        ("ann", Press("save_preferences", "", {"auto_capture": "perhaps"}), "bad_choice"),
        ("ann", Press("track", whole, {chosen: "nonsense"}), "bad_choice"),
        ("ann", Press("track", whole, {chosen: 7}), "bad_choice"),
        ("ann", Press("track", whole, {chosen: f"contact:{'x' * 65}"}), "bad_choice"),
        ("ann", Press("track", whole, {chosen: f"{'x' * 129}:ana"}), "bad_choice"),
        ("ann", Press("track", f"{listing_id}/{OTHER_ID}"), "no_such_email"),
        ("ann", Press("track", f"{OTHER_ID}/{email_id}"), "old_list"),
        ("bob", Press("track", whole), "not_yours"),
        ("bob", Press("untrack", whole), "not_yours"),
        ("bob", Press("retry", whole), "not_yours"),
        ("bob", Press("page", f"{listing_id}/"), "not_yours"),
        ("root", Press("track", whole), "not_yours"),
        ("root", Press("enable", "world peace"), "bad_feature"),
        ("root", Press("enable", ""), "bad_feature"),
        ("ann", Press("enable", "auto_capture"), "not_admin"),
        ("ann", Press("disable", "auto_capture"), "not_admin"),
        ("ann", Press("disable_now", "auto_capture"), "not_admin"),
        ("ann", Press("accept_terms", "auto_capture"), "not_admin"),
    ):
        with pytest.raises(Problem) as refused:
            await actions.press(await turn_of(services, user_id), pressed)
        assert refused.value.code == code, pressed
    ann = (await turn_of(services, "ann")).user
    assert await services.crm.emails(ann, ["<1@mail.example>", "<2@mail.example>", "<3@mail.example>"]) == {}


def test_a_feature_is_known_with_two_letters_wrong_and_no_more() -> None:
    assert read_feature("the auto captur") == "auto_capture"
    assert read_feature("auto_kaptura") == "auto_capture"
    with pytest.raises(Invalid) as refused:
        read_feature("oto kapture")
    assert refused.value.code == "bad_feature"


async def test_a_command_that_needs_a_name_asks_for_it(services: Services) -> None:
    with pytest.raises(Invalid) as refused:
        await answer(await turn_of(services, "ann"), "find")
    assert refused.value.code == "find_what"


async def test_the_card_of_somebody_who_left_is_given_up(chat: Chat, services: Services) -> None:
    _, email_id = carried(await chat.say("ann", "untracked"))
    assert isinstance(services.crm, EmbeddedCrm)
    left = {"systemuserid": "ann", "fullname": "Ann Beebe", "isdisabled": "1"}
    with capture_logs() as log:
        await import_rows(services.crm._database, {"systemusers": [left]}, now=services.now())
        await services.database.write(tell, "track", email_id, EVERYONE, services.now())
        async with asyncio.timeout(20):
            while {"code": "user_gone", "event": "a card is given up", "log_level": "info"} not in log:
                await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("name", "value", "status", "code"),
    [
        ("adaptiveCard/action", {}, 400, "BadRequest"),
        ("adaptiveCard/action", {"action": {"verb": 7}}, 400, "BadRequest"),
        ("task/nothing", {}, 404, "NotSupported"),
    ],
)
async def test_an_invoke_that_is_none_of_ours_is_refused_as_teams_reads_it(
    chat: Chat, name: str, value: object, status: int, code: str
) -> None:
    answered, body = await chat.invoke("ann", name, value)
    assert (answered, body["error"]["code"]) == (status, code)
    assert body["error"]["message"]
