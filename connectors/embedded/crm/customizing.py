"""Custom tables and columns, read from metadata in the shape of Dataverse's EntityDefinitions."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, select

from connectors.embedded.crm.notation import ACTIVE, read_columns, standard_columns
from connectors.embedded.crm.schema import Column, Schema, TableSchema
from connectors.embedded.crm.tables import custom_tables
from connectors.embedded.crm.writing import note_change
from insights.database import insert_into
from insights.errors import Invalid
from insights.words import Said, say

KINDS = {
    "String": "text",
    "Memo": "memo",
    "Integer": "int",
    "BigInt": "int",
    "Decimal": "decimal",
    "Double": "decimal",
    "Money": "money",
    "Boolean": "bool",
    "DateTime": "datetime",
    "Lookup": "lookup",
    "Customer": "customer",
    "Owner": "owner",
    "Picklist": "option",
    "State": "state",
    "Status": "status",
    "Uniqueidentifier": "guid",
    "PartyList": "partylist",
}
NAME = re.compile(r"[a-z][a-z0-9_]{0,127}")
NAMES = ("LogicalName", "EntitySetName", "PrimaryIdAttribute", "PrimaryNameAttribute")


def read_definitions(document: object) -> list[dict[str, Any]]:
    """The definitions in a metadata document: `{"value": […]}`, a bare list, or one; raises Invalid."""
    value = document.get("value") if isinstance(document, Mapping) else document
    if isinstance(document, Mapping) and "LogicalName" in document:
        value = [document]
    if not isinstance(value, list):
        raise _invalid(say("why.there_no_list_tables"), say("why.write_value_logicalname"))
    for number, definition in enumerate(value, 1):
        if not isinstance(definition, dict):
            raise _invalid(
                say("why.entry_not_tables_definition", number=number),
                say("why.see_entitydefinitions_dataverse"),
            )
        for name in NAMES:
            if not NAME.fullmatch(str(definition.get(name, "")).strip().lower()):
                raise _invalid(
                    say("why.entry_missing_no_name", name=name, number=number),
                    say("why.see_entitydefinitions"),
                )
    return value


def read_table(definition: Mapping[str, Any]) -> TableSchema:
    """A table from its definition; raises Invalid for what is no definition."""
    name = str(definition["LogicalName"]).strip().lower()
    is_activity = definition.get("IsActivity") is True
    ownership = "none" if definition.get("OwnershipType") == "OrganizationOwned" else "user"
    columns = standard_columns("activity" if is_activity else ownership)
    columns |= {column.name: column for column in read_columns(ACTIVE)}
    columns |= {column.name: column for column in _columns(definition, name)}
    primary_name = str(definition["PrimaryNameAttribute"]).strip().lower()
    columns.setdefault(primary_name, Column(primary_name, "text"))
    return TableSchema(
        name,
        str(definition["EntitySetName"]).strip().lower(),
        str(definition["PrimaryIdAttribute"]).strip().lower(),
        primary_name,
        _label(definition) or name,
        columns,
        ownership=ownership,
        is_activity=is_activity,
        is_custom=True,
        needs_name=not is_activity,
        privilege="activity" if is_activity else str(definition.get("SchemaName") or name).lower(),
    )


def store_definitions(connection: Connection, definitions: list[dict[str, Any]]) -> None:
    """Keep the definitions, for good."""
    for definition in definitions:
        statement = insert_into(connection, custom_tables).values(
            name=definition["LogicalName"].strip().lower(), definition=definition
        )
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=[custom_tables.c.name], set_={"definition": statement.excluded.definition}
            )
        )
    note_change(connection)


def read_schema(connection: Connection, standard: Schema) -> Schema:
    """The standard tables and those that were imported."""
    statement = select(custom_tables.c.definition).order_by(custom_tables.c.name)
    found = connection.execute(statement).scalars().all()
    return standard.with_custom(read_table(definition) for definition in found) if found else standard


def _columns(definition: Mapping[str, Any], table: str) -> Iterator[Column]:
    attributes = [] if definition.get("Attributes") is None else definition["Attributes"]
    if not isinstance(attributes, list):
        raise _invalid(
            say("why.attributes_not_list", table=table), say("why.see_entitydefinitions_dataverse")
        )
    for attribute in attributes:
        name = attribute.get("LogicalName") if isinstance(attribute, dict) else None
        if not isinstance(name, str) or not NAME.fullmatch(name.strip().lower()):
            raise _invalid(say("why.attribute_has_no_logicalname", table=table), say("why.add"))
        kind = _kind(attribute)
        targets = attribute.get("Targets")
        if kind == "customer" and not targets:
            targets = ["account", "contact"]
        if kind == "owner" and not targets:
            targets = ["systemuser", "team"]
        if kind == "lookup" and not targets:
            raise _invalid(
                say("why.targets_missing", table=table, name=name), say("why.name_tables_lookup_may_point")
            )
        yield Column(
            name.strip().lower(),
            kind,
            tuple(str(target).lower() for target in targets or ()),
            _options(attribute),
        )


def _kind(attribute: Mapping[str, Any]) -> str:
    kind = KINDS.get(str(attribute.get("AttributeType")), "computed")
    formats = (attribute.get("Format"), attribute.get("FormatName"))
    words = {str(f.get("Value") if isinstance(f, dict) else f).casefold() for f in formats if f}
    if kind == "text" and "email" in words:
        return "email"
    return "date" if kind == "datetime" and "dateonly" in words else kind


def _options(attribute: Mapping[str, Any]) -> dict[int, str]:
    option_set = attribute.get("OptionSet") or attribute.get("GlobalOptionSet") or {}
    options = option_set.get("Options") if isinstance(option_set, dict) else None
    if not isinstance(options, list):
        return {}
    return {
        option["Value"]: _text(option.get("Label"))
        for option in options
        if isinstance(option, dict) and isinstance(option.get("Value"), int)
    }


def _label(definition: Mapping[str, Any]) -> str:
    return _text(definition.get("DisplayName"))


def _text(label: object) -> str:
    localized = label.get("UserLocalizedLabel") if isinstance(label, dict) else None
    text = localized.get("Label") if isinstance(localized, dict) else None
    return text if isinstance(text, str) else ""


def _invalid(what: Said, do: Said) -> Invalid:
    return Invalid("bad_metadata", what=what, do=do)
