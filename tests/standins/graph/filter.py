"""`$filter`: parsed by the OData grammar, checked with the schema, evaluated over JSON."""

import operator
import re
from collections.abc import Callable
from typing import Any

from odata_query import ast
from odata_query.exceptions import ODataException
from odata_query.grammar import ODataLexer, ODataParser

from tests.standins.graph.errors import bad_filter, unsupported_filter
from tests.standins.graph.message import normal_property_id
from tests.standins.graph.schema import Schema, SchemaViolation
from tests.standins.graph.times import read_time
from tests.standins.graph.wire import Json

CAST = re.compile(r"cast\(\s*([\w/]+)\s*,\s*Edm\.\w+\s*\)", re.IGNORECASE)
COMPARISONS: dict[type[ast._Comparator], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
}
FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": operator.contains,
}
# What Exchange's store can restrict by; a lambda over recipients is a readable filter that it refuses.
MESSAGE_PATHS = frozenset(
    [
        "bodyPreview",
        "categories",
        "conversationId",
        "createdDateTime",
        "flag/flagStatus",
        "from/emailAddress/address",
        "from/emailAddress/name",
        "hasAttachments",
        "importance",
        "inferenceClassification",
        "internetMessageId",
        "isDraft",
        "isRead",
        "lastModifiedDateTime",
        "parentFolderId",
        "receivedDateTime",
        "sender/emailAddress/address",
        "sender/emailAddress/name",
        "sentDateTime",
        "singleValueExtendedProperties",
        "subject",
    ]
)

Test = Callable[[Json], bool]


class Filter:
    """A parsed `$filter`; `paths` are the properties it names, in order."""

    def __init__(self, text: str, schema: Schema, type_name: str, *, is_outlook: bool) -> None:
        self.text, self.schema, self.type_name, self.is_outlook = text, schema, type_name, is_outlook
        self.paths: list[str] = []
        self._extended: set[str] = set()
        try:
            tree = ODataParser().parse(ODataLexer().tokenize(CAST.sub(r"\1", text)))
            if tree is None:
                raise bad_filter("Syntax error: an expression is missing.", is_outlook=is_outlook)
            self.matches = self._test(tree)
        except (ODataException, ValueError) as error:
            raise bad_filter(f"Syntax error in '{text}'.", is_outlook=is_outlook) from error
        except SchemaViolation as error:
            raise bad_filter(str(error), is_outlook=is_outlook) from error

    def _test(self, node: ast._Node, scope: str = "") -> Test:
        """What a boolean expression says of an item; `scope` names the variable of the lambda around it."""
        if isinstance(node, ast.BoolOp):
            left, right = self._test(node.left, scope), self._test(node.right, scope)
            if isinstance(node.op, ast.And):
                return lambda item: left(item) and right(item)
            return lambda item: left(item) or right(item)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self._test(node.operand, scope)
            return lambda item: not inner(item)
        if isinstance(node, ast.Compare):
            return self._comparison(node, scope)
        if isinstance(node, ast.Call):
            return self._call(node, scope)
        if isinstance(node, ast.CollectionLambda):
            return self._lambda(node)
        raise unsupported_filter()

    def _comparison(self, node: ast.Compare, scope: str) -> Test:
        if not isinstance(node.left, ast.Identifier | ast.Attribute):
            raise unsupported_filter()
        read = self._reader(node.left, scope)
        if isinstance(node.comparator, ast.In) and isinstance(node.right, ast.List):
            values = [_literal(each) for each in node.right.val]
            return lambda item: any(_compare(operator.eq, read(item), value) for value in values)
        compare = COMPARISONS.get(type(node.comparator))
        if compare is None:
            raise unsupported_filter()
        value = _literal(node.right)
        return lambda item: _compare(compare, read(item), value)

    def _call(self, node: ast.Call, scope: str) -> Test:
        function = FUNCTIONS.get(node.func.name)
        if function is None or len(node.args) != 2:
            raise unsupported_filter()
        read, value = self._reader(node.args[0], scope), str(_literal(node.args[1])).lower()
        return lambda item: function(str(read(item) or "").lower(), value)

    def _lambda(self, node: ast.CollectionLambda) -> Test:
        path = self._path(node.owner)
        is_any = isinstance(node.operator, ast.Any)
        self._note(path)
        if self.is_outlook and (not is_any or path not in {"categories", "singleValueExtendedProperties"}):
            raise unsupported_filter()
        if node.lambda_ is None:
            return lambda item: bool(item.get(path))
        inner = self._test(node.lambda_.expression, node.lambda_.identifier.name)
        combine = any if is_any else all
        return lambda item: combine(inner(_as_item(each)) for each in item.get(path) or [])

    def _reader(self, node: ast._Node, scope: str) -> Callable[[Json], Any]:
        path = self._path(node)
        if scope:
            if path.partition("/")[0] != scope:
                raise unsupported_filter()
            path = path.partition("/")[2] or "."
        else:
            self._note(path)
        names = path.split("/")
        return lambda item: _walk(item, names)

    def _path(self, node: ast._Node) -> str:
        if isinstance(node, ast.Attribute):
            return f"{self._path(node.owner)}/{node.attr}"
        if isinstance(node, ast.Identifier):
            return str(node.name)
        raise unsupported_filter()

    def _note(self, path: str) -> None:
        self.schema.require_path(self.type_name, path)
        if self.type_name == "message" and path not in MESSAGE_PATHS:
            raise unsupported_filter()
        if path not in self.paths:
            self.paths.append(path)


def _as_item(value: object) -> Json:
    if isinstance(value, dict):
        if "id" in value and " " in str(value["id"]):
            return value | {"id": normal_property_id(str(value["id"]))}
        return value
    return {".": value}


def _walk(item: Any, names: list[str]) -> Any:
    for name in names:
        item = item.get(name) if isinstance(item, dict) else None
    return item


def _literal(node: ast._Node) -> Any:
    if isinstance(node, ast.Null):
        return None
    if isinstance(node, ast.Boolean):
        return node.val == "true"
    if isinstance(node, ast.Integer | ast.Float):
        return float(node.val)
    if isinstance(node, ast.DateTime | ast.Date):
        return read_time(node.val)
    if isinstance(node, ast.String | ast.GUID):
        value = str(node.val)
        return normal_property_id(value) if re.match(r"\w+ (0x|\{)", value) else value
    raise unsupported_filter()


def _compare(compare: Callable[[Any, Any], bool], found: Any, value: Any) -> bool:
    """Compare as the type of the literal asks; text without regard to case, null only equals null."""
    if found is None or value is None:
        return compare in {operator.eq, operator.ne} and compare(found, value)
    if isinstance(value, str):
        return compare(str(found).lower(), value.lower())
    if isinstance(value, bool):
        return compare(bool(found), value)
    try:
        return (
            compare(float(found), value)
            if isinstance(value, float)
            else compare(read_time(str(found)), value)
        )
    except (ValueError, TypeError):
        return False
