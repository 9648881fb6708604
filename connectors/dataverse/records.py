"""Records as lists show them: which columns and related rows make one, and how they are read."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from connectors.dataverse.api import WebApi
from connectors.dataverse.faults import ServiceFault, as_problem, not_found
from connectors.dataverse.metadata import Metadata, TableInfo
from connectors.dataverse.query import Expand, Query
from connectors.dataverse.wire import Row
from insights.crm.conditions import Column, Condition, In
from insights.crm.tables import CUSTOMERS, PERSONS
from insights.model import Record, RecordRef, User

CITY = Column("address1_city")
FORMATTED = "@OData.Community.Display.V1.FormattedValue"
LOGICAL_NAME = "@Microsoft.Dynamics.CRM.lookuplogicalname"
IDS_AT_ONCE = 100


def as_guid(text: str) -> str:
    """An id from outside as Dataverse writes it, "" if it is none."""
    try:
        return str(UUID(text.strip()))
    except ValueError:
        return ""


def chunks(items: Sequence[str], size: int = IDS_AT_ONCE) -> list[Sequence[str]]:
    """Slices of at most `size` items."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def lookup(row: Row, column: str) -> RecordRef | None:
    """What a lookup of a row points to."""
    value, table = row.get(f"_{column}_value"), row.get(f"_{column}_value{LOGICAL_NAME}")
    return RecordRef(table, value) if isinstance(value, str) and isinstance(table, str) else None


def lookup_name(row: Row, column: str) -> str:
    """What a lookup shows, "" for nothing."""
    return str(row.get(f"_{column}_value{FORMATTED}") or "")


def text(row: Row, column: str) -> str:
    """A column's text, "" where there is none."""
    value = row.get(column)
    return value if isinstance(value, str) else ""


def time(row: Row, *columns: str) -> datetime | None:
    """The first of these columns that holds a time."""
    found = next((text(row, column) for column in columns if text(row, column)), "")
    return datetime.fromisoformat(found).astimezone(UTC) if found else None


class Records:
    """Reads records for a user.

    A table that the user may not read at all would make the service refuse a whole query, so that it is
    left out of `$expand`; rows that the user may not read the service leaves out itself.
    """

    def __init__(self, api: WebApi, metadata: Metadata, user: User) -> None:
        self.api, self.metadata, self.user = api, metadata, user

    def may_read(self, table: str) -> bool:
        """Whether a role of the user lets read rows of the table at all."""
        needed = self.metadata[table].privileges.get("Read")
        return needed is None or needed in self.user.privileges

    def columns(self, table: TableInfo) -> list[Column]:
        """What is selected of a row: id, name, addresses, what its subtitle needs."""
        found = [table.primary_id, *([table.primary_name] if table.primary_name else [])]
        found += table.email_columns
        return [*found, CITY] if table.name == "account" else found

    def expand(self, table: TableInfo) -> list[Expand]:
        """The customers that stand below a name, as far as the user may read any."""
        found = []
        for column in CUSTOMERS.get(table.name, ()):
            for target in ("account", "contact"):
                name = table.navigation.get((column, target))
                title = self.metadata[target].primary_name
                if name and title and self.may_read(target):
                    found.append(Expand(name, [title]))
        return found

    def query(
        self,
        table: TableInfo,
        condition: Condition | None = None,
        *,
        order: Sequence[Column] = (),
        top: int | None = None,
        more: Sequence[Column] = (),
    ) -> Query:
        """A query of records with all that `as_record` wants."""
        return Query(
            table.entity_set, [*self.columns(table), *more], condition, order, top, self.expand(table)
        )

    def as_record(self, table: TableInfo, row: Row) -> Record:
        """A row as lists show it; a customer that the user may not read was left out by the service."""
        name = text(row, table.primary_name.name) if table.primary_name else ""
        return Record(table.name, str(row[table.primary_id.name]), name, self._subtitle(table, row))

    async def read(self, ref: RecordRef) -> Row:
        """The row of a record; raises NotFound also where it may not be read."""
        table = self.metadata.record_table(ref.table)
        row_id = as_guid(ref.id)
        if not row_id:
            raise not_found(ref.table)
        try:
            return await self.api.row(replace(self.query(table), id=row_id), self.user)
        except ServiceFault as fault:
            raise (not_found(ref.table) if fault.is_hidden else as_problem(fault, ref.table)) from None

    async def record(self, ref: RecordRef) -> Record:
        """A record; raises NotFound also where it may not be read."""
        return self.as_record(self.metadata.record_table(ref.table), await self.read(ref))

    async def find(self, refs: Iterable[RecordRef]) -> dict[RecordRef, Record]:
        """Those of the records that have a timeline and may be read, in one round trip."""
        found = [self.as_record(table, row) for table, row in await self._rows(refs)]
        return {record.ref: record for record in found}

    async def first_addresses(self, refs: Iterable[RecordRef]) -> dict[RecordRef, str]:
        """The first address of each of the records that has one and may be read, in one round trip."""
        found: dict[RecordRef, str] = {}
        for table, row in await self._rows(refs):
            address = next((text(row, c.name) for c in table.email_columns if text(row, c.name)), "")
            found[RecordRef(table.name, str(row[table.primary_id.name]))] = address
        return found

    async def _rows(self, refs: Iterable[RecordRef]) -> list[tuple[TableInfo, Row]]:
        by_table: dict[str, list[str]] = {}
        for ref in dict.fromkeys(refs):
            by_table.setdefault(ref.table, []).append(ref.id)
        asked = [
            (table, self.query(table, In(table.primary_id, ids)))
            for table in self.metadata.timeline
            if self.may_read(table.name)
            for ids in chunks(by_table.get(table.name, []))
        ]
        if not asked:
            return []
        answers = await self.api.all_rows([query for _, query in asked], self.user)
        return [(table, row) for (table, _), rows in zip(asked, answers, strict=True) for row in rows]

    def _subtitle(self, table: TableInfo, row: Row) -> str:
        if table.name in CUSTOMERS:
            return self._customer(table, row)
        if table.name in PERSONS:
            return next((text(row, c.name) for c in table.email_columns if text(row, c.name)), "")
        return text(row, CITY.name) if table.name == "account" else ""

    def _customer(self, table: TableInfo, row: Row) -> str:
        for expand in self.expand(table):
            customer = row.get(expand.navigation)
            if isinstance(customer, dict):
                return text(customer, expand.columns[0].name)
        return ""
