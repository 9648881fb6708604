"""Reads rows whoever asks; who may see them is decided by `access`."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from connectors.embedded.crm.row import StoredRow, by_table
from connectors.embedded.crm.tables import rows
from insights.model import RecordRef

COLUMNS = tuple(rows.c)


def unindexed(column: ColumnElement[str]) -> ColumnElement[str]:
    """The column as a sort key that tempts no planner to walk its index instead of the few rows found."""
    return column.concat("")


def stored_row(found: Any) -> StoredRow:
    """A row as selected by `COLUMNS`."""
    return StoredRow(
        found.table_name, found.id, found.name, found.created_at, found.modified_at, dict(found.attributes),
        found.state, found.created_by_id, found.modified_by_id,
    )  # fmt: skip


def read_row(connection: Connection, table: str, row_id: str) -> StoredRow | None:
    """One row."""
    found = connection.execute(
        select(*COLUMNS).where(rows.c.table_name == table, rows.c.id == row_id)
    ).one_or_none()
    return stored_row(found) if found else None


def read_rows(connection: Connection, refs: Collection[RecordRef]) -> dict[RecordRef, StoredRow]:
    """Many rows by reference."""
    found: dict[RecordRef, StoredRow] = {}
    for table, ids in by_table(refs):
        statement = select(*COLUMNS).where(rows.c.table_name == table, rows.c.id.in_(ids))
        for row in connection.execute(statement):
            found[RecordRef(row.table_name, row.id)] = stored_row(row)
    return found
