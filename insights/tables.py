"""Liaison's own tables (`liaison.sqlite`). No word of an untracked message is in any of them."""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.engine import Dialect

from insights.database import metadata

own = metadata()


class Instant(TypeDecorator[datetime]):
    """An aware time, stored as UTC (SQLite keeps no zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; a naive time is a mistake of ours."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a time needs a zone")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware again."""
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


features = Table(
    "features",
    own,
    Column("feature", String(64), primary_key=True),
    Column("is_on", Boolean, nullable=False),
    Column("changed_by_id", String(64), nullable=False),
    Column("changed_at", Instant, nullable=False),
)

acceptances = Table(
    "acceptances",
    own,
    Column("text", String(64), primary_key=True),
    Column("version", String(32), primary_key=True),
    Column("accepted_by_id", String(64), nullable=False),
    Column("accepted_at", Instant, nullable=False),
)

audit = Table(
    "audit",
    own,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("user_id", String(64), nullable=False),
    Column("user_name", Text, nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("detail", Text, nullable=False),
    Index("ix_audit_at", "at"),
)

preferences = Table(
    "preferences",
    own,
    Column("user_id", String(64), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

# The outbox of tracking: a row says `pending`, the workflow's id is derived from it.
tracks = Table(
    "tracks",
    own,
    Column("email_id", String(36), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("user_id", String(64), nullable=False),
    Column("on_behalf_of_id", String(64)),
    Column("attempt", Integer, nullable=False, default=1),
    Column("requested_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("regarding_table", String(128)),
    Column("regarding_id", String(64)),
    Column("cause", String(64)),
    Column("email_activity_id", String(64)),
    Index("ix_tracks_state_changed_at", "state", "changed_at"),
    Index("ix_tracks_user_id_state", "user_id", "state"),
)

track_attachments = Table(
    "track_attachments",
    own,
    Column("email_id", String(36), ForeignKey("tracks.email_id", ondelete="CASCADE"), primary_key=True),
    Column("attachment_id", String(255), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("cause", String(64)),
)

# What open panes are told: a change of a track, by a number that only grows.
changes = Table(
    "changes",
    own,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("subject", String(64), nullable=False),
    Index("ix_changes_at", "at"),
)
