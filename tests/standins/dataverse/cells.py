"""Turns the text of a cell, as files hold it, into the value of its column."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime

from connectors.embedded.crm.schema import TYPE_CODES
from tests.standins.dataverse.organization import Organization
from tests.standins.dataverse.schema import CHOICES, NAMELESS, Column
from tests.standins.dataverse.store import Ref, Value
from tests.standins.dataverse.values import edm_type, read_guid


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


READERS: dict[str, Callable[[str], Value]] = {
    "Edm.Boolean": lambda text: text.casefold() in {"true", "1", "yes"},
    "Edm.Int32": int,
    "Edm.Int64": int,
    "Edm.Decimal": float,
    "Edm.Double": float,
    "Edm.Guid": read_guid,
    "Edm.Date": lambda text: date.fromisoformat(text[:10]),
    "Edm.DateTimeOffset": _instant,
    "Edm.String": str,
}


def read_cell(organization: Organization, column: Column, cells: Mapping[str, str], text: str) -> Value:
    """The typed value of a cell among the cells of its row; raises ValueError for what is none."""
    if text == "":
        return None
    if column.is_lookup:
        return _target(organization, column, cells, read_guid(text))
    if column.type in CHOICES:
        labels = {label.casefold(): value for value, label in column.options.items()}
        return labels[text.casefold()] if text.casefold() in labels else int(text)
    return READERS[edm_type(column)](text)


def _target(organization: Organization, column: Column, cells: Mapping[str, str], row_id: str) -> Ref:
    stem = column.name.removesuffix("id")
    for beside in ("{0}type", "{1}typecode", "{0}objecttypecode", "{1}objecttypecode", "{0}typecode"):
        named = cells.get(beside.format(column.name, stem))
        if named:
            return _actual(organization, Ref(TYPE_CODES.get(named, named), row_id))
    for target in column.targets:
        if target in organization.schema.tables:
            found = organization.find(Ref(target, row_id))
            if found:
                return Ref(found.table, row_id)
    known = [target for target in column.targets if target in organization.schema.tables]
    return Ref((known or list(column.targets))[0], row_id)


def _actual(organization: Organization, ref: Ref) -> Ref:
    row = organization.find(ref) if ref.table == NAMELESS else None
    return Ref(row.table, row.id) if row else ref
