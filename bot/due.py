"""What of the chats falls due: old cards and deliveries are forgotten."""

from datetime import timedelta

from bot.conversations import forget_taken
from bot.drawings import forget_drawings
from insights.work import Due

DUE = (
    Due("drawings", "cards in chats older than two weeks were let go", forget_drawings, timedelta(hours=1)),
    Due("deliveries", "activities of more than a day ago were forgotten", forget_taken, timedelta(hours=1)),
)
