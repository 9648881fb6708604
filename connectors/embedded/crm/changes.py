"""What changed in a table since a number: rows as they are now, ids of removed ones, page by page."""

from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, literal, or_, select

from connectors.embedded.crm.access import Access
from connectors.embedded.crm.cells import find_place
from connectors.embedded.crm.row import clean_id
from connectors.embedded.crm.rows import read_rows
from connectors.embedded.crm.tables import removed_rows, rows
from connectors.embedded.crm.writing import read_change
from insights.crm.conditions import Column
from insights.crm.rows import CHANGES, MOST_ROWS, RowChanges
from insights.cursors import bad_cursor, read_cursor, write_cursor
from insights.model import RecordRef

MOST_CHANGES = 10**18


class Position(NamedTuple):
    """Up to where changes were read: a number, and the last id of it ("" = none, all of it is to come)."""

    change: int
    row_id: str


def read_changes(
    access: Access, table: str, columns: tuple[Column, ...], cursor: str | None, most: int = MOST_ROWS
) -> RowChanges:
    """A page of changes after the cursor, without one from the first row on; raises Invalid."""
    connection, place = access.connection, find_place(access.schema, table)
    for column in columns:
        place.check(column)
    after, until = _position(table, cursor), read_change(connection)
    found = connection.execute(_changed(place.tables, after, until).limit(most + 1)).all()
    page = found[:most]
    live = read_rows(connection, [RecordRef(each.table_name, each.id) for each in page if not each.is_gone])
    kept = {ref for each in page if (ref := RecordRef(each.table_name, each.id)) in live}
    has_more = len(found) > most
    last = Position(page[-1].change, page[-1].id) if has_more else Position(until + 1, "")
    return RowChanges(
        [place.as_row(row, columns) for row in live.values()],
        [each.id for each in page if each.is_gone and RecordRef(each.table_name, each.id) not in kept],
        write_cursor(CHANGES, table, [*last]),
        has_more,
    )


def _changed(tables: tuple[str, ...], after: Position, until: int) -> Select[tuple[str, str, int, int]]:
    """(table_name, id, change, is_gone) in order; a removed row that is there again is no removed one."""
    alive = select(rows.c.table_name, rows.c.id, rows.c.change, literal(0).label("is_gone")).where(
        rows.c.table_name.in_(tables), _beyond(rows.c.change, rows.c.id, after), rows.c.change <= until
    )
    again = select(rows.c.id).where(
        rows.c.table_name == removed_rows.c.table_name, rows.c.id == removed_rows.c.id
    )
    gone = select(
        removed_rows.c.table_name, removed_rows.c.id, removed_rows.c.change, literal(1).label("is_gone")
    ).where(
        removed_rows.c.table_name.in_(tables),
        _beyond(removed_rows.c.change, removed_rows.c.id, after),
        removed_rows.c.change <= until,
        ~again.exists(),
    )
    both = alive.union_all(gone).subquery()
    return select(both.c.table_name, both.c.id, both.c.change, both.c.is_gone).order_by(
        both.c.change, both.c.id
    )


def _beyond(change: ColumnElement[int], row_id: ColumnElement[str], after: Position) -> ColumnElement[bool]:
    further = or_(change > after.change, and_(change == after.change, row_id > after.row_id))
    return and_(change >= after.change, further)  # the first of the two is the index range


def _position(table: str, cursor: str | None) -> Position:
    if not cursor:
        return Position(0, "")
    try:
        change, row_id = read_cursor(CHANGES, table, cursor)
    except (ValueError, TypeError):
        raise bad_cursor() from None
    if type(change) is not int or not 0 <= change < MOST_CHANGES or not isinstance(row_id, str):
        raise bad_cursor()
    return Position(change, clean_id(row_id))
