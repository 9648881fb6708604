"""Navigation properties: what a lookup is bound and expanded by, and which rows point back.

Names are case-sensitive. A lookup to one table is named like its column (a custom one like its
SchemaName), one to several like `customerid_account`, an activity's regarding like
`regardingobjectid_account_email`. Collections are named like their relationship.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from tests.standins.dataverse import extra_schema
from tests.standins.dataverse.schema import Column, Schema, Table


@dataclass(frozen=True)
class Single:
    """A single-valued navigation property: the lookup column and the tables it leads to."""

    name: str
    column: str
    targets: tuple[str, ...]


@dataclass(frozen=True)
class Collection:
    """A collection-valued one: rows of `table` whose `column` is this row, or by an intersect table."""

    name: str
    table: str
    column: str
    intersect: str = ""
    own_column: str = ""


class Navigation:
    """All navigation properties of a schema."""

    def __init__(self, schema: Schema) -> None:
        self.singles = {table.name: dict(_singles(schema, table)) for table in schema.tables.values()}
        self.collections: dict[str, dict[str, Collection]] = {name: {} for name in schema.tables}
        owners: dict[str, list[Table]] = {}
        for table in schema.tables.values():
            for name in dict.fromkeys(table.relationships.get("One-To-Many", [])):
                owners.setdefault(name, []).append(table)
        for table in schema.tables.values():
            for owner, found in _collections(owners, table):
                self.collections[owner].setdefault(found.name, found)
        for name, (intersect, *sides) in extra_schema.MANY_TO_MANY.items():
            for (owner, own), (other, column) in (sides, reversed(sides)):
                self.collections[owner][name] = Collection(name, other, column, intersect, own)

    def of_column(self, table: str, column: str, target: str) -> str:
        """The single-valued property by which this column leads to `target`, "" if there is none."""
        for single in self.singles[table].values():
            if single.column == column and target in single.targets:
                return single.name
        return ""


@lru_cache(maxsize=8)
def navigation_of(schema: Schema) -> Navigation:
    """The same for the same schema, which nothing changes."""
    return Navigation(schema)


def _singles(schema: Schema, table: Table) -> list[tuple[str, Single]]:
    found = []
    for column in table.columns.values():
        if not column.is_lookup:
            continue
        if column.type == "Owner":
            found.append((column.name, Single(column.name, column.name, ("systemuser", "team"))))
            continue
        targets = _targets(schema, table, column)
        for target in targets:
            name = _single_name(table, column, target, is_only=len(targets) == 1)
            found.append((name, Single(name, column.name, (target,))))
    return found


def _targets(schema: Schema, table: Table, column: Column) -> tuple[str, ...]:
    if table.name == "activityparty" and column.name == "activityid":
        return ("activitypointer", *(activity.name for activity in schema.activities))
    return column.targets


def _single_name(table: Table, column: Column, target: str, *, is_only: bool) -> str:
    stem = column.schema_name if column.is_custom else column.name
    if column.name == "regardingobjectid" and table.is_activity:
        return f"{stem}_{target}_{table.name}"
    return stem if is_only else f"{stem}_{target}"


def _collections(owners: Mapping[str, list[Table]], table: Table) -> list[tuple[str, Collection]]:
    """Collections that lead to rows of `table`, with the table each belongs to."""
    found = []
    for name in table.relationships.get("Many-To-One", []):
        for owner in owners.get(name, []):
            column = _referencing(table, owner, name)
            if column:
                found.append((owner.name, Collection(name, table.name, column)))
    if table.is_custom:
        for suffix, activity in extra_schema.ACTIVITY_RELATIONSHIPS.items():
            name = f"{table.name}_{suffix}"
            found.append((table.name, Collection(name, activity, "regardingobjectid")))
    return found


def _referencing(table: Table, owner: Table, relationship: str) -> str:
    """The column of `table` that a relationship uses, "" where it cannot be told."""
    if relationship in extra_schema.REFERENCES:
        return extra_schema.REFERENCES[relationship]
    if table.name == "activityparty" and owner.is_activity:
        return "activityid"
    if table.name == "connection" and relationship[-1] in "12":
        return f"record{relationship[-1]}id"
    candidates = [c.name for c in table.columns.values() if c.is_lookup and owner.name in c.targets]
    if len(candidates) == 1:
        return candidates[0]
    ending = [name for name in candidates if relationship.lower().endswith(name)]
    if len(ending) == 1:
        return ending[0]
    is_regarding = table.is_activity and relationship.lower().startswith(owner.name)
    return "regardingobjectid" if is_regarding and "regardingobjectid" in candidates else ""
