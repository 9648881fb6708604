"""A number that grows with every change, so that others know when to read again."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add `structure.changes`."""
    op.add_column("structure", sa.Column("changes", sa.BigInteger, nullable=False, server_default="0"))
