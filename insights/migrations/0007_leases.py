"""Work that only one process may do at a time."""

import sqlalchemy as sa
from alembic import op

from insights.tables import Instant

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create `leases`."""
    op.create_table(
        "leases",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("holder", sa.String(36), nullable=False),
        sa.Column("until", Instant, nullable=False),
        sa.Column("began_at", Instant, nullable=False),
    )
