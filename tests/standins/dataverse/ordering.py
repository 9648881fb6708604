"""Filters and sorts rows as `$filter` and `$orderby` say."""

from typing import Any

from tests.standins.dataverse.access import Caller
from tests.standins.dataverse.collation import fold
from tests.standins.dataverse.errors import no_such_property
from tests.standins.dataverse.filtering import compile_filter
from tests.standins.dataverse.options import Options
from tests.standins.dataverse.related import follow
from tests.standins.dataverse.schema import Table
from tests.standins.dataverse.store import Ref, Row


def ordered(caller: Caller, table: Table, rows: list[Row], options: Options) -> list[Row]:
    """Those of the rows that the filter wants, in the order asked for; without one, by primary key."""
    if options.filter:
        condition = compile_filter(options.filter, table, caller)
        rows = [row for row in rows if condition(row)]
    rows.sort(key=lambda row: row.id)
    for path, descending in reversed(options.orderby):
        rows.sort(key=_sort_key(caller, table, path), reverse=descending)
    return rows


def _sort_key(caller: Caller, table: Table, path: str) -> Any:
    *way, last = path.split("/")
    organization = caller.organization
    singles = []
    for step in way:
        single = organization.navigation.singles[table.name].get(step)
        if single is None:
            raise no_such_property(table.name, step)
        singles.append(single)
        table = organization.schema.tables[single.targets[0]]
    column = table.properties.get(last)
    if column is None:
        raise no_such_property(table.name, last)

    def key(row: Row) -> tuple[bool, Any]:
        found: Row | None = row
        for single in singles:
            found = follow(caller, found, single) if found else None
        if found is None:
            return False, 0
        value = found.version if column.name == "versionnumber" else found.get(column.name)
        if isinstance(value, Ref):
            return True, fold(organization.name_of(value))  # a lookup sorts by what it shows
        return value is not None, (
            fold(value) if isinstance(value, str) else value
        ) if value is not None else 0

    return key
