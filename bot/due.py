"""What of the chats falls due: old lists and deliveries are forgotten."""

from datetime import timedelta

from bot.conversations import forget_taken
from bot.listings import forget_listings
from insights.work import Due

DUE = (
    Due("listings", "lists in chats older than two weeks were let go", forget_listings, timedelta(hours=1)),
    Due("deliveries", "activities of more than a day ago were forgotten", forget_taken, timedelta(hours=1)),
)
