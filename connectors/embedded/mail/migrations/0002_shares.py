"""Mailboxes that more than one person reads."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create `shares`."""
    op.create_table(
        "shares",
        sa.Column("address_key", sa.String(512), primary_key=True),
        sa.Column("reader_key", sa.String(512), primary_key=True),
    )
