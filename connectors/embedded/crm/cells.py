"""Columns asked for by value: what our tables call them, and how their values go in and out."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connectors.embedded.crm.row import StoredRow, clean
from connectors.embedded.crm.schema import Column as Known
from connectors.embedded.crm.schema import Schema, TableSchema
from connectors.embedded.crm.values import BadValue, as_id, read_value
from connectors.embedded.crm.values import Value as Stored
from insights.crm.conditions import Column, Kind, Value
from insights.crm.rows import ACTIVITY_POINTER, CrmRow, CrmValue, unknown_column, unknown_table
from insights.crm.values import as_value
from insights.errors import Invalid
from insights.model import RecordRef

KINDS: dict[str, set[Kind]] = {
    "text": {"text"},
    "email": {"text"},
    "memo": {"text"},
    "computed": {"text"},
    "partylist": {"text"},
    "guid": {"guid", "text"},
    "lookup": {"lookup", "guid"},
    "customer": {"lookup"},
    "owner": {"lookup"},
    "datetime": {"time"},
    "date": {"date"},
    "bool": {"bool"},
    "int": {"int"},
    "decimal": {"decimal"},
    "money": {"money"},
    "option": {"option"},
    "state": {"option"},
    "status": {"option"},
}
"""As what a column of our schema may be asked for."""


@dataclass(frozen=True, slots=True)
class Place:
    """The tables whose rows a query is about, and the columns all of them have."""

    tables: tuple[str, ...]
    schema: TableSchema

    def check(self, column: Column) -> Known:
        """The column as the schema knows it; raises Invalid for one that is not there or of another kind."""
        if column.name == "activitytypecode" and self.schema.is_activity:
            return Known(column.name, "text")
        is_name = column.name == self.schema.primary_name
        known = Known(column.name, "text") if is_name else self.schema.column(column.name)
        if known is None or column.kind not in KINDS[known.kind]:
            raise unknown_column(self.schema.name, column, is_there=known is not None)
        return known

    def value(self, row: StoredRow, column: Column) -> CrmValue:
        """The value of a column, None where there is none."""
        system = self._system(row, column.name)
        stored = row.attributes.get(column.name) if system is _ABSENT else system
        return _value(column.kind, stored)

    def as_row(self, row: StoredRow, columns: tuple[Column, ...]) -> CrmRow:
        """The row by value."""
        return CrmRow(row.ref, row.name, {column.name: self.value(row, column) for column in columns})

    def _system(self, row: StoredRow, name: str) -> object:
        """The value of a column that has a place of its own in `rows`."""
        schema = self.schema
        found = {
            schema.primary_id: row.id,
            schema.primary_name: row.name,
            "statecode": row.state,
            "createdon": row.created_at,
            "modifiedon": row.modified_at,
            "createdby": row.created_by_id and ["systemuser", row.created_by_id],
            "modifiedby": row.modified_by_id and ["systemuser", row.modified_by_id],
            "activitytypecode": row.table,
        }
        return found.get(name, _ABSENT)


_ABSENT = object()


def find_place(schema: Schema, table: str) -> Place:
    """The place of a table; raises Invalid for one that the CRM does not have."""
    if table == ACTIVITY_POINTER:
        first = schema.tables["task"]
        columns = {name: column for name, column in first.columns.items()
                   if all(name in schema.tables[each].columns for each in schema.activities)}  # fmt: skip
        every = TableSchema(
            table, "activitypointers", first.primary_id, first.primary_name, "Activity", columns,
            is_activity=True, needs_name=False, privilege="activity",
        )  # fmt: skip
        return Place(schema.activities, every)
    known = schema.get(table)
    if known is None:
        raise unknown_table(table)
    return Place((table,), known)


def stored(known: Known, value: Value | None) -> Stored | None:
    """A value as rows keep it; raises Invalid for one that the column does not take."""
    if value is None:
        return None
    text = value.isoformat() if isinstance(value, date) else str(value)
    try:
        return read_value(known, f"{value:f}" if isinstance(value, Decimal) else clean(text))
    except BadValue as bad:
        raise Invalid("bad_value.stored", name=known.name, why=str(bad)) from None


def _value(kind: Kind, found: object) -> CrmValue:
    if isinstance(found, list):
        return RecordRef(*found) if kind == "lookup" else str(found[1])
    read = as_value(kind, found)
    return as_id(read) if kind == "guid" and isinstance(read, str) else read
