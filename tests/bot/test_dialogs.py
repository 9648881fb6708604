"""Forms over a chat: opened by a button, kept or said what is wrong, private in groups too."""

from typing import Any

import pytest

from bot import dialogs
from insights import choices
from insights.errors import NotFound
from insights.services import Services
from insights.views import PreferencesBody
from tests.bot.conftest import Chat, buttons, texts
from tests.bot.test_presses import turn_of

OPEN = {"msteams": {"type": "task/fetch"}, "dialog": "preferences", "verb": "say", "id": "preferences"}
Body = dict[str, Any]


async def fetch(chat: Chat, user: str, data: Body | None = None, **fields: Any) -> Body:
    status, body = await chat.invoke(user, "task/fetch", {"data": data or OPEN, "context": {}}, **fields)
    assert status == 200
    task: Body = body["task"]
    return task


async def submit(chat: Chat, user: str, **data: Any) -> Body:
    value = {"data": {"dialog": "preferences", **data}, "context": {}}
    status, body = await chat.invoke(user, "task/submit", value)
    assert status == 200
    task: Body = body["task"]
    return task


def form(task: Body) -> Body:
    assert task["type"] == "continue"
    card: Body = task["value"]["card"]["content"]
    return card


def named(part: Any, kind: str) -> Body:
    """The first element of a card of that type."""
    found = find(part, kind)
    assert found
    return found[0]


def find(part: Any, kind: str) -> list[Body]:
    if isinstance(part, dict):
        own = [part] if part.get("type") == kind else []
        return own + [each for value in part.values() for each in find(value, kind)]
    return [each for value in part for each in find(value, kind)] if isinstance(part, list) else []


async def test_the_preferences_are_a_form(chat: Chat, services: Services) -> None:
    submits = find((await chat.say("ann", "help")).card, "Action.Submit")
    [opener] = [each for each in submits if "msteams" in each["data"]]
    assert opener["data"] == OPEN
    task = await fetch(chat, "ann", opener["data"])
    assert task["value"]["title"] == "Preferences"
    toggle, save = named(form(task), "Input.Toggle"), named(form(task), "Action.Submit")
    assert toggle["value"] == "true"
    assert not buttons(form(task), "save_preferences"), "a form is submitted, not executed"
    saved = await submit(chat, "ann", **save["data"], auto_capture="false")
    assert saved == {"type": "message", "value": "Saved"}
    ann = await services.crm.user("ann")
    assert ann
    assert (await choices.read_preferences(services, ann)).auto_capture is False
    assert named(form(await fetch(chat, "ann")), "Input.Toggle")["value"] == "false"


async def test_what_somebody_changed_meanwhile_is_told_above_the_form(chat: Chat, services: Services) -> None:
    save = named(form(await fetch(chat, "ann")), "Action.Submit")
    ann = await services.crm.user("ann")
    assert ann
    await choices.change_preferences(services, ann, PreferencesBody(auto_capture=False))
    again = form(await submit(chat, "ann", **save["data"], auto_capture="true"))
    assert "changed" in " ".join(texts(again)).casefold()
    assert named(again, "Input.Toggle")["value"] == "false", "as it is now"
    save = named(again, "Action.Submit")
    assert (await submit(chat, "ann", **save["data"], auto_capture="true"))["value"] == "Saved"


@pytest.mark.parametrize("data", [{}, {"auto_capture": "true"}, {"auto_capture": "perhaps", "version": 1}])
async def test_what_is_no_choice_is_asked_for_again(chat: Chat, data: Body) -> None:
    again = form(await submit(chat, "ann", **data))
    assert texts(again)[0].startswith("Nothing was chosen")


async def test_a_group_sees_nothing_of_it_and_its_member_the_form(chat: Chat) -> None:
    group = {"id": "19:g", "conversationType": "groupChat", "isGroup": True, "tenantId": "t"}
    assert named(form(await fetch(chat, "ann", conversation=group)), "Input.Toggle")
    assert not [path for _, path in chat.connector.requests if "activities" in path]


@pytest.mark.parametrize(
    ("user", "data", "said"),
    [
        ("ann", {"dialog": "nothing"}, "does not work any more"),
        ("ann", {"msteams": {}}, "does not work any more"),
        ("nobody", OPEN, "not known here"),
    ],
)
async def test_where_there_is_no_form_the_dialog_says_so(
    chat: Chat, user: str, data: Body, said: str
) -> None:
    task = await fetch(chat, user, data)
    assert (task["type"], said in task["value"]) == ("message", True)


async def test_a_form_of_another_version_is_refused_by_its_code(services: Services) -> None:
    turn = await turn_of(services, "ann")
    with pytest.raises(NotFound) as refused:
        await dialogs.fetch(turn, {"dialog": "of another version"})
    assert refused.value.code == "no_dialog"


async def test_a_client_without_dialogs_gets_the_card(chat: Chat) -> None:
    sent = await chat.say("ann", "", value=OPEN)
    assert buttons(sent.card, "save_preferences")


async def test_a_fault_of_ours_is_said(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    async def break_down(*_: object) -> Body:
        raise ZeroDivisionError

    monkeypatch.setitem(dialogs.ANSWERS, "task/fetch", break_down)
    assert (await fetch(chat, "ann"))["type"] == "message"
