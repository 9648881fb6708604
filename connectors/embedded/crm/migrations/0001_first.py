"""The first tables."""

import sqlalchemy as sa
from alembic import op

from insights.tables import Instant

revision = "0001"
down_revision = None
TABLE, COLUMN = sa.String(128), sa.String(128)
ID = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
KEY = sa.String(400).with_variant(sa.String(400, collation="C"), "postgresql")


def upgrade() -> None:
    """Create the row store and its indexes."""
    _create_rows()
    _create_indexes_of_rows()
    _create_rights()
    op.create_table(
        "message_ids",
        sa.Column("message_key", sa.String(400), primary_key=True),
        sa.Column("email_id", ID, nullable=False),
    )
    op.create_index("ix_message_ids_email_id", "message_ids", ["email_id"])
    op.create_table(
        "contents",
        sa.Column("attachment_id", ID, primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "structure",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
    )
    op.create_table(
        "custom_tables",
        sa.Column("name", TABLE, primary_key=True),
        sa.Column("definition", sa.JSON, nullable=False),
    )


def _create_rows() -> None:
    op.create_table(
        "rows",
        sa.Column("table_name", TABLE, primary_key=True),
        sa.Column("id", ID, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("owner_id", ID),
        sa.Column("state", sa.Integer, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("created_by_id", ID),
        sa.Column("modified_at", Instant, nullable=False),
        sa.Column("modified_by_id", ID),
        sa.Column("attributes", sa.JSON, nullable=False),
    )
    op.create_index("ix_rows_table_name_name_key", "rows", ["table_name", "name_key", "id"])
    op.create_index("ix_rows_id", "rows", ["id"])


def _create_indexes_of_rows() -> None:
    op.create_table(
        "addresses",
        sa.Column("table_name", TABLE, primary_key=True),
        sa.Column("row_id", ID, primary_key=True),
        sa.Column("column_name", COLUMN, primary_key=True),
        sa.Column("address_key", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
    )
    op.create_index("ix_addresses_address_key", "addresses", ["address_key"])
    op.create_table(
        "lookups",
        sa.Column("table_name", TABLE, primary_key=True),
        sa.Column("row_id", ID, primary_key=True),
        sa.Column("column_name", COLUMN, primary_key=True),
        sa.Column("target_table", TABLE, nullable=False),
        sa.Column("target_id", ID, nullable=False),
    )
    op.create_index(
        "ix_lookups_target",
        "lookups",
        ["target_id", "target_table", "table_name", "column_name", "row_id"],
    )
    op.create_table(
        "timeline",
        sa.Column("via_table", TABLE, primary_key=True),
        sa.Column("via_id", ID, primary_key=True),
        sa.Column("target_table", TABLE, primary_key=True),
        sa.Column("target_id", ID, primary_key=True),
        sa.Column("activity_table", TABLE, nullable=False),
        sa.Column("activity_id", ID, nullable=False),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_index("ix_timeline_target", "timeline", ["target_table", "target_id", "at", "activity_id"])
    op.create_index("ix_timeline_activity_id", "timeline", ["activity_id"])


def _create_rights() -> None:
    op.create_table(
        "principals",
        sa.Column("id", ID, primary_key=True),
        sa.Column("table_name", TABLE, nullable=False),
        sa.Column("business_unit_id", ID),
    )
    op.create_index("ix_principals_business_unit_id", "principals", ["business_unit_id"])
    op.create_table(
        "shares",
        sa.Column("via_id", ID, primary_key=True),
        sa.Column("object_table", TABLE, nullable=False),
        sa.Column("object_id", ID, nullable=False),
        sa.Column("principal_id", ID, nullable=False),
    )
    op.create_index("ix_shares_object_id", "shares", ["object_id", "object_table", "principal_id"])
