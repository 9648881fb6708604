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
    LargeBinary,
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

# Rows are only ever added: triggers refuse anything else. Ids only, what those are called stands in `names`.
audit = Table(
    "audit",
    own,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("user_id", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("detail", Text, nullable=False),
    Index("ix_audit_at", "at"),
)

# What people are called who stand somewhere by their ids, and may be forgotten.
names = Table(
    "names",
    own,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
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
    Column("mailbox", String(320)),  # whose copy is taken, where it is not the user's own
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

# Who else pressed *Track* on an email that somebody was tracking or had tracked.
track_joins = Table(
    "track_joins",
    own,
    Column("email_id", String(36), primary_key=True),
    Column("user_id", String(64), primary_key=True),
    Column("joined_at", Instant, nullable=False),
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

# How to reach a user in the own chat with the bot: one row per user, forgotten on uninstall.
conversations = Table(
    "conversations",
    own,
    Column("user_id", String(64), primary_key=True),
    Column("conversation_id", String(1000), nullable=False),
    Column("service_url", String(1000), nullable=False),
    Column("channel_id", String(64), nullable=False),
    Column("tenant_id", String(200), nullable=False),
    Column("bot_id", String(400), nullable=False),
    Column("member_id", String(400), nullable=False),
    Column("changed_at", Instant, nullable=False),
    Index("ix_conversations_conversation_id", "conversation_id"),
)

# Activities that were taken, so that one delivered again changes nothing; `key` is a hash.
taken_activities = Table(
    "taken_activities",
    own,
    Column("key", String(64), primary_key=True),
    Column("at", Instant, nullable=False),
    Index("ix_taken_activities_at", "at"),
)

# Lists of untracked email that stand in chats; the id is made of what a list is of and shows.
listings = Table(
    "listings",
    own,
    Column("id", String(36), primary_key=True),
    Column("user_id", String(64), nullable=False),
    Column("record_table", String(128)),
    Column("record_id", String(64)),
    Column("next_cursor", String(200)),
    Column("is_first", Boolean, nullable=False),
    Column("language", String(35), nullable=False),
    Column("shown_at", Instant, nullable=False),
    Index("ix_listings_shown_at", "shown_at"),
)

# The cards that show them: where each stands, and up to which change it is drawn; `key` is a hash.
places = Table(
    "places",
    own,
    Column("key", String(64), primary_key=True),
    Column("service_url", String(1000), nullable=False),
    Column("conversation_id", String(1000), nullable=False),
    Column("activity_id", String(1000), nullable=False),
    Column("listing_id", String(36), ForeignKey("listings.id", ondelete="CASCADE"), nullable=False),
    Column("change_id", BigInteger, nullable=False),
    Column("shown_at", Instant, nullable=False),
    Index("ix_places_listing_id", "listing_id"),
    Index("ix_places_shown_at", "shown_at"),
)

listed_emails = Table(
    "listed_emails",
    own,
    Column("listing_id", String(36), ForeignKey("listings.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("email_id", String(36), nullable=False),
    Index("ix_listed_emails_email_id", "email_id"),
)

# What never changes and need not be asked again, by name.
facts = Table(
    "facts",
    own,
    Column("name", String(400), primary_key=True),
    Column("value", Text, nullable=False),
)

# Tokens and other secrets that outlive a process, sealed with the operator's keys.
secrets = Table(
    "secrets",
    own,
    Column("name", String(200), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("changed_at", Instant, nullable=False),
)

# Where a mail server keeps a message of a mailbox: ids only. It finds none by our own ids.
message_places = Table(
    "message_places",
    own,
    Column("mailbox_id", String(36), primary_key=True),
    Column("email_id", String(36), primary_key=True),
    Column("message_id", String(512), nullable=False),
    Column("seen_at", Instant, nullable=False),
    Index("ix_message_places_seen_at", "seen_at"),
)

# What a mail server tells us of: one subscription per user, and how far a mailbox has been followed.
subscriptions = Table(
    "subscriptions",
    own,
    Column("user_id", String(64), primary_key=True),
    Column("subscription_id", String(64)),
    Column("client_state", String(128), nullable=False),
    Column("expires_at", Instant),
    Column("delta_link", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Index("ix_subscriptions_subscription_id", "subscription_id", unique=True),
    Index("ix_subscriptions_expires_at", "expires_at"),
)
