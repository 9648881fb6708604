"""Filters on descriptions of tables, columns and relationships; names and values with regard to case."""

from collections.abc import Mapping
from typing import Any

from tests.standins.dataverse.errors import bad_query, no_such_property
from tests.standins.dataverse.filter_parser import parse_filter
from tests.standins.dataverse.filter_tree import Call, Items, Literal, Node, Operation, Path
from tests.standins.dataverse.lexer import BadSyntax
from tests.standins.dataverse.options import Options


def passes(described: Mapping[str, Any], options: Options) -> bool:
    """Whether a description is what the filter wants; raises the service's 400."""
    if not options.filter:
        return True
    try:
        return bool(_holds(parse_filter(options.filter), described))
    except BadSyntax as wrong:
        raise bad_query(str(wrong)) from None


def _holds(node: Node, described: Mapping[str, Any]) -> bool:
    match node:
        case Operation("and" | "or" as name, parts):
            decide = all if name == "and" else any
            return decide(_holds(part, described) for part in parts)
        case Operation("not", (inner,)):
            return not _holds(inner, described)
        case Operation("eq" | "ne" as name, (left, right)):
            return (_value(left, described) == _value(right, described)) is (name == "eq")
        case Path((Call(name="Microsoft.Dynamics.CRM.In", named=named),)):
            return _is_in(dict(named), described)
        case Path():
            return _value(node, described) is True
    raise bad_query("This filter is not supported on metadata.")


def _value(node: Node, described: Mapping[str, Any]) -> Any:
    if isinstance(node, Path):
        return _reached(described, [str(segment) for segment in node.segments])
    if not isinstance(node, Literal):
        raise bad_query("Only constants can be compared with properties of metadata.")
    if node.kind == "typed":  # an enumeration's member
        return node.text.partition("'")[2][:-1]
    known = {"boolean": node.text == "true", "null": None}
    return known.get(node.kind, node.text)


def _is_in(arguments: Mapping[str, Node], described: Mapping[str, Any]) -> bool:
    name, values = arguments.get("PropertyName"), arguments.get("PropertyValues")
    if not isinstance(name, Literal) or not isinstance(values, Items):
        raise bad_query("Microsoft.Dynamics.CRM.In needs PropertyName and PropertyValues.")
    return _reached(described, [name.text]) in {
        item.text for item in values.items if isinstance(item, Literal)
    }


def _reached(described: Mapping[str, Any], names: list[str]) -> Any:
    value: Any = described
    for name in names:
        if not isinstance(value, Mapping) or name not in value:
            raise no_such_property(str(described.get("@odata.type", "EntityMetadata")), name)
        value = value[name]
    return value
