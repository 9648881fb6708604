"""What is asked of the Web API: rows of a table with columns, condition, order, and related rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote
from uuid import UUID

from connectors.dataverse.expressions import write_condition
from insights.crm.conditions import NAME, Column, Condition

MOST_EXPANDS = 15
SAFE = "/:(),;=$'@-._~"
Options = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Expand:
    """Related rows to bring along, by navigation property; `top` and `order` only of collections."""

    navigation: str
    columns: Sequence[Column]
    condition: Condition | None = None
    order: Sequence[Column] = ()
    top: int | None = None
    expand: "Sequence[Expand]" = ()

    @property
    def count(self) -> int:
        """How many joins it costs; the service takes 15 in one query."""
        return 1 + sum(inner.count for inner in self.expand)

    @property
    def text(self) -> str:
        """The expansion as OData writes it."""
        if not NAME.fullmatch(self.navigation):
            raise ValueError(f"{self.navigation!r} is no name of the Web API")
        options = _options(self.columns, self.condition, self.order, self.top, self.expand)
        return self.navigation + "(" + ";".join(f"{name}={value}" for name, value in options) + ")"


@dataclass(frozen=True, slots=True)
class Query:
    """Rows of an entity set; with `id` the one row. Descending columns of `order` stand in `descending`."""

    entity_set: str
    columns: Sequence[Column]
    condition: Condition | None = None
    order: Sequence[Column] = ()
    top: int | None = None
    expand: Sequence[Expand] = field(default=())
    id: str = ""
    descending: frozenset[str] = frozenset()

    @property
    def path(self) -> str:
        """The address below `/api/data/v9.2/`, percent-encoded."""
        if not NAME.fullmatch(self.entity_set):
            raise ValueError(f"{self.entity_set!r} is no name of the Web API")
        key = f"({UUID(self.id)})" if self.id else ""
        options = _options(self.columns, self.condition, self.order, self.top, self.expand, self.descending)
        written = "&".join(f"{name}={quote(value, safe=SAFE)}" for name, value in options)
        return f"{self.entity_set}{key}" + (f"?{written}" if written else "")


def split_expands(expands: Sequence[Expand]) -> list[list[Expand]]:
    """Groups of expansions of which each fits into one query; at least one group."""
    groups: list[list[Expand]] = [[]]
    for expand in expands:
        if sum(each.count for each in groups[-1]) + expand.count > MOST_EXPANDS:
            groups.append([])
        groups[-1].append(expand)
    return groups


def _options(
    columns: Sequence[Column],
    condition: Condition | None,
    order: Sequence[Column],
    top: int | None,
    expand: Sequence[Expand],
    descending: frozenset[str] = frozenset(),
) -> list[tuple[str, str]]:
    """The system query options that say something; a `$top` is at most the service's 5,000."""
    orders = [f"{c.property} desc" if c.name in descending else c.property for c in order]
    options = {
        "$select": ",".join(dict.fromkeys(column.property for column in columns)),
        "$filter": write_condition(condition) if condition else "",
        "$orderby": ",".join(orders),
        "$top": str(min(top, 5000)) if top is not None else "",
        "$expand": ",".join(each.text for each in expand),
    }
    return [(name, value) for name, value in options.items() if value]
