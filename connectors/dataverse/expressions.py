"""Conditions for `$filter`, built from columns and values that are checked and written by type.

Text never becomes part of a condition as it is: a string is quoted, an id has to be a GUID, a time has
to be aware, and a name comes from a `Column` or `Collection`, which take nothing but names.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol
from uuid import UUID

from typing_extensions import override

Kind = Literal["text", "guid", "lookup", "time", "bool", "int"]
Value = str | int | bool | datetime
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
ILLEGAL = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
UNSENDABLE = re.compile(r"[\0\ud800-\udfff]")
WILDCARD = re.compile(r"[%_\[]")


def clean(text: str) -> str:
    """Text that Dataverse stores: characters that XML does not know are left out."""
    return ILLEGAL.sub("", text)


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its logical name; `kind` decides how its values are written."""

    name: str
    kind: Kind = "text"

    def __post_init__(self) -> None:
        _check_name(self.name)

    @property
    def property(self) -> str:
        """What the Web API calls its value: of a lookup `_name_value`."""
        return f"_{self.name}_value" if self.kind == "lookup" else self.name


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection-valued navigation property."""

    name: str

    def __post_init__(self) -> None:
        _check_name(self.name)


class Condition(Protocol):
    """A condition; `scope` is the path to the row it is about, "" for the row that is listed."""

    def text(self, scope: str = "") -> str:
        """The condition as OData writes it."""
        ...


@dataclass(frozen=True, slots=True)
class Compare(Condition):
    """`column operator value`; None is `null`."""

    column: Column
    operator: Literal["eq", "ne", "gt", "ge", "lt", "le"]
    value: Value | None

    @override
    def text(self, scope: str = "") -> str:
        return f"{scope}{self.column.property} {self.operator} {write_value(self.column, self.value)}"


@dataclass(frozen=True, slots=True)
class Like(Condition):
    """A text column that begins with, ends with or contains a text, wildcards taken as they are."""

    function: Literal["startswith", "endswith", "contains"]
    column: Column
    part: str

    @override
    def text(self, scope: str = "") -> str:
        literal = WILDCARD.sub(lambda found: f"[{found[0]}]", self.part)
        return f"{self.function}({scope}{self.column.property},{write_value(self.column, literal)})"


@dataclass(frozen=True, slots=True)
class Not(Condition):
    """What is not so."""

    condition: Condition

    @override
    def text(self, scope: str = "") -> str:
        return f"not ({self.condition.text(scope)})"


@dataclass(frozen=True, slots=True)
class Every(Condition):
    """All of the conditions; there must be one."""

    conditions: Sequence[Condition]

    @override
    def text(self, scope: str = "") -> str:
        return _join("and", self.conditions, scope)


@dataclass(frozen=True, slots=True)
class Either(Condition):
    """One of the conditions at least; there must be one."""

    conditions: Sequence[Condition]

    @override
    def text(self, scope: str = "") -> str:
        return _join("or", self.conditions, scope)


@dataclass(frozen=True, slots=True)
class In(Condition):
    """A column that has one of the values; there must be one."""

    column: Column
    values: Sequence[Value]

    @override
    def text(self, scope: str = "") -> str:
        return _join("or", [Compare(self.column, "eq", value) for value in self.values], scope)


@dataclass(frozen=True, slots=True)
class AnyOf(Condition):
    """A collection with a row of which the condition holds."""

    collection: Collection
    condition: Condition

    @override
    def text(self, scope: str = "") -> str:
        variable = "x" * (len(scope) - len(scope.lstrip("x")) + 1)
        return f"{scope}{self.collection.name}/any({variable}:{self.condition.text(f'{variable}/')})"


def every(conditions: Iterable[Condition | None]) -> Condition | None:
    """All of those that are there, None if none is."""
    found = [condition for condition in conditions if condition]
    return Every(found) if len(found) > 1 else found[0] if found else None


def write_value(column: Column, value: Value | None) -> str:
    """A constant as the column's kind wants it; raises TypeError or ValueError for another kind's."""
    if value is None:
        return "null"
    match column.kind, value:
        case "text", str():
            return "'" + UNSENDABLE.sub("", value).replace("'", "''") + "'"
        case (("guid" | "lookup"), str()):
            return str(UUID(value))
        case "time", datetime():
            if value.tzinfo is None:
                raise ValueError("a time without a time zone")
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case "bool", bool():
            return "true" if value else "false"
        case "int", int() if not isinstance(value, bool):
            return str(value)
    raise TypeError(f"{type(value).__name__} for a column of kind {column.kind}")


def _join(operator: str, conditions: Sequence[Condition], scope: str) -> str:
    if not conditions:
        raise ValueError("no condition to join")
    return "(" + f" {operator} ".join(condition.text(scope) for condition in conditions) + ")"


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of the Web API")
