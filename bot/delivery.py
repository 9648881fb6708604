"""Brings answers to where they belong: into the chat, in place of a card, or into somebody's own chat.

What Teams does not take is sent again for a while; what can be redrawn is noted with the place it stands at.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from bot import drawings
from bot.activities import Incoming
from bot.chats import Chats
from bot.drawings import Place
from bot.turns import Answer, message_of
from cards.words import read_words
from insights.errors import Problem, Unavailable
from insights.services import Services

LATER_SECONDS = (2.0, 15.0, 60.0)
"""When an answer that Teams did not take is sent again."""

log = structlog.get_logger(__name__)


class Delivery:
    """Sends and replaces cards; `close` it at the end."""

    def __init__(self, services: Services, chats: Chats) -> None:
        self._services = services
        self._chats = chats
        self._late: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Let go of what is still to be sent or finished."""
        for task in self._late:
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)

    async def show(self, incoming: Incoming, answer: Answer) -> None:
        """Send a card as the reply to an activity; where that fails, it is tried again for a while."""
        try:
            await self._send(incoming, answer)
        except Unavailable as problem:
            log.warning("an answer is sent later", code=problem.code)
            self.do_later(self._send_later(incoming, answer))
        except Problem as problem:
            log.warning("an answer cannot be sent", code=problem.code)

    async def _send(self, incoming: Incoming, answer: Answer) -> None:
        activity_id = await self._chats.reply(incoming, message_of(answer))
        await self.keep(answer, Place(incoming.service_url, incoming.conversation_id, activity_id))

    async def _send_later(self, incoming: Incoming, answer: Answer) -> None:
        for seconds in LATER_SECONDS:
            await asyncio.sleep(seconds)
            try:
                return await self._send(incoming, answer)
            except Problem as problem:
                log.warning("an answer could not be sent", code=problem.code)
        return None

    def do_later(self, work: Coroutine[Any, Any, None]) -> None:
        """Let `work` go on after the turn has ended."""
        task = asyncio.create_task(work)
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def answer_privately(self, incoming: Incoming, answer: Answer) -> None:
        """Send a card to the own chat of who wrote in a group; the group hears only that."""
        words = read_words(incoming.locale)
        try:
            place = await self._chats.send_privately(incoming, message_of(answer))
        except Problem as problem:
            log.info("no own chat", code=problem.code)
            await self.tell(incoming, words("bot.no_own_chat"))
            return
        await self.keep(answer, place)
        await self.tell(incoming, words("bot.answered_privately"))

    async def tell(self, incoming: Incoming, text: str) -> None:
        """Say a sentence in a group."""
        try:
            await self._chats.reply(incoming, {"type": "message", "text": text})
        except Problem as problem:
            log.warning("a group could not be answered", code=problem.code)

    async def replace(self, incoming: Incoming, answer: Answer) -> None:
        """Put a card in place of the one whose button was pressed, below it where that is refused."""
        place = place_of(incoming)
        try:
            await self._chats.update(place, message_of(answer))
        except Problem as problem:
            log.warning("a card could not be replaced", code=problem.code)
            await self.show(incoming, answer)
            return
        await self.keep_instead(answer, place)

    async def keep(self, answer: Answer, place: Place) -> None:
        """Note what stands at a place now."""
        if answer.drawing and place.activity_id:
            database, now = self._services.database, self._services.now()
            await database.write(drawings.keep, database, answer.drawing, place, answer.change_id, now)

    async def keep_instead(self, answer: Answer, place: Place) -> None:
        """The same where another card stood: one that is never redrawn must not be drawn over."""
        if answer.drawing:
            await self.keep(answer, place)
        elif place.activity_id:
            await self._services.database.write(drawings.forget_place, place)


def place_of(incoming: Incoming) -> Place:
    """Where the card of a button stands."""
    return Place(incoming.service_url, incoming.conversation_id, incoming.reply_to_id)
