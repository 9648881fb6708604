"""Writes the rows of an import that turned out right."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from connectors.embedded.crm.customizing import store_definitions
from connectors.embedded.crm.defaults import yield_to_imported
from connectors.embedded.crm.drafts import Draft
from connectors.embedded.crm.row import StoredRow, chunks
from connectors.embedded.crm.rows import read_rows
from connectors.embedded.crm.schema import Schema
from connectors.embedded.crm.spool import Spool
from connectors.embedded.crm.tables import contents
from connectors.embedded.crm.writing import count_change, write_rows
from insights.database import insert_into
from insights.model import RecordRef

Progress = Callable[[int, int], None]
"""Is told how much is done, and of how much."""
SYSTEM_COLUMNS = ("createdon", "modifiedon", "createdby", "modifiedby")


@dataclass(frozen=True, slots=True)
class ImportReport:
    """How many rows were new, changed, or as they were, by logical name."""

    created: dict[str, int] = field(default_factory=dict)
    updated: dict[str, int] = field(default_factory=dict)
    unchanged: dict[str, int] = field(default_factory=dict)


@dataclass
class Prepared:
    """Rows that are right, waiting in a file to be written."""

    schema: Schema
    definitions: list[dict[str, Any]]
    spool: Spool


def write_prepared(
    connection: Connection,
    prepared: Prepared,
    organization_id: str,
    now: datetime,
    progress: Progress | None,
) -> ImportReport:
    """Write all rows and custom tables; run it in one transaction."""
    report, done = ImportReport(), 0
    count_change(connection)
    store_definitions(connection, prepared.definitions)
    for batch in chunks(prepared.spool):
        _write_batch(connection, prepared.schema, batch, now, report)
        done += len(batch)
        if progress:
            progress(prepared.spool.count + done, prepared.spool.count * 2)
    yield_to_imported(connection, organization_id)
    return report


def _write_batch(
    connection: Connection, schema: Schema, batch: list[Draft], now: datetime, report: ImportReport
) -> None:
    known = read_rows(connection, [RecordRef(draft.table, draft.id) for draft in batch])
    changed: list[StoredRow] = []
    for draft in batch:
        old = known.get(RecordRef(draft.table, draft.id))
        _store_content(connection, draft)
        new = _merged(draft, old, now)
        counts = report.unchanged if new is None else report.updated if old else report.created
        counts[draft.table] = counts.get(draft.table, 0) + 1
        if new:
            changed.append(new)
    if changed:
        write_rows(connection, schema, changed, {row.ref for row in changed} & known.keys())


def _merged(draft: Draft, old: StoredRow | None, now: datetime) -> StoredRow | None:
    """The row as it will be, None if it is so already."""
    values: dict[str, Any] = dict(draft.values)
    values |= {name: [table, target_id] for name, (table, _, target_id) in draft.lookups.items()}
    attributes = {**(old.attributes if old else {}), **values}
    created_at = _time(draft, "createdon") or (old.created_at if old else now)
    new = StoredRow(
        table=draft.table,
        id=draft.id,
        name=draft.name,
        created_at=created_at,
        modified_at=_time(draft, "modifiedon") or (old.modified_at if old else max(created_at, now)),
        attributes={
            name: value
            for name, value in attributes.items()
            if value is not None and name not in SYSTEM_COLUMNS
        },
        state=draft.state if draft.state is not None else old.state if old else 0,
        created_by_id=_user_id(draft, "createdby") or (old.created_by_id if old else None),
        modified_by_id=_user_id(draft, "modifiedby") or (old.modified_by_id if old else None),
    )
    if new == old:
        return None
    if old and not _time(draft, "modifiedon"):
        new.modified_at = now
    return new


def _time(draft: Draft, column: str) -> datetime | None:
    value = draft.values.get(column)
    return datetime.fromisoformat(value).astimezone(UTC) if isinstance(value, str) else None


def _user_id(draft: Draft, column: str) -> str | None:
    return draft.lookups[column][2] if column in draft.lookups else None


def _store_content(connection: Connection, draft: Draft) -> None:
    """Put the bytes of an attachment where those of tracked emails are."""
    body = draft.values.pop("body", None) if draft.table == "activitymimeattachment" else None
    if isinstance(body, str):
        content = base64.b64decode("".join(body.split()))
        statement = insert_into(connection, contents).values(attachment_id=draft.id, content=content)
        key, changed = [contents.c.attachment_id], {"content": statement.excluded.content}
        connection.execute(statement.on_conflict_do_update(index_elements=key, set_=changed))
