"""What one can write to the bot: word → sentence and function; a capability brings its rows.

Which of them a sentence means is `grammar.py`'s; what means none gets the nearest ones as buttons.
"""

from collections.abc import Sequence

from bot import capture, health, records, settings
from bot.grammar import read_sentence
from bot.phrases import CHANGING, NOT_BUILT, THANKS
from bot.rows import Command
from bot.turns import Answer, Turn
from cards.help import help_card, nearest_card
from cards.notice import notice_card
from insights.model import User

NEAREST = 3


async def answer(turn: Turn, text: str) -> Answer:
    """Carry out what somebody wrote."""
    reading = read_sentence(text)
    if reading.command == THANKS:
        return Answer(notice_card(turn.words("bot.thanks"), [turn.words("bot.thanks_do")], turn.words))
    if not reading.command:
        near = [each.word for each in nearest(reading.near, turn.user)]
        return Answer(nearest_card(text, near, turn.words, is_built=NOT_BUILT not in reading.near))
    return await BY_WORD[reading.command].run(turn, reading.argument)


def nearest(near: Sequence[str], user: User) -> Sequence[Command]:
    """The commands to offer somebody: those near, then the usual, never one that changes something."""
    offered = dict.fromkeys((*near, *(command.word for command in COMMANDS)))
    may = {command.word: command for command in commands_of(user) if command.word not in CHANGING}
    return [may[word] for word in offered if word in may][:NEAREST]


def commands_of(user: User) -> list[Command]:
    """The commands that a user may give."""
    return [command for command in COMMANDS if user.is_admin or not command.is_admin]


async def _help(turn: Turn, _: str) -> Answer:
    return Answer(help_card([command.word for command in commands_of(turn.user)], turn.words))


COMMANDS = (
    Command("help", _help),
    *capture.COMMANDS,
    *records.COMMANDS,
    *settings.COMMANDS,
    *health.COMMANDS,
)
BY_WORD = {command.word: command for command in COMMANDS}
