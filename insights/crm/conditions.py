"""Conditions on Dataverse's columns as values: connectors write them as OData or SQL.

A condition holds or does not; there is no third. Nothing equals only nothing, an empty text is nothing,
and order with nothing never holds. Texts are compared as Dataverse's usual collation does: without case,
accents, and blanks at the end.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from insights.model import RecordRef

Kind = Literal["text", "guid", "lookup", "time", "date", "bool", "int", "decimal", "money", "option"]
Value = str | int | bool | Decimal | datetime | date
Operator = Literal["eq", "ne", "gt", "ge", "lt", "le"]
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
TEXTS = frozenset({"text", "guid", "lookup"})
NUMBERS = frozenset({"decimal", "money"})
WHOLE = frozenset({"int", "option"})


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its logical name; `kind` decides how its values are written."""

    name: str
    kind: Kind = "text"

    def __post_init__(self) -> None:
        check_name(self.name)

    @property
    def property(self) -> str:
        """What the Web API calls its value: of a lookup `_name_value`."""
        return f"_{self.name}_value" if self.kind == "lookup" else self.name


@dataclass(frozen=True, slots=True)
class Compare:
    """`column operator value`; None is nothing."""

    column: Column
    operator: Operator
    value: Value | None


@dataclass(frozen=True, slots=True)
class Like:
    """A text column that begins with, ends with or contains a text, wildcards taken as they are."""

    function: Literal["startswith", "endswith", "contains"]
    column: Column
    part: str


@dataclass(frozen=True, slots=True)
class In:
    """A column that has one of the values; there must be one."""

    column: Column
    values: Sequence[Value]


@dataclass(frozen=True, slots=True)
class Not:
    """What is not so."""

    condition: "Condition"


@dataclass(frozen=True, slots=True)
class Every:
    """All of the conditions; there must be one."""

    conditions: "Sequence[Condition]"


@dataclass(frozen=True, slots=True)
class Either:
    """One of the conditions at least; there must be one."""

    conditions: "Sequence[Condition]"


class Native:
    """A condition that one connector asks in its own words; no query of the product holds one."""

    __slots__ = ()


Condition = Compare | Like | In | Not | Every | Either | Native


def every(conditions: Iterable[Condition | None]) -> Condition | None:
    """All of those that are there, None if none is."""
    found = [condition for condition in conditions if condition]
    return Every(found) if len(found) > 1 else found[0] if found else None


def check_name(name: str) -> None:
    """Raise ValueError for what is no logical name."""
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of the Web API")


def check_value(column: Column, value: Value | None) -> None:
    """Raise TypeError or ValueError for a value that is none of the column's kind."""
    fits = (
        value is None
        or (column.kind in TEXTS and isinstance(value, str))
        or (column.kind == "bool" and isinstance(value, bool))
        or (column.kind in WHOLE and isinstance(value, int) and not isinstance(value, bool))
        or (column.kind in NUMBERS and isinstance(value, Decimal))
        or (column.kind == "time" and isinstance(value, datetime))
        or (column.kind == "date" and isinstance(value, date) and not isinstance(value, datetime))
    )
    if not fits:
        raise TypeError(f"{type(value).__name__} for a column of kind {column.kind}")
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("a time without a time zone")
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError("a number without end")


def columns_of(condition: Condition) -> set[Column]:
    """The columns that a condition asks about."""
    match condition:
        case Compare(column) | In(column) | Like(column=column):
            return {column}
        case Not(inner):
            return columns_of(inner)
        case Every(conditions) | Either(conditions):
            return set().union(*map(columns_of, conditions))
        case Native():
            raise TypeError("only its own connector can ask this condition")


def fold(text: str) -> str:
    """What two texts have in common that are the same to the CRM."""
    parts = unicodedata.normalize("NFD", text)
    return "".join(part for part in parts if not unicodedata.combining(part)).casefold().rstrip(" ")


def holds(condition: Condition, value_of: Callable[[Column], Value | RecordRef | None]) -> bool:
    """Whether the condition holds for the row whose values `value_of` tells."""
    match condition:
        case Compare(column, operator, value):
            return _compare(operator, sort_key(value_of(column)), sort_key(value))
        case In(column, values):
            return sort_key(value_of(column)) in {sort_key(value) for value in values}
        case Like(function, column, part):
            found, sought = sort_key(value_of(column)), fold_part(part)
            return isinstance(found, str) and _like(function, found, sought)
        case Not(inner):
            return not holds(inner, value_of)
        case Every(conditions):
            return all(holds(each, value_of) for each in conditions)
        case Either(conditions):
            return any(holds(each, value_of) for each in conditions)
        case Native():
            raise TypeError("only its own connector can ask this condition")


def fold_part(part: str) -> str:
    """A piece of a text as `holds` looks for it: blanks at its end count, for more may follow."""
    return fold(part) + " " * (len(part) - len(part.rstrip(" ")))


def sort_key(value: Value | RecordRef | None) -> Any:
    """What values of one column are compared and ordered by; None for nothing."""
    if isinstance(value, RecordRef):
        return fold(value.id)
    return fold(value) or None if isinstance(value, str) else value


def _compare(operator: Operator, one: Any, other: Any) -> bool:
    if operator in {"eq", "ne"}:
        return bool(one == other) == (operator == "eq")
    if one is None or other is None:
        return False
    return bool(
        (one > other and operator in {"gt", "ge"})
        or (one < other and operator in {"lt", "le"})
        or (one == other and operator in {"ge", "le"})
    )


def _like(function: str, found: str, sought: str) -> bool:
    if function == "startswith":
        return (found + " ").startswith(sought) or found.startswith(sought)
    if function == "endswith":
        return found.endswith(sought.rstrip(" "))
    return sought in found or (sought.endswith(" ") and found.endswith(sought.rstrip(" ")))
