"""An outbox of what is sent to users by itself."""

import sqlalchemy as sa
from alembic import op

from insights.tables import Instant

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create `pushes`."""
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "pushes",
        sa.Column("id", number, primary_key=True, autoincrement=True),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("arguments", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("cause", sa.String(64)),
        sa.Column("due_at", Instant, nullable=False),
        sa.Column("not_after", Instant, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("holder", sa.String(36)),
        sa.Column("held_until", Instant),
        sa.Column("changed_at", Instant, nullable=False),
    )
    op.create_index("ix_pushes_user_id_key", "pushes", ["user_id", "key"], unique=True)
    op.create_index("ix_pushes_state_due_at", "pushes", ["state", "due_at"])
    op.create_index("ix_pushes_changed_at", "pushes", ["changed_at"])
