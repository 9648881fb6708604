"""Tables in full, for who asks by value: columns with their types, lookups, what joins rows to others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.dataverse.api import WebApi
from connectors.dataverse.faults import raise_problem, read_fault
from connectors.dataverse.metadata import DEFINITION, LOOKUPS, TableInfo, as_table
from connectors.dataverse.wire import Reply
from insights.crm.conditions import NAME, Column, Kind
from insights.crm.rows import ACTIVITY_POINTER, unknown_column, unknown_table

ATTRIBUTES = "Attributes?$select=LogicalName,AttributeType"
PAIRS = (
    "ManyToManyRelationships?$select=IntersectEntityName,Entity1LogicalName,"
    "Entity1NavigationPropertyName,Entity2LogicalName,Entity2NavigationPropertyName"
)
KINDS: dict[str, set[Kind]] = {
    "String": {"text"},
    "Memo": {"text"},
    "EntityName": {"text"},
    "Uniqueidentifier": {"guid", "lookup"},
    "Lookup": {"lookup"},
    "Customer": {"lookup"},
    "Owner": {"lookup"},
    "DateTime": {"time", "date"},
    "Boolean": {"bool"},
    "Integer": {"int"},
    "BigInt": {"int"},
    "Decimal": {"decimal"},
    "Double": {"decimal"},
    "Money": {"money"},
    "Picklist": {"option"},
    "State": {"option"},
    "Status": {"option"},
}
"""As what a column of the service's type may be asked for."""


@dataclass(frozen=True)
class Shape:
    """A table; `pairs` are collections that join its rows to others, by (table of pairs, other table)."""

    table: TableInfo
    types: Mapping[str, str]
    pairs: Mapping[tuple[str, str], str]

    @property
    def name(self) -> str:
        """The table's logical name."""
        return self.table.name

    @property
    def head(self) -> list[Column]:
        """What tells a row: its id, its name, of an activity its kind."""
        kind = [Column("activitytypecode")] if self.name == ACTIVITY_POINTER else []
        return [self.table.primary_id, *([self.table.primary_name] if self.table.primary_name else []), *kind]

    def check(self, column: Column) -> None:
        """Raise Invalid for a column that is not there or of another kind."""
        known = self.types.get(column.name)
        if known is None or column.kind not in KINDS.get(known, ()):
            raise unknown_column(self.name, column, is_there=known is not None)


async def read_shape(api: WebApi, name: str) -> Shape:
    """A table's shape, in one round trip; raises Invalid for one that the CRM does not have."""
    if not NAME.fullmatch(name):
        raise unknown_table(name)
    root = f"EntityDefinitions(LogicalName='{name}')"
    paths = [f"{root}?$select={DEFINITION}", *(f"{root}/{part}" for part in (ATTRIBUTES, LOOKUPS, PAIRS))]
    parts = await api.batch(paths, None)
    if parts[0].status == 404:
        raise unknown_table(name)
    read: list[Any] = []
    for part in parts:
        if part.status >= 400:
            raise_problem(read_fault(part.status, part.body), "table")
        read.append(Reply(part.status, part.headers, part.body).json())
    definition, attributes, lookups, pairs = read
    joined = [*_sides(pairs["value"], "1", "2", name), *_sides(pairs["value"], "2", "1", name)]
    return Shape(
        as_table(definition, lookups=lookups["value"]),
        {str(each["LogicalName"]): str(each["AttributeType"]) for each in attributes["value"]},
        dict(joined),
    )


def _sides(
    pairs: list[Mapping[str, Any]], own: str, other: str, name: str
) -> list[tuple[tuple[str, str], str]]:
    """((table of pairs, table at the other end), collection) for where the table is that side."""
    return [
        (
            (str(each["IntersectEntityName"]), str(each[f"Entity{other}LogicalName"])),
            str(each[f"Entity{own}NavigationPropertyName"]),
        )
        for each in pairs
        if each[f"Entity{own}LogicalName"] == name and each.get(f"Entity{own}NavigationPropertyName")
    ]
