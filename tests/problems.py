"""The Problems that our sources make, read from the sources."""

import ast
from collections.abc import Iterator
from pathlib import Path

from insights import errors

KINDS = frozenset(
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.Problem) and kind is not errors.Incomplete
)


def problems_made(path: Path) -> Iterator[tuple[str, str]]:
    """(Class, key) of each Problem whose key stands in a file; of one put together, nothing."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS:
            for key in _keys(node.args[0]) if node.args else ():
                yield node.func.id, key


def codes_made(path: Path) -> set[str]:
    """The codes of those."""
    return {key.partition(".")[0] for _, key in problems_made(path)}


def _keys(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.IfExp):
        yield from _keys(node.body)
        yield from _keys(node.orelse)
    elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        code, dot, _ = str(node.values[0].value).partition(".")
        if dot:  # the code is there, only which of its causes is put in
            yield code
