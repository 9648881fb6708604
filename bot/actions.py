"""What the buttons of our cards do: verb → function; a capability brings its rows.

A button carries its verb and an id, nothing else.
"""

from collections.abc import Mapping

from bot import capture, settings
from bot.commands import BY_WORD
from bot.rows import Verb
from bot.turns import Answer, Press, Turn
from insights.errors import Invalid


async def press(turn: Turn, pressed: Press, *, is_first: bool = True) -> Answer:
    """Carry out a button; delivered again it changes nothing and shows what there is now.

    Raises Invalid for a verb that no card of this version has.
    """
    verb = VERBS.get(pressed.verb)
    if verb is None:
        raise Invalid("bad_verb")
    run = verb.run if is_first or verb.again is None else verb.again
    return await run(turn, pressed)


async def _say(turn: Turn, pressed: Press) -> Answer:
    if pressed.id not in BY_WORD:
        raise Invalid("bad_id.no_command")
    return await BY_WORD[pressed.id].run(turn, "")


VERBS: Mapping[str, Verb] = {verb.name: verb for verb in (*capture.VERBS, *settings.VERBS, Verb("say", _say))}
