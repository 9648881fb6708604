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

from insights.database import ADDRESS, NAME, NONE, USER, metadata

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


# `obstacle` is why a feature cannot work with this CRM and mail server, "" where it can.
features = Table(
    "features",
    own,
    Column("feature", String(64), primary_key=True, info=NONE),
    Column("state", String(16), nullable=False, info=NONE),
    Column("obstacle", Text, nullable=False, info=NONE),
    Column("version", Integer, nullable=False, info=NONE),
    Column("changed_by_id", String(64), info=USER),
    Column("changed_at", Instant, info=NONE),
)

# For whom a feature is on that is not on for everybody: users, groups, roles.
audiences = Table(
    "audiences",
    own,
    Column("feature", String(64), primary_key=True, info=NONE),
    Column("kind", String(8), primary_key=True, info=NONE),
    Column("subject_id", String(64), primary_key=True, info=USER),
)

# Who is in those groups and roles, as last looked at.
members = Table(
    "members",
    own,
    Column("kind", String(8), primary_key=True, info=NONE),
    Column("subject_id", String(64), primary_key=True, info=NONE),
    Column("user_id", String(64), primary_key=True, info=USER),
    Index("ix_members_user_id", "user_id"),
)

acceptances = Table(
    "acceptances",
    own,
    Column("text", String(64), primary_key=True, info=NONE),
    Column("version", String(32), primary_key=True, info=NONE),
    Column("accepted_by_id", String(64), nullable=False, info=USER),
    Column("accepted_at", Instant, nullable=False, info=NONE),
)

# Rows are only ever added: triggers refuse anything else. Ids only, what those are called stands in `names`.
audit = Table(
    "audit",
    own,
    Column(
        "id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True, info=NONE
    ),
    Column("at", Instant, nullable=False, info=NONE),
    Column("user_id", String(64), nullable=False, info=USER),
    Column("action", String(64), nullable=False, info=NONE),
    Column("subject", String(200), nullable=False, info=NONE),
    Column("detail", Text, nullable=False, info=USER),
    Index("ix_audit_at", "at"),
)

# What people are called who stand somewhere by their ids, and may be forgotten.
names = Table(
    "names",
    own,
    Column("id", String(64), primary_key=True, info=USER),
    Column("name", Text, nullable=False, info=NAME),
)

# What was chosen (`insights/choices.py`), by a user's id, "" for the organisation.
choices = Table(
    "choices",
    own,
    Column("owner", String(64), primary_key=True, info=USER),
    Column("name", String(64), primary_key=True, info=NONE),
    Column("value", Text, nullable=False, info=NONE),
    Column("version", Integer, nullable=False, info=NONE),
    Column("changed_by_id", String(64), nullable=False, info=USER),
    Column("changed_at", Instant, nullable=False, info=NONE),
)

# How often what several people may edit has been changed.
versions = Table(
    "versions",
    own,
    Column("subject", String(80), primary_key=True, info=USER),
    Column("number", Integer, nullable=False, info=NONE),
)

# Who does work that only one process may do at a time, until when, by the real clock.
leases = Table(
    "leases",
    own,
    Column("name", String(64), primary_key=True, info=NONE),
    Column("holder", String(36), nullable=False, info=NONE),
    Column("until", Instant, nullable=False, info=NONE),
    Column("began_at", Instant, nullable=False, info=NONE),
)

# Who signed out of Microsoft 365 here, by Entra's object id.
sign_outs = Table(
    "sign_outs",
    own,
    Column("object_id", String(64), primary_key=True, info=USER),
    Column("at", Instant, nullable=False, info=NONE),
)

# The outbox of tracking: a row says `pending`, the workflow's id is derived from it.
tracks = Table(
    "tracks",
    own,
    Column("email_id", String(36), primary_key=True, info=NONE),
    Column("state", String(16), nullable=False, info=NONE),
    Column("user_id", String(64), nullable=False, info=USER),
    Column("mailbox", String(320), info=ADDRESS),  # whose copy is taken, where it is not the user's own
    Column("attempt", Integer, nullable=False, default=1, info=NONE),
    Column("requested_at", Instant, nullable=False, info=NONE),
    Column("changed_at", Instant, nullable=False, info=NONE),
    Column("regarding_table", String(128), info=NONE),
    Column("regarding_id", String(64), info=NONE),
    Column("cause", String(64), info=NONE),
    Column("email_activity_id", String(64), info=NONE),
    Index("ix_tracks_state_changed_at", "state", "changed_at"),
    Index("ix_tracks_user_id_state", "user_id", "state"),
)

track_attachments = Table(
    "track_attachments",
    own,
    Column(
        "email_id", String(36), ForeignKey("tracks.email_id", ondelete="CASCADE"), primary_key=True, info=NONE
    ),
    Column("attachment_id", String(255), primary_key=True, info=NONE),
    Column("state", String(16), nullable=False, info=NONE),
    Column("cause", String(64), info=NONE),
)

# Who else pressed *Track* on an email that somebody was tracking or had tracked.
track_joins = Table(
    "track_joins",
    own,
    Column("email_id", String(36), primary_key=True, info=NONE),
    Column("user_id", String(64), primary_key=True, info=USER),
    Column("joined_at", Instant, nullable=False, info=NONE),
)

# What open panes are told: a change of a track, by a number that only grows.
changes = Table(
    "changes",
    own,
    Column(
        "id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True, info=NONE
    ),
    Column("at", Instant, nullable=False, info=NONE),
    Column("kind", String(32), nullable=False, info=NONE),
    Column("subject", String(64), nullable=False, info=NONE),
    Index("ix_changes_at", "at"),
)

# How to reach a user in the own chat with the bot: one row per user, forgotten on uninstall.
conversations = Table(
    "conversations",
    own,
    Column("user_id", String(64), primary_key=True, info=USER),
    Column("conversation_id", String(1000), nullable=False, info=USER),
    Column("service_url", String(1000), nullable=False, info=NONE),
    Column("channel_id", String(64), nullable=False, info=NONE),
    Column("tenant_id", String(200), nullable=False, info=NONE),
    Column("bot_id", String(400), nullable=False, info=NONE),
    Column("member_id", String(400), nullable=False, info=USER),
    Column("changed_at", Instant, nullable=False, info=NONE),
    Index("ix_conversations_conversation_id", "conversation_id"),
)

# Activities that were taken, so that one delivered again changes nothing; `key` is a hash.
taken_activities = Table(
    "taken_activities",
    own,
    Column("key", String(64), primary_key=True, info=NONE),
    Column("at", Instant, nullable=False, info=NONE),
    Index("ix_taken_activities_at", "at"),
)

# Lists of untracked email that stand in chats; the id is made of what a list is of and shows.
listings = Table(
    "listings",
    own,
    Column("id", String(36), primary_key=True, info=NONE),
    Column("user_id", String(64), nullable=False, info=USER),
    Column("record_table", String(128), info=NONE),
    Column("record_id", String(64), info=NONE),
    Column("next_cursor", String(200), info=NONE),
    Column("is_first", Boolean, nullable=False, info=NONE),
    Column("language", String(35), nullable=False, info=NONE),
    Column("shown_at", Instant, nullable=False, info=NONE),
    Index("ix_listings_shown_at", "shown_at"),
)

# The cards that show them: where each stands, and up to which change it is drawn; `key` is a hash.
places = Table(
    "places",
    own,
    Column("key", String(64), primary_key=True, info=NONE),
    Column("service_url", String(1000), nullable=False, info=NONE),
    Column("conversation_id", String(1000), nullable=False, info=USER),
    Column("activity_id", String(1000), nullable=False, info=NONE),
    Column(
        "listing_id", String(36), ForeignKey("listings.id", ondelete="CASCADE"), nullable=False, info=NONE
    ),
    Column("change_id", BigInteger, nullable=False, info=NONE),
    Column("shown_at", Instant, nullable=False, info=NONE),
    Index("ix_places_listing_id", "listing_id"),
    Index("ix_places_shown_at", "shown_at"),
)

listed_emails = Table(
    "listed_emails",
    own,
    Column(
        "listing_id", String(36), ForeignKey("listings.id", ondelete="CASCADE"), primary_key=True, info=NONE
    ),
    Column("position", Integer, primary_key=True, info=NONE),
    Column("email_id", String(36), nullable=False, info=NONE),
    Index("ix_listed_emails_email_id", "email_id"),
)

# What never changes and need not be asked again, by name.
facts = Table(
    "facts",
    own,
    Column("name", String(400), primary_key=True, info=NONE),
    Column("value", Text, nullable=False, info=NONE),
)

# Tokens and other secrets that outlive a process, sealed with the operator's keys.
secrets = Table(
    "secrets",
    own,
    Column("name", String(200), primary_key=True, info=USER),
    Column("sealed", LargeBinary, nullable=False, info=NONE),
    Column("changed_at", Instant, nullable=False, info=NONE),
)

# Where a mail server keeps a message of a mailbox: ids only. It finds none by our own ids.
message_places = Table(
    "message_places",
    own,
    Column("mailbox_id", String(36), primary_key=True, info=ADDRESS),
    Column("email_id", String(36), primary_key=True, info=NONE),
    Column("message_id", String(512), nullable=False, info=NONE),
    Column("seen_at", Instant, nullable=False, info=NONE),
    Index("ix_message_places_seen_at", "seen_at"),
)

# What a mail server tells us of: one subscription per user, and how far a mailbox has been followed.
subscriptions = Table(
    "subscriptions",
    own,
    Column("user_id", String(64), primary_key=True, info=USER),
    Column("subscription_id", String(64), info=NONE),
    Column("client_state", String(128), nullable=False, info=NONE),
    Column("expires_at", Instant, info=NONE),
    Column("delta_link", Text, nullable=False, info=NONE),
    Column("version", BigInteger, nullable=False, info=NONE),
    Column("changed_at", Instant, nullable=False, info=NONE),
    Index("ix_subscriptions_subscription_id", "subscription_id", unique=True),
    Index("ix_subscriptions_expires_at", "expires_at"),
)
