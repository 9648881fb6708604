"""What happens with each kind of activity: messages, invokes, installing and uninstalling.

Whatever a turn finds out about somebody goes to their own chat: a group only hears that it was answered.
"""

from botbuilder.core import ActivityHandler, InvokeResponse, TurnContext
from typing_extensions import override

from bot import actions, commands
from bot.activities import Incoming
from bot.adapter import INCOMING, INVOKE_RESPONSE
from bot.chats import Chats
from bot.delivery import Delivery
from bot.invokes import Invokes, refuse
from bot.presses import read_submit
from bot.turning import Turning, stranger_card
from bot.turns import Answer, Press
from cards.help import welcome_card
from cards.words import read_words
from insights.services import Services


class Handler(ActivityHandler):
    """Answers turns."""

    def __init__(self, services: Services, chats: Chats) -> None:
        self._chats = chats
        self._delivery, self._turning = Delivery(services, chats), Turning(services, chats)
        self._invokes = Invokes(services, chats, self._delivery, self._turning)

    @override
    async def on_turn(self, context: TurnContext) -> None:
        incoming: Incoming = context.turn_state[INCOMING]
        if not self._chats.are_ours(incoming):
            await self._answer_foreigner(context, incoming)
        elif incoming.type == "invoke":
            status, body = await self._invokes.answer(incoming)
            context.turn_state[INVOKE_RESPONSE] = InvokeResponse(status=status, body=body)
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
        answer = await self._turning.run(incoming, lambda turn: commands.answer(turn, incoming.words))
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
            status, body = refuse(incoming, text)
            context.turn_state[INVOKE_RESPONSE] = InvokeResponse(status=status, body=body)

    async def _welcome(self, incoming: Incoming) -> None:
        """Say hello, once however the installation was told; a group hears where to write."""
        words = read_words(incoming.locale)
        if incoming.is_group:
            if await self._chats.greet(incoming):
                await self._delivery.tell(incoming, words("bot.welcome_group"))
            return
        self._chats.conversations.doubt(incoming.conversation_id)
        turn = await self._turning.turn(incoming)
        if not await self._chats.greet(incoming):
            return
        if turn is None:
            await self._delivery.show(incoming, Answer(stranger_card(words)))
        else:
            texts = [command.word for command in commands.commands_of(turn.user)]
            await self._delivery.show(incoming, Answer(welcome_card(texts, words)))

    async def _answer_submit(self, incoming: Incoming, pressed: Press) -> None:
        """A button of a client that knows no Action.Execute: the card changes by being replaced."""
        answer = await self._turning.run(incoming, lambda turn: actions.press(turn, pressed))
        if incoming.is_group:
            await self._delivery.answer_privately(incoming, answer)
        elif answer.is_refusal or not incoming.reply_to_id:
            await self._delivery.show(incoming, answer)
        else:
            await self._delivery.replace(incoming, answer)
