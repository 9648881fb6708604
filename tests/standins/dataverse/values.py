"""Values: from JSON (checked as the service checks them), to JSON, and formatted for people."""

import math
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from tests.standins.dataverse.errors import DataverseError, bad_payload, out_of_range, too_long
from tests.standins.dataverse.schema import CHOICES, Column, Table
from tests.standins.dataverse.store import Ref, Value

EDM_TYPES = {
    "Integer": "Edm.Int32",
    "Picklist": "Edm.Int32",
    "State": "Edm.Int32",
    "Status": "Edm.Int32",
    "BigInt": "Edm.Int64",
    "Boolean": "Edm.Boolean",
    "DateTime": "Edm.DateTimeOffset",
    "Decimal": "Edm.Decimal",
    "Money": "Edm.Decimal",
    "Double": "Edm.Double",
    "Uniqueidentifier": "Edm.Guid",
}
RANGES = {"Edm.Int32": 2**31, "Edm.Int64": 2**63}
INTEGERS = frozenset(RANGES)
NUMBERS = frozenset({"Edm.Decimal", "Edm.Double"})
CUSTOM_OPTIONS_FROM = 100_000_000


def edm_type(column: Column) -> str:
    """The OData type of a column's property."""
    if column.is_lookup:
        return "Edm.Guid"
    if column.date_only:
        return "Edm.Date"
    return EDM_TYPES.get(column.type, "Edm.String")


def read_guid(text: str) -> str:
    """A GUID in its canonical form; raises ValueError."""
    if len(text.strip("{}")) != 36:
        raise ValueError(text)
    return str(UUID(text))


def read_json(table: Table, column: Column, value: Any) -> Value:
    """The value that a body sets a column to; raises the service's 400."""
    if value is None:
        return None
    kind = edm_type(column)
    try:
        read = _read(kind, value)
    except (ValueError, OverflowError):
        raise _cannot_convert(table, value, kind) from None
    if isinstance(read, str) and column.max_length and len(read) > column.max_length:
        raise too_long(column.name, table.name, column.max_length, len(read))
    if column.type in CHOICES and column.options and read not in column.options:
        raise out_of_range(column.name, table.name, read, sorted(column.options))
    return read


def _read(kind: str, value: Any) -> Value:
    if kind == "Edm.Boolean" and isinstance(value, bool):
        return value
    if kind in INTEGERS and isinstance(value, int) and not isinstance(value, bool):
        if not -RANGES[kind] <= value < RANGES[kind]:
            raise OverflowError(value)
        return value
    if kind in NUMBERS and isinstance(value, int | float) and not isinstance(value, bool):
        if not math.isfinite(value):
            raise ValueError(value)
        return float(value)
    if not isinstance(value, str):
        raise ValueError(value)  # noqa: TRY004
    if kind == "Edm.String":
        return value
    return read_literal(kind, value)


def read_literal(kind: str, text: str) -> Value:
    """A GUID, date or instant from its text; raises ValueError."""
    if kind == "Edm.Guid":
        return read_guid(text)
    if kind == "Edm.Date":
        return date.fromisoformat(text[:10])
    if kind == "Edm.DateTimeOffset":
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
    raise ValueError(text)


def _cannot_convert(table: Table, value: Any, kind: str) -> DataverseError:
    literal = str(value)[:80]
    return bad_payload(
        table.entity_set, f"Cannot convert the literal '{literal}' to the expected type '{kind}'."
    )


def to_json(value: Value) -> Any:
    """A value as it stands in an answer."""
    if isinstance(value, Ref):
        return value.id
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    return value


def formatted(column: Column, value: Value) -> str | None:
    """A value as the service writes it for people (US English), None where it has no such form."""
    if column.type in CHOICES or column.type == "Boolean":
        return column.options.get(int(value)) if isinstance(value, int) else None
    match value:
        case datetime():
            return f"{value.month}/{value.day}/{value.year} {value.strftime('%I:%M %p').lstrip('0')}"
        case date():
            return f"{value.month}/{value.day}/{value.year}"
        case int():
            return f"{value:,}"
        case float():
            return f"${value:,.2f}" if column.type == "Money" else f"{value:,.2f}"
    return None
