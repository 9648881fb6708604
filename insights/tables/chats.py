"""Chats with the bot, and the cards that stand in them."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table

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
