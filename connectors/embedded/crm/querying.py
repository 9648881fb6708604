"""Rows by value: a condition as SQL as far as that narrows, the rest decided row by row."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, select

from connectors.embedded.crm.access import Access
from connectors.embedded.crm.cells import Place, find_place
from connectors.embedded.crm.indexes import DATED
from connectors.embedded.crm.narrowing import Narrowed, Narrowing
from connectors.embedded.crm.row import StoredRow
from connectors.embedded.crm.rows import COLUMNS, stored_row
from connectors.embedded.crm.tables import dates, rows
from connectors.embedded.crm.values import as_id
from insights.crm.conditions import Column, Compare, Condition, Every, In, columns_of, holds, sort_key
from insights.crm.rows import CrmRow, Order, RowQuery

AT_ONCE = 200
RANGES = frozenset({"gt", "ge", "lt", "le"})


def read_queries(access: Access, queries: Sequence[RowQuery]) -> list[list[CrmRow]]:
    """The rows of each query that may be read; raises Invalid."""
    return [_read_query(access, query) for query in queries]


def _read_query(access: Access, query: RowQuery) -> list[CrmRow]:
    place = find_place(access.schema, query.table)
    columns = tuple(query.columns)
    asked = columns_of(query.condition) if query.condition else set()
    for column in {*columns, *asked, *(order.column for order in query.order)}:
        place.check(column)
    found = _Reading(access.connection, place, query).rows(access.where())
    return [place.as_row(row, columns) for row in found]


class _Reading:
    """One query being read."""

    def __init__(self, connection: Connection, place: Place, query: RowQuery) -> None:
        self._connection, self._place, self._query = connection, place, query
        self._dated = self._dated_column()
        self._sql = Narrowing(place, self._dated, is_sqlite=connection.dialect.name == "sqlite")

    def rows(self, readable: ColumnElement[bool]) -> list[StoredRow]:
        """The rows in order, as many as were asked for."""
        condition, top = self._query.condition, self._query.top
        narrowed = self._sql.narrow(condition) if condition else Narrowed(None, is_exact=True)
        is_sorted = all(self._is_sortable(order) for order in self._query.order)
        statement = self._statement(readable, narrowed.sql)
        if is_sorted:
            statement = statement.order_by(*map(self._sql_order, self._query.order), rows.c.id)
            if top and narrowed.is_exact:
                statement = statement.limit(top)
        found = self._stream(statement, None if narrowed.is_exact else condition)
        if is_sorted:
            return [row for row, _ in zip(found, range(top), strict=False)] if top else list(found)
        return self._sort(found)[:top]

    def _stream(self, statement: Select[Any], condition: Condition | None) -> Iterator[StoredRow]:
        streamed = statement.execution_options(yield_per=AT_ONCE)
        with self._connection.execute(streamed) as result:
            for each in result:
                row = stored_row(each)
                if condition is None or holds(condition, partial(self._place.value, row)):
                    yield row

    def _statement(self, readable: ColumnElement[bool], sql: ColumnElement[bool] | None) -> Select[Any]:
        tables = self._place.tables
        statement = select(*COLUMNS).where(rows.c.table_name.in_(tables), readable)
        if self._dated:
            same = and_(dates.c.table_name == rows.c.table_name, dates.c.row_id == rows.c.id)
            of_dates = dates.c.table_name == tables[0] if len(tables) == 1 else dates.c.table_name.in_(tables)
            statement = statement.join(dates, same).where(of_dates, dates.c.column_name == self._dated.name)
            if owners := self._owners():
                statement = statement.where(dates.c.owner_id.in_(owners))
        return statement.where(sql) if sql is not None else statement

    def _conjuncts(self) -> Sequence[Condition]:
        condition = self._query.condition
        if isinstance(condition, Every):
            return condition.conditions
        return [condition] if condition else []

    def _dated_column(self) -> Column | None:
        """The planned day that the condition gives a range for: its index is where reading begins."""
        return next(
            (each.column for each in self._conjuncts()
             if isinstance(each, Compare) and each.operator in RANGES and each.column.name in DATED
             and each.value is not None),
            None,
        )  # fmt: skip

    def _owners(self) -> list[str]:
        for each in self._conjuncts():
            if isinstance(each, Compare | In) and each.column.name == "ownerid":
                values = each.values if isinstance(each, In) else [each.value]
                if (isinstance(each, In) or each.operator == "eq") and None not in values:
                    return [as_id(str(value)) for value in values]
        return []

    def _is_sortable(self, order: Order) -> bool:
        column = order.column
        if column.name == self._place.schema.primary_name:
            return False  # by its key two names may be the same that `sort_key` parts
        return column.kind not in {"text", "lookup"} or column.name == "activitytypecode"

    def _sql_order(self, order: Order) -> Any:
        sql = self._sql.column(order.column)
        return sql.desc().nulls_last() if order.descending else sql.asc().nulls_first()

    def _sort(self, found: Iterator[StoredRow]) -> list[StoredRow]:
        ordered = sorted(found, key=lambda row: row.id)
        for order in reversed(self._query.order):

            def key(row: StoredRow, column: Column = order.column) -> tuple[bool, Any]:
                value = sort_key(self._place.value(row, column))
                return value is not None, value or 0 if value is None else value

            ordered.sort(key=key, reverse=order.descending)
        return ordered
