"""Who else pressed *Track* on an email: it stays in the CRM for them, whatever the first one does."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select

from insights.capture.tables import track_joins as joins
from insights.capture.tracks import Track, select_tracks
from insights.database import insert_into


def join(connection: Connection, email_id: str, user_id: str, now: datetime) -> bool:
    """Note the press of a further user; False where it was noted before."""
    statement = insert_into(connection, joins).values(email_id=email_id, user_id=user_id, joined_at=now)
    return bool(connection.execute(statement.on_conflict_do_nothing()).rowcount)


def leave(connection: Connection, email_id: str, user_id: str) -> bool:
    """Take a further user's press back; whether there was one."""
    mine = (joins.c.email_id == email_id) & (joins.c.user_id == user_id)
    return bool(connection.execute(delete(joins).where(mine)).rowcount)


def select_joined(connection: Connection, email_ids: Sequence[str], user_id: str) -> frozenset[str]:
    """Those of the emails that this user joined."""
    query = select(joins.c.email_id).where(joins.c.email_id.in_(email_ids), joins.c.user_id == user_id)
    return frozenset(connection.execute(query).scalars()) if email_ids else frozenset()


def select_pressed(
    connection: Connection, email_ids: Sequence[str], user_id: str
) -> tuple[dict[str, Track], frozenset[str]]:
    """The rows of the emails by id, and those of the emails that this user joined."""
    return select_tracks(connection, email_ids), select_joined(connection, email_ids, user_id)


def select_joiners(connection: Connection, email_id: str) -> list[str]:
    """Who joined an email, the first first."""
    query = select(joins.c.user_id).where(joins.c.email_id == email_id)
    return list(connection.execute(query.order_by(joins.c.joined_at, joins.c.user_id)).scalars())
