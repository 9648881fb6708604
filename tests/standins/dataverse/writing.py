"""Writes: create, update, upsert, delete, link and unlink."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from tests.standins.dataverse import extra_schema
from tests.standins.dataverse.access import Caller
from tests.standins.dataverse.activities import (
    check_open,
    prepare_attachment,
    put_parties,
    remove_parties,
    settle_state,
    take_parties,
)
from tests.standins.dataverse.binding import read_values
from tests.standins.dataverse.derived import derive
from tests.standins.dataverse.errors import (
    DataverseError,
    bad_status,
    duplicate_key,
    no_such_row,
    version_mismatch,
)
from tests.standins.dataverse.messages import Request, Response, json_response
from tests.standins.dataverse.options import read_options
from tests.standins.dataverse.querying import renderer
from tests.standins.dataverse.schema import NAMELESS, Table
from tests.standins.dataverse.store import Ref, Row, Value

READ_ONLY = extra_schema.TABLES.keys() - {"product", "serviceappointment"} | {NAMELESS, "activityparty"}
"""Tables that are written through others."""
CHILDREN = (("activitymimeattachment", ("objectid",)), ("connection", ("record1id", "record2id")),
            ("annotation", ("objectid",)))  # fmt: skip
"""What goes when a row goes."""


def create(request: Request, table: Table, row_id: str = "") -> Response:
    """`POST accounts`: 204 with the row's address, or 201 with the row if the client prefers that."""
    row = insert(request.caller, table, request.json(table.entity_set), row_id)
    return _written(request, table, row, 201)


def insert(caller: Caller, table: Table, body: dict[str, Any], row_id: str = "") -> Row:
    """Write a new row with everything the service adds to it."""
    organization = caller.organization
    if table.name in READ_ONLY:
        raise DataverseError(
            400, "0x80040800", f"The 'Create' method does not support entities of type '{table.name}'."
        )
    caller.require_privilege("Create", table)
    parties = take_parties(table, body) if table.is_activity else []
    values = read_values(caller, table, body, creating=True)
    changed = set(values)
    given_id = values.get(table.primary_id)
    row_id = row_id or (str(given_id) if given_id else str(uuid4()))
    if organization.find(Ref(NAMELESS if table.is_activity else table.name, row_id)):
        raise duplicate_key()
    values = _stamps(caller, table, values) | values
    if values.get(
        "overriddencreatedon"
    ):  # the service swaps them: this then says when the row was brought in
        values["overriddencreatedon"] = caller.organization.now().replace(microsecond=0)
    if table.name == "activitymimeattachment":
        prepare_attachment(organization, values)
    values[table.primary_id] = row_id
    values.setdefault("statecode", 0 if "statecode" in table.columns else None)
    _settle(caller, table, None, values)
    derive(organization, table, values, changed)
    draft = Row(table.name, row_id, values, 0)
    if not all(rights.allows("Create", draft) for rights in caller.rights):
        caller.require("Create", draft)
    row = organization.store.put(table.name, row_id, values)
    put_parties(caller, row, parties)
    return row


def _check_supported(table: Table, message: str) -> None:
    if table.name in READ_ONLY:
        kind = f"entities of type '{table.name}'"
        raise DataverseError(400, "0x80040800", f"The '{message}' method does not support {kind}.")


def _stamps(caller: Caller, table: Table, values: Mapping[str, Value]) -> dict[str, Value]:
    now = caller.organization.now().replace(microsecond=0)
    user = Ref("systemuser", caller.user_id)
    app = Ref("systemuser", caller.app_user_id) if caller.is_impersonated else None
    created = values.get("overriddencreatedon")
    stamps: dict[str, Value] = {
        "createdon": created or now,
        "modifiedon": now,
        "createdby": user,
        "modifiedby": user,
        "createdonbehalfby": app,
        "modifiedonbehalfby": app,
        "ownerid": user,
        "statuscode": min(table.columns["statuscode"].options or [1]) if "statuscode" in table.columns else 1,
    }
    return {name: value for name, value in stamps.items() if name in table.columns}


def _settle(caller: Caller, table: Table, old: Row | None, values: dict[str, Value]) -> None:
    if "statecode" not in table.columns:
        values.pop("statecode", None)
        return
    if old is None and table.name != "email":
        column = table.columns["statuscode"]
        status = values.get("statuscode")
        if column.options and status not in column.options:
            raise bad_status(status, table.name, "Open")
        return
    settle_state(caller.organization, table, old, values)


def patch(request: Request, table: Table, row_id: str) -> Response:
    """`PATCH accounts(id)`: update, or create what is not there unless `If-Match` forbids it."""
    old = request.caller.organization.store.find(table.name, row_id)
    match, none_match = request.headers.get("If-Match"), request.headers.get("If-None-Match")
    if old is None:
        if match:
            raise no_such_row(table.name, row_id)
        return create(request, table, row_id)
    if none_match == "*":
        raise duplicate_key()
    if match not in {None, "*", old.etag}:
        raise version_mismatch()
    row = update(request.caller, table, old, request.json(table.entity_set))
    return _written(request, table, row, 200)


def update(caller: Caller, table: Table, old: Row, body: dict[str, Any]) -> Row:
    """Change a row; raises the service's 400 or 403."""
    organization = caller.organization
    if table.name in READ_ONLY:
        raise DataverseError(
            400, "0x80040800", f"The 'Update' method does not support entities of type '{table.name}'."
        )
    caller.require("Write", old)
    parties = take_parties(table, body) if table.is_activity else []
    body = {name: value for name, value in body.items() if name != table.primary_id}
    changed = read_values(caller, table, body, creating=False)
    check_open(table, old, changed)
    if "ownerid" in changed and changed["ownerid"] != old.get("ownerid"):
        caller.require("Assign", old)
    values = {**old.values, **changed}
    _settle(caller, table, old, values)
    _touch(caller, table, values)
    derive(organization, table, values, set(changed))
    row = organization.store.put(table.name, old.id, values)
    if parties:
        remove_parties(organization, row)
        put_parties(caller, row, parties)
    return row


def _touch(caller: Caller, table: Table, values: dict[str, Value]) -> None:
    stamps: dict[str, Value] = {
        "modifiedon": caller.organization.now().replace(microsecond=0),
        "modifiedby": Ref("systemuser", caller.user_id),
        "modifiedonbehalfby": Ref("systemuser", caller.app_user_id) if caller.is_impersonated else None,
    }
    values.update({name: value for name, value in stamps.items() if name in table.columns})


def _written(request: Request, table: Table, row: Row, status: int) -> Response:
    address = f"{request.base}{table.entity_set}({row.id})"
    if not request.preferences.representation:
        headers = {"OData-EntityId": address, "OData-Version": "4.0"}
        return Response(204, headers=headers | ({"Location": address} if status == 201 else {}))
    options = read_options(request.query)
    writer = renderer(request)
    writer.check(table, options)
    body = {"@odata.context": f"{request.base}$metadata#{table.entity_set}/$entity"}
    return json_response(body | writer.render(table, row, options), status,
                         {"Preference-Applied": "return=representation", "Location": address,
                          "OData-EntityId": address, "ETag": row.etag})  # fmt: skip


def delete(request: Request, table: Table, row_id: str) -> Response:
    """`DELETE accounts(id)`, with what belongs to the row."""
    organization = request.caller.organization
    row = organization.store.find(table.name, row_id)
    if row is None:
        raise no_such_row(table.name, row_id)
    if table.name in READ_ONLY:
        raise DataverseError(
            400, "0x80040800", f"The 'Delete' method does not support entities of type '{table.name}'."
        )
    request.caller.require("Delete", row)
    if request.headers.get("If-Match") not in {None, "*", row.etag}:
        raise version_mismatch()
    if table.is_activity:
        remove_parties(organization, row)
    for child, columns in CHILDREN:
        for each in list(organization.store.rows(child).values()):
            if any((ref := each.ref(column)) and ref.id == row.id for column in columns):
                organization.store.remove(child, each.id)
    organization.store.remove(table.name, row_id)
    return Response(204, headers={"OData-Version": "4.0"})


def clear_property(request: Request, table: Table, row: Row, name: str) -> Response:
    """`DELETE accounts(id)/name`: empty one property."""
    update(request.caller, table, row, {name: None})
    return Response(204)


def set_property(request: Request, table: Table, row: Row, name: str) -> Response:
    """`PUT accounts(id)/name` with `{"value": …}`."""
    update(request.caller, table, row, {name: request.json(table.entity_set).get("value")})
    return Response(204)
