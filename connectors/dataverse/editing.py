"""Rows written by value: made once by their key, changed, joined to others."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from connectors.dataverse.api import WebApi
from connectors.dataverse.expressions import clean, write_time
from connectors.dataverse.faults import ServiceFault, as_problem, not_found
from connectors.dataverse.records import as_guid
from connectors.dataverse.rows import Shapes
from connectors.dataverse.shapes import Shape
from insights.crm.conditions import Column, check_value
from insights.crm.rows import CrmValue, Values, unknown_table
from insights.errors import Invalid
from insights.model import RecordRef, User

NOT_WRITTEN = frozenset({"email", "activitypointer", "systemuser", "team", "role"})


class Editing:
    """Writes rows for a user, or as the application."""

    def __init__(self, api: WebApi, shapes: Shapes, user: User | None) -> None:
        self._api, self._shapes, self._user = api, shapes, user

    async def create(self, ref: RecordRef, values: Values) -> None:
        """Make the row with this id; one that is there already stays as it is."""
        shape, row_id = await self._shape(ref), as_guid(ref.id)
        if not row_id:
            raise Invalid("bad_value.no_guid")
        body = {shape.table.primary_id.name: row_id, **await self._body(shape, values)}
        try:
            await self._api.send("POST", shape.table.entity_set, self._user, body=body)
        except ServiceFault as fault:
            if not fault.is_duplicate:
                raise as_problem(fault, ref.table) from None

    async def update(self, ref: RecordRef, values: Values) -> None:
        """Set columns of a row; raises NotFound, NotAllowed, Conflict."""
        shape, path = await self._shape(ref), await self._path(ref)
        body = await self._body(shape, values)
        try:
            await self._api.send("PATCH", path, self._user, body=body, headers={"If-Match": "*"})
        except ServiceFault as fault:
            raise as_problem(fault, ref.table) from None

    async def associate(self, table: str, one: RecordRef, other: RecordRef) -> None:
        """Join two rows by the table that holds such pairs; twice is once."""
        shape = await self._shapes(one.table)
        collection = shape.pairs.get((table, other.table))
        if not collection:
            if all(pair != table for pair, _ in shape.pairs):
                raise unknown_table(table)
            raise Invalid("bad_value.not_joined", table=table, one=one.table, other=other.table)
        path, target = await self._path(one), await self._path(other)
        body = {"@odata.id": f"{self._api.url}/api/data/v9.2/{target}"}
        try:
            await self._api.send("POST", f"{path}/{collection}/$ref", self._user, body=body)
        except ServiceFault as fault:
            if not fault.is_duplicate:
                raise as_problem(fault, other.table) from None

    async def _shape(self, ref: RecordRef) -> Shape:
        """The shape of a table whose rows are written by value."""
        if ref.table in NOT_WRITTEN:
            raise Invalid("unknown_table.not_written", table=ref.table)
        return await self._shapes(ref.table)

    async def _path(self, ref: RecordRef) -> str:
        row_id = as_guid(ref.id)
        if not row_id:
            raise not_found(ref.table)
        return f"{(await self._shapes(ref.table)).table.entity_set}({row_id})"

    async def _body(self, shape: Shape, values: Values) -> Mapping[str, object]:
        body: dict[str, object] = {}
        for column, value in values.items():
            shape.check(column)
            if column.kind == "lookup":
                body |= await self._bound(shape, column, value)
            else:
                body[column.name] = _plain(column, value)
        return body

    async def _bound(self, shape: Shape, column: Column, value: CrmValue) -> dict[str, object]:
        """A lookup as a body sets it; nothing clears it by any of its properties."""
        if value is None:
            name = next((way for (own, _), way in shape.table.navigation.items() if own == column.name), "")
            return {name: None} if name else {}
        if not isinstance(value, RecordRef):
            raise TypeError("a lookup is set to a RecordRef")
        name = shape.table.navigation.get((column.name, value.table), "")
        if not name:
            raise Invalid("bad_value.no_such_lookup", name=column.name, table=value.table)
        return {f"{name}@odata.bind": f"/{await self._path(value)}"}


def _plain(column: Column, value: CrmValue) -> object:
    """A value as JSON has it."""
    if isinstance(value, RecordRef):
        raise TypeError(f"a RecordRef for a column of kind {column.kind}")
    check_value(column, value)
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, datetime):
        return write_time(value)
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value
