"""A seller's own choices, as a card and as a form in a dialog."""

from collections.abc import Sequence

from cards.elements import Card, Element, buttons, card, execute, heading, line, small, submit
from cards.plain import Text
from cards.words import Words
from insights.views import Preferences

DIALOG = "preferences"


def preferences_card(preferences: Preferences, words: Words, *, saved: bool = False) -> Card:
    """The choice `auto_capture` ("true", "false") and *Save* (verb `save_preferences`, id `mine`)."""
    title = heading(words, "preferences.title")
    if preferences.auto_capture is None:
        return card(words, [title, line(words("preferences.off"))])
    save = buttons(execute(words("save"), "save_preferences", "mine", style="positive"))
    told = [small(words("preferences.saved"), spacing="Small")] if saved else []
    return card(words, [title, *_choices(preferences, words), save, *told])


def preferences_form_card(preferences: Preferences, words: Words, told: Sequence[Text] = ()) -> Card:
    """The same as a form: *Save* submits it with the version it was read at; `told` says what was wrong."""
    problem = [line(text, color="Attention") for text in told]
    if preferences.auto_capture is None:
        return card(words, [*problem, line(words("preferences.off"))])
    save = buttons(submit(words("save"), DIALOG, version=preferences.version))
    return card(words, [*problem, *_choices(preferences, words), save])


def _choices(preferences: Preferences, words: Words) -> list[Element]:
    toggle = {
        "type": "Input.Toggle",
        "id": "auto_capture",
        "title": words("preferences.auto_capture"),
        "value": "true" if preferences.auto_capture else "false",
        "wrap": True,
    }
    return [toggle, small(words("preferences.hint"))]
