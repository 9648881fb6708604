"""Who else pressed *Track*: their part in an email outlives the first one's untracking."""

import sqlalchemy as sa
from alembic import op

from insights.tables import Instant

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create `track_joins`."""
    op.create_table(
        "track_joins",
        sa.Column("email_id", sa.String(36), primary_key=True),
        sa.Column("user_id", sa.String(64), primary_key=True),
        sa.Column("joined_at", Instant, nullable=False),
    )
