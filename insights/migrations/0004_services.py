"""Microsoft 365: sealed secrets, where messages are kept, subscriptions; shared mailboxes."""

import sqlalchemy as sa
from alembic import op

from insights.tables import Instant

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create `facts`, `secrets`, `message_places`, `subscriptions`; tracks name the mailbox of their copy."""
    with op.batch_alter_table("tracks") as tracks:
        tracks.drop_column("on_behalf_of_id")
        tracks.add_column(sa.Column("mailbox", sa.String(320)))
    op.create_table(
        "facts",
        sa.Column("name", sa.String(400), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "secrets",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
    )
    op.create_table(
        "message_places",
        sa.Column("mailbox_id", sa.String(36), primary_key=True),
        sa.Column("email_id", sa.String(36), primary_key=True),
        sa.Column("message_id", sa.String(512), nullable=False),
        sa.Column("seen_at", Instant, nullable=False),
    )
    op.create_index("ix_message_places_seen_at", "message_places", ["seen_at"])
    op.create_table(
        "subscriptions",
        sa.Column("user_id", sa.String(64), primary_key=True),
        sa.Column("subscription_id", sa.String(64)),
        sa.Column("client_state", sa.String(128), nullable=False),
        sa.Column("expires_at", Instant),
        sa.Column("delta_link", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
    )
    op.create_index("ix_subscriptions_subscription_id", "subscriptions", ["subscription_id"], unique=True)
    op.create_index("ix_subscriptions_expires_at", "subscriptions", ["expires_at"])
