"""What Graph posts to us: `POST /api/graph/notifications` and `/api/graph/lifecycle`.

Answered at once and the same whatever was posted, so that a forger learns nothing; only what carries the
secret (`clientState`) of a subscription of ours raises that mailbox's number.
"""

import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.graph import subscriptions
from connectors.graph.subscriptions import Subscription
from insights.database import Database

MOST = 1000
"""Notifications that are read of one request; Graph sends far fewer together."""
TOKEN_LIMIT = 4096
ID_LIMIT = 64
"""Characters of a subscription's id; Graph's are UUIDs."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered: `text` is plain text."""

    status: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Notification:
    """That something happened, and the secret that proves who says so; `event` is one of the lifecycle."""

    subscription_id: str
    client_state: str
    event: str = ""


async def receive(
    database: Database, now: Callable[[], datetime], query: Mapping[str, str], body: bytes
) -> Reply:
    """The answer to a request on either address: the token of a validation, else 202."""
    token = query.get("validationToken")
    if token is not None:
        return Reply(200, token[:TOKEN_LIMIT])
    notifications = read_notifications(body)
    told = {each.subscription_id for each in notifications}
    rows = await database.read(subscriptions.find_told, told) if told else {}
    genuine = [(rows[each.subscription_id], each.event) for each in notifications if _is_genuine(each, rows)]
    if genuine:
        await database.write(_note, genuine, now())
    return Reply(202)


def read_notifications(body: bytes) -> list[Notification]:
    """The notifications of a body; what is none, or of no subscription that Graph could make, is left out."""
    try:
        posted = json.loads(body)
    except (ValueError, RecursionError):
        return []
    values = posted.get("value") if isinstance(posted, dict) else None
    read = (
        [_read(each) for each in values[:MOST] if isinstance(each, dict)] if isinstance(values, list) else []
    )
    return [each for each in read if _could_be_id(each.subscription_id)]


def _read(value: Mapping[str, Any]) -> Notification:
    names = ("subscriptionId", "clientState", "lifecycleEvent")
    return Notification(*(text if isinstance(text := value.get(name), str) else "" for name in names))


def _could_be_id(text: str) -> bool:
    """Whether a database can be asked for it: JSON may hold halves of characters, and zeros."""
    return 0 < len(text) <= ID_LIMIT and text.isascii() and text.isprintable()


def _is_genuine(notification: Notification, rows: Mapping[str, Subscription]) -> bool:
    row = rows.get(notification.subscription_id)
    given = notification.client_state.encode("utf-8", "replace")
    return row is not None and hmac.compare_digest(row.client_state.encode(), given)


def _note(connection: Any, genuine: Iterable[tuple[Subscription, str]], now: datetime) -> None:
    """Each event by its effect; what it asks for is done by what is due (`following.py`)."""
    by_event: dict[str, set[str]] = {}
    for row, event in genuine:
        by_event.setdefault(event, set()).add(row.user_id)
    for event, user_ids in by_event.items():
        if event == "reauthorizationRequired":
            subscriptions.expire(connection, user_ids, now)
        elif event == "subscriptionRemoved":
            subscriptions.unsubscribe(connection, user_ids)
        elif event == "missed":
            subscriptions.suspect(connection, user_ids)
        elif not event:
            subscriptions.note_changed(connection, user_ids, now)
