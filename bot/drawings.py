"""Which cards stand in which chats and what they show, so that they change when that does.

A drawing is ids only: which kind of card, for whom, with which arguments. Its words are read anew whenever
it is drawn.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Connection, Row, and_, bindparam, delete, exists, or_, select, update

from insights.database import Database, insert_into
from insights.news import newest_change
from insights.services import Services
from insights.tables import drawing_subjects, drawings, news, places

KEPT = timedelta(days=14)
"""How long a card goes on changing; an older one says so when it is pressed."""
HELD = timedelta(seconds=30)
"""How long a process may take to redraw a card before another one does."""
SHOWN_AGAIN = update(drawings).where(drawings.c.id == bindparam("drawing")).values(shown_at=bindparam("now"))
Subject = tuple[str, str]
"""A kind of news, and what it is about."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A card for somebody: its kind, the ids it is drawn from, and what it shows."""

    id: str
    kind: str
    user_id: str
    language: str
    arguments: Mapping[str, Any]
    subjects: frozenset[Subject]

    @classmethod
    def of(
        cls, kind: str, user_id: str, language: str, arguments: Mapping[str, Any], subjects: Iterable[Subject]
    ) -> "Drawing":
        """The drawing, whose id is made of what it is of."""
        made_of = json.dumps([kind, user_id, language, arguments], sort_keys=True)
        drawing_id = str(uuid5(NAMESPACE_URL, made_of))
        return cls(drawing_id, kind, user_id, language, arguments, frozenset(subjects))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a card stands."""

    service_url: str
    conversation_id: str
    activity_id: str

    @property
    def key(self) -> str:
        """A hash that names the place."""
        return sha256(f"{self.conversation_id}\n{self.activity_id}".encode()).hexdigest()


def keep(
    connection: Connection, database: Database, drawing: Drawing, place: Place, change_id: int, now: datetime
) -> None:
    """Note that a card at that place shows a drawing now.

    `change_id` is that of the answer: what changed since then makes the card stale again.
    """
    keep_drawing(connection, drawing, now)
    values = {
        "key": place.key,
        "service_url": place.service_url,
        "conversation_id": place.conversation_id,
        "activity_id": place.activity_id,
        "drawing_id": drawing.id,
        "change_id": change_id,
        "shown_at": now,
    }
    connection.execute(_placing(database), values)


@lru_cache(maxsize=8)  # built once per database: every turn with a drawing runs it
def _placing(database: Database) -> Any:
    statement = database.insert(places)
    shown = {
        name: statement.excluded[name] for name in ("service_url", "drawing_id", "change_id", "shown_at")
    }
    return statement.on_conflict_do_update(index_elements=["key"], set_=shown)


def keep_drawing(connection: Connection, drawing: Drawing, now: datetime) -> None:
    """Know the drawing, so that buttons of a card of it work wherever that stands."""
    if connection.execute(SHOWN_AGAIN, {"drawing": drawing.id, "now": now}).rowcount:
        return
    statement = insert_into(connection, drawings).values(
        id=drawing.id,
        kind=drawing.kind,
        user_id=drawing.user_id,
        language=drawing.language,
        arguments=json.dumps(drawing.arguments),
        shown_at=now,
    )
    connection.execute(statement.on_conflict_do_nothing())
    rows = [
        {"drawing_id": drawing.id, "kind": kind, "subject": subject}
        for kind, subject in sorted(drawing.subjects)
    ]
    if rows:
        connection.execute(insert_into(connection, drawing_subjects).on_conflict_do_nothing(), rows)


def select_drawing(connection: Connection, drawing_id: str) -> Drawing | None:
    """A drawing that some card shows or showed."""
    row = connection.execute(select(drawings).where(drawings.c.id == drawing_id)).one_or_none()
    return _drawing(connection, row) if row else None


def is_shown(connection: Connection, user_id: str, subject: Subject, since: datetime) -> bool:
    """Whether a card that the user was shown since then shows the subject."""
    kind, name = subject
    shown = (
        select(places.c.key)
        .join(drawings, drawings.c.id == places.c.drawing_id)
        .join(drawing_subjects, drawing_subjects.c.drawing_id == places.c.drawing_id)
        .where(drawing_subjects.c.subject == name, drawing_subjects.c.kind == kind)
        .where(drawings.c.user_id == user_id, places.c.shown_at >= since)
    )
    return bool(connection.execute(select(exists(shown))).scalar())


def select_stale(
    connection: Connection, after: int, now: datetime
) -> tuple[int, list[tuple[Drawing, Place]]]:
    """(number of the newest change, cards of which something is told after it and after their drawing).

    A card that a process redraws at this time is left out.
    """
    newest = newest_change(connection)
    if newest <= after:
        return after, []
    about = and_(news.c.subject == drawing_subjects.c.subject, news.c.kind == drawing_subjects.c.kind)
    stale = (
        select(places.c.key)
        .join(drawing_subjects, drawing_subjects.c.drawing_id == places.c.drawing_id)
        .join(news, about)
        .where(news.c.id > after, news.c.id > places.c.change_id)
    )
    where = (places.c.service_url, places.c.conversation_id, places.c.activity_id)
    query = select(drawings, *where).join(places).where(places.c.key.in_(stale), _is_free(now))
    found = connection.execute(query).all()
    return newest, [
        (_drawing(connection, row), Place(row.service_url, row.conversation_id, row.activity_id))
        for row in found
    ]


def hold(connection: Connection, place: Place, now: datetime) -> bool:
    """Take the redrawing of a card, so that no other process does; False where one has."""
    mine = update(places).where(places.c.key == place.key, _is_free(now))
    return bool(connection.execute(mine.values(held_until=now + HELD)).rowcount)


def let_go(connection: Connection, place: Place) -> None:
    """Let anybody redraw a card that could not be redrawn."""
    connection.execute(update(places).where(places.c.key == place.key).values(held_until=None))


def note_drawn(connection: Connection, place: Place, change_id: int) -> None:
    """Note that the card at that place takes in everything up to that change.

    Also where a button was answered with a newer one meanwhile: which of both came last, nobody knows.
    """
    drawn = {"change_id": change_id, "held_until": None}
    connection.execute(update(places).where(places.c.key == place.key).values(drawn))


def forget_place(connection: Connection, place: Place) -> None:
    """Let go of a card that cannot be changed any more."""
    connection.execute(delete(places).where(places.c.key == place.key))


async def forget_drawings(services: Services) -> int:
    """Let go of drawings that are too old to change; how many."""
    return await services.database.write(_forget, services.now() - KEPT)


def _forget(connection: Connection, before: datetime) -> int:
    old = select(drawings.c.id).where(drawings.c.shown_at < before)
    connection.execute(delete(places).where(places.c.shown_at < before))
    connection.execute(delete(drawing_subjects).where(drawing_subjects.c.drawing_id.in_(old)))
    return connection.execute(delete(drawings).where(drawings.c.shown_at < before)).rowcount


def _is_free(now: datetime) -> Any:
    # A clock that was set back must not leave cards alone until it has caught up.
    until = places.c.held_until
    return or_(until.is_(None), until <= now, until > now + HELD)


def _drawing(connection: Connection, row: Row[Any]) -> Drawing:
    query = select(drawing_subjects.c.kind, drawing_subjects.c.subject)
    shown = connection.execute(query.where(drawing_subjects.c.drawing_id == row.id))
    return Drawing(
        id=row.id,
        kind=row.kind,
        user_id=row.user_id,
        language=row.language,
        arguments=json.loads(row.arguments),
        subjects=frozenset((kind, subject) for kind, subject in shown),
    )
