"""Nothing that is stored or received can run: no pickle, marshal, shelve, eval or YAML loader reads data."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RUNS_DATA = {
    "pickle",
    "marshal",
    "shelve",
    "dill",
    "cloudpickle",
    "jsonpickle",
    "joblib",
    "yaml",
    "runpy",
    "code",
}
RUNS_TEXT = {"eval", "exec", "compile", "__import__"}
SERIALIZERS = {
    "PickleType",
    "FileSystemBytecodeCache",
    "MemcachedBytecodeCache",
    "CookieJar",
    "import_module",
}
MAY = {
    ("insights/job_store.py", "dbos._serialization"): "forbids what DBOS would unpickle",
    ("bot/door.py", "import_module"): "a module of ours, named in the code",
    ("insights/computing.py", "import_module"): "a function of ours, named by its parent process",
}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for name in ("addin", "bot", "cards", "connectors", "insights", "manifests", "cli", "app.py", "urls.py"):
        place = ROOT / name
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def modules(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    return {node.module or ""} if isinstance(node, ast.ImportFrom) else set()


def test_no_source_reads_what_could_run() -> None:
    found = set()
    for name, tree in sources():
        for node in ast.walk(tree):
            found |= {(name, each) for each in modules(node) if each.partition(".")[0] in RUNS_DATA}
            found |= {(name, each) for each in modules(node) if each.endswith("_serialization")}
            if isinstance(node, ast.Name | ast.Attribute):
                word = node.id if isinstance(node, ast.Name) else node.attr
                is_call_of_text = isinstance(node, ast.Name) and word in RUNS_TEXT
                if is_call_of_text or word in SERIALIZERS:
                    found.add((name, word))
    assert found == set(MAY)


@pytest.mark.parametrize("text", ["import pickle", "from yaml import load", "eval(x)", "x.PickleType()"])
def test_the_look_would_find_it(text: str) -> None:
    nodes = list(ast.walk(ast.parse(text)))
    words = {node.id for node in nodes if isinstance(node, ast.Name)}
    words |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    imported = {each for node in nodes for each in modules(node)}
    assert imported & RUNS_DATA or words & (RUNS_TEXT | SERIALIZERS)
