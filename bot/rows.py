"""What a capability brings to the bot: commands (`commands.py` joins them), buttons (`actions.py`)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.turns import Answer, Press, Turn


@dataclass(frozen=True, slots=True)
class Command:
    """A word and the function that does it; the catalogue has the texts `command.{word}`."""

    word: str
    run: Callable[[Turn, str], Awaitable[Answer]]
    is_admin: bool = False


Pressed = Callable[[Turn, Press], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Verb:
    """What a button does.

    `again` is what it shows that was delivered again; without one it changes nothing and runs twice.
    """

    name: str
    run: Pressed
    again: Pressed | None = None
