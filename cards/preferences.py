"""A seller's own choices."""

from cards.elements import Card, buttons, card, execute, heading, line, small
from cards.words import Words
from insights.views import Preferences


def preferences_card(preferences: Preferences, words: Words, *, saved: bool = False) -> Card:
    """The choice `auto_capture` ("true", "false") and *Save* (verb `save_preferences`, id `mine`)."""
    title = heading(words, "preferences.title")
    if preferences.auto_capture is None:
        return card(words, [title, line(words("preferences.off"))])
    toggle = {
        "type": "Input.Toggle",
        "id": "auto_capture",
        "title": words("preferences.auto_capture"),
        "value": "true" if preferences.auto_capture else "false",
        "wrap": True,
    }
    save = buttons(execute(words("preferences.save"), "save_preferences", "mine", style="positive"))
    told = [small(words("preferences.saved"), spacing="Small")] if saved else []
    return card(words, [title, toggle, small(words("preferences.hint")), save, *told])
