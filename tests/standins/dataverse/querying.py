"""Reads: lists with paging and change tracking, single rows, single properties, links."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from tests.standins.dataverse.errors import bad_query, expired_delta, no_such_property, no_such_row
from tests.standins.dataverse.messages import Request, Response, json_response
from tests.standins.dataverse.navigation import Collection
from tests.standins.dataverse.options import PAGE, Options, read_options
from tests.standins.dataverse.ordering import ordered
from tests.standins.dataverse.related import related
from tests.standins.dataverse.rendering import Renderer
from tests.standins.dataverse.schema import NAMELESS, Table
from tests.standins.dataverse.store import Row
from tests.standins.dataverse.values import to_json

COOKIE = re.compile(r'<cookie pagenumber="(\d+)" pagingcookie="([^"]*)" istracking="(\w+)" />')
UNTRACKED = frozenset({NAMELESS, "activityparty", "principalobjectaccess"})
"""Tables without change tracking."""


def renderer(request: Request) -> Renderer:
    """What writes the rows of this request's answer."""
    return Renderer(request.caller, request.preferences, request.base)


def list_rows(request: Request, table: Table) -> Response:
    """`GET accounts`."""
    options = read_options(request.query)
    request.caller.require_privilege("Read", table)
    if options.deltatoken:
        return _changes(request, table, options)
    if request.preferences.track_changes:
        _check_trackable(table, options)
    rows = [row for row in request.caller.organization.rows(table) if request.caller.allows("Read", row)]
    return _page(request, table, rows, options)


def list_related(request: Request, table: Table, row: Row, collection: Collection) -> Response:
    """`GET accounts(id)/contact_customer_accounts`."""
    other = request.caller.organization.schema.tables[collection.table]
    request.caller.require_privilege("Read", other)
    rows = list(related(request.caller, row, collection))
    return _page(request, other, rows, read_options(request.query))


def count_rows(request: Request, table: Table) -> Response:
    """`GET accounts/$count`: a plain number, never above 5,000."""
    request.caller.require_privilege("Read", table)
    rows = [row for row in request.caller.organization.rows(table) if request.caller.allows("Read", row)]
    found = ordered(request.caller, table, rows, read_options(request.query))
    return Response(200, str(min(len(found), PAGE)).encode(), {"Content-Type": "text/plain"})


def _page(request: Request, table: Table, rows: list[Row], options: Options) -> Response:
    writer = renderer(request)
    writer.check(table, options)
    found = ordered(request.caller, table, rows, options)
    number, start, tracking = _position(options.skiptoken, found)
    version = int(tracking) if tracking.isdigit() else request.caller.organization.store.version
    size = request.preferences.page_size
    end = min(start + size, options.top if options.top is not None else len(found), len(found))
    body: dict[str, Any] = {"@odata.context": _context(request, table, options)}
    if options.count:
        body["@odata.count"] = min(len(found), PAGE)
    body["value"] = [writer.render(table, row, options) for row in found[start:end]]
    limit = len(found) if options.top is None else min(options.top, len(found))
    is_tracking = request.preferences.track_changes or tracking.isdigit()
    if end < limit:
        mark = str(version) if is_tracking else "False"
        cookie = (
            f'<cookie pagenumber="{number + 1}" pagingcookie="{found[end - 1].id}" istracking="{mark}" />'
        )
        body["@odata.nextLink"] = _link(request, {**request.query, "$skiptoken": cookie})
    elif is_tracking:
        body["@odata.deltaLink"] = _delta_link(request, version)
    return json_response(body, headers=_applied(request))


def _position(token: str, rows: list[Row]) -> tuple[int, int, str]:
    """Page number, index of its first row, and the version that tracking began at."""
    if not token:
        return 1, 0, ""
    found = COOKIE.fullmatch(token)
    last_id, number, tracking = (found[2], int(found[1]), found[3]) if found else (token, 2, "")
    for index, row in enumerate(rows):
        if row.id == last_id:
            return number, index + 1, tracking
    raise bad_query("Malformed XML in the Paging Cookie")


def _changes(request: Request, table: Table, options: Options) -> Response:
    """What changed since a delta token, then what was deleted."""
    organization = request.caller.organization
    text = options.deltatoken.partition("!")[0]
    if not text.isdigit():
        raise bad_query("The delta token is not valid.")
    since = int(text)
    if since < organization.oldest_delta or since > organization.store.version:
        raise expired_delta()
    writer = renderer(request)
    writer.check(table, options)
    rows = [
        row for row in organization.rows(table) if row.version > since and request.caller.allows("Read", row)
    ]
    value: list[dict[str, Any]] = [
        writer.render(table, row, options) for row in sorted(rows, key=lambda row: row.version)
    ]
    gone = {
        row_id: None
        for version, name, row_id in organization.store.deleted
        if version > since and name == table.name and organization.store.find(name, row_id) is None
    }
    context = f"{request.base}$metadata#{table.entity_set}/$deletedEntity"
    value += [{"@odata.context": context, "id": row_id, "reason": "deleted"} for row_id in gone]
    body = {
        "@odata.context": f"{_context(request, table, options)}/$delta",
        "@odata.deltaLink": _delta_link(request, organization.store.version),
        "value": value,
    }
    return json_response(body, headers=_applied(request))


def _check_trackable(table: Table, options: Options) -> None:
    if table.name in UNTRACKED:
        raise bad_query(f"Change tracking is not enabled for entity '{table.name}'.")
    if options.filter or options.orderby or options.top is not None or options.expand:
        raise bad_query("Change tracking does not support $filter, $orderby, $expand or $top.")


def _delta_link(request: Request, version: int) -> str:
    stamp = request.caller.organization.now().strftime("%m/%d/%Y %H:%M:%S")
    kept = {name: value for name, value in request.query.items() if name not in {"$skiptoken", "$deltatoken"}}
    return _link(request, {**kept, "$deltatoken": f"{version}!{stamp}"})


def _link(request: Request, query: Mapping[str, str]) -> str:
    written = "&".join(
        f"{quote(name, safe='$@')}={quote(value, safe='(),')}" for name, value in query.items()
    )
    return f"{request.base}{quote(request.path, safe='/(),')}?{written}"


def _context(request: Request, table: Table, options: Options) -> str:
    names = [*options.select, *(f"{name}()" for name in options.expand)]
    return f"{request.base}$metadata#{table.entity_set}" + (f"({','.join(names)})" if names else "")


def _applied(request: Request) -> dict[str, str]:
    applied = []
    if request.preferences.is_paged:
        applied.append(f"odata.maxpagesize={request.preferences.page_size}")
    if request.preferences.annotations:
        applied.append(f'odata.include-annotations="{",".join(request.preferences.annotations)}"')
    if request.preferences.track_changes:
        applied.append("odata.track-changes")
    return {"Preference-Applied": ", ".join(applied)} if applied else {}


def find_row(request: Request, table: Table, row_id: str) -> Row:
    """The row a path names, as far as the caller may read it; raises the service's 404 or 403."""
    organization = request.caller.organization
    row = organization.store.find(table.name, row_id)
    if table.name == NAMELESS:
        row = next((found for found in organization.rows(table) if found.id == row_id), None)
    request.caller.require_privilege("Read", table)
    if row is None:
        raise no_such_row(table.name, row_id)
    request.caller.require("Read", row)
    return row


def show_row(request: Request, table: Table, row: Row) -> Response:
    """`GET accounts(id)`."""
    if request.headers.get("If-None-Match") == row.etag:
        return Response(304, headers={"ETag": row.etag})
    options = read_options(request.query)
    writer = renderer(request)
    writer.check(table, options)
    body = {
        "@odata.context": f"{_context(request, table, options)}/$entity",
        **writer.render(table, row, options),
    }
    return json_response(body, headers={"ETag": row.etag, **_applied(request)})


def show_property(request: Request, table: Table, row: Row, name: str, *, is_raw: bool) -> Response:
    """`GET accounts(id)/name`, and its bare value by `/$value`."""
    column = table.properties.get(name)
    if column is None:
        raise no_such_property(table.name, name)
    value = to_json(row.get(column.name))
    if value is None:
        return Response(204)
    if is_raw:
        return Response(200, str(value).encode(), {"Content-Type": "text/plain"})
    return json_response({"@odata.context": f"{request.base}$metadata#{table.entity_set}({row.id})/{name}",
                          "value": value})  # fmt: skip
