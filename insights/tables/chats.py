"""Chats with the bot, the cards that stand in them, and what is to be sent there by itself."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

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

# Cards to be sent to users by themselves (`insights/outbox.py`). Times are those of the real clock.
pushes = Table(
    "pushes",
    own,
    Column(
        "id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True, info=NONE
    ),
    Column("user_id", String(64), nullable=False, info=USER),
    Column("key", String(200), nullable=False, info=NONE),
    Column("kind", String(32), nullable=False, info=NONE),
    Column("arguments", Text, nullable=False, info=NONE),
    Column("state", String(16), nullable=False, info=NONE),
    Column("cause", String(64), info=NONE),
    Column("due_at", Instant, nullable=False, info=NONE),
    Column("not_after", Instant, nullable=False, info=NONE),
    Column("attempts", Integer, nullable=False, info=NONE),
    Column("holder", String(36), info=NONE),
    Column("held_until", Instant, info=NONE),
    Column("changed_at", Instant, nullable=False, info=NONE),
    Index("ix_pushes_user_id_key", "user_id", "key", unique=True),
    Index("ix_pushes_state_due_at", "state", "due_at"),
    Index("ix_pushes_changed_at", "changed_at"),
)
