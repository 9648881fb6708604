"""When each message last changed, whether it is read, and which messages are gone."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add `messages.is_read` and `.version`, create `tombstones`; what lies there counts as read long ago."""
    op.add_column("messages", sa.Column("is_read", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("messages", sa.Column("version", sa.BigInteger, nullable=False, server_default="0"))
    op.create_index(
        "ix_messages_mailbox_id_version_email_id", "messages", ["mailbox_id", "version", "email_id"]
    )
    op.create_table(
        "tombstones",
        sa.Column("mailbox_id", sa.Integer, primary_key=True),
        sa.Column("email_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.create_index(
        "ix_tombstones_mailbox_id_version_email_id", "tombstones", ["mailbox_id", "version", "email_id"]
    )
