"""The tree that a filter is parsed into."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Literal:
    """A constant; `kind` is string number guid date time date_time typed boolean or null."""

    kind: str
    text: str


@dataclass(frozen=True)
class Items:
    """A list (of `in`, or a JSON array)."""

    items: tuple["Node", ...]


@dataclass(frozen=True)
class Fields:
    """A JSON object."""

    items: tuple[tuple[str, "Node"], ...]


@dataclass(frozen=True)
class Path:
    """Names and calls joined by slashes."""

    segments: tuple["str | Call", ...]


@dataclass(frozen=True)
class Call:
    """A function, `any`/`all` (with their variable), or a key behind a name."""

    name: str
    arguments: tuple["Node", ...] = ()
    named: tuple[tuple[str, "Node"], ...] = ()
    variable: str = ""


@dataclass(frozen=True)
class Operation:
    """An operator with one or two operands."""

    operator: str
    operands: tuple["Node", ...]


Node = Literal | Items | Fields | Path | Operation
