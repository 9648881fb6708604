"""Rows as JSON: properties, annotations, expanded rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.standins.dataverse.access import Caller
from tests.standins.dataverse.errors import bad_query, no_such_property
from tests.standins.dataverse.options import Options, Preferences
from tests.standins.dataverse.ordering import ordered
from tests.standins.dataverse.related import follow, related
from tests.standins.dataverse.schema import NAMELESS, Column, Table
from tests.standins.dataverse.store import Ref, Row, Value
from tests.standins.dataverse.values import formatted, to_json

FORMATTED = "OData.Community.Display.V1.FormattedValue"
LOGICAL_NAME = "Microsoft.Dynamics.CRM.lookuplogicalname"
NAVIGATION = "Microsoft.Dynamics.CRM.associatednavigationproperty"


@dataclass(frozen=True)
class Renderer:
    """Writes rows for one caller and one set of preferences."""

    caller: Caller
    preferences: Preferences
    base: str

    def check(self, table: Table, options: Options) -> None:
        """Raise the service's error for names that `$select` and `$expand` get wrong."""
        navigation = self.caller.organization.navigation
        for name in options.select:
            if name not in table.properties:
                raise no_such_property(table.name, name)
        for name, nested in options.expand.items():
            for other in self._expanded_tables(table, name):
                self.caller.require_privilege("Read", other)
                self.check(other, nested)
            if name in navigation.singles[table.name] and (nested.filter or nested.orderby or nested.top):
                raise bad_query(f"Only $select and $expand can be used with the single-valued '{name}'.")

    def _expanded_tables(self, table: Table, name: str) -> list[Table]:
        organization = self.caller.organization
        single = organization.navigation.singles[table.name].get(name)
        collection = organization.navigation.collections[table.name].get(name)
        if single is None and collection is None:
            raise no_such_property(table.name, name)
        names = single.targets[:1] if single else (collection.table,) if collection else ()
        return [organization.schema.tables[each] for each in names if each in organization.schema.tables]

    def render(self, table: Table, row: Row, options: Options) -> dict[str, Any]:
        """A row as `table` shows it (`activitypointer` shows activities of every kind)."""
        shown: dict[str, Any] = {"@odata.etag": row.etag}
        wanted = dict.fromkeys((*options.select, table.primary_id)) if options.select else table.properties
        for name in wanted:
            column = table.properties[name]
            value = row.version if column.name == "versionnumber" else row.get(column.name)
            shown[name] = to_json(value)
            self._annotate(shown, table, column, value)
        for name, nested in options.expand.items():
            self._expand(shown, table, row, name, nested)
        return shown

    def _annotate(self, shown: dict[str, Any], table: Table, column: Column, value: Value) -> None:
        name = column.property_name
        if value is None or not self.preferences.annotations:
            return
        if isinstance(value, Ref):
            organization = self.caller.organization
            label: str | None = organization.name_of(value) or None
            target = self._declared_target(column, value)
            navigation = organization.navigation.of_column(table.name, column.name, target)
            if navigation and self.preferences.wants(NAVIGATION):
                shown[f"{name}@{NAVIGATION}"] = navigation
            if self.preferences.wants(LOGICAL_NAME):
                shown[f"{name}@{LOGICAL_NAME}"] = target
        else:
            label = formatted(column, value)
        if label is not None and self.preferences.wants(FORMATTED):
            shown[f"{name}@{FORMATTED}"] = label

    def _declared_target(self, column: Column, ref: Ref) -> str:
        """The table a lookup is declared to lead to: an activity's kind is not told where any will do."""
        activity = (
            self.caller.organization.schema.tables[ref.table].is_activity if self._knows(ref) else False
        )
        return NAMELESS if activity and ref.table not in column.targets else ref.table

    def _knows(self, ref: Ref) -> bool:
        return ref.table in self.caller.organization.schema.tables

    def _expand(self, shown: dict[str, Any], table: Table, row: Row, name: str, nested: Options) -> None:
        organization = self.caller.organization
        single = organization.navigation.singles[table.name].get(name)
        if single:
            found = follow(self.caller, row, single)
            other = organization.schema.tables[NAMELESS if single.targets[0] == NAMELESS and found
                                               else found.table] if found else None  # fmt: skip
            shown[name] = self.render(other, found, nested) if found and other else None
            return
        collection = organization.navigation.collections[table.name][name]
        other = organization.schema.tables[collection.table]
        rows = ordered(self.caller, other, list(related(self.caller, row, collection)), nested)
        limit = self.preferences.page_size
        if nested.top is None and len(rows) > limit:
            shown[f"{name}@odata.nextLink"] = (
                f"{self.base}{table.entity_set}({row.id})/{name}?$skiptoken="
                f"{rows[limit - 1].id}"
                + "".join(f"&{key}={value}" for key, value in _written(nested).items())
            )
        shown[name] = [self.render(other, each, nested) for each in rows[: nested.top or limit]]


def _written(options: Options) -> Mapping[str, str]:
    """Options in the form of a query string, for the next page of an expanded collection."""
    order = ",".join(f"{name} desc" if descending else name for name, descending in options.orderby)
    given = {"$select": ",".join(options.select), "$filter": options.filter, "$orderby": order}
    return {name: value for name, value in given.items() if value}
