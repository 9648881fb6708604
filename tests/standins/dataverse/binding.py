"""Turns a body into values: properties checked against the schema, binds into lookups."""

import re
from collections.abc import Mapping
from typing import Any

from tests.standins.dataverse.access import Caller
from tests.standins.dataverse.errors import (
    DataverseError,
    bad_payload,
    no_such_resource,
    no_such_row,
    undeclared,
    unknown_property,
)
from tests.standins.dataverse.navigation import Single
from tests.standins.dataverse.schema import NAMELESS, Table
from tests.standins.dataverse.store import Ref, Row, Value
from tests.standins.dataverse.values import read_guid, read_json

REFERENCE = re.compile(r"(?:https?://[^/]+/api/data/v[\d.]+/)?/?(\w+)\(([^)]+)\)")
BIND = "@odata.bind"


def read_values(caller: Caller, table: Table, body: Mapping[str, Any], *, creating: bool) -> dict[str, Value]:
    """The columns a body sets; raises the service's 400, or 404 for a bind to no row."""
    values: dict[str, Value] = {}
    for name, given in body.items():
        if name.endswith(BIND):
            single = _single(caller, table, name.removesuffix(BIND))
            if not isinstance(given, str):
                raise bad_payload(
                    table.entity_set,
                    "The 'odata.bind' instance or property annotation has a null value. In OData, the "
                    "'odata.bind' instance or property annotation must have a non-null string value.",
                )
            _check_writable(table, single.column, creating=creating)
            values[single.column] = _bound(caller, single, given)
        elif "@" in name:
            continue  # annotations of the client are not read
        elif given is None and name in caller.organization.navigation.singles[table.name]:
            single = _single(caller, table, name)
            _check_writable(table, single.column, creating=creating)
            values[single.column] = None
        else:
            column_name = _column(table, name, creating=creating)
            values[column_name] = _value(table, name, given)
    return values


def _single(caller: Caller, table: Table, name: str) -> Single:
    single = caller.organization.navigation.singles[table.name].get(name)
    if single is None:
        raise undeclared(table.entity_set, name)
    return single


def _column(table: Table, name: str, *, creating: bool) -> str:
    column = table.properties.get(name)
    if column is None:
        raise unknown_property(table.entity_set, table.name, name)
    if column.is_lookup:
        raise bad_payload(
            table.entity_set,
            f"The property '{name}' on type 'Microsoft.Dynamics.CRM.{table.name}' is read-only: use the "
            "navigation property with @odata.bind.",
        )
    _check_writable(table, column.name, creating=creating)
    return column.name


def _value(table: Table, name: str, given: Any) -> Value:
    if isinstance(given, dict | list):
        raise bad_payload(
            table.entity_set, f"A node of type 'StartObject' was read for '{name}', expected a value."
        )
    return read_json(table, table.properties[name], given)


def _check_writable(table: Table, name: str, *, creating: bool) -> None:
    column = table.columns[name]
    if not (column.creatable if creating else column.updatable):
        verb = "create" if creating else "update"
        raise DataverseError(
            400, "0x80040203", f"Attribute '{name}' of entity '{table.name}' is not valid for {verb}."
        )


def _bound(caller: Caller, single: Single, text: str) -> Ref:
    row = find_reference(caller, text)
    is_activity = caller.organization.schema.tables[row.table].is_activity
    if row.table not in single.targets and not (is_activity and NAMELESS in single.targets):
        raise bad_payload(row.table, f"The reference '{text}' does not fit '{single.name}'.")
    return Ref(row.table, row.id)


def find_reference(caller: Caller, text: str) -> Row:
    """The row that a link names, `/contacts(id)` or an absolute address; it must be readable."""
    organization = caller.organization
    found = REFERENCE.fullmatch(text.strip())
    if found is None:
        raise bad_payload("", f"The value '{text}' is not a valid resource reference.")
    table = organization.schema.by_set.get(found[1])
    if table is None:
        raise no_such_resource(found[1])
    try:
        row_id = read_guid(found[2])
    except ValueError:
        raise bad_payload(table.entity_set, f"'{found[2]}' is no GUID.") from None
    row = organization.find(Ref(table.name, row_id))
    if row is None:
        raise no_such_row(table.name, row_id)
    caller.require("Read", row)
    return row
