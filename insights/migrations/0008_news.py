"""News: what happened and who is told; what was `changes` told everybody of tracks only."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Rename `changes` to `news`, add the record that something shows with, create `hearers`."""
    op.drop_index("ix_changes_at", "changes")
    op.rename_table("changes", "news")
    op.add_column("news", sa.Column("record_table", sa.String(128)))
    op.add_column("news", sa.Column("record_id", sa.String(64)))
    op.create_index("ix_news_at", "news", ["at"])
    op.create_index("ix_message_places_email_id", "message_places", ["email_id"])
    op.create_table(
        "hearers",
        sa.Column("news_id", sa.BigInteger, sa.ForeignKey("news.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("user_id", sa.String(64), primary_key=True),
    )
