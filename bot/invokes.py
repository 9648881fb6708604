"""Invokes: buttons, searches, dialogs and signing in, each answered at once with a status and a body."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog

from bot import actions, commands, dialogs, search, signing_in
from bot.activities import Incoming
from bot.chats import Chats
from bot.delivery import Delivery, place_of
from bot.presses import read_execute, read_object
from bot.signing_in import Exchange, SignIns
from bot.turning import Turning, failure_card, problem_card
from bot.turns import CARD, INVOKE_SECONDS, Answer, Press, Turn, told
from cards.words import read_words
from insights.errors import Problem, SignInNeeded
from insights.services import Services

MESSAGE = "application/vnd.microsoft.activity.message"
SIGN_INS = {"signin/tokenExchange", "signin/verifyState"}
Reply = tuple[int, Any]

log = structlog.get_logger(__name__)


class Invokes:
    """Answers invokes."""

    def __init__(self, services: Services, chats: Chats, delivery: Delivery, turning: Turning) -> None:
        self._services, self._chats = services, chats
        self._delivery, self._turning = delivery, turning
        self._sign_ins = SignIns(services, chats, delivery)

    async def answer(self, incoming: Incoming) -> Reply:
        """(status, body) as Teams reads it."""
        value = incoming.value if isinstance(incoming.value, dict) else {}
        if incoming.name == "adaptiveCard/action":
            pressed = read_execute(value)
            if pressed is None:
                return 400, {"error": {"code": "BadRequest", "message": "no verb"}}
            exchange = signing_in.read_exchange(read_object(value, "authentication"))
            return 200, await self._answer_press(incoming, pressed, exchange)
        if incoming.name in SIGN_INS:
            return await self._answer_sign_in(incoming, value)
        if incoming.name in dialogs.ANSWERS:
            return 200, await self._answer_dialog(incoming, read_object(value, "data"))
        if incoming.name in search.SEARCHES:
            return 200, await self._answer_search(incoming, search.SEARCHES[incoming.name], value)
        return 404, {"error": {"code": "NotSupported", "message": "there is no such invoke here"}}

    async def _answer_sign_in(self, incoming: Incoming, value: Mapping[str, Any]) -> Reply:
        if incoming.name == "signin/verifyState":
            return await self._sign_ins.verify(incoming, value.get("state"))

        async def answer(question: str) -> Answer:
            return await self._turning.attempt(incoming, lambda turn: commands.answer(turn, question))

        return await self._sign_ins.exchange(incoming, signing_in.read_exchange(value), answer)

    async def _answer_dialog(self, incoming: Incoming, data: Mapping[str, Any]) -> dict[str, Any]:
        words = read_words(incoming.locale)
        try:
            return await dialogs.ANSWERS[incoming.name](await self._turning.require(incoming), data)
        except Problem as problem:
            return dialogs.refusal(problem, words)
        except Exception:
            log.exception("a dialog failed", name=incoming.name)
            return dialogs.failure(words)

    async def _answer_search(
        self, incoming: Incoming, searching: search.Search, value: Mapping[str, Any]
    ) -> dict[str, Any]:
        words = read_words(incoming.locale)
        try:
            user = await self._chats.identify(incoming)
            if user is None:
                return search.message(words("bot.stranger_do"))
            return await searching(Turn(self._services, incoming, user, words), value)
        except Problem as problem:
            return search.refusal(problem, words)
        except Exception:
            log.exception("a search failed", name=incoming.name)
            return search.message(words("bot.failed"))

    async def _answer_press(
        self, incoming: Incoming, pressed: Press, exchange: Exchange | None
    ) -> dict[str, Any]:
        """The card in its new state, or a sentence where the press was refused."""
        words = read_words(incoming.locale)
        if incoming.is_group:
            return said(words("bot.not_in_groups"))
        if exchange:
            try:
                await self._sign_ins.accept(incoming, exchange)
            except Problem:
                return signing_in.refused(incoming)
            # The same press as before, which was refused and must not count as its first delivery.
            incoming = replace(incoming, id=f"{incoming.id}/signed in")
        work = asyncio.create_task(self._press(incoming, pressed))
        done, _ = await asyncio.wait({work}, timeout=INVOKE_SECONDS)
        if not done:
            self._delivery.do_later(self._finish_late(incoming, work))
            return said(words("bot.still_working"))
        return await self._outcome(incoming, work, has_token=exchange is not None)

    async def _outcome(
        self, incoming: Incoming, work: asyncio.Task[Answer], *, has_token: bool
    ) -> dict[str, Any]:
        """What a button that has ended answers."""
        words = read_words(incoming.locale)
        try:
            answer = work.result()
        except SignInNeeded as problem:
            if has_token:  # asking again would bring the same token again
                return signing_in.refused(incoming)
            return signing_in.login_request(self._services.settings, incoming, problem)
        except Problem as problem:
            return said(told(problem, words))
        except Exception:
            log.exception("a button failed")
            return said(f"{words('bot.failed')} {words('bot.failed_do')}")
        await self._delivery.keep_instead(answer, place_of(incoming))
        return {"statusCode": 200, "type": CARD, "value": answer.card}

    async def _press(self, incoming: Incoming, pressed: Press) -> Answer:
        turn = await self._turning.require(incoming)
        is_first = await self._chats.conversations.take(incoming)
        return await actions.press(turn, pressed, is_first=is_first)

    async def _finish_late(self, incoming: Incoming, work: asyncio.Task[Answer]) -> None:
        """Change the card once a button that took too long has ended, or say why it cannot."""
        words = read_words(incoming.locale)
        try:
            await self._delivery.replace(incoming, await work)
        except SignInNeeded as problem:
            await self._delivery.show(incoming, signing_in.ask(self._services.settings, incoming, problem))
        except Problem as problem:
            await self._delivery.show(incoming, Answer(problem_card(problem, words)))
        except Exception:
            log.exception("a button failed")
            await self._delivery.show(incoming, Answer(failure_card(words)))


def refuse(incoming: Incoming, text: str) -> Reply:
    """What an invoke of somebody is told for whom we are not there."""
    if incoming.name == "adaptiveCard/action":
        return 200, said(text)
    if incoming.name in search.SEARCHES:
        return 200, search.message(text)
    if incoming.name in dialogs.ANSWERS:
        return 200, dialogs.said(text)
    return 403, {"error": {"code": "Forbidden", "message": text}}


def said(text: str) -> dict[str, Any]:
    """A sentence above the card whose button was pressed."""
    return {"statusCode": 200, "type": MESSAGE, "value": text}
