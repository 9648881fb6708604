"""Writes rows with everything that is derived from them; each bears the number of the change it is part of.

A transaction that writes begins with `count_change`: numbers are taken one after the other, so that who
has read up to one has seen everything below it.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, delete, select, update

from connectors.embedded.crm.indexes import activity_at, forget_rows, index_rows, message_entries
from connectors.embedded.crm.row import StoredRow, by_table, chunks, search_key
from connectors.embedded.crm.schema import Schema
from connectors.embedded.crm.tables import message_ids, removed_rows, rows, structure, timeline
from insights.database import insert_into
from insights.model import RecordRef

STRUCTURAL = {
    "businessunit",
    "role",
    "roleprivileges",
    "systemuser",
    "systemuserroles",
    "team",
    "teammembership",
}
"""Tables that decide who may read what."""
CHANGE = select(structure.c.changes)


def insert_row(connection: Connection, schema: Schema, row: StoredRow) -> bool:
    """Add a row; False if its id or Message-ID is taken, also by a transaction that commits meanwhile."""
    statement = (
        insert_into(connection, rows).values(_columns(row, read_change(connection))).on_conflict_do_nothing()
    )
    if connection.execute(statement).rowcount == 0:
        return False
    claims = list(message_entries(row))
    for claim in claims:
        taken = insert_into(connection, message_ids).values(claim).on_conflict_do_nothing()
        if connection.execute(taken).rowcount == 0:
            connection.execute(delete(rows).where(rows.c.table_name == row.table, rows.c.id == row.id))
            return False
    index_rows(connection, schema, [row])
    note_change(connection, [row.table])
    return True


def write_rows(
    connection: Connection, schema: Schema, batch: Sequence[StoredRow], known: set[RecordRef]
) -> None:
    """Add or replace rows; `known` are those of them that exist already."""
    if not batch:
        return
    statement = insert_into(connection, rows)
    changed = {c.name: statement.excluded[c.name] for c in rows.c if not c.primary_key}
    change = read_change(connection)
    connection.execute(
        statement.on_conflict_do_update(index_elements=[rows.c.table_name, rows.c.id], set_=changed),
        [_columns(row, change) for row in batch],
    )
    if known:
        forget_rows(connection, known)
        for row in batch:
            if row.ref in known and (at := activity_at(schema, row)):
                same = (timeline.c.activity_table == row.table) & (timeline.c.activity_id == row.id)
                connection.execute(update(timeline).where(same).values(at=at))
    messages = [entry for row in batch for entry in message_entries(row)]
    if messages:
        connection.execute(message_ids.insert(), messages)
    index_rows(connection, schema, batch)
    note_change(connection, {row.table for row in batch})


def delete_rows(connection: Connection, refs: Collection[RecordRef]) -> None:
    """Remove rows and everything derived from them."""
    forget_rows(connection, refs)
    note_change(connection, {ref.table for ref in refs})
    change = read_change(connection)
    for chunk in chunks(refs):
        gone = insert_into(connection, removed_rows)
        connection.execute(
            gone.on_conflict_do_update(
                index_elements=["table_name", "id"], set_={"change": gone.excluded.change}
            ),
            [{"table_name": ref.table, "id": ref.id, "change": change} for ref in chunk],
        )
    for table, ids in by_table(refs):
        connection.execute(delete(rows).where(rows.c.table_name == table, rows.c.id.in_(ids)))
        shown = (timeline.c.activity_table == table) & timeline.c.activity_id.in_(ids)
        connection.execute(delete(timeline).where(shown))


def note_change(connection: Connection, tables: Iterable[str] = STRUCTURAL) -> None:
    """Let what is kept of the structure be read anew, if one of these tables is part of it."""
    if not STRUCTURAL.isdisjoint(tables):
        statement = insert_into(connection, structure).values(id=1, number=1)
        grown = {"number": structure.c.number + 1}
        connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=grown))


def count_change(connection: Connection) -> None:
    """Tell that something changes; done first in a transaction, so that writers queue up, never deadlock."""
    statement = insert_into(connection, structure).values(id=1, number=0, changes=1)
    grown = {"changes": structure.c.changes + 1}
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=grown))


def read_change(connection: Connection) -> int:
    """The number that grows with every change."""
    return connection.execute(CHANGE).scalar() or 0


def _columns(row: StoredRow, change: int) -> dict[str, Any]:
    return {
        "change": change,
        "table_name": row.table,
        "id": row.id,
        "name": row.name,
        "name_key": search_key(row.name),
        "owner_id": row.owner_id,
        "state": row.state,
        "created_at": row.created_at,
        "created_by_id": row.created_by_id,
        "modified_at": row.modified_at,
        "modified_by_id": row.modified_by_id,
        "attributes": row.attributes,
    }
