"""The table `subscriptions`: whose mailbox we follow, how, and a number that grows with its changes."""

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, not_, or_, select, update

from insights.database import insert_into
from insights.following import is_followed
from insights.tables import subscriptions

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
IS_WANTED = is_followed(subscriptions.c.user_id)
"""Rows of users whose untracked email is listed (`insights/following.py`): nobody else is followed."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A row; `subscription_id` is None while Graph tells us nothing.

    `changed_at` is when the mailbox was last seen to have changed, or looked at and found unchanged.
    """

    user_id: str
    subscription_id: str | None
    client_state: str
    expires_at: datetime | None
    delta_link: str
    version: int
    changed_at: datetime

    def is_live(self, now: datetime) -> bool:
        """Whether Graph tells us of changes."""
        return self.subscription_id is not None and self.expires_at is not None and self.expires_at > now


def find(connection: Connection, user_id: str) -> Subscription | None:
    """The row of a user."""
    row = connection.execute(select(subscriptions).where(subscriptions.c.user_id == user_id)).first()
    return Subscription(**row._asdict()) if row else None


def find_told(connection: Connection, subscription_ids: Collection[str]) -> dict[str, Subscription]:
    """The rows of these subscriptions, by subscription id."""
    rows = connection.execute(
        select(subscriptions).where(subscriptions.c.subscription_id.in_(subscription_ids))
    )
    found = (Subscription(**row._asdict()) for row in rows)
    return {str(each.subscription_id): each for each in found}


def find_ending(connection: Connection, before: datetime, limit: int) -> list[Subscription]:
    """Rows without a subscription or with one that ends before a time, unless they were put off beyond it."""
    is_ending = or_(subscriptions.c.expires_at.is_(None), subscriptions.c.expires_at < before)
    query = (
        select(subscriptions).where(is_ending, IS_WANTED).order_by(subscriptions.c.changed_at).limit(limit)
    )
    return [Subscription(**row._asdict()) for row in connection.execute(query)]


def find_unseen(connection: Connection, before: datetime, limit: int) -> list[Subscription]:
    """Rows whose mailbox was last looked at before a time, longest ago first."""
    query = select(subscriptions).where(subscriptions.c.changed_at < before, IS_WANTED)
    query = query.order_by(subscriptions.c.changed_at).limit(limit)
    return [Subscription(**row._asdict()) for row in connection.execute(query)]


def find_unwanted(connection: Connection, limit: int) -> list[Subscription]:
    """Rows of users whose email is no longer listed: the feature was turned off, or they chose so."""
    query = select(subscriptions).where(not_(IS_WANTED)).limit(limit)
    return [Subscription(**row._asdict()) for row in connection.execute(query)]


def enlist(connection: Connection, user_id: str) -> Subscription:
    """The user's row, made if there is none: from now on the mailbox is followed."""
    statement = insert_into(connection, subscriptions).values(
        user_id=user_id,
        client_state=secrets.token_urlsafe(48),
        delta_link="",
        version=0,
        changed_at=LONG_AGO,
    )
    connection.execute(statement.on_conflict_do_nothing())
    found = find(connection, user_id)
    if found is None:
        raise RuntimeError("a row that was just written is gone")
    return found


def subscribe(connection: Connection, user_id: str, subscription_id: str, expires_at: datetime) -> None:
    """Graph tells us of changes until then."""
    values = {"subscription_id": subscription_id, "expires_at": expires_at}
    connection.execute(update(subscriptions).where(subscriptions.c.user_id == user_id).values(values))


def put_off(connection: Connection, user_id: str, until: datetime) -> None:
    """Graph did not take a subscription: none is tried before then."""
    statement = update(subscriptions).where(subscriptions.c.user_id == user_id)
    connection.execute(statement.values(subscription_id=None, expires_at=until))


def unsubscribe(connection: Connection, user_ids: Iterable[str]) -> None:
    """Graph no longer tells us of changes; a new subscription is due, and a look at what was missed."""
    statement = update(subscriptions).where(subscriptions.c.user_id.in_(list(user_ids)))
    connection.execute(statement.values(subscription_id=None, expires_at=None, changed_at=LONG_AGO))


def expire(connection: Connection, user_ids: Iterable[str], now: datetime) -> None:
    """The subscription is to be renewed at once."""
    statement = update(subscriptions).where(subscriptions.c.user_id.in_(list(user_ids)))
    connection.execute(statement.values(expires_at=now))


def suspect(connection: Connection, user_ids: Iterable[str]) -> None:
    """Something was missed: a look at the mailbox is due."""
    statement = update(subscriptions).where(subscriptions.c.user_id.in_(list(user_ids)))
    connection.execute(statement.values(changed_at=LONG_AGO))


def note_changed(connection: Connection, user_ids: Iterable[str], now: datetime) -> None:
    """These mailboxes have changed."""
    statement = update(subscriptions).where(subscriptions.c.user_id.in_(list(user_ids)))
    connection.execute(statement.values(version=subscriptions.c.version + 1, changed_at=now))


def note_seen(
    connection: Connection, user_id: str, delta_link: str, now: datetime, *, has_changed: bool
) -> None:
    """The mailbox was looked at, and where the next look begins."""
    statement = update(subscriptions).where(subscriptions.c.user_id == user_id)
    changed = {"version": subscriptions.c.version + 1} if has_changed else {}
    connection.execute(statement.values(delta_link=delta_link, changed_at=now, **changed))


def drop(connection: Connection, user_id: str) -> None:
    """The mailbox is not followed any more."""
    connection.execute(delete(subscriptions).where(subscriptions.c.user_id == user_id))
