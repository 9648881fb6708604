"""Finds records by name or address: equal first, then by how names begin, then by what they contain."""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, and_, select, tuple_

from connectors.embedded.crm.access import Access
from connectors.embedded.crm.row import StoredRow, clean, search_key
from connectors.embedded.crm.rows import COLUMNS, stored_row, unindexed
from connectors.embedded.crm.schema import TableSchema
from connectors.embedded.crm.tables import addresses, rows
from insights.crm.search import BY_ADDRESS, BY_START, SEARCH, Asked, ways_of
from insights.crm.tables import CUSTOMERS, PERSONS, TIMELINE
from insights.cursors import bad_cursor, read_cursor, write_cursor
from insights.errors import Invalid
from insights.mail.addresses import relation_key
from insights.model import Page, Record, RecordRef

LAST_CHARACTER = "\U0010ffff"
PERSON_ADDRESSES = ("emailaddress1", "emailaddress2", "emailaddress3")

Position = tuple[int, str, str, str]
"""Where a page ended: how it matched, name key, table, id."""


def timeline_tables(access: Access) -> list[TableSchema]:
    """The tables whose rows have a timeline: ours and custom ones."""
    tables = access.schema.tables
    custom = [table for table in tables.values() if table.is_custom and not table.is_activity]
    return [tables[name] for name in TIMELINE] + custom


def search(access: Access, asked: Asked, cursor: str | None, limit: int) -> Page[Record]:
    """A page of the records that match and may be read."""
    names = [table.name for table in timeline_tables(access)]
    if asked.table and asked.table not in names:
        raise Invalid("unknown_table.not_searched", names=names)
    tables = [asked.table] if asked.table else names
    after = _read_cursor(cursor) if cursor else (-1, "", "", "")
    found: list[tuple[int, StoredRow]] = []
    for way in ways_of(search_key(asked.text), is_address=bool(relation_key(asked.text))):
        if way >= after[0] and len(found) <= limit:
            start = after if way == after[0] else None
            rows_found = _find(access, asked, tables, way, start, limit + 1 - len(found))
            found += [(way, row) for row in rows_found]
    return Page(as_records(access, [row for _, row in found[:limit]]), _next_cursor(found, limit))


def as_records(access: Access, found: Sequence[StoredRow]) -> list[Record]:
    """Rows as lists show them; customers are named only if they may be read."""
    customers = {row.ref: _customer(row) for row in found}
    readable = access.find_all([ref for ref in customers.values() if ref])
    return [
        Record(row.table, row.id, row.name, _subtitle(row, customers[row.ref], readable)) for row in found
    ]


def _find(
    access: Access, asked: Asked, tables: Sequence[str], way: int, after: Position | None, limit: int
) -> list[StoredRow]:
    """The next rows by name, merged from one index range per table."""
    found: list[StoredRow] = []
    for table in tables:
        statement = select(*COLUMNS).where(
            rows.c.table_name == table, access.where(), *_conditions(asked, way), *_beyond(table, after)
        )
        is_narrow = asked.email.strip() or way == BY_ADDRESS
        key = unindexed(rows.c.name_key) if is_narrow else rows.c.name_key
        ordered = statement.order_by(key, rows.c.id).limit(limit)
        found += [stored_row(row) for row in access.connection.execute(ordered)]
    return sorted(found, key=lambda row: (search_key(row.name), row.table))[:limit]


def _beyond(table: str, after: Position | None) -> list[ColumnElement[bool]]:
    if after is None:
        return []
    _, key, last_table, last_id = after
    if table == last_table:
        return [tuple_(rows.c.name_key, rows.c.id) > tuple_(key, last_id)]
    return [rows.c.name_key >= key if table > last_table else rows.c.name_key > key]


def _conditions(asked: Asked, way: int) -> list[ColumnElement[bool]]:
    """What makes a match of this way, and keeps out what an earlier way found."""
    conditions = [_has_address(asked.email)] if asked.email.strip() else []
    key = search_key(asked.text)
    if not key:
        return conditions
    starts = and_(rows.c.name_key >= key, rows.c.name_key < key + LAST_CHARACTER)
    by_address = [_has_address(asked.text)] if relation_key(asked.text) else []
    if way == BY_ADDRESS:
        return [*conditions, *by_address]
    conditions += [~condition for condition in by_address]
    if way == BY_START:
        return [*conditions, starts]
    return [*conditions, rows.c.name_key.contains(key, autoescape=True), ~starts]


def _has_address(address: str) -> ColumnElement[bool]:
    same = select(addresses.c.row_id).where(
        addresses.c.address_key == clean(relation_key(address)), addresses.c.table_name == rows.c.table_name
    )
    return rows.c.id.in_(same)


def _customer(row: StoredRow) -> RecordRef | None:
    found = (row.lookup(column) for column in CUSTOMERS.get(row.table, ()))
    return next((ref for ref in found if ref), None)


def _subtitle(row: StoredRow, customer: RecordRef | None, readable: Mapping[RecordRef, StoredRow]) -> str:
    if customer:
        return readable[customer].name if customer in readable else ""
    if row.table in PERSONS:
        return next((row.text(column) for column in PERSON_ADDRESSES if row.text(column)), "")
    return row.text("address1_city") if row.table == "account" else ""


def _next_cursor(found: Sequence[tuple[int, StoredRow]], limit: int) -> str | None:
    if len(found) <= limit:
        return None
    way, row = found[limit - 1]
    return write_cursor(SEARCH, "", [way, search_key(row.name), row.table, row.id])


def _read_cursor(cursor: str) -> Position:
    try:
        way, key, table, row_id = read_cursor(SEARCH, "", cursor)
    except (ValueError, TypeError):
        raise bad_cursor() from None
    if not isinstance(way, int) or not all(isinstance(part, str) for part in (key, table, row_id)):
        raise bad_cursor()
    return way, clean(key), clean(table), clean(row_id)
