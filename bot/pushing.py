"""Sends what waits in the outbox to users' own chats, and keeps where it stands, so that it is redrawn there.

Several processes may: each row is claimed by one of them, and sent at most once
(`insights/outbox.py` says why).
"""

import asyncio
from contextlib import suppress

import structlog
from sqlalchemy import Connection

from bot import drawings
from bot.chats import Chats
from bot.connector import NO_ANSWER
from bot.conversations import Conversation
from bot.drawings import Place
from bot.kinds import draw, find_kind, make_drawing
from bot.rounds import keep_round
from bot.turns import Answer, message_of
from cards.words import read_words
from insights import choices, outbox
from insights.errors import NotFound, Problem, Unavailable
from insights.leases import HOLDER
from insights.outbox import Push, State
from insights.services import Services

ROUND_SECONDS = 5.0
BUSY_SECONDS = 0.2
AT_ONCE = 16
DRAWING_SECONDS = 20.0
"""Less than a claim holds."""
GRACE = 20.0
"""Seconds that what is on its way may take when the server stops: a little more than Teams is waited for."""
log = structlog.get_logger(__name__)


class Pusher:
    """Empties the outbox."""

    def __init__(self, services: Services, chats: Chats, holder: str = HOLDER) -> None:
        self._services, self._chats, self._holder = services, chats, holder
        self._drawing: dict[int, asyncio.Task[None]] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    async def keep_pushing(self) -> None:
        """Push until cancelled; what has begun to leave is waited for."""
        try:
            await keep_round(self._services, self._begin_round, "cards could not be pushed")
        finally:
            for task in self._drawing.values():
                task.cancel()
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.gather(*self._leaving, return_exceptions=True), GRACE)

    async def _begin_round(self) -> float:
        """Claim what is due; the seconds after which to look again."""
        database, now = self._services.database, self._services.clock()
        self._drawing = {id_: task for id_, task in self._drawing.items() if not task.done()}
        free = AT_ONCE - len(self._drawing)
        if free and await database.read(outbox.has_work, now):
            if lost := await database.write(outbox.give_up_on_dead, now):
                log.warning("cards were on their way when a process died, and are not sent again", count=lost)
            for push in await database.write(outbox.claim, self._holder, now, free):
                self._drawing[push.id] = asyncio.create_task(self._push(push))
        return BUSY_SECONDS if self._drawing else ROUND_SECONDS

    async def _push(self, push: Push) -> None:
        """Draw and send it, or note why not. Where even that fails, the claim runs out."""
        try:
            try:
                async with asyncio.timeout(DRAWING_SECONDS):
                    ready = await self._prepare(push)
            except (Unavailable, TimeoutError) as error:
                await self._put_off(push, error.code if isinstance(error, Unavailable) else "too_slow")
            except Problem as problem:
                await self._end(push, State.ENDED, problem.code)
            else:
                leaving = asyncio.create_task(self._send(push, *ready))
                self._leaving.add(leaving)
                leaving.add_done_callback(self._leaving.discard)
                await asyncio.shield(leaving)
        except Problem as problem:
            log.warning("what became of a push could not be noted", code=problem.code)
        except Exception:
            log.exception("a push failed")
            await self._end(push, State.ENDED, "unexpected")

    async def _prepare(self, push: Push) -> tuple[Conversation, Answer]:
        """Where it goes, and the card; raises NotFound where there is nobody or nothing to tell."""
        conversation = await self._chats.conversations.look_up(push.user_id)
        if conversation is None:
            raise NotFound("no_chat")
        user = await self._services.crm.user(push.user_id)
        if user is None:
            raise NotFound("user_gone")
        language = await self._services.database.read(choices.choose, "language", push.user_id)
        words = read_words(language)
        drawing = make_drawing(push.kind, push.user_id, words.language, push.arguments)
        if not await find_kind(push.kind).is_wanted(self._services, user, drawing):
            raise NotFound("not_wanted")
        return conversation, await draw(self._services, user, words, drawing)

    async def _send(self, push: Push, conversation: Conversation, answer: Answer) -> None:
        if not await self._services.database.write(self._begin, push, answer):
            return  # it took so long that another process has it, or it was ended
        try:
            place = await self._chats.push(conversation, message_of(answer))
        except Unavailable as problem:
            if problem.code == NO_ANSWER:
                log.warning("a card was pushed and not answered for, and is not sent again")
                await self._end(push, State.UNSURE, problem.code)
            else:
                await self._put_off(push, problem.code)
        except Problem as problem:
            await self._end(push, State.ENDED, problem.code)
        else:
            await self._services.database.write(self._note_sent, push, answer, place)

    def _begin(self, connection: Connection, push: Push, answer: Answer) -> bool:
        """Note that it leaves; its buttons are to work even if nobody comes to note where it stands."""
        begun = outbox.begin(connection, push, self._holder, self._services.clock())
        if begun and answer.drawing:
            drawings.keep_drawing(connection, answer.drawing, self._services.now())
        return begun

    def _note_sent(self, connection: Connection, push: Push, answer: Answer, place: Place) -> None:
        outbox.end(connection, push, self._holder, self._services.clock(), State.SENT)
        if answer.drawing and place.activity_id:
            database, now = self._services.database, self._services.now()
            drawings.keep(connection, database, answer.drawing, place, answer.change_id, now)

    async def _end(self, push: Push, state: State, cause: str) -> None:
        now = self._services.clock()
        await self._services.database.write(outbox.end, push, self._holder, now, state, cause)

    async def _put_off(self, push: Push, cause: str) -> None:
        log.info("a card is pushed later", code=cause)
        now = self._services.clock()
        await self._services.database.write(outbox.put_off, push, self._holder, now, cause)
