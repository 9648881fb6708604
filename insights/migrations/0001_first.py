"""The first tables."""

import sqlalchemy as sa
from alembic import op

from insights.tables import Instant

revision = "0001"
down_revision = None
NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# The audit trail is only ever added to; what retention removes after its year goes by DELETE.
APPEND_ONLY = {
    "sqlite": (
        "CREATE TRIGGER audit_append_only BEFORE UPDATE ON audit "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$",
        "CREATE TRIGGER audit_append_only BEFORE UPDATE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_append_only()",
    ),
}


def upgrade() -> None:
    """Create features, acceptances, audit, preferences, tracks and changes."""
    op.create_table(
        "features",
        sa.Column("feature", sa.String(64), primary_key=True),
        sa.Column("is_on", sa.Boolean, nullable=False),
        sa.Column("changed_by_id", sa.String(64), nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
    )
    op.create_table(
        "acceptances",
        sa.Column("text", sa.String(64), primary_key=True),
        sa.Column("version", sa.String(32), primary_key=True),
        sa.Column("accepted_by_id", sa.String(64), nullable=False),
        sa.Column("accepted_at", Instant, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("at", Instant, nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    for statement in APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)
    op.create_table(
        "preferences",
        sa.Column("user_id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "tracks",
        sa.Column("email_id", sa.String(36), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("on_behalf_of_id", sa.String(64)),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("requested_at", Instant, nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
        sa.Column("regarding_table", sa.String(128)),
        sa.Column("regarding_id", sa.String(64)),
        sa.Column("cause", sa.String(64)),
        sa.Column("email_activity_id", sa.String(64)),
    )
    op.create_index("ix_tracks_state_changed_at", "tracks", ["state", "changed_at"])
    op.create_index("ix_tracks_user_id_state", "tracks", ["user_id", "state"])
    op.create_table(
        "track_attachments",
        sa.Column(
            "email_id", sa.String(36), sa.ForeignKey("tracks.email_id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("attachment_id", sa.String(255), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("cause", sa.String(64)),
    )
    op.create_table(
        "changes",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("at", Instant, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
    )
    op.create_index("ix_changes_at", "changes", ["at"])
