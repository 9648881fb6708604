"""Who a turn is of, and the card that says why there is no answer."""

from collections.abc import Awaitable, Callable

import structlog

from bot import signing_in
from bot.activities import Incoming
from bot.chats import Chats
from bot.turns import Answer, Turn
from cards.elements import Card
from cards.notice import notice_card
from cards.words import Words, read_words
from insights.errors import Invalid, NotFound, Problem, SignInNeeded
from insights.services import Services

log = structlog.get_logger(__name__)


class Turning:
    """Makes turns of activities, and answers of what goes wrong in them."""

    def __init__(self, services: Services, chats: Chats) -> None:
        self._services, self._chats = services, chats

    async def turn(self, incoming: Incoming) -> Turn | None:
        """The turn of a user of the CRM, None for strangers."""
        user = await self._chats.identify(incoming)
        if user is None:
            return None
        if not incoming.is_group:
            await self._chats.remember(incoming, user)
        return Turn(self._services, incoming, user, read_words(incoming.locale))

    async def require(self, incoming: Incoming) -> Turn:
        """The same; raises NotFound for strangers."""
        turn = await self.turn(incoming)
        if turn is None:
            raise NotFound("unknown_user.bot")
        return turn

    async def run(self, incoming: Incoming, work: Callable[[Turn], Awaitable[Answer]]) -> Answer:
        """The answer of `work`, or the card that says why there is none."""
        try:
            return await self.attempt(incoming, work)
        except SignInNeeded as problem:
            return signing_in.ask(self._services.settings, incoming, problem)

    async def attempt(self, incoming: Incoming, work: Callable[[Turn], Awaitable[Answer]]) -> Answer:
        """The same; raises SignInNeeded where the user has to sign in first."""
        words = read_words(incoming.locale)
        try:
            turn = await self.turn(incoming)
            return await work(turn) if turn else Answer(stranger_card(words))
        except SignInNeeded:
            raise
        except Problem as problem:
            return Answer(problem_card(problem, words), is_refusal=True)
        except Exception:
            log.exception("a turn failed", kind=incoming.type)
            return Answer(failure_card(words), is_refusal=True)


def stranger_card(words: Words) -> Card:
    """What is said to somebody whom the CRM does not know."""
    return notice_card(words("bot.stranger"), [words("bot.stranger_do")], words, is_error=True)


def failure_card(words: Words) -> Card:
    """What is said of a fault of ours."""
    return notice_card(words("bot.failed"), [words("bot.failed_do")], words, is_error=True)


def problem_card(problem: Problem, words: Words) -> Card:
    """What was asked wrongly is asked back; what failed is framed."""
    told = problem.told(words)
    parts = [part for part in (told.why, told.do) if part]
    return notice_card(told.what, parts, words, is_error=not isinstance(problem, Invalid))
