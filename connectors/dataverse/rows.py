"""Rows by value: queries as OData, answers as values of their columns' kinds."""

from collections.abc import Awaitable, Callable, Sequence

from connectors.dataverse.api import WebApi
from connectors.dataverse.faults import unreachable
from connectors.dataverse.query import Query
from connectors.dataverse.records import as_guid, lookup
from connectors.dataverse.shapes import Shape
from connectors.dataverse.wire import Row
from insights.crm.conditions import Column, columns_of
from insights.crm.rows import ACTIVITY_POINTER, CrmRow, CrmValue, RowQuery
from insights.crm.values import as_value
from insights.errors import Invalid
from insights.model import RecordRef, User
from insights.words import say

Shapes = Callable[[str], Awaitable[Shape]]


async def read_queries(
    api: WebApi, shapes: Shapes, user: User | None, queries: Sequence[RowQuery]
) -> list[list[CrmRow]]:
    """The rows of each query, in one round trip and one more for what follows 5,000 rows."""
    if not queries:
        return []
    known = {query.table: await shapes(query.table) for query in queries}
    written = [_as_query(known[query.table], query) for query in queries]
    found = await api.all_rows(written, user, all_pages=True)
    return [
        [as_row(known[query.table], query.columns, row) for row in rows[: query.top]]
        for query, rows in zip(queries, found, strict=True)
    ]


def as_row(shape: Shape, columns: Sequence[Column], row: Row) -> CrmRow:
    """A row of an answer by value; raises Unavailable for one of another shape."""
    title = shape.table.primary_name
    table = str(row.get("activitytypecode")) if shape.name == ACTIVITY_POINTER else shape.name
    try:
        ref = RecordRef(table, str(row[shape.table.primary_id.name]))
        values = {column.name: _value(column, row) for column in columns}
    except (KeyError, ValueError, TypeError, ArithmeticError):
        raise unreachable(say("why.answer_another_shape")) from None
    return CrmRow(ref, str(row.get(title.name) or "") if title else "", values)


def check_columns(shape: Shape, columns: Sequence[Column]) -> None:
    """Raise Invalid for a column that the table does not have."""
    for column in columns:
        shape.check(column)


def _as_query(shape: Shape, query: RowQuery) -> Query:
    asked = columns_of(query.condition) if query.condition else set()
    check_columns(shape, [*query.columns, *asked, *(order.column for order in query.order)])
    order = [*(each.column for each in query.order), shape.table.primary_id]
    written = Query(
        shape.table.entity_set,
        [*shape.head, *query.columns],
        query.condition,
        list(dict.fromkeys(order)),
        query.top,
        descending=frozenset(each.column.name for each in query.order if each.descending),
    )
    try:
        written.path  # noqa: B018 - what can't be written is told before anything is asked
    except ValueError as error:
        raise Invalid("bad_condition.unwritten", error=str(error)) from None
    return written


def _value(column: Column, row: Row) -> CrmValue:
    if column.kind == "lookup":
        return lookup(row, column.name)
    read = as_value(column.kind, row.get(column.property))
    return as_guid(read) if column.kind == "guid" and isinstance(read, str) else read
