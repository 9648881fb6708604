"""The first tables of the embedded mail server."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create mailboxes, messages, contents, participants and thread_keys."""
    op.create_table(
        "mailboxes",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("address_key", sa.String(512), nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("address_key", name="uq_mailboxes_address_key"),
    )
    op.create_table(
        "messages",
        sa.Column("mailbox_id", sa.Integer, sa.ForeignKey("mailboxes.id"), primary_key=True),
        sa.Column("email_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("conversation_id", sa.LargeBinary(16), nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
    )
    op.create_index("ix_messages_mailbox_id_at_email_id", "messages", ["mailbox_id", "at", "email_id"])
    op.create_index("ix_messages_mailbox_id_conversation_id", "messages", ["mailbox_id", "conversation_id"])
    op.create_table(
        "contents",
        sa.Column("mailbox_id", sa.Integer, primary_key=True),
        sa.Column("email_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("stored", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "participants",
        sa.Column("mailbox_id", sa.Integer, primary_key=True),
        sa.Column("address_key", sa.String(512), primary_key=True),
        sa.Column("at", sa.BigInteger, primary_key=True),
        sa.Column("email_id", sa.LargeBinary(16), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "thread_keys",
        sa.Column("mailbox_id", sa.Integer, primary_key=True),
        sa.Column("key", sa.LargeBinary(16), primary_key=True),
        sa.Column("conversation_id", sa.LargeBinary(16), nullable=False),
        sqlite_with_rowid=False,
    )
