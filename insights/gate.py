"""Which feature is on for whom: the one place that reads and writes the tables that say so.

A feature has a state, may have an obstacle (this CRM or mail server cannot do it), and may be for some users
only: those named, and the members of groups and roles as they were last looked at.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    bindparam,
    delete,
    exists,
    insert,
    not_,
    or_,
    select,
)

from insights.database import insert_into
from insights.news import EVERYONE, tell
from insights.tables import audiences, features, members
from insights.versions import GATE, count_change
from insights.words import Phrase, say

ON, OFF = "on", "off"
NEWS = "feature"
"""The kind of news that a feature is another one now: its state, its obstacle or its audience."""
USER, GROUP, ROLE = "user", "group", "role"
Subject = tuple[str, str]
"""A kind of audience and the id of one: of a user, a group, or the name of a role."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A feature as a user finds it: its state, why it cannot work here, whether it is on for them."""

    state: str
    obstacle: str
    """The requirement that is not met, "" where it can work here."""
    is_for_user: bool

    @property
    def is_open(self) -> bool:
        """Whether the user may use it."""
        return self.state == ON and not self.obstacle and self.is_for_user

    @property
    def why(self) -> Phrase:
        """Why it cannot work here, where there is an obstacle."""
        return say(f"obstacle.{self.obstacle}")


CLOSED = Gate(OFF, "", is_for_user=True)


def select_gates(connection: Connection, user_id: str) -> dict[str, Gate]:
    """Every feature as the user finds it, in one statement; one that is missing was never turned on."""
    rows = connection.execute(_GATES, {"user_id": user_id})
    return {row.feature: Gate(row.state, row.obstacle, row.is_for_user) for row in rows}


def features_on(connection: Connection, user_id: str) -> set[str]:
    """The features that are on for a user."""
    return {name for name, gate in select_gates(connection, user_id).items() if gate.is_open}


def select_states(connection: Connection) -> dict[str, Gate]:
    """Every feature as somebody finds it whom it is for."""
    rows = connection.execute(select(features.c.feature, features.c.state, features.c.obstacle))
    return {row.feature: Gate(row.state, row.obstacle, is_for_user=True) for row in rows}


def features_in_use(connection: Connection) -> set[str]:
    """The features that are on for anybody."""
    return {name for name, gate in select_states(connection).items() if gate.is_open}


def is_any_on(names: Collection[str], user_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether one of the features is on for the user that a column names, within a statement."""
    is_on = (features.c.feature.in_(names), features.c.state == ON, features.c.obstacle == "")
    return exists().where(*is_on, _is_for(user_id)).correlate_except(features)


def select_audiences(connection: Connection) -> dict[str, list[Subject]]:
    """Feature → whom it is for, those that are for everybody left out."""
    found: dict[str, list[Subject]] = {}
    query = select(audiences).order_by(audiences.c.feature, audiences.c.kind, audiences.c.subject_id)
    for row in connection.execute(query):
        found.setdefault(row.feature, []).append((row.kind, row.subject_id))
    return found


def switch(connection: Connection, name: str, state: str, version: int, user_id: str, now: datetime) -> None:
    """Give a feature a state."""
    values = {"state": state, "version": version, "changed_by_id": user_id, "changed_at": now}
    _write(connection, name, values, now)


def admit(
    connection: Connection,
    name: str,
    subjects: Collection[Subject],
    version: int,
    user_id: str,
    now: datetime,
) -> None:
    """Say whom a feature is for; nobody named = everybody."""
    connection.execute(delete(audiences).where(audiences.c.feature == name))
    rows = [{"feature": name, "kind": kind, "subject_id": subject_id} for kind, subject_id in subjects]
    if rows:
        connection.execute(insert(audiences), rows)
    _write(connection, name, {"version": version, "changed_by_id": user_id, "changed_at": now}, now)


def note_obstacles(connection: Connection, obstacles: Mapping[str, str], now: datetime) -> int:
    """Keep why features cannot work here, "" where they can; how many that changed for."""
    known = select_states(connection)
    changed = {name: why for name, why in obstacles.items() if known.get(name, CLOSED).obstacle != why}
    for name, why in changed.items():
        _write(connection, name, {"obstacle": why}, now)
    if changed:
        count_change(connection, GATE)
    return len(changed)


def keep_members(connection: Connection, subject: Subject, user_ids: Iterable[str]) -> bool:
    """Keep who is in a group or role now; whether that is another set than before."""
    kind, subject_id = subject
    theirs = (members.c.kind == kind) & (members.c.subject_id == subject_id)
    now = set(user_ids)
    before = set(connection.execute(select(members.c.user_id).where(theirs)).scalars())
    if now == before:
        return False
    connection.execute(delete(members).where(theirs))
    if now:
        rows = [{"kind": kind, "subject_id": subject_id, "user_id": user_id} for user_id in sorted(now)]
        connection.execute(insert(members), rows)
    count_change(connection, GATE)
    return True


def select_changed(connection: Connection, version: int) -> list[tuple[str, str, str]]:
    """(feature, state, id of who changed it) of what was changed after a version."""
    query = select(features.c.feature, features.c.state, features.c.changed_by_id)
    rows = connection.execute(query.where(features.c.version > version).order_by(features.c.feature))
    return [(row.feature, row.state, row.changed_by_id or "") for row in rows]


def _write(connection: Connection, name: str, values: Mapping[str, object], now: datetime) -> None:
    """Change a feature's row, and tell everybody."""
    fresh = {"feature": name, "state": OFF, "obstacle": "", "version": 0, **values}
    row = insert_into(connection, features).values(fresh)
    connection.execute(row.on_conflict_do_update(index_elements=["feature"], set_=dict(values)))
    tell(connection, NEWS, name, EVERYONE, now)


def _is_for(user_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a row of `features` is for everybody, or its audience holds this user."""
    mine = audiences.c.feature == features.c.feature
    is_member = exists().where(
        members.c.kind == audiences.c.kind,
        members.c.subject_id == audiences.c.subject_id,
        members.c.user_id == user_id,
    )
    is_named = and_(audiences.c.kind == USER, audiences.c.subject_id == user_id)
    is_theirs = or_(is_named, is_member.correlate_except(members))
    return or_(
        not_(exists().where(mine).correlate_except(audiences)),
        exists().where(mine, is_theirs).correlate_except(audiences),
    )


_GATES: Select[str, str, bool] = select(
    features.c.feature,
    features.c.state,
    features.c.obstacle,
    _is_for(bindparam("user_id", type_=String)).label("is_for_user"),
)
