"""Redraws cards that stand in chats when what they show changed, wherever it was changed from.

What is stale is read from the database, so a change that happened while no server ran is caught up with.
"""

import asyncio
from collections import deque

import structlog

from bot import listings
from bot.chats import Chats
from bot.drawing import draw_listing
from bot.listings import Place
from bot.turns import Listing, message_of
from cards.words import read_words
from insights.errors import Problem
from insights.services import Services

EVERY_SECONDS = 0.4
LOOK_BACK = 25
"""How many rounds a change is looked at: a list that was drawn before it may be noted after it."""
log = structlog.get_logger(__name__)


async def keep_redrawing(services: Services, chats: Chats) -> None:
    """Redraw until cancelled; what cannot be delivered is logged and left as it is."""
    seen: deque[int] = deque(maxlen=LOOK_BACK)
    while True:
        try:
            newest, stale = await services.database.read(listings.select_stale, seen[0] if seen else 0)
            seen.append(newest)
            for listing, place in stale:
                await _redraw(services, chats, listing, place, newest)
        except Problem as problem:
            log.warning("cards could not be redrawn", code=problem.code)
        except Exception:
            log.exception("cards could not be redrawn")
        await asyncio.sleep(EVERY_SECONDS)


async def _redraw(services: Services, chats: Chats, listing: Listing, place: Place, newest: int) -> None:
    """Redraw one list, unless another server does."""
    if not await services.database.write(listings.claim, place, newest):
        return
    user = await services.crm.user(listing.user_id)
    if user is None:
        return
    try:
        answer = await draw_listing(services, user, read_words(listing.language), listing)
        await chats.update(place, message_of(answer))
    except Problem as problem:
        log.warning("a card could not be redrawn", code=problem.code)
