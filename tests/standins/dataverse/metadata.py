"""Answers questions about metadata: EntityDefinitions, their Attributes and relationships."""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

from tests.standins.dataverse.definitions import (
    DERIVED,
    describe_column,
    describe_lookups,
    describe_many_to_many,
    describe_table,
)
from tests.standins.dataverse.errors import DataverseError, no_such_property, no_such_resource
from tests.standins.dataverse.messages import Request, Response, json_response
from tests.standins.dataverse.metadata_filter import passes
from tests.standins.dataverse.options import NESTED, Options, read_options
from tests.standins.dataverse.organization import Organization
from tests.standins.dataverse.schema import Table

CAST = re.compile(r"Microsoft\.Dynamics\.CRM\.(\w+?)(?:AttributeMetadata|RelationshipMetadata)")
KEY = re.compile(r"(\w+)\((?:LogicalName=|SchemaName=)?'?([\w-]+)'?\)")
ALLOWED = NESTED - {"$orderby", "$top"} | {"$count"}
RELATIONSHIPS = ("ManyToOneRelationships", "OneToManyRelationships", "ManyToManyRelationships")
Description = dict[str, Any]


def is_metadata(segment: str) -> bool:
    """Whether a path begins with metadata."""
    return segment.partition("(")[0] in {"EntityDefinitions", "RelationshipDefinitions"}


def show_metadata(request: Request) -> Response:
    """Answer a path that begins with `EntityDefinitions` or `RelationshipDefinitions`."""
    if request.method != "GET":
        raise DataverseError(405, "0x80060888", "Operation not supported on EntityMetadata")
    options = read_options(request.query, ALLOWED)
    first, *rest = request.segments
    organization = request.caller.organization
    found: Any
    if first.startswith("RelationshipDefinitions"):
        found = _narrowed(list(_all_relationships(organization)), rest)
        return _answer(request, _shown_all(organization, None, found, options))
    if first == "EntityDefinitions":
        tables = organization.schema.tables.values()
        shown = [_shown(organization, table, describe_table(table), options) for table in tables
                 if passes(describe_table(table), options)]  # fmt: skip
        return _answer(request, shown)
    table = _keyed_table(organization, first)
    if not rest:
        return _answer(request, _shown(organization, table, describe_table(table), options))
    found = _part(organization, table, rest)
    if isinstance(found, list):
        return _answer(request, _shown_all(organization, table, found, options))
    return _answer(request, _shown(organization, table, found, options))


def _answer(request: Request, found: Description | list[Description]) -> Response:
    context = {"@odata.context": f"{request.base}$metadata#{request.segments[0].partition('(')[0]}"}
    return json_response(context | ({"value": found} if isinstance(found, list) else found))


def _keyed_table(organization: Organization, segment: str) -> Table:
    found = KEY.fullmatch(segment)
    for table in organization.schema.tables.values():
        if found and found[2] in {table.name, describe_table(table)["MetadataId"]}:
            return table
    named = found[2] if found else segment
    raise DataverseError(404, "0x80060888", f"Could not find an entity with name '{named}'.")


def _part(organization: Organization, table: Table, rest: list[str]) -> Description | list[Description]:
    name, *deeper = rest
    key = KEY.fullmatch(name)
    if name == "Attributes":
        columns = [describe_column(table, column) for column in table.columns.values()]
        if deeper and (cast := CAST.fullmatch(deeper[0])):
            return [each for each in columns if each["@odata.type"].endswith(f".{cast[1]}AttributeMetadata")]
        return [_plain(each) for each in columns]
    if key and key[1] == "Attributes":
        for column in table.columns.values():
            described = describe_column(table, column)
            if key[2] in {column.name, described["MetadataId"]}:
                return described if deeper else _plain(described)
        raise DataverseError(404, "0x80060888", f"Could not find an attribute with name '{key[2]}'.")
    if name in RELATIONSHIPS:
        return list(_relationships(organization, table, name))
    described = describe_table(table)
    if name not in described:
        raise no_such_resource(name)
    value = described[name]
    return value if isinstance(value, list) else {"value": value}


def _plain(described: Description) -> Description:
    """A column without what only its type has: that takes a cast."""
    specific = set(chain.from_iterable(DERIVED.values()))
    return {name: value for name, value in described.items() if name not in specific}


def _relationships(organization: Organization, table: Table, name: str) -> Iterator[Description]:
    if name == "ManyToOneRelationships":
        return describe_lookups(organization, table)
    if name == "ManyToManyRelationships":
        return describe_many_to_many(organization, table)
    everything = chain.from_iterable(describe_lookups(organization, each) for each in
                                     organization.schema.tables.values())  # fmt: skip
    return (each for each in everything if each["ReferencedEntity"] == table.name)


def _all_relationships(organization: Organization) -> Iterator[Description]:
    for table in organization.schema.tables.values():
        yield from describe_lookups(organization, table)
        yield from describe_many_to_many(organization, table)


def _narrowed(found: list[Description], rest: list[str]) -> list[Description]:
    cast = CAST.fullmatch(rest[0]) if rest else None
    return [each for each in found if cast is None or each["RelationshipType"] == f"{cast[1]}Relationship"]


def _shown_all(
    organization: Organization, table: Table | None, found: list[Description], options: Options
) -> list[Description]:
    return [_shown(organization, table, each, options) for each in found if passes(each, options)]


def _shown(
    organization: Organization, table: Table | None, described: Description, options: Options
) -> Description:
    shown = described
    if options.select:
        for name in options.select:
            if name not in described:
                raise no_such_property(str(described.get("@odata.type", "EntityMetadata")), name)
        always = [name for name in ("@odata.type", "MetadataId") if name in described]
        shown = {name: described[name] for name in (*always, *options.select)}
    for name, nested in options.expand.items():
        if name in described:
            shown = shown | {name: described[name]}
            continue
        if table is None:
            raise no_such_property("EntityMetadata", name)
        part = _part(organization, table, [name])
        shown = shown | {
            name: _shown_all(organization, table, part, nested) if isinstance(part, list) else part
        }
    return shown
