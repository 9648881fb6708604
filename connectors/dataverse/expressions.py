"""Conditions as `$filter` writes them, built from columns and values that are checked and written by type.

Text never becomes part of a condition as it is: a string is quoted, an id has to be a GUID, a time has
to be aware, and a name comes from a `Column` or `Collection`, which take nothing but names.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from insights.crm.conditions import (
    Column,
    Compare,
    Condition,
    Either,
    Every,
    In,
    Like,
    Native,
    Not,
    Value,
    check_name,
    check_value,
)

ILLEGAL = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
UNSENDABLE = re.compile(r"[\0\ud800-\udfff]")
WILDCARD = re.compile(r"[%_\[]")


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection-valued navigation property."""

    name: str

    def __post_init__(self) -> None:
        check_name(self.name)


@dataclass(frozen=True, slots=True)
class AnyOf(Native):
    """A collection with a row of which the condition holds."""

    collection: Collection
    condition: Condition


def clean(text: str) -> str:
    """Text that Dataverse stores: characters that XML does not know are left out."""
    return ILLEGAL.sub("", text)


def write_condition(condition: Condition, scope: str = "") -> str:
    """The condition as OData writes it; `scope` is the path to the row it is about, "" for the listed one."""
    written = ""
    match condition:
        case Compare(column, operator, value):
            written = f"{scope}{column.property} {operator} {write_value(column, value)}"
        case Like(function, column, part):
            literal = WILDCARD.sub(lambda found: f"[{found[0]}]", part)
            written = f"{function}({scope}{column.property},{write_value(column, literal)})"
        case In(column, values):
            written = _join("or", [Compare(column, "eq", value) for value in values], scope)
        case Not(inner):
            written = f"not ({write_condition(inner, scope)})"
        case Every(conditions):
            written = _join("and", conditions, scope)
        case Either(conditions):
            written = _join("or", conditions, scope)
        case AnyOf(collection, inner):
            variable = "x" * (len(scope) - len(scope.lstrip("x")) + 1)
            written = f"{scope}{collection.name}/any({variable}:{write_condition(inner, f'{variable}/')})"
    return written


def write_value(column: Column, value: Value | None) -> str:
    """A constant as the column's kind wants it; raises TypeError or ValueError for another kind's."""
    check_value(column, value)
    written = str(value)
    if value is None:
        written = "null"
    elif isinstance(value, str):
        is_text = column.kind == "text"
        written = "'" + UNSENDABLE.sub("", value).replace("'", "''") + "'" if is_text else str(UUID(value))
    elif isinstance(value, bool):
        written = "true" if value else "false"
    elif isinstance(value, datetime):
        written = write_time(value)
    elif isinstance(value, date):
        written = value.isoformat()
    elif isinstance(value, Decimal):
        written = f"{value:f}"
    return written


def write_time(at: datetime) -> str:
    """A time in UTC, to the second: Dataverse keeps no more."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _join(operator: str, conditions: Sequence[Condition], scope: str) -> str:
    if not conditions:
        raise ValueError("no condition to join")
    return "(" + f" {operator} ".join(write_condition(condition, scope) for condition in conditions) + ")"
