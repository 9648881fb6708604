"""Evaluates filters on rows, with the names, types and functions that Dataverse knows.

A filter is compiled once against the schema, so a wrong name or type is an error even without rows.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tests.standins.dataverse.access import Caller
from tests.standins.dataverse.collation import matches
from tests.standins.dataverse.comparing import (
    COMPARISONS,
    Test,
    compare,
    constant,
    key,
    loose_constant,
    value_of,
)
from tests.standins.dataverse.errors import bad_query, no_such_property
from tests.standins.dataverse.filter_parser import parse_filter
from tests.standins.dataverse.filter_tree import Call, Items, Literal, Node, Operation, Path
from tests.standins.dataverse.lexer import BadSyntax
from tests.standins.dataverse.query_functions import QUERY_FUNCTIONS
from tests.standins.dataverse.related import follow, related
from tests.standins.dataverse.schema import Table
from tests.standins.dataverse.store import Row
from tests.standins.dataverse.values import edm_type

PATTERNS = {"contains": (True, True), "startswith": (False, True), "endswith": (True, False)}
NAMESPACE = "Microsoft.Dynamics.CRM."


@dataclass(frozen=True)
class _Typed:
    """A compiled operand with the OData type it has."""

    test: Test
    type: str


def compile_filter(text: str, table: Table, caller: Caller) -> Callable[[Row], bool]:
    """The condition a filter states; raises the service's 400."""
    try:
        tree = parse_filter(text)
    except BadSyntax as wrong:
        raise bad_query(str(wrong)) from None
    test = _Compiler(caller, table, {}).condition(tree)
    return lambda row: bool(test(row, {}))


@dataclass(frozen=True)
class _Compiler:
    caller: Caller
    table: Table
    variables: dict[str, Table]

    def condition(self, node: Node) -> Test:
        """An expression that is true, false or unknown."""
        if isinstance(node, Operation):
            return self._operation(node)
        if isinstance(node, Path):
            last = node.segments[-1]
            if isinstance(last, Call):
                return self._call(node, last)
            operand = self._property(node)
            if operand.type == "Edm.Boolean":
                return operand.test
        if isinstance(node, Literal) and node.kind == "boolean":
            value = node.text == "true"
            return lambda row, scope: value
        raise bad_query("A filter must be a Boolean expression.")

    def _operation(self, node: Operation) -> Test:
        name = node.operator
        if name in {"and", "or"}:
            left, right = (self.condition(part) for part in node.operands)
            if name == "and":
                return lambda row, scope: left(row, scope) and right(row, scope)
            return lambda row, scope: left(row, scope) or right(row, scope)
        if name == "not":
            inner = self.condition(node.operands[0])
            return lambda row, scope: not inner(row, scope)
        if name in {"eq", "ne", "in"} or name in COMPARISONS:
            return self._comparison(name, *node.operands)
        raise bad_query(f"The operator '{name}' is not supported in a filter.")

    def _comparison(self, name: str, left: Node, right: Node) -> Test:
        if not isinstance(left, Path):
            raise bad_query("The left side of a comparison must be a property.")
        operand = self._property(left)
        if name == "in":
            return self._one_of(operand, right)
        if isinstance(right, Path):
            other = self._property(right).test
            return compare(name, operand.test, other)
        value = constant(right, operand.type)
        return compare(name, operand.test, lambda row, scope: value)

    def _one_of(self, operand: _Typed, right: Node) -> Test:
        if not isinstance(right, Items):
            raise bad_query("The right side of 'in' must be a list.")
        values = {key(constant(item, operand.type)) for item in right.items}
        return lambda row, scope: key(operand.test(row, scope)) in values

    def _property(self, node: Path) -> _Typed:
        """The value at the end of a path over single-valued navigation properties."""
        table, steps = self.table, list(node.segments)
        variable = steps[0] if isinstance(steps[0], str) else ""
        if variable in self.variables:
            table = self.variables[variable]
            steps.pop(0)
        elif variable == "$it":
            steps.pop(0)
        *way, last = steps or [""]
        reach = self._way(table, way, variable if variable in self.variables else "")
        table = self._table_at_end(table, way)
        column = table.properties.get(str(last))
        if column is None:
            raise no_such_property(table.name, str(last))
        return _Typed(lambda row, scope: value_of(reach(row, scope), column.name), edm_type(column))

    def _way(self, table: Table, way: Sequence[str | Call], variable: str) -> Callable[..., Row | None]:
        caller = self.caller
        singles = []
        for step in way:
            single = caller.organization.navigation.singles[table.name].get(str(step))
            if single is None:
                raise no_such_property(table.name, str(step))
            singles.append(single)
            table = caller.organization.schema.tables[single.targets[0]]

        def reach(row: Row | None, scope: dict[str, Row]) -> Row | None:
            found = scope.get(variable) if variable else row
            for single in singles:
                found = follow(caller, found, single) if found else None
            return found

        return reach

    def _table_at_end(self, table: Table, way: Sequence[str | Call]) -> Table:
        organization = self.caller.organization
        for step in way:
            single = organization.navigation.singles[table.name].get(str(step))
            if single is None:
                raise no_such_property(table.name, str(step))
            table = organization.schema.tables[single.targets[0]]
        return table

    def _call(self, node: Path, call: Call) -> Test:
        if call.name in {"any", "all"}:
            return self._quantified(node, call)
        if call.name in PATTERNS and len(node.segments) == 1:
            return self._pattern(call)
        if call.name.startswith(NAMESPACE) and len(node.segments) == 1:
            return self._query_function(call)
        raise bad_query(f"An unknown function with name '{call.name}' was found.")

    def _pattern(self, call: Call) -> Test:
        before, after = PATTERNS[call.name]
        match call.arguments:
            case (Path() as path, Literal(kind="string", text=pattern)):
                operand = self._property(path)
            case _:
                raise bad_query(f"No function signature for the function with name '{call.name}' matches.")
        if operand.type != "Edm.String":
            raise bad_query(f"No function signature for the function with name '{call.name}' matches.")

        def test(row: Row | None, scope: dict[str, Row]) -> bool:
            value = operand.test(row, scope)
            return isinstance(value, str) and matches(value, pattern, before=before, after=after)

        return test

    def _query_function(self, call: Call) -> Test:
        function = QUERY_FUNCTIONS.get(call.name.removeprefix(NAMESPACE))
        arguments = dict(call.named)
        name = arguments.pop("PropertyName", None)
        if function is None or not isinstance(name, Literal) or name.kind != "string":
            raise bad_query(f"An unknown function with name '{call.name}' was found.")
        operand = self._property(Path(tuple(name.text.split("/"))))
        given = next(iter(arguments.values()), Items(()))
        items = given.items if isinstance(given, Items) else (given,)
        values = [loose_constant(item, operand.type) for item in items]
        now = self.caller.organization.now
        return lambda row, scope: function(operand.test(row, scope), values, now())

    def _quantified(self, node: Path, call: Call) -> Test:
        organization, table = self.caller.organization, self.table
        steps = list(node.segments[:-1])
        variable = steps[0] if isinstance(steps[0], str) and steps[0] in self.variables else ""
        if variable:
            table = self.variables[variable]
            steps.pop(0)
        *way, last = steps
        reach = self._way(table, way, variable)
        table = self._table_at_end(table, way)
        collection = organization.navigation.collections[table.name].get(str(last))
        if collection is None:
            raise no_such_property(table.name, str(last))
        other = organization.schema.tables[collection.table]
        self.caller.require_privilege("Read", other)
        inner: Test = lambda row, scope: True  # noqa: E731
        if call.arguments:
            scope_tables = {**self.variables, call.variable: other}
            inner = _Compiler(self.caller, self.table, scope_tables).condition(call.arguments[0])
        decide: Callable[[Iterable[object]], bool] = any if call.name == "any" else all

        def test(row: Row | None, scope: dict[str, Row]) -> bool:
            found = reach(row, scope)
            rows = related(self.caller, found, collection) if found else []
            return decide(inner(row, {**scope, call.variable: each}) for each in rows)

        return test
