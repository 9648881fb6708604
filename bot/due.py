"""What of the chats falls due: old cards, deliveries and pushes are forgotten, late pushes ended."""

from datetime import timedelta

from bot.conversations import forget_taken
from bot.drawings import KEPT, forget_drawings
from insights import outbox
from insights.services import Services
from insights.work import Due


async def end_late(services: Services) -> int:
    """End what could not be sent in its time; how many."""
    return await services.database.write(outbox.end_late, services.clock())


async def forget_pushes(services: Services) -> int:
    """Forget what came to an end as long ago as cards are let go; how many."""
    return await services.database.write(outbox.forget, services.now() - KEPT)


HOURLY, NOW_AND_THEN = timedelta(hours=1), timedelta(minutes=5)
DUE = (
    Due("drawings", "cards in chats older than two weeks were let go", forget_drawings, HOURLY),
    Due("deliveries", "activities of more than a day ago were forgotten", forget_taken, HOURLY),
    Due("late_pushes", "cards could not be sent in their time", end_late, NOW_AND_THEN),
    Due("pushes", "what was sent by itself more than two weeks ago was forgotten", forget_pushes, HOURLY),
)
