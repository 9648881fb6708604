"""Redraws cards that stand in chats when what they show changed, wherever it was changed from.

What is stale is read from the database, and a card counts as drawn only once Teams took it: what failed,
or happened while no server ran, is caught up with. Two servers may both redraw a card, to the same end.
"""

import asyncio
import time
from collections import deque
from datetime import timedelta

import structlog

from bot import listings
from bot.chats import Chats
from bot.drawing import draw_listing
from bot.listings import Place
from bot.turns import Listing, message_of
from cards.words import read_words
from insights.errors import NotAllowed, NotFound, Problem
from insights.news import Heard
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
            while True:
                try:
                    async with self._services.news.listen(None) as heard:
                        while True:
                            await self._begin_round()
                            await self._wait_for_news(heard)
                except Problem as problem:
                    log.warning("cards could not be redrawn", code=problem.code)
                except Exception:
                    log.exception("cards could not be redrawn")
                await asyncio.sleep(FIRST_PAUSE)
        finally:
            for task in self._busy.values():
                task.cancel()

    async def _wait_for_news(self, heard: Heard) -> None:
        """Until something happened, or it is time for what is still to do; raises the Problem of no news."""
        try:
            async with asyncio.timeout(FIRST_PAUSE if self._paused or self._busy else ROUND_SECONDS):
                told = await heard.get()
        except TimeoutError:
            return
        if isinstance(told, Problem):
            raise told

    async def _begin_round(self) -> None:
        now, after = time.monotonic(), self._seen[0][1] if self._seen else 0
        newest, stale = await self._services.database.read(listings.select_stale, after)
        self._seen.append((now, newest))
        while self._seen[0][0] < now - LOOK_BACK.total_seconds():
            self._seen.popleft()
        self._busy = {key: task for key, task in self._busy.items() if not task.done()}
        keys = {place.key for _, place in stale}
        self._paused = {key: pause for key, pause in self._paused.items() if key in keys}
        for listing, place in stale:
            until, _ = self._paused.get(place.key, (0.0, 0.0))
            if place.key not in self._busy and time.monotonic() >= until:
                self._busy[place.key] = asyncio.create_task(self._redraw(listing, place))

    async def _redraw(self, listing: Listing, place: Place) -> None:
        async with self._slots:
            try:
                await self._draw(listing, place)
            except (NotFound, NotAllowed) as problem:
                log.info("a card is given up", code=problem.code)
                await self._services.database.write(listings.forget_place, place)
            except Problem as problem:
                self._pause(place.key)
                log.warning("a card could not be redrawn", code=problem.code)
            except Exception:
                self._pause(place.key)
                log.exception("a card could not be redrawn")

    async def _draw(self, listing: Listing, place: Place) -> None:
        user = await self._services.crm.user(listing.user_id)
        if user is None:
            raise NotFound("user_gone")
        answer = await draw_listing(self._services, user, read_words(listing.language), listing)
        await self._chats.update(place, message_of(answer))
        await self._services.database.write(listings.note_drawn, place, answer.change_id)

    def _pause(self, key: str) -> None:
        _, before = self._paused.get(key, (0.0, 0.0))
        seconds = min(max(before * 2, FIRST_PAUSE), LONGEST_PAUSE)
        self._paused[key] = (time.monotonic() + seconds, seconds)
