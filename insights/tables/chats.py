"""Chats with the bot, and the cards that stand in them."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, Text

from insights.database import NONE, USER
from insights.tables.own import Instant, own

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

# What cards in chats are drawings of; the id is made of all but the time. `arguments` is JSON of ids.
drawings = Table(
    "drawings",
    own,
    Column("id", String(36), primary_key=True, info=NONE),
    Column("kind", String(32), nullable=False, info=NONE),
    Column("user_id", String(64), nullable=False, info=USER),
    Column("language", String(35), nullable=False, info=NONE),
    Column("arguments", Text, nullable=False, info=NONE),
    Column("shown_at", Instant, nullable=False, info=NONE),
    Index("ix_drawings_shown_at", "shown_at"),
)

# What a drawing shows, as news calls it: what is told of it makes the drawing stale.
drawing_subjects = Table(
    "drawing_subjects",
    own,
    Column(
        "drawing_id", String(36), ForeignKey("drawings.id", ondelete="CASCADE"), primary_key=True, info=NONE
    ),
    Column("kind", String(32), primary_key=True, info=NONE),
    Column("subject", String(64), primary_key=True, info=NONE),
    Index("ix_drawing_subjects_subject", "subject"),
)

# The cards: where each stands, up to which change it is drawn, until when (by the real clock) somebody
# redraws it; `key` is a hash.
places = Table(
    "places",
    own,
    Column("key", String(64), primary_key=True, info=NONE),
    Column("service_url", String(1000), nullable=False, info=NONE),
    Column("conversation_id", String(1000), nullable=False, info=USER),
    Column("activity_id", String(1000), nullable=False, info=NONE),
    Column(
        "drawing_id", String(36), ForeignKey("drawings.id", ondelete="CASCADE"), nullable=False, info=NONE
    ),
    Column("change_id", BigInteger, nullable=False, info=NONE),
    Column("shown_at", Instant, nullable=False, info=NONE),
    Column("held_until", Instant, info=NONE),
    Index("ix_places_drawing_id", "drawing_id"),
    Index("ix_places_shown_at", "shown_at"),
)
