"""What the bot understands: the list of its commands, the welcome, and the nearest to what was written."""

from collections.abc import Sequence

from cards.elements import (
    Card,
    Element,
    beside,
    buttons,
    card,
    execute,
    heading,
    line,
    open_dialog,
    small,
)
from cards.plain import plain
from cards.preferences import DIALOG as PREFERENCES
from cards.words import Words

QUOTED = 80
IN_A_ROW = 2
"""Buttons side by side that are read whole in any language, on the narrowest screen."""


def help_card(commands: Sequence[str], words: Words) -> Card:
    """All commands, each with a button that says it (verb `say`, id = the word); the preferences' form."""
    rows = [_row(command, words) for command in commands]
    # A client without dialogs does nothing at this button, so what it opens has its command above, too.
    form = buttons(open_dialog(words("help.preferences"), PREFERENCES, "say", PREFERENCES), spacing="Medium")
    hint = small(words("help.hint"), spacing="Medium")
    return card(words, [heading(words, "help.title"), *rows, hint, form])


def welcome_card(commands: Sequence[str], words: Words) -> Card:
    """What Liaison is for, who sees what, and where to start."""
    body = [
        heading(words, "welcome.title"),
        line(words("welcome.what")),
        line(words("welcome.private"), spacing="Small"),
        small(words("welcome.hint"), spacing="Medium"),
    ]
    return card(words, body + _buttons(commands, words))


def nearest_card(text: str, commands: Sequence[str], words: Words, *, is_built: bool = True) -> Card:
    """What was written, quoted, and the nearest commands; `is_built` is False for what is to come."""
    title, key = "nearest.title", "nearest.text" if commands else "nearest.none"
    if not is_built:
        title, key = "nearest.not_built", "nearest.built"
    told = line(words(key, text=plain(text, QUOTED)))
    return card(words, [heading(words, title), told, *_buttons(commands, words)])


def _row(command: str, words: Words) -> Element:
    told = [line(words(f"command.{command}.sentence"))]
    if (example := f"command.{command}.example") in words:
        told.append(small(words("help.example", example=words(example))))
    return beside(told, _say(command, words), spacing="Medium")


def _buttons(commands: Sequence[str], words: Words) -> list[Element]:
    said = [_say(command, words) for command in commands]
    return [
        buttons(*said[start : start + IN_A_ROW], spacing="Small") for start in range(0, len(said), IN_A_ROW)
    ]


def _say(command: str, words: Words) -> Element:
    return execute(words(f"command.{command}.label"), "say", command)
