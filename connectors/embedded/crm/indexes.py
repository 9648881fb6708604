"""What is derived from rows so that they are found again: kept in step on every write."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, delete

from connectors.embedded.crm.row import LONGEST_KEY, StoredRow, by_table, message_key
from connectors.embedded.crm.rows import read_rows
from connectors.embedded.crm.schema import Schema
from connectors.embedded.crm.tables import (
    addresses,
    dates,
    lookups,
    message_ids,
    principals,
    shares,
    timeline,
)
from insights.crm.activities import placed_by
from insights.mail.addresses import relation_key
from insights.model import RecordRef

READ_RIGHT = 1
DATED = frozenset({"estimatedclosedate", "actualclosedate", "scheduledstart", "scheduledend"})
"""Columns whose days and times work is planned by."""


def index_rows(connection: Connection, schema: Schema, batch: Sequence[StoredRow]) -> None:
    """Write what is derived from rows that have no index entries yet."""
    entries: dict[Table, list[dict[str, Any]]] = {
        table: [] for table in (addresses, lookups, dates, timeline, principals, shares)
    }
    for row in batch:
        entries[addresses] += _address_entries(schema, row)
        entries[lookups] += _lookup_entries(row)
        entries[dates] += _date_entries(row)
        entries[timeline] += _regarding_entries(schema, row)
        _index_special(row, entries)
    entries[timeline] += _connected_entries(connection, schema, [r for r in batch if r.table == "connection"])
    for table, values in entries.items():
        if values:
            connection.execute(table.insert(), values)


def _index_special(row: StoredRow, entries: dict[Table, list[dict[str, Any]]]) -> None:
    if row.table in {"systemuser", "team"}:
        unit = row.lookup("businessunitid")
        entry = {"id": row.id, "table_name": row.table, "business_unit_id": unit.id if unit else None}
        entries[principals].append(entry)
    elif row.table == "principalobjectaccess":
        principal, shared = row.lookup("principalid"), row.lookup("objectid")
        if principal and shared and int(row.attributes.get("accessrightsmask") or READ_RIGHT) & READ_RIGHT:
            entries[shares].append(
                {
                    "via_id": row.id,
                    "object_table": shared.table,
                    "object_id": shared.id,
                    "principal_id": principal.id,
                }
            )


def message_entries(row: StoredRow) -> Iterator[dict[str, Any]]:
    """The Message-ID that an email takes."""
    if row.table == "email" and (key := message_key(row.text("messageid"))):
        yield {"message_key": key, "email_id": row.id}


def _address_entries(schema: Schema, row: StoredRow) -> Iterator[dict[str, Any]]:
    table = schema.get(row.table)
    for name, value in row.attributes.items():
        column = table.column(name) if table and isinstance(value, str) else None
        if column and column.kind == "email" and (key := relation_key(value)) and len(key) <= LONGEST_KEY:
            yield {
                "table_name": row.table,
                "row_id": row.id,
                "column_name": name,
                "address_key": key,
                "address": value,
            }


def _lookup_entries(row: StoredRow) -> Iterator[dict[str, Any]]:
    for name, value in row.attributes.items():
        if isinstance(value, list) and name != "ownerid":
            yield {
                "table_name": row.table,
                "row_id": row.id,
                "column_name": name,
                "target_table": value[0],
                "target_id": value[1],
            }


def _date_entries(row: StoredRow) -> Iterator[dict[str, Any]]:
    for name in DATED & row.attributes.keys():
        at = row.time(name)
        if at:
            yield {
                "table_name": row.table,
                "row_id": row.id,
                "column_name": name,
                "owner_id": row.owner_id,
                "at": at if at.tzinfo else at.replace(tzinfo=UTC),
            }


def _regarding_entries(schema: Schema, row: StoredRow) -> Iterator[dict[str, Any]]:
    regarding = row.lookup("regardingobjectid")
    if regarding and (at := activity_at(schema, row)):
        yield _timeline_entry(row.ref, regarding, row.ref, at)


def _connected_entries(
    connection: Connection, schema: Schema, batch: Sequence[StoredRow]
) -> Iterator[dict[str, Any]]:
    sides = [(row.ref, row.lookup("record1id"), row.lookup("record2id")) for row in batch if row.state == 0]
    linked = [
        (via, activity, target)
        for via, one, two in sides
        for activity, target in ((one, two), (two, one))
        if activity and target and activity.table in schema.activities
    ]
    activities = read_rows(connection, {activity for _, activity, _ in linked})
    for via, activity, target in linked:
        at = activity_at(schema, activities[activity]) if activity in activities else None
        if at:
            yield _timeline_entry(via, target, activity, at)


def _timeline_entry(via: RecordRef, target: RecordRef, activity: RecordRef, at: datetime) -> dict[str, Any]:
    return {
        "via_table": via.table,
        "via_id": via.id,
        "target_table": target.table,
        "target_id": target.id,
        "activity_table": activity.table,
        "activity_id": activity.id,
        "at": at,
    }


def activity_at(schema: Schema, row: StoredRow) -> datetime | None:
    """When an activity stands in a timeline, None for other rows."""
    table = schema.get(row.table)
    if not table or not table.is_activity:
        return None
    return row.time(*placed_by(row.table)) or row.created_at


def forget_rows(connection: Connection, refs: Collection[RecordRef]) -> None:
    """Remove what is derived from rows, which follow or are written anew."""
    for name, ids in by_table(refs):
        for table in (addresses, lookups, dates):
            connection.execute(delete(table).where(table.c.table_name == name, table.c.row_id.in_(ids)))
        connection.execute(delete(timeline).where(timeline.c.via_table == name, timeline.c.via_id.in_(ids)))
        if name == "principalobjectaccess":
            connection.execute(delete(shares).where(shares.c.via_id.in_(ids)))
        elif name in {"systemuser", "team"}:
            connection.execute(delete(principals).where(principals.c.id.in_(ids)))
        elif name == "email":
            connection.execute(delete(message_ids).where(message_ids.c.email_id.in_(ids)))
