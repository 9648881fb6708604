"""What is to be sent to users by itself: a row, written with what it tells of, sent by one process.

The product knows no Teams: a row names a kind of card and the ids that it is drawn from; `bot/pushing.py`
claims it, draws and sends it.

    waiting → claimed → sending → sent
       ↑         │         ├────→ unsure
       └─────────┴─────────┘        each but the last two may be ended, with a cause

It is sent at most once. Teams has no key by which a message that is sent twice would be one, and a bot
cannot look whether it came. So what a process had begun to send when it died is *unsure* and left alone,
and so is what Teams gave no answer to: a card that is missing can still be asked for, one that comes twice is
a fault that everybody sees. What was claimed and not begun is claimed anew; what Teams refuses for the
moment is put off, longer each time, until its time is over.

All times are those of the real clock: whoever adds a row has found by `services.now()` that it is due.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, or_, select, update

from insights.database import insert_into
from insights.news import tell
from insights.tables import pushes

NEWS = "push"
"""The kind of news that something waits here."""
HELD = timedelta(seconds=30)
"""How long a process may take to draw, and then to send, before it counts as dead."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=2), timedelta(minutes=5)


class State(StrEnum):
    """What has become of a row."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    UNSURE = "unsure"
    ENDED = "ended"


OPEN = (State.WAITING, State.CLAIMED)
"""Of these nothing has left yet."""


@dataclass(frozen=True, slots=True)
class Push:
    """A card to be sent to a user; `attempts` is how often it was claimed, this time included."""

    id: int
    user_id: str
    kind: str
    arguments: Mapping[str, Any]
    attempts: int


def add(
    connection: Connection,
    user_id: str,
    key: str,
    kind: str,
    arguments: Mapping[str, str],
    now: datetime,
    *,
    lasts: timedelta,
    due_at: datetime | None = None,
) -> bool:
    """Let a card be sent, at once or from `due_at` on, for as long as it `lasts`; ids only.

    A key that the user had before adds nothing: whether it was new.
    """
    due_at = due_at or now
    row = insert_into(connection, pushes).values(
        user_id=user_id,
        key=key,
        kind=kind,
        arguments=json.dumps(arguments),
        state=State.WAITING,
        due_at=due_at,
        not_after=due_at + lasts,
        attempts=0,
        changed_at=now,
    )
    added = connection.execute(row.on_conflict_do_nothing().returning(pushes.c.id)).scalar()
    if added is not None:
        tell(connection, NEWS, str(added), (), now)
    return added is not None


def has_work(connection: Connection, now: datetime) -> bool:
    """Whether something can be claimed, or was begun by a process that is dead."""
    work = or_(_can_be_claimed(now), (pushes.c.state == State.SENDING) & _is_dead(now))
    # The states once more, so that an index leads past all that came to an end.
    is_open = pushes.c.state.in_((*OPEN, State.SENDING))
    return bool(connection.execute(select(exists().where(is_open, work))).scalar())


def claim(connection: Connection, holder: str, now: datetime, limit: int) -> list[Push]:
    """Take what is due, at most so much, so that no other process does."""
    picked = select(pushes.c.id).where(_can_be_claimed(now)).order_by(pushes.c.due_at).limit(limit)
    ids = connection.execute(picked.with_for_update(skip_locked=True)).scalars().all()
    taken = (
        update(pushes)
        .where(pushes.c.id.in_(ids))
        .values(state=State.CLAIMED, holder=holder, held_until=now + HELD, attempts=pushes.c.attempts + 1)
        .returning(pushes)
    )
    return [
        Push(row.id, row.user_id, row.kind, json.loads(row.arguments), row.attempts)
        for row in connection.execute(taken)
    ]


def give_up_on_dead(connection: Connection, now: datetime) -> int:
    """Leave alone what a process that died had begun to send; how many there were."""
    dead = update(pushes).where(pushes.c.state == State.SENDING, _is_dead(now))
    values = {"state": State.UNSURE, "cause": "died", "changed_at": now}
    return connection.execute(dead.values(values)).rowcount


def begin(connection: Connection, push: Push, holder: str, now: datetime) -> bool:
    """Note that it is about to leave; False where it is another's by now, or was ended."""
    mine = (pushes.c.id == push.id, pushes.c.holder == holder, pushes.c.state == State.CLAIMED)
    begun = update(pushes).where(*mine).values(state=State.SENDING, held_until=now + HELD)
    return bool(connection.execute(begun).rowcount)


def end(
    connection: Connection, push: Push, holder: str, now: datetime, state: State, cause: str | None = None
) -> None:
    """Note what became of it, also where it took so long that others took this process for dead."""
    mine = (pushes.c.id == push.id, pushes.c.holder == holder, pushes.c.state != State.ENDED)
    ended = {"state": state, "cause": cause, "held_until": None, "changed_at": now}
    connection.execute(update(pushes).where(*mine).values(ended))


def put_off(connection: Connection, push: Push, holder: str, now: datetime, cause: str) -> None:
    """Let it wait, longer each time; nothing of it has left."""
    # 2 ** 12 seconds are longer than the longest pause.
    pause = min(FIRST_PAUSE * 2 ** min(push.attempts - 1, 12), LONGEST_PAUSE)
    again = {"state": State.WAITING, "cause": cause, "due_at": now + pause, "held_until": None}
    mine = (pushes.c.id == push.id, pushes.c.holder == holder)
    is_ours = pushes.c.state.in_((State.CLAIMED, State.SENDING))
    connection.execute(update(pushes).where(*mine, is_ours).values(again))


def end_all(connection: Connection, user_ids: Collection[str], now: datetime, cause: str) -> None:
    """End whatever has not left yet for these users."""
    theirs = update(pushes).where(pushes.c.user_id.in_(user_ids), pushes.c.state.in_(OPEN))
    connection.execute(theirs.values(state=State.ENDED, cause=cause, held_until=None, changed_at=now))


def end_late(connection: Connection, now: datetime) -> int:
    """End what could not be sent in its time; its cause stays the one for which it was put off."""
    late = update(pushes).where(pushes.c.state.in_(OPEN), pushes.c.not_after < now, _is_dead(now))
    values = {"state": State.ENDED, "held_until": None, "changed_at": now}
    return connection.execute(late.values(values)).rowcount


def forget(connection: Connection, before: datetime) -> int:
    """Drop what came to an end before that time, keys and all; how many there were."""
    over = pushes.c.state.in_((State.SENT, State.UNSURE, State.ENDED))
    return connection.execute(delete(pushes).where(over, pushes.c.changed_at < before)).rowcount


def _can_be_claimed(now: datetime) -> ColumnElement[bool]:
    is_free = or_(pushes.c.state == State.WAITING, (pushes.c.state == State.CLAIMED) & _is_dead(now))
    is_due = (pushes.c.due_at <= now) & (pushes.c.not_after >= now)
    return pushes.c.state.in_(OPEN) & is_free & is_due


def _is_dead(now: datetime) -> ColumnElement[bool]:
    """Whether nobody holds the row any more; a clock that was set back counts for nothing."""
    until = pushes.c.held_until
    return or_(until.is_(None), until <= now, until > now + HELD)
