"""What falls due by itself where mail comes from Graph, as rows for `insights/work.py`."""

from datetime import timedelta

from connectors.graph.following import Following
from connectors.graph.places import Places
from insights.work import Due


def following_due(following: Following) -> tuple[Due, ...]:
    """Subscriptions and their end, looks at what was missed."""
    minute = timedelta(minutes=1)
    return (
        Due(
            "unfollowed",
            "mailboxes whose email is no longer listed were followed no more",
            lambda _: following.drop_unwanted(),
            minute,
        ),
        Due(
            "subscriptions",
            "mailboxes were subscribed to or renewed",
            lambda _: following.renew(),
            minute,
        ),
        Due("mailboxes", "mailboxes were looked at", lambda _: following.catch_up(), minute),
    )


def places_due(places: Places) -> tuple[Due, ...]:
    """Ids that nobody has seen for 90 days."""
    return (
        Due(
            "message_places",
            "places of messages were forgotten",
            lambda services: places.forget_old(services.now()),
            timedelta(hours=1),
        ),
    )
