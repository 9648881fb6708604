"""What the bot understands: the list, the welcome, and the nearest commands to what was written."""

from collections.abc import Sequence
from dataclasses import dataclass

from cards.elements import (
    MOST_BUTTONS,
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


@dataclass(frozen=True, slots=True)
class Command:
    """A word the bot understands, what it does in a sentence, and an example of saying it."""

    word: str
    sentence: str
    example: str


def help_card(commands: Sequence[Command], words: Words) -> Card:
    """All commands, each with a button that says it (verb `say`, id = the word); the preferences' form."""
    rows = [_row(command, words) for command in commands]
    # A client without dialogs does nothing at this button, so what it opens has its command above, too.
    form = buttons(open_dialog(words("help.preferences"), PREFERENCES, "say", PREFERENCES), spacing="Medium")
    hint = small(words("help.hint"), spacing="Medium")
    return card(words, [heading(words, "help.title"), *rows, hint, form])


def welcome_card(commands: Sequence[Command], words: Words) -> Card:
    """What Liaison is for, who sees what, and where to start."""
    body = [
        heading(words, "welcome.title"),
        line(words("welcome.what")),
        line(words("welcome.private"), spacing="Small"),
        small(words("welcome.hint"), spacing="Medium"),
    ]
    return card(words, body + _buttons(commands))


def nearest_card(text: str, commands: Sequence[Command], words: Words, *, is_built: bool = True) -> Card:
    """What was written, quoted, and the nearest commands; `is_built` is False for what is to come."""
    title, key = "nearest.title", "nearest.text" if commands else "nearest.none"
    if not is_built:
        title, key = "nearest.not_built", "nearest.built"
    told = line(words(key, text=plain(text, QUOTED)))
    return card(words, [heading(words, title), told, *_buttons(commands)])


def _row(command: Command, words: Words) -> Element:
    told = [line(plain(command.sentence))]
    if command.example and command.example != command.word:
        told.append(small(words("help.example", example=command.example)))
    return beside(told, _say(command), spacing="Medium")


def _buttons(commands: Sequence[Command]) -> list[Element]:
    said = [_say(command) for command in commands]
    return [
        buttons(*said[start : start + MOST_BUTTONS], spacing="Small")
        for start in range(0, len(said), MOST_BUTTONS)
    ]


def _say(command: Command) -> Element:
    return execute(plain(command.word), "say", command.word)
