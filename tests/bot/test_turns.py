"""Talking to the bot: lists, buttons, groups, installing, and what must not happen."""

import asyncio
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bot import actions, drawings
from bot.due import DUE
from bot.rows import Verb
from bot.settings import show_preferences
from bot.turns import Answer, Press, Turn
from insights.capture.untracked import list_untracked
from insights.errors import Invalid, Problem, Unavailable
from insights.services import Services
from insights.work import Outcome, run_due
from tests.bot.conftest import BASE_URL, Chat, buttons, texts
from tests.flows.liaison import OBJECT_IDS
from tests.standins.connector import Sent

SUBJECTS = {"Delivery 1", "Delivery 2", "Delivery 3"}


def listed(sent: Sent) -> set[str]:
    """The subjects on a card."""
    return SUBJECTS & set(texts(sent.card))


def email_ids(sent: Sent) -> set[str]:
    """The emails that can be tracked on a card."""
    return {button["data"]["id"].partition("/")[2] for button in buttons(sent.card, "track")}


def states(sent: Sent) -> str:
    return " | ".join(texts(sent.card))


@pytest.mark.parametrize(
    "words", ["untracked", "Untrakced!", "  the UNTRACKED  ", "<at>Liaison</at> untracked"]
)
async def test_a_list_is_tracked_in_place(chat: Chat, words: str) -> None:
    sent = await chat.say("ann", words)
    assert listed(sent) == SUBJECTS
    [first, *rest] = buttons(sent.card, "track")
    assert len(rest) == 2
    answer = await chat.press("ann", sent, first)
    assert answer["type"] == "application/vnd.microsoft.card.adaptive"
    assert any(
        "Tracking pending" in text or "Tracked by Ann Beebe" in text for text in texts(answer["value"])
    )
    await chat.connector.wait_for(lambda: "Tracked by Ann Beebe" in states(sent))
    assert listed(sent) == SUBJECTS
    assert len(chat.connector.chats["a:ann"]) == 1
    [undo] = buttons(sent.card, "untrack")
    await chat.press("ann", sent, undo)
    await chat.connector.wait_for(lambda: len(buttons(sent.card, "track")) == 3)


async def test_what_outlook_or_a_colleague_tracks_changes_the_card(chat: Chat, services: Services) -> None:
    from insights.capture import tracking
    from insights.capture.views import TrackBody

    anns, bobs = await chat.say("ann", "untracked"), await chat.say("bob", "untracked")
    assert listed(bobs) == {"Delivery 3"}
    [shared] = email_ids(anns) & email_ids(bobs)
    ann = await services.crm.user("ann")
    assert ann
    await tracking.track(services, ann, shared, TrackBody())
    await chat.connector.wait_for(lambda: "Already tracked by Ann Beebe" in states(bobs))
    await chat.connector.wait_for(lambda: "Tracked by Ann Beebe" in states(anns))
    assert len(buttons(bobs.card, "track")) == 1


async def test_a_record_or_person_is_meant_by_name_or_address(chat: Chat) -> None:
    assert listed(await chat.say("ann", "untracked ana@fabrikam.example")) == SUBJECTS
    assert listed(await chat.say("ann", "untracked for the Fabrikam")) == SUBJECTS
    unknown = await chat.say("ann", "untracked Nobody")
    assert "Nobody" in states(unknown)
    found = await chat.say("ann", "find fabri")
    assert urls(found.card) == [f"{BASE_URL}/t/account:fabrikam"]
    [button] = buttons(found.card, "untracked")
    answer = await chat.press("ann", found, button)
    assert set(texts(answer["value"])) >= SUBJECTS


async def test_regarding_is_what_was_chosen(chat: Chat, services: Services) -> None:
    sent = await chat.say("ann", "untracked")
    button = buttons(sent.card, "track")[0]
    email_id = button["data"]["id"].partition("/")[2]
    await chat.press("ann", sent, button, **{f"regarding {email_id}": "account:fabrikam"})
    await chat.connector.wait_for(lambda: "Tracked by Ann Beebe" in states(sent))
    bob = await services.crm.user("bob")
    assert bob
    email = await services.crm.email_activity(bob, email_id)
    rows = await services.crm.emails(bob, [email.internet_message_id])
    assert rows[email.internet_message_id].regarding
    [row] = rows.values()
    assert row.regarding
    assert row.regarding.name == "Fabrikam"
    other = buttons(sent.card, "track")[0]
    refused = await chat.press(
        "ann", sent, other, **{f"regarding {other['data']['id'].partition('/')[2]}": "x"}
    )
    assert "choice" in refused["value"]


async def test_a_group_hears_nothing_private(chat: Chat) -> None:
    group = {"conversation": {"id": "19:group", "conversationType": "groupChat", "isGroup": True}}
    for words in ("untracked", "find Fabrikam", "untracked Fabrikam", "preferences", "help", "nonsense"):
        await chat.receive(chat.activity("ann", text=f"<at>Liaison</at> {words}", **group))
        assert chat.connector.last("19:group").text == "I answered you in our own chat."
        assert not chat.connector.last("19:group").body.get("attachments")
    own = chat.connector.chats["own chat of 29:ann"]
    assert listed(own[0]) == SUBJECTS
    assert len(own) == 6
    sent = await chat.say("ann", "untracked")
    status, answer = await chat.invoke(
        "ann",
        "adaptiveCard/action",
        {"action": {"verb": "say", "data": {"id": "untracked"}}},
        **group,
    )
    assert (status, answer["type"]) == (200, "application/vnd.microsoft.activity.message")
    assert listed(sent) == SUBJECTS
    assert not any(subject in json.dumps(chat.connector.chats["19:group"][0].body) for subject in SUBJECTS)
    chat.connector.refused.add("29:bob")
    await chat.receive(chat.activity("bob", text="untracked", **group))
    assert "Add Liaison" in chat.connector.last("19:group").text


async def test_buttons_of_others_and_of_nobody_change_nothing(chat: Chat, services: Services) -> None:
    sent = await chat.say("ann", "untracked")
    before = states(sent)
    button = buttons(sent.card, "track")[0]
    listing_id, _, email_id = button["data"]["id"].partition("/")
    for user, verb, given in (
        ("bob", "track", button["data"]["id"]),
        ("bob", "page", f"{listing_id}/"),
        ("ann", "track", f"{listing_id}/{'0' * 8}-0000-0000-0000-{'0' * 12}"),
        ("ann", "track", f"{OBJECT_IDS['ann']}/{email_id}"),
        ("ann", "track", ""),
        ("ann", "explode", "x"),
        ("ann", "untracked", "nonsense"),
        ("ann", "page", f"{listing_id}/nonsense"),
        ("bob", "enable", "auto_capture"),
        ("stranger", "track", button["data"]["id"]),
    ):
        answer = await chat.press(user, sent, {"verb": verb, "data": {"id": given}})
        assert answer["type"] == "application/vnd.microsoft.activity.message", (verb, answer)
        assert answer["value"]
    ann = await services.crm.user("ann")
    assert ann
    assert states(sent) == before
    assert await services.crm.emails(ann, ["<1@mail.example>", "<2@mail.example>", "<3@mail.example>"]) == {}
    assert await services.database.read(drawings.select_drawing, listing_id)


async def test_delivered_again_is_handled_once(chat: Chat) -> None:
    activity = chat.activity("ann", text="untracked")
    await asyncio.gather(*(chat.receive(activity) for _ in range(5)))
    [sent] = chat.connector.chats["a:ann"]
    [first, *_] = buttons(sent.card, "track")
    press = chat.activity(
        "ann",
        type="invoke",
        name="adaptiveCard/action",
        replyToId=sent.id,
        value={"action": {"verb": first["verb"], "data": first["data"]}},
    )
    for _ in range(3):
        _, answer = await chat.receive(press)
        assert "already" not in json.dumps(answer).lower()
    await chat.connector.wait_for(lambda: "Tracked by Ann Beebe" in states(sent))
    [undo] = buttons(sent.card, "untrack")
    await chat.press("ann", sent, undo)
    await chat.receive(press)
    await asyncio.sleep(1)
    assert len(buttons(sent.card, "track")) == 3


async def test_a_submit_of_an_older_client_replaces_the_card(chat: Chat) -> None:
    sent = await chat.say("ann", "untracked")
    fallback = buttons(sent.card, "track")[0]["fallback"]
    assert fallback["type"] == "Action.Submit"
    await chat.receive(chat.activity("ann", value=fallback["data"], replyToId=sent.id))
    await chat.connector.wait_for(lambda: "Tracked by Ann Beebe" in states(sent))
    assert len(chat.connector.chats["a:ann"]) == 1


async def test_installed_greeted_uninstalled_forgotten(chat: Chat, services: Services) -> None:
    bot = {"id": "28:bot"}
    await chat.receive(chat.activity("ann", type="installationUpdate", action="add"))
    await chat.receive(chat.activity("ann", type="conversationUpdate", membersAdded=[bot]))
    assert len(chat.connector.chats["a:ann"]) == 1
    assert "Liaison" in states(chat.connector.last("a:ann"))
    assert buttons(chat.connector.last("a:ann").card, "say")
    group = {"conversation": {"id": "19:group", "conversationType": "groupChat"}}
    await chat.receive(chat.activity("ann", text="help", **group))
    assert len(chat.connector.chats["a:ann"]) == 2  # the own chat is known
    await chat.receive(chat.activity("ann", type="installationUpdate", action="remove"))
    await chat.receive(chat.activity("ann", text="help", **group))
    assert len(chat.connector.chats["a:ann"]) == 2
    assert len(chat.connector.chats["own chat of 29:ann"]) == 1


async def test_who_comes_without_object_id_is_looked_up_in_the_roster(chat: Chat) -> None:
    nameless = {"from": {"id": "29:ann"}}
    stranger = await chat.say("ann", "untracked", **nameless)
    assert "I do not know you yet" in states(stranger)
    chat.connector.members["29:ann"] = {"id": "29:ann", "aadObjectId": OBJECT_IDS["ann"].upper()}
    assert listed(await chat.say("ann", "untracked", **nameless)) == SUBJECTS


async def test_throttled_sends_arrive(chat: Chat) -> None:
    chat.connector.faults += [(429, {"Retry-After": "0"}), (502, {}), (412, {})]
    assert listed(await chat.say("ann", "untracked")) == SUBJECTS
    chat.connector.faults += [(500, {})]
    help_message = chat.activity("ann", text="help")
    await chat.receive(help_message)
    await chat.receive(help_message)
    await chat.connector.wait_for(lambda: len(chat.connector.chats["a:ann"]) == 2)
    assert buttons(chat.connector.last("a:ann").card, "say")


async def test_a_card_that_could_not_be_changed_is_changed_later(chat: Chat) -> None:
    sent = await chat.say("ann", "untracked")
    await chat.press("ann", sent, buttons(sent.card, "track")[0])
    chat.connector.faults += [(500, {}), (500, {})]
    await chat.connector.wait_for(lambda: "Tracked by Ann Beebe" in states(sent))


@pytest.mark.parametrize(
    "where",
    [
        {"conversation": {"id": "19:x@thread.v2"}},
        {"conversation": {"id": "19:x", "conversationType": "meeting"}},
        {"conversation": {"id": "x", "conversationType": "GROUPCHAT"}},
        {"conversation": {"id": "x", "conversationType": "personal", "isGroup": True}},
        {"conversation": {"id": "x", "conversationType": "tomorrow"}},
        {"conversation": {"id": "x"}, "channelData": {"team": {"id": "t"}}},
    ],
)
async def test_in_doubt_others_are_reading(chat: Chat, where: dict[str, Any]) -> None:
    await chat.receive(chat.activity("ann", text="untracked", **where))
    shared = where["conversation"]["id"]
    assert [sent.text for sent in chat.connector.chats[shared]] == ["I answered you in our own chat."]
    assert listed(chat.connector.last("own chat of 29:ann")) == SUBJECTS
    pressed = {"action": {"verb": "say", "data": {"id": "untracked"}}}
    _, answer = await chat.invoke("ann", "adaptiveCard/action", pressed, **where)
    assert answer["type"] == "application/vnd.microsoft.activity.message"


async def test_a_button_delivered_again_changes_nothing(chat: Chat) -> None:
    from itertools import repeat

    settings = await chat.say("root", "settings")
    off = {"verb": "disable_now", "data": {"id": "auto_capture"}}
    pressed = chat.activity(
        "root", type="invoke", name="adaptiveCard/action", value={"action": off}, replyToId=settings.id
    )
    await chat.receive(pressed)
    await chat.say("root", "enable auto capture")
    for again in repeat(pressed, 3):
        _, answer = await chat.receive(again)
        assert answer["type"].endswith("card.adaptive")
    assert listed(await chat.say("ann", "untracked")) == SUBJECTS


async def test_a_refused_submit_leaves_the_list_alone(chat: Chat) -> None:
    sent = await chat.say("ann", "untracked")
    await chat.receive(chat.activity("ann", value={"verb": "nope", "id": "x"}, replyToId=sent.id))
    assert listed(sent) == SUBJECTS
    assert "does not work" in states(chat.connector.last("a:ann"))


@pytest.mark.parametrize(
    "service_url",
    ["ftp://localhost/", "http://localhost:99999", "http://localhost:abc", "http://evil.example\\@localhost:1",
     "http://localhost\r\nX: y", "localhost", "https://smba.trafficmanager.net/emea/"],
)  # fmt: skip
async def test_a_service_url_that_is_none_or_elsewhere_is_refused(chat: Chat, service_url: str) -> None:
    with pytest.raises(Problem) as told:
        await chat.receive(chat.activity("ann", text="help") | {"serviceUrl": service_url})
    assert told.value.status in {400, 401}
    assert chat.connector.requests == []


@pytest.mark.parametrize("fails", [False, True])
async def test_a_button_that_takes_long_changes_the_card_later(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    sent = await chat.say("ann", "preferences")
    ended = asyncio.Event()

    async def dawdle(turn: Turn, _: Press) -> Answer:
        await ended.wait()
        if fails:
            raise Unavailable("unavailable", why="it is away")
        return await show_preferences(turn, saved=True)

    monkeypatch.setattr("bot.invokes.INVOKE_SECONDS", 0.05)
    monkeypatch.setitem(actions.VERBS, "save_preferences", Verb("save_preferences", dawdle))
    answer = await chat.press("ann", sent, {"verb": "save_preferences", "data": {"id": "mine"}})
    assert answer["value"] == "This takes a moment. The card changes when it is done."
    ended.set()
    if fails:
        await chat.connector.wait_for(lambda: len(chat.connector.chats["a:ann"]) == 2)
        assert "does not answer" in states(chat.connector.last("a:ann"))
        assert "Saved" not in states(sent)
    else:
        await chat.connector.wait_for(lambda: "Saved" in states(sent))


async def test_preferences_and_features(chat: Chat) -> None:
    shown = await chat.say("ann", "preferences")
    [save] = buttons(shown.card, "save_preferences")
    saved = await chat.press("ann", shown, save, auto_capture="false")
    assert saved["type"].endswith("card.adaptive")
    assert not listed(await chat.say("ann", "untracked"))
    refused = await chat.say("ann", "disable auto capture")
    assert "administrators" in states(refused)
    off = await chat.say("root", "disable the auto-capture")
    assert "Auto capture" in states(off)
    assert "off" in states(await chat.say("ann", "untracked")).lower()
    assert not buttons((await chat.say("ann", "preferences")).card, "save_preferences")
    await chat.say("root", "enable auto captrue")
    await chat.press("ann", shown, save, auto_capture="true")
    assert listed(await chat.say("ann", "untracked")) == SUBJECTS
    assert "Which feature" in states(await chat.say("root", "enable world peace"))


async def test_a_button_asks_before_it_turns_a_feature_off(chat: Chat) -> None:
    settings = await chat.say("root", "settings")
    [off] = [button for button in buttons(settings.card, "disable") if button["data"]["id"] == "auto_capture"]
    for user in ("ann", "root"):
        answer = await chat.press(user, settings, off)
        assert answer["type"].endswith("card.adaptive") == (user == "root")
    assert "Turn off Auto capture?" in states(settings)
    assert listed(await chat.say("ann", "untracked")) == SUBJECTS
    [now], [keep] = buttons(settings.card, "disable_now"), buttons(settings.card, "say")
    await chat.press("root", settings, keep)
    assert "Features" in states(settings)
    assert (await chat.press("ann", settings, now))["type"].endswith("message")
    assert listed(await chat.say("ann", "untracked")) == SUBJECTS
    await chat.press("root", settings, now)
    assert not listed(await chat.say("ann", "untracked"))
    assert "auto_capture" in [button["data"]["id"] for button in buttons(settings.card, "enable")]


async def test_older_email_leads_back_to_the_newest(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_untracked, "__kwdefaults__", {"cursor": None, "limit": 2})
    sent = await chat.say("ann", "untracked")
    newest = listed(sent)
    [older] = buttons(sent.card, "page")
    await chat.press("ann", sent, older)
    assert listed(sent) == SUBJECTS - newest
    [back] = buttons(sent.card, "page")
    await chat.press("ann", sent, buttons(sent.card, "track")[0])
    await chat.connector.wait_for(lambda: "All of these are tracked now." in states(sent))
    assert [button["title"] for button in buttons(sent.card, "page")] == ["Newest"]
    await chat.press("ann", sent, back)
    assert listed(sent) == newest


async def test_what_was_asked_wrongly_is_asked_back(chat: Chat) -> None:
    asked = await chat.say("ann", "find")
    assert texts(asked.card) == ["Find what?", "There is no name to look for.",
                                 "Write for example: find Contoria."]  # fmt: skip
    assert "attention" not in json.dumps(asked.card)
    assert "attention" in json.dumps((await chat.say("ann", "settings")).card)


async def test_terms_come_before_the_first_feature(services: Services, connector: Any) -> None:
    from bot.bot import open_bot

    async with open_bot(services, is_local=True) as bot:
        chat = Chat(bot, connector)
        terms = await chat.say("root", "enable auto capture")
        [accept] = buttons(terms.card, "accept_terms")
        assert "off" in states(await chat.say("ann", "untracked")).lower()
        await chat.press("root", terms, accept)
        assert listed(await chat.say("ann", "untracked")) == SUBJECTS


async def test_search_and_unfurl_show_crm_names_only(chat: Chat) -> None:
    _, answer = await chat.invoke(
        "ann",
        "composeExtension/query",
        {"commandId": "find", "parameters": [{"name": "query", "value": "ana"}]},
    )
    [found] = answer["composeExtension"]["attachments"]
    assert found["content"]["version"] == "1.3"
    assert "Ana Silva" in texts(found["content"])
    assert "@" not in json.dumps(found)
    [link] = urls(found["content"])
    _, unfurled = await chat.invoke("bob", "composeExtension/queryLink", {"url": link})
    assert unfurled["composeExtension"]["attachments"][0]["content"] == found["content"]
    for words in ("", "Delivery", "see you soon", "1@mail.example"):  # of the mail, which is the asker's own
        parameters = [{"name": "query", "value": words}]
        _, answer = await chat.invoke("ann", "composeExtension/query", {"parameters": parameters})
        assert "Delivery" not in json.dumps(answer)
    for url in (
        "https://elsewhere.example/t/contact:ana",
        f"{BASE_URL}/t/contact:none",
        f"{BASE_URL}/t/systemuser:bob",
        f"{BASE_URL}/t/role:admin",
        f"{BASE_URL}/docs/",
        7,
    ):
        assert await chat.invoke("bob", "composeExtension/queryLink", {"url": url}) == (200, {})
    _, nobody = await chat.invoke("stranger", "composeExtension/query", {"parameters": []})
    assert nobody["composeExtension"]["type"] == "message"


async def test_old_lists_and_deliveries_are_forgotten(chat: Chat, services: Services) -> None:
    from dataclasses import replace
    from datetime import timedelta

    sent = await chat.say("ann", "untracked")
    later = replace(services, now=lambda: services.now() + timedelta(days=15))
    assert await run_due(later, DUE) == [
        Outcome("drawings", 1),
        Outcome("deliveries", 1),
        Outcome("late_pushes", 0),
        Outcome("pushes", 0),
    ]
    answer = await chat.press("ann", sent, buttons(sent.card, "track")[0])
    assert "too old" in answer["value"]


@pytest.mark.testdata
async def test_every_message_is_an_activity_of_the_schema(chat: Chat, testdata: Path) -> None:
    api = json.loads((testdata / "botframework" / "ConnectorAPI.json").read_text())
    schema = {"$ref": "#/definitions/Activity", "definitions": api["definitions"]}
    for words in ("untracked", "help", "find Fabrikam"):
        await chat.say("ann", words)
    for sent in chat.connector.chats["a:ann"]:
        jsonschema.validate(sent.body, schema)
        assert {"type", "from", "recipient", "conversation", "attachments"} <= set(sent.body)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**sent.body, "recipient": "ann"}, schema)


@pytest.mark.testdata
async def test_naughty_words_come_back_as_words(chat: Chat, testdata: Path) -> None:
    strings = json.loads((testdata / "hostile" / "naughty-strings.json").read_text())
    for text in strings:
        activity = chat.activity("ann", text=text)
        activity["from"]["name"] = text
        try:
            status, _ = await chat.receive(activity)
        except Invalid:
            assert "\0" in text
        else:
            assert status == 200


def urls(card: Any) -> list[str]:
    """Where a card's links lead."""
    if isinstance(card, dict):
        own = [card["url"]] if card.get("type") == "Action.OpenUrl" else []
        return own + [url for name, part in card.items() if name != "fallback" for url in urls(part)]
    return [url for part in card for url in urls(part)] if isinstance(card, list) else []
