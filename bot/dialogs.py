"""Forms over a chat: what they show (`task/fetch`) and what they keep (`task/submit`).

Only who opened one sees it, in a group too. What cannot be kept is said above the form.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.turns import CARD, Turn, told
from cards.elements import Card
from cards.preferences import DIALOG as PREFERENCES
from cards.preferences import preferences_form_card
from cards.words import Words
from insights import choices
from insights.errors import Conflict, Invalid, NotFound, Problem
from insights.views import PreferencesBody

Draw = Callable[[Turn, Problem | None], Awaitable[Card]]
Keep = Callable[[Turn, Mapping[str, Any]], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Dialog:
    """A form: the key of its title, how it is drawn, what its button does (a sentence says it is done)."""

    title: str
    draw: Draw
    keep: Keep


async def fetch(turn: Turn, data: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to `task/fetch`: the form that the button names; raises NotFound."""
    dialog = _find(data)
    return _form(turn.words(dialog.title), await dialog.draw(turn, None))


async def submit(turn: Turn, data: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to `task/submit`: a sentence, or the form again with what was wrong."""
    dialog = _find(data)
    try:
        return said(await dialog.keep(turn, data))
    except (Conflict, Invalid) as problem:
        return _form(turn.words(dialog.title), await dialog.draw(turn, problem))


def said(text: str) -> dict[str, Any]:
    """A sentence in the dialog, which can then be closed."""
    return {"task": {"type": "message", "value": text}}


def refusal(problem: Problem, words: Words) -> dict[str, Any]:
    """Why there is no form."""
    return said(told(problem, words))


def failure(words: Words) -> dict[str, Any]:
    """What is said of a fault of ours."""
    return said(f"{words('bot.failed')} {words('bot.failed_do')}")


def _form(title: str, card: Card) -> dict[str, Any]:
    content = {"contentType": CARD, "content": card}
    value = {"title": title, "height": "small", "width": "medium", "card": content}
    return {"task": {"type": "continue", "value": value}}


def _find(data: Mapping[str, Any]) -> Dialog:
    found = DIALOGS.get(str(data.get("dialog")))
    if found is None:
        raise NotFound("no_dialog")
    return found


async def _draw_preferences(turn: Turn, problem: Problem | None) -> Card:
    found = await choices.read_preferences(turn.services, turn.user)
    told_of = [told(problem, turn.words)] if problem else []
    return preferences_form_card(found, turn.words, told_of)


async def _keep_preferences(turn: Turn, data: Mapping[str, Any]) -> str:
    chosen, version = data.get("auto_capture"), data.get("version")
    if chosen not in {"true", "false", True, False} or not isinstance(version, int):
        raise Invalid("bad_choice.nothing")
    body = PreferencesBody(auto_capture=chosen in {"true", True}, version=version)
    await choices.change_preferences(turn.services, turn.user, body)
    return turn.words("preferences.saved")


DIALOGS: Mapping[str, Dialog] = {
    PREFERENCES: Dialog("preferences.title", _draw_preferences, _keep_preferences),
}
ANSWERS: Mapping[str, Callable[[Turn, Mapping[str, Any]], Awaitable[dict[str, Any]]]] = {
    "task/fetch": fetch,
    "task/submit": submit,
}
"""Invokes of dialogs by name; the data of the pressed button stands in their value."""
