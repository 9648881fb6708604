"""Choices of sellers and of the organisation; for whom a feature is on; sign-outs apart from both."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from insights.tables import Instant

revision = "0006"
down_revision = "0005"
SIGNED_OUT = "mail_access"
"""The name under which the table of preferences kept who signed out."""


def upgrade() -> None:
    """Create `choices`, `versions`, `sign_outs`, `audiences` and `members`; take over what was chosen."""
    op.create_table(
        "choices",
        sa.Column("owner", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("changed_by_id", sa.String(64), nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
    )
    op.create_table(
        "versions",
        sa.Column("subject", sa.String(80), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
    )
    op.create_table(
        "sign_outs",
        sa.Column("object_id", sa.String(64), primary_key=True),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_table(
        "audiences",
        sa.Column("feature", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("subject_id", sa.String(64), primary_key=True),
    )
    op.create_table(
        "members",
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("subject_id", sa.String(64), primary_key=True),
        sa.Column("user_id", sa.String(64), primary_key=True),
    )
    op.create_index("ix_members_user_id", "members", ["user_id"])
    _move_preferences(op.get_bind())
    op.drop_table("preferences")
    _give_states(op.get_bind())


def _move_preferences(connection: sa.Connection) -> None:
    now = datetime.now(UTC)
    metadata = sa.MetaData()
    names = ("preferences", "choices", "versions", "sign_outs")
    preferences, choices, versions, sign_outs = (
        sa.Table(name, metadata, autoload_with=connection) for name in names
    )
    owners: set[str] = set()
    for row in list(connection.execute(sa.select(preferences))):
        if row.name == SIGNED_OUT:
            connection.execute(sa.insert(sign_outs).values(object_id=row.user_id, at=now))
            continue
        made = {"version": 1, "changed_by_id": row.user_id, "changed_at": now}
        connection.execute(
            sa.insert(choices).values(owner=row.user_id, name=row.name, value=row.value, **made)
        )
        owners.add(row.user_id)
    for owner in sorted(owners):
        connection.execute(sa.insert(versions).values(subject=f"choices:{owner}", number=1))


def _give_states(connection: sa.Connection) -> None:
    with op.batch_alter_table("features") as features:
        features.add_column(sa.Column("state", sa.String(16), nullable=False, server_default="off"))
        features.add_column(sa.Column("obstacle", sa.Text, nullable=False, server_default=""))
        features.add_column(sa.Column("version", sa.Integer, nullable=False, server_default="0"))
    table = sa.Table("features", sa.MetaData(), autoload_with=connection)
    connection.execute(sa.update(table).where(table.c.is_on).values(state="on"))
    with op.batch_alter_table("features") as features:
        features.drop_column("is_on")
        for name in ("state", "obstacle", "version"):
            features.alter_column(name, server_default=None)
        features.alter_column("changed_by_id", existing_type=sa.String(64), nullable=True)
        features.alter_column("changed_at", existing_type=Instant(), nullable=True)
