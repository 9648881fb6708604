"""Links between rows: `$ref` on navigation properties of either kind."""

from uuid import uuid4

from tests.standins.dataverse.access import Caller
from tests.standins.dataverse.binding import find_reference
from tests.standins.dataverse.errors import bad_payload, duplicate_key, no_such_row
from tests.standins.dataverse.messages import Request, Response
from tests.standins.dataverse.navigation import Collection, Single
from tests.standins.dataverse.schema import Table
from tests.standins.dataverse.store import Ref, Row
from tests.standins.dataverse.values import read_guid
from tests.standins.dataverse.writing import update


def _referred(request: Request, text: object) -> Row:
    if not isinstance(text, str):
        raise bad_payload("", "A link needs '@odata.id'.")
    return find_reference(request.caller, text)


def link(request: Request, table: Table, row: Row, way: Single | Collection) -> Response:
    """`PUT …/primarycontactid/$ref` or `POST …/contact_customer_accounts/$ref`."""
    caller = request.caller
    text = request.json(table.entity_set).get("@odata.id")
    other = _referred(request, text)
    if isinstance(way, Single):
        update(caller, table, row, {f"{way.name}@odata.bind": text})
    elif way.intersect:
        caller.require("Append", row)
        caller.require("AppendTo", other)
        _link_many(caller, way, row, other)
    else:
        _point(request, way, other, row)
    return Response(204)


def _link_many(caller: Caller, way: Collection, row: Row, other: Row) -> None:
    store = caller.organization.store
    for existing in store.rows(way.intersect).values():
        if existing.get(way.own_column) == row.id and existing.get(way.column) == other.id:
            raise duplicate_key()
    row_id = str(uuid4())
    key = caller.organization.schema.tables[way.intersect].primary_id
    store.put(way.intersect, row_id, {key: row_id, way.own_column: row.id, way.column: other.id})


def _point(request: Request, way: Collection, child: Row, target: Row | None) -> None:
    """Let a row of a one-to-many relationship belong to `target`, or to nobody."""
    organization = request.caller.organization
    table = organization.schema.tables[child.table]
    name = organization.navigation.of_column(table.name, way.column, target.table if target else "")
    if target is None:
        single = next(each.name for each in organization.navigation.singles[table.name].values()
                      if each.column == way.column)  # fmt: skip
        update(request.caller, table, child, {single: None})
        return
    address = f"/{organization.schema.tables[target.table].entity_set}({target.id})"
    update(request.caller, table, child, {f"{name}@odata.bind": address})


def unlink(request: Request, table: Table, row: Row, way: Single | Collection, other_id: str) -> Response:
    """`DELETE …/primarycontactid/$ref` or `…/contact_customer_accounts(id)/$ref`."""
    organization = request.caller.organization
    if isinstance(way, Single):
        update(request.caller, table, row, {way.name: None})
        return Response(204)
    named = request.query.get("$id", "")
    other = _referred(request, named) if named else organization.find(Ref(way.table, read_guid(other_id)))
    if other is None:
        raise no_such_row(way.table, other_id)
    if not way.intersect:
        _point(request, way, other, None)
        return Response(204)
    request.caller.require("Append", row)
    for existing in list(organization.store.rows(way.intersect).values()):
        if existing.get(way.own_column) == row.id and existing.get(way.column) == other.id:
            organization.store.remove(way.intersect, existing.id)
    return Response(204)
