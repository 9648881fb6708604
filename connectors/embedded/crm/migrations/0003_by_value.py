"""Rows by owner, by date and by what changed: an owner index, `dates`, change numbers, what was removed."""

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from insights.tables import Instant

revision = "0003"
down_revision = "0002"
TABLE, COLUMN = sa.String(128), sa.String(128)
ID = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
DATED = ("estimatedclosedate", "actualclosedate", "scheduledstart", "scheduledend")
MANY = 5_000


def upgrade() -> None:
    """Add the columns, tables and indexes, and enter the dates of the rows that are there."""
    op.add_column("rows", sa.Column("change", sa.BigInteger, nullable=False, server_default="0"))
    op.create_index("ix_rows_owner_id", "rows", ["owner_id", "table_name", "modified_at"])
    op.create_index("ix_rows_change", "rows", ["table_name", "change", "id"])
    op.create_table(
        "removed_rows",
        sa.Column("table_name", TABLE, primary_key=True),
        sa.Column("id", ID, primary_key=True),
        sa.Column("change", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_removed_rows_change", "removed_rows", ["table_name", "change", "id"])
    dates = op.create_table(
        "dates",
        sa.Column("table_name", TABLE, primary_key=True),
        sa.Column("row_id", ID, primary_key=True),
        sa.Column("column_name", COLUMN, primary_key=True),
        sa.Column("owner_id", ID),
        sa.Column("at", Instant, nullable=False),
    )
    _enter_dates(op.get_bind(), dates)
    op.create_index("ix_dates_owner_id", "dates", ["owner_id", "column_name", "table_name", "at", "row_id"])
    op.create_index("ix_dates_column_name", "dates", ["column_name", "table_name", "at", "row_id"])


def _enter_dates(connection: sa.Connection, dates: sa.Table) -> None:
    table, row_id = "", ""
    statement = sa.text(
        "SELECT table_name, id, owner_id, attributes FROM rows "
        "WHERE table_name > :table OR (table_name = :table AND id > :row_id) "
        "ORDER BY table_name, id LIMIT :many"
    )
    while found := connection.execute(statement, {"table": table, "row_id": row_id, "many": MANY}).all():
        entries = [entry for row in found for entry in _entries(row)]
        if entries:
            connection.execute(dates.insert(), entries)
        table, row_id = found[-1].table_name, found[-1].id


def _entries(row: sa.Row[Any]) -> list[dict[str, Any]]:
    values = json.loads(row.attributes) if isinstance(row.attributes, str) else row.attributes
    return [
        {"table_name": row.table_name, "row_id": row.id, "column_name": name, "owner_id": row.owner_id,
         "at": at if at.tzinfo else at.replace(tzinfo=UTC)}
        for name in DATED
        if isinstance(values.get(name), str) and (at := datetime.fromisoformat(values[name]))
    ]  # fmt: skip
