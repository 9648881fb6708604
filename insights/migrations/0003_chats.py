"""Chats with the bot: how to reach users, what was taken, which lists stand where."""

import sqlalchemy as sa
from alembic import op

from insights.tables import Instant

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create `conversations`, `taken_activities`, `listings`, `places` and `listed_emails`."""
    op.create_table(
        "conversations",
        sa.Column("user_id", sa.String(64), primary_key=True),
        sa.Column("conversation_id", sa.String(1000), nullable=False),
        sa.Column("service_url", sa.String(1000), nullable=False),
        sa.Column("channel_id", sa.String(64), nullable=False),
        sa.Column("tenant_id", sa.String(200), nullable=False),
        sa.Column("bot_id", sa.String(400), nullable=False),
        sa.Column("member_id", sa.String(400), nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
    )
    op.create_index("ix_conversations_conversation_id", "conversations", ["conversation_id"])
    op.create_table(
        "taken_activities",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_index("ix_taken_activities_at", "taken_activities", ["at"])
    op.create_table(
        "listings",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("record_table", sa.String(128)),
        sa.Column("record_id", sa.String(64)),
        sa.Column("next_cursor", sa.String(200)),
        sa.Column("is_first", sa.Boolean, nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("shown_at", Instant, nullable=False),
    )
    op.create_index("ix_listings_shown_at", "listings", ["shown_at"])
    op.create_table(
        "places",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("service_url", sa.String(1000), nullable=False),
        sa.Column("conversation_id", sa.String(1000), nullable=False),
        sa.Column("activity_id", sa.String(1000), nullable=False),
        sa.Column(
            "listing_id", sa.String(36), sa.ForeignKey("listings.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("change_id", sa.BigInteger, nullable=False),
        sa.Column("shown_at", Instant, nullable=False),
    )
    op.create_index("ix_places_listing_id", "places", ["listing_id"])
    op.create_index("ix_places_shown_at", "places", ["shown_at"])
    op.create_table(
        "listed_emails",
        sa.Column(
            "listing_id", sa.String(36), sa.ForeignKey("listings.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("email_id", sa.String(36), nullable=False),
    )
    op.create_index("ix_listed_emails_email_id", "listed_emails", ["email_id"])
