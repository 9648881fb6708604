"""What happens with each kind of activity: messages, buttons, searches, installing and uninstalling.

Whatever a turn finds out about somebody goes to their own chat: a group only hears that it was answered.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import structlog
from botbuilder.core import ActivityHandler, InvokeResponse, TurnContext
from typing_extensions import override

from bot import actions, commands, search, signing_in
from bot.activities import Incoming
from bot.adapter import INCOMING, INVOKE_RESPONSE
from bot.chats import Chats
from bot.delivery import Delivery, place_of
from bot.presses import read_execute, read_object, read_submit
from bot.signing_in import Exchange, SignIns
from bot.turns import CARD, INVOKE_SECONDS, Answer, Press, Turn, told
from cards.elements import Card
from cards.help import welcome_card
from cards.notice import notice_card
from cards.words import Words, read_words
from insights.errors import Invalid, NotFound, Problem, SignInNeeded
from insights.services import Services

MESSAGE = "application/vnd.microsoft.activity.message"
SIGN_INS = {"signin/tokenExchange", "signin/verifyState"}

log = structlog.get_logger(__name__)


class Handler(ActivityHandler):
    """Answers turns."""

    def __init__(self, services: Services, chats: Chats) -> None:
        self._services = services
        self._chats = chats
        self._delivery = Delivery(services, chats)
        self._sign_ins = SignIns(services, chats, self._delivery)

    @override
    async def on_turn(self, context: TurnContext) -> None:
        incoming: Incoming = context.turn_state[INCOMING]
        if not self._chats.are_ours(incoming):
            await self._answer_foreigner(context, incoming)
        elif incoming.type == "invoke":
            context.turn_state[INVOKE_RESPONSE] = await self._answer_invoke(incoming)
        elif await self._chats.conversations.take(incoming):
            await super().on_turn(context)

    @override
    async def on_message_activity(self, context: TurnContext) -> None:
        incoming: Incoming = context.turn_state[INCOMING]
        pressed = read_submit(incoming)
        if pressed:
            await self._answer_submit(incoming, pressed)
            return
        if incoming.shares and not incoming.words:
            return  # a card or file put into the chat asks nothing
        answer = await self._run(incoming, lambda turn: commands.answer(turn, incoming.words))
        if incoming.is_group:
            await self._delivery.answer_privately(incoming, answer)
        else:
            await self._delivery.show(incoming, answer)

    @override
    async def on_members_added_activity(self, members_added: object, turn_context: TurnContext) -> None:
        incoming: Incoming = turn_context.turn_state[INCOMING]
        if incoming.recipient.id in incoming.added:
            await self._welcome(incoming)

    @override
    async def on_members_removed_activity(self, members_removed: object, turn_context: TurnContext) -> None:
        incoming: Incoming = turn_context.turn_state[INCOMING]
        if incoming.recipient.id in incoming.removed:
            await self._chats.conversations.forget(incoming.conversation_id)

    @override
    async def on_installation_update_add(self, turn_context: TurnContext) -> None:
        await self._welcome(turn_context.turn_state[INCOMING])

    @override
    async def on_installation_update_remove(self, turn_context: TurnContext) -> None:
        incoming: Incoming = turn_context.turn_state[INCOMING]
        await self._chats.conversations.forget(incoming.conversation_id)

    async def close(self) -> None:
        """Let go of what is still to be sent or finished."""
        await self._delivery.close()

    async def _answer_foreigner(self, context: TurnContext, incoming: Incoming) -> None:
        """Say that we are not there for people of that tenant; nothing of theirs is looked up or kept."""
        text = read_words(incoming.locale)("bot.foreign_tenant")
        if incoming.type == "message":
            await self._delivery.tell(incoming, text)
        elif incoming.type == "invoke":
            context.turn_state[INVOKE_RESPONSE] = _refused_invoke(incoming, text)

    async def _welcome(self, incoming: Incoming) -> None:
        """Say hello, once however the installation was told; a group hears where to write."""
        words = read_words(incoming.locale)
        if incoming.is_group:
            if await self._chats.greet(incoming):
                await self._delivery.tell(incoming, words("bot.welcome_group"))
            return
        turn = await self._turn(incoming)
        if not await self._chats.greet(incoming):
            return
        if turn is None:
            await self._delivery.show(incoming, Answer(_stranger(words)))
        else:
            texts = [command.text for command in commands.commands_of(turn.user)]
            await self._delivery.show(incoming, Answer(welcome_card(texts, words)))

    async def _turn(self, incoming: Incoming) -> Turn | None:
        """The turn of a user of the CRM, None for strangers."""
        user = await self._chats.identify(incoming)
        if user is None:
            return None
        if not incoming.is_group:
            await self._chats.remember(incoming, user)
        return Turn(self._services, incoming, user, read_words(incoming.locale))

    async def _run(self, incoming: Incoming, work: Callable[[Turn], Awaitable[Answer]]) -> Answer:
        """The answer of `work`, or the card that says why there is none."""
        try:
            return await self._attempt(incoming, work)
        except SignInNeeded as problem:
            return signing_in.ask(self._services.settings, incoming, problem)

    async def _attempt(self, incoming: Incoming, work: Callable[[Turn], Awaitable[Answer]]) -> Answer:
        """The same; raises SignInNeeded where the user has to sign in first."""
        words = read_words(incoming.locale)
        try:
            turn = await self._turn(incoming)
            return await work(turn) if turn else Answer(_stranger(words))
        except SignInNeeded:
            raise
        except Problem as problem:
            return Answer(_problem_card(problem, words), is_refusal=True)
        except Exception:
            log.exception("a turn failed", kind=incoming.type)
            return Answer(_failure_card(words), is_refusal=True)

    async def _answer_submit(self, incoming: Incoming, pressed: Press) -> None:
        """A button of a client that knows no Action.Execute: the card changes by being replaced."""
        answer = await self._run(incoming, lambda turn: actions.press(turn, pressed))
        if incoming.is_group:
            await self._delivery.answer_privately(incoming, answer)
        elif answer.is_refusal or not incoming.reply_to_id:
            await self._delivery.show(incoming, answer)
        else:
            await self._delivery.replace(incoming, answer)

    async def _answer_invoke(self, incoming: Incoming) -> InvokeResponse:
        value = incoming.value if isinstance(incoming.value, dict) else {}
        if incoming.name == "adaptiveCard/action":
            pressed = read_execute(value)
            if pressed is None:
                return InvokeResponse(
                    status=400, body={"error": {"code": "BadRequest", "message": "no verb"}}
                )
            exchange = signing_in.read_exchange(read_object(value, "authentication"))
            return InvokeResponse(status=200, body=await self._answer_press(incoming, pressed, exchange))
        if incoming.name in SIGN_INS:
            status, body = await self._answer_sign_in(incoming, value)
            return InvokeResponse(status=status, body=body)
        searching = search.SEARCHES.get(incoming.name)
        if searching is None:
            return InvokeResponse(
                status=404,
                body={"error": {"code": "NotSupported", "message": "there is no such invoke here"}},
            )
        return InvokeResponse(status=200, body=await self._answer_search(incoming, searching, value))

    async def _answer_sign_in(self, incoming: Incoming, value: Mapping[str, Any]) -> tuple[int, Any]:
        if incoming.name == "signin/verifyState":
            return await self._sign_ins.verify(incoming, value.get("state"))

        async def answer(question: str) -> Answer:
            return await self._attempt(incoming, lambda turn: commands.answer(turn, question))

        return await self._sign_ins.exchange(incoming, signing_in.read_exchange(value), answer)

    async def _answer_search(
        self, incoming: Incoming, searching: search.Search, value: Mapping[str, Any]
    ) -> dict[str, Any]:
        try:
            user = await self._chats.identify(incoming)
            if user is None:
                return search.message(read_words(incoming.locale)("bot.stranger_do"))
            words = read_words(incoming.locale)
            return await searching(Turn(self._services, incoming, user, words), value)
        except Problem as problem:
            return search.refusal(problem)
        except Exception:
            log.exception("a search failed", name=incoming.name)
            return search.message(read_words(incoming.locale)("bot.failed"))

    async def _answer_press(
        self, incoming: Incoming, pressed: Press, exchange: Exchange | None
    ) -> dict[str, Any]:
        """The card in its new state, or a sentence where the press was refused."""
        words = read_words(incoming.locale)
        if incoming.is_group:
            return _said(words("bot.not_in_groups"))
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
            return _said(words("bot.still_working"))
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
            return _said(told(problem))
        except Exception:
            log.exception("a button failed")
            return _said(f"{words('bot.failed')} {words('bot.failed_do')}")
        await self._delivery.keep(answer, place_of(incoming))
        return {"statusCode": 200, "type": CARD, "value": answer.card}

    async def _press(self, incoming: Incoming, pressed: Press) -> Answer:
        turn = await self._turn(incoming)
        if turn is None:
            raise NotFound(
                "You are not known here", "the CRM has no enabled user for you", code="unknown_user"
            )
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
            await self._delivery.show(incoming, Answer(_problem_card(problem, words)))
        except Exception:
            log.exception("a button failed")
            await self._delivery.show(incoming, Answer(_failure_card(words)))


def _refused_invoke(incoming: Incoming, text: str) -> InvokeResponse:
    if incoming.name == "adaptiveCard/action":
        return InvokeResponse(status=200, body=_said(text))
    if incoming.name in search.SEARCHES:
        return InvokeResponse(status=200, body=search.message(text))
    return InvokeResponse(status=403, body={"error": {"code": "Forbidden", "message": text}})


def _said(text: str) -> dict[str, Any]:
    return {"statusCode": 200, "type": MESSAGE, "value": text}


def _stranger(words: Words) -> dict[str, Any]:
    return notice_card(words("bot.stranger"), [words("bot.stranger_do")], words, is_error=True)


def _failure_card(words: Words) -> Card:
    return notice_card(words("bot.failed"), [words("bot.failed_do")], words, is_error=True)


def _problem_card(problem: Problem, words: Words) -> dict[str, Any]:
    """What was asked wrongly is asked back; what failed is framed."""
    parts = [part for part in (problem.why, problem.do) if part]
    return notice_card(problem.what, parts, words, is_error=not isinstance(problem, Invalid))
