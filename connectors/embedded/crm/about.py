"""What activities are about: the record they regard and those they are linked to, as far as readable."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select

from connectors.embedded.crm.access import Access
from connectors.embedded.crm.row import StoredRow, chunks
from connectors.embedded.crm.search import as_records
from connectors.embedded.crm.tables import rows, timeline
from insights.crm.activities import About
from insights.model import RecordRef


def read_about(access: Access, activities: Sequence[StoredRow]) -> dict[str, About]:
    """By activity id; what the user may not read is left out."""
    regarding = {row.id: ref for row in activities if (ref := row.lookup("regardingobjectid"))}
    linked = _linked(access, [row.id for row in activities if row.table == "email"])
    readable = access.find_all([*regarding.values(), *(ref for refs in linked.values() for ref in refs)])
    records = {record.ref: record for record in as_records(access, list(readable.values()))}
    return {
        row.id: About(
            regarding=records.get(regarding[row.id]) if row.id in regarding else None,
            links=tuple(records[ref] for ref in linked[row.id] if ref in records),
        )
        for row in activities
    }


def _linked(access: Access, email_ids: Sequence[str]) -> defaultdict[str, list[RecordRef]]:
    """The records that connections lead to, by email."""
    linked: defaultdict[str, list[RecordRef]] = defaultdict(list)
    for chunk in chunks(email_ids):
        statement = (
            select(timeline.c.activity_id, timeline.c.target_table, timeline.c.target_id)
            .join(rows, (rows.c.table_name == timeline.c.via_table) & (rows.c.id == timeline.c.via_id))
            .where(timeline.c.activity_id.in_(chunk), timeline.c.via_table == "connection")
            .order_by(rows.c.created_at, rows.c.id)
        )
        for email_id, table, row_id in access.connection.execute(statement):
            linked[email_id].append(RecordRef(table, row_id))
    return linked
