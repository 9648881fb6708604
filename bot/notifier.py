"""Redraws cards that stand in chats when what they show changed, wherever it was changed from.

What is stale is read from the database, and a card counts as drawn only once Teams took it: what failed,
or happened while no server ran, is caught up with. Of several servers one at a time redraws a card, so that
no older drawing comes after a newer one.
"""

import asyncio
import time
from collections import deque
from datetime import timedelta

import structlog

from bot import drawings
from bot.chats import Chats
from bot.drawings import Drawing, Place
from bot.kinds import draw
from bot.rounds import keep_round
from bot.turns import message_of
from cards.words import read_words
from insights.errors import NotAllowed, NotFound, Problem
from insights.services import Services

ROUND_SECONDS = 5.0
LOOK_BACK = timedelta(minutes=10)
"""How long a change is looked at: a card may be noted, or fail, long after it."""
AT_ONCE = 16
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
log = structlog.get_logger(__name__)


class Redrawer:
    """Keeps cards in chats true."""

    def __init__(self, services: Services, chats: Chats) -> None:
        self._services = services
        self._chats = chats
        self._seen: deque[tuple[float, int]] = deque()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._paused: dict[str, tuple[float, float]] = {}
        """By place: until when it is left alone after a failure, and for how long that was."""

    async def keep_redrawing(self) -> None:
        """Redraw until cancelled: on news, and from time to time what failed or was noted late."""
        try:
            await keep_round(self._services, self._begin_round, "cards could not be redrawn")
        finally:
            for task in self._busy.values():
                task.cancel()

    async def _begin_round(self) -> float:
        """Begin with what is stale; the seconds after which to look again."""
        now, after = time.monotonic(), self._seen[0][1] if self._seen else 0
        newest, stale = await self._services.database.read(
            drawings.select_stale, after, self._services.clock()
        )
        self._seen.append((now, newest))
        while self._seen[0][0] < now - LOOK_BACK.total_seconds():
            self._seen.popleft()
        self._busy = {key: task for key, task in self._busy.items() if not task.done()}
        keys = {place.key for _, place in stale}
        self._paused = {key: pause for key, pause in self._paused.items() if key in keys}
        for drawing, place in stale:
            until, _ = self._paused.get(place.key, (0.0, 0.0))
            if place.key not in self._busy and time.monotonic() >= until:
                self._busy[place.key] = asyncio.create_task(self._redraw(drawing, place))
        return FIRST_PAUSE if self._paused or self._busy else ROUND_SECONDS

    async def _redraw(self, drawing: Drawing, place: Place) -> None:
        async with self._slots:
            try:
                if await self._services.database.write(drawings.hold, place, self._services.clock()):
                    await self._draw(drawing, place)
            except (NotFound, NotAllowed) as problem:
                log.info("a card is given up", code=problem.code)
                await self._services.database.write(drawings.forget_place, place)
            except Problem as problem:
                log.warning("a card could not be redrawn", code=problem.code)
                await self._leave(place)
            except Exception:
                log.exception("a card could not be redrawn")
                await self._leave(place)

    async def _draw(self, drawing: Drawing, place: Place) -> None:
        user = await self._services.crm.user(drawing.user_id)
        if user is None:
            raise NotFound("user_gone")
        answer = await draw(self._services, user, read_words(drawing.language), drawing)
        await self._chats.update(place, message_of(answer))
        await self._services.database.write(drawings.note_drawn, place, answer.change_id)

    async def _leave(self, place: Place) -> None:
        """Try again after a while, here or elsewhere."""
        self._pause(place.key)
        try:
            await self._services.database.write(drawings.let_go, place)
        except Problem as problem:  # then it is free once its time is over
            log.warning("a card could not be let go", code=problem.code)

    def _pause(self, key: str) -> None:
        _, before = self._paused.get(key, (0.0, 0.0))
        seconds = min(max(before * 2, FIRST_PAUSE), LONGEST_PAUSE)
        self._paused[key] = (time.monotonic() + seconds, seconds)
