"""Rows written by value: made once, changed, joined to others; as deep as the user's roles write."""

from datetime import datetime
from typing import Any, Literal
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import select

from connectors.embedded.crm.access import Access
from connectors.embedded.crm.cells import Place, find_place, stored
from connectors.embedded.crm.row import StoredRow, clean
from connectors.embedded.crm.rows import read_row
from connectors.embedded.crm.schema import Column as Known
from connectors.embedded.crm.tables import rows
from connectors.embedded.crm.values import BadValue, read_id
from connectors.embedded.crm.writing import insert_row, write_rows
from insights.crm.activities import OPEN
from insights.crm.conditions import check_value
from insights.crm.rows import Values
from insights.crm.tables import PERSONS
from insights.errors import Invalid, NotAllowed
from insights.model import RecordRef

SYSTEM = frozenset({"createdon", "modifiedon", "createdby", "modifiedby"})
PERSON_NAMES = frozenset({"firstname", "lastname"})
ASSOCIATIONS = frozenset({"opportunitycompetitors"})
"""Tables that join rows and are nobody's rights."""


def create_row(access: Access, ref: RecordRef, values: Values, now: datetime) -> None:
    """Make the row with this id; where it is there already, nothing is done."""
    place = _editable(access, ref.table)
    try:
        row_id = read_id(ref.id)
    except BadValue as bad:
        raise Invalid("bad_value.no_id", why=str(bad)) from None
    if read_row(access.connection, ref.table, row_id):
        return
    if not access.may_create(ref.table):
        raise _not_allowed("make", place)
    user_id = access.user.id or None
    row = StoredRow(ref.table, row_id, "", now, now, created_by_id=user_id, modified_by_id=user_id)
    if place.schema.ownership == "user" and user_id:
        row.attributes["ownerid"] = ["systemuser", user_id]
    _set(access, place, row, values)
    if not row.name and place.schema.needs_name:
        raise Invalid("bad_value.no_name", label=place.schema.label, primary_name=place.schema.primary_name)
    insert_row(access.connection, access.schema, row)


def update_row(access: Access, ref: RecordRef, values: Values, now: datetime) -> None:
    """Set columns of a row; raises NotFound, NotAllowed, Invalid."""
    place = _editable(access, ref.table)
    row = access.require(ref)
    may_write = select(rows.c.id).where(
        rows.c.table_name == ref.table, rows.c.id == row.id, access.where_written()
    )
    if access.connection.execute(may_write).first() is None:
        raise _not_allowed("change", place)
    _set(access, place, row, values)
    row.modified_at, row.modified_by_id = now, access.user.id or None
    write_rows(access.connection, access.schema, [row], {row.ref})


def associate_rows(access: Access, table: str, one: RecordRef, other: RecordRef, now: datetime) -> None:
    """Join two rows by a table that joins such; twice is once."""
    joining = access.schema.get(table) if table in ASSOCIATIONS else None
    if joining is None:
        raise Invalid("unknown_table.no_joins", table=table)
    found = {row.table: row for row in (access.require(one), access.require(other))}
    columns = [joining.columns[name] for name in joining.key]
    if {target for column in columns for target in column.targets} != found.keys():
        raise Invalid("bad_value.joins_others", table=table, found=sorted(found))
    ids = {column.name: found[column.targets[0]].id for column in columns}
    key = "\n".join((table, *ids.values()))
    attributes = {column.name: [column.targets[0], ids[column.name]] for column in columns}
    row_id = str(uuid5(NAMESPACE_URL, key))
    insert_row(access.connection, access.schema, StoredRow(table, row_id, "", now, now, attributes))


def _editable(access: Access, table: str) -> Place:
    place = find_place(access.schema, table)
    if place.tables != (table,) or place.schema.ownership == "none" or table == "email":
        raise Invalid("unknown_table.not_written", table=table)
    return place


def _set(access: Access, place: Place, row: StoredRow, values: Values) -> None:
    for column, value in values.items():
        known = place.check(column)
        if column.name in SYSTEM | {place.schema.primary_id}:
            raise Invalid("bad_value.computed", name=column.name)
        if isinstance(value, RecordRef) or (column.kind == "lookup" and value is None):
            _set_lookup(access, row, known, value if isinstance(value, RecordRef) else None)
            continue
        check_value(column, value)
        if column.kind == "lookup":
            raise TypeError("a lookup is set to a RecordRef")
        kept = stored(known, value)
        if column.name == place.schema.primary_name:
            row.name = clean(str(kept or ""))
        elif column.name == "statecode":
            row.state = int(kept or OPEN)
        else:
            _put(row.attributes, column.name, kept)
    if row.table in PERSONS and PERSON_NAMES & {column.name for column in values}:
        row.name = " ".join(part for name in ("firstname", "lastname") if (part := row.text(name).strip()))


def _set_lookup(access: Access, row: StoredRow, known: Known, target: RecordRef | None) -> None:
    if target is None:
        row.attributes.pop(known.name, None)
        return
    if known.targets and target.table not in known.targets and not _is_custom(access, target.table):
        raise Invalid("bad_value.other_lookup", name=known.name, table=target.table, targets=known.targets)
    row.attributes[known.name] = [target.table, access.require(target).id]


def _is_custom(access: Access, table: str) -> bool:
    found = access.schema.get(table)
    return bool(found and found.is_custom)


def _put(attributes: dict[str, Any], name: str, value: object) -> None:
    if value is None or value == "":
        attributes.pop(name, None)
    else:
        attributes[name] = value


def _not_allowed(what: Literal["make", "change"], place: Place) -> NotAllowed:
    return NotAllowed(f"not_allowed.{what}", label=place.schema.label)
