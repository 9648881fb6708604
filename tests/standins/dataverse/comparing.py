"""Constants and comparisons of filters, typed as OData types them."""

import operator
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

from tests.standins.dataverse.collation import fold
from tests.standins.dataverse.errors import bad_query
from tests.standins.dataverse.filter_tree import Literal, Node
from tests.standins.dataverse.store import Ref, Row, Value
from tests.standins.dataverse.values import read_literal

Test = Callable[[Row | None, dict[str, Row]], Any]
"""A compiled expression: of the row in question and the rows that variables stand for."""
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
LITERAL_TYPES = {
    "string": "Edm.String",
    "boolean": "Edm.Boolean",
    "guid": "Edm.Guid",
    "date": "Edm.Date",
    "date_time": "Edm.DateTimeOffset",
}
FITTING = {
    "Edm.Guid": {"guid"},
    "Edm.String": {"string"},
    "Edm.Boolean": {"boolean"},
    "Edm.DateTimeOffset": {"date_time", "date"},
    "Edm.Date": {"date", "date_time"},
}


def constant(node: Node, wanted: str) -> Value:
    """A constant that is compared with a property of type `wanted`; raises the service's 400."""
    if not isinstance(node, Literal):
        raise bad_query("Only constants can be compared with properties.")
    if node.kind == "null":
        return None
    fits = FITTING.get(wanted)
    if (fits is None) != (node.kind == "number") or (fits is not None and node.kind not in fits):
        given = LITERAL_TYPES.get(node.kind, "Edm.Int32")
        raise bad_query(
            "A binary operator with incompatible types was detected. Found operand types "
            f"'{wanted}' and '{given}' for operator kind 'Equal'."
        )
    return _literal(node, wanted)


def loose_constant(node: Node, wanted: str) -> Value:
    """A constant in a query function, where everything may stand in quotes."""
    if isinstance(node, Literal) and node.kind == "string" and wanted != "Edm.String":
        try:
            return int(node.text) if wanted.startswith("Edm.Int") else read_literal(wanted, node.text)
        except ValueError:
            raise bad_query(f"The value '{node.text}' is not of type '{wanted}'.") from None
    if isinstance(node, Literal) and node.kind == "number" and wanted in FITTING:
        return int(node.text)
    return constant(node, wanted)


def compare(name: str, left: Test, right: Test) -> Test:
    """A comparison by `eq ne gt ge lt le`; order with nothing is never true."""
    if name == "eq":
        return lambda row, scope: key(left(row, scope)) == key(right(row, scope))
    if name == "ne":
        return lambda row, scope: key(left(row, scope)) != key(right(row, scope))
    decide = COMPARISONS[name]

    def test(row: Row | None, scope: dict[str, Row]) -> bool:
        one, other = key(left(row, scope)), key(right(row, scope))
        return one is not None and other is not None and decide(one, other)

    return test


def value_of(row: Row | None, column: str) -> Value:
    """What a column of a row is compared by: of a lookup the id."""
    if row is None:
        return None
    value = row.version if column == "versionnumber" else row.get(column)
    return value.id if isinstance(value, Ref) else value


def key(value: Value) -> Any:
    """What values are compared by; an empty text is no value."""
    if isinstance(value, str):
        return fold(value) or None
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    return value


def _literal(node: Literal, wanted: str) -> Value:
    if node.kind == "number":
        return float(node.text) if {".", "e", "E"} & set(node.text) else int(node.text)
    if node.kind == "boolean":
        return node.text == "true"
    if wanted == "Edm.String":
        return node.text
    try:
        return read_literal("Edm.DateTimeOffset" if wanted == "Edm.Date" else wanted, node.text)
    except ValueError:
        raise bad_query(f"Unrecognized literal '{node.text}'.") from None
