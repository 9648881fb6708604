"""Where a request goes: from its path to what answers it."""

import re

from tests.standins.dataverse.errors import (
    DataverseError,
    bad_query,
    no_such_resource,
    unauthorized,
)
from tests.standins.dataverse.functions import PREFIX, call_function
from tests.standins.dataverse.linking import link, unlink
from tests.standins.dataverse.messages import Request, Response, json_response
from tests.standins.dataverse.metadata import is_metadata, show_metadata
from tests.standins.dataverse.navigation import Collection, Single
from tests.standins.dataverse.querying import (
    count_rows,
    find_row,
    list_related,
    list_rows,
    show_property,
    show_row,
)
from tests.standins.dataverse.related import follow, related
from tests.standins.dataverse.schema import Table
from tests.standins.dataverse.store import Row
from tests.standins.dataverse.values import read_guid
from tests.standins.dataverse.writing import clear_property, create, delete, patch, set_property

KEYED = re.compile(r"(\w+)\((?:\w+=)?\{?([0-9A-Fa-f-]+)\}?\)")
FUNCTION = re.compile(r"[A-Z]\w*(?:\(.*\))?", re.DOTALL)


def answer(request: Request) -> Response:
    """The answer to a request; what goes wrong is an answer too, and leaves no half-done write."""
    try:
        with request.caller.organization.store.all_or_nothing():
            return _route(request)
    except DataverseError as error:
        return error_response(error)


def error_response(error: DataverseError) -> Response:
    """An error as it goes over the wire."""
    if error.status == unauthorized().status:
        return Response(error.status, b"", dict(error.headers))
    return json_response(error.body, error.status, error.headers)


def _route(request: Request) -> Response:
    segments = request.segments
    if not segments:
        sets = request.caller.organization.schema.by_set
        listed = [{"name": name, "kind": "EntitySet", "url": name} for name in sets]
        return json_response({"@odata.context": f"{request.base}$metadata", "value": listed})
    first, *rest = segments
    if is_metadata(first):
        return show_metadata(request)
    name = first.partition("(")[0]
    table = request.caller.organization.schema.by_set.get(name)
    if table is None:
        if FUNCTION.fullmatch(first) and not rest and request.method == "GET":
            return call_function(request, first)
        raise no_such_resource(name)
    keyed = KEYED.fullmatch(first)
    if keyed is None:
        return _on_set(request, table, first, rest)
    try:
        row_id = read_guid(keyed[2])
    except ValueError:
        raise bad_query(f"Bad Request - Error in query syntax: '{keyed[2]}' is no GUID.") from None
    return _on_row(request, table, row_id, rest)


def _on_set(request: Request, table: Table, first: str, rest: list[str]) -> Response:
    if first != table.entity_set:
        raise bad_query(f"Bad Request - Error in query syntax: '{first}'.")
    match request.method, rest:
        case "GET", []:
            return list_rows(request, table)
        case "GET", ["$count"]:
            return count_rows(request, table)
        case "POST", []:
            return create(request, table)
    raise _not_allowed(request)


def _on_row(request: Request, table: Table, row_id: str, rest: list[str]) -> Response:
    if not rest:
        return _on_whole_row(request, table, row_id)
    row = find_row(request, table, row_id)
    first, *further = rest
    name, _, key = first.partition("(")
    way = _way(request, table, name)
    if first.startswith(PREFIX) and request.method == "GET":
        return call_function(request, first, row)
    if way is None:
        return _on_property(request, table, row, rest)
    if further == ["$ref"]:
        return _on_link(request, table, row, way, key.rstrip(")"))
    if request.method == "GET" and not further:
        return _along(request, table, row, way)
    raise _not_allowed(request)


def _on_whole_row(request: Request, table: Table, row_id: str) -> Response:
    match request.method:
        case "GET":
            return show_row(request, table, find_row(request, table, row_id))
        case "PATCH":
            return patch(request, table, row_id)
        case "DELETE":
            return delete(request, table, row_id)
    raise _not_allowed(request)


def _on_property(request: Request, table: Table, row: Row, rest: list[str]) -> Response:
    name = rest[0]
    if name not in table.properties:
        raise no_such_resource(name)
    match request.method, rest[1:]:
        case "GET", [] | ["$value"]:
            return show_property(request, table, row, name, is_raw=bool(rest[1:]))
        case "PUT", []:
            return set_property(request, table, row, name)
        case "DELETE", []:
            return clear_property(request, table, row, name)
    raise _not_allowed(request)


def _way(request: Request, table: Table, name: str) -> Single | Collection | None:
    navigation = request.caller.organization.navigation
    return navigation.singles[table.name].get(name) or navigation.collections[table.name].get(name)


def _along(request: Request, table: Table, row: Row, way: Single | Collection) -> Response:
    if isinstance(way, Collection):
        return list_related(request, table, row, way)
    found = follow(request.caller, row, way)
    if found is None:
        return Response(204)
    return show_row(request, request.caller.organization.schema.tables[found.table], found)


def _on_link(request: Request, table: Table, row: Row, way: Single | Collection, key: str) -> Response:
    if request.method == "GET":
        return _show_links(request, row, way)
    if request.method == ("PUT" if isinstance(way, Single) else "POST"):
        return link(request, table, row, way)
    if request.method == "DELETE":
        return unlink(request, table, row, way, key)
    raise _not_allowed(request)


def _show_links(request: Request, row: Row, way: Single | Collection) -> Response:
    tables = request.caller.organization.schema.tables

    def address(other: Row) -> dict[str, str]:
        return {"@odata.id": f"{request.base}{tables[other.table].entity_set}({other.id})"}

    if isinstance(way, Single):
        found = follow(request.caller, row, way)
        return json_response(address(found)) if found else Response(204)
    context = f"{request.base}$metadata#Collection($ref)"
    rows = related(request.caller, row, way)
    return json_response({"@odata.context": context, "value": [address(each) for each in rows]})


def _not_allowed(request: Request) -> DataverseError:
    return DataverseError(
        405, "0x80060888", f"Http Method '{request.method}' is not supported for this resource."
    )
