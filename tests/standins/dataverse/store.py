"""The rows: versions count every write, deleted rows leave a trace for change tracking."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from types import MappingProxyType

FIRST_VERSION = 1_000_000


@dataclass(frozen=True)
class Ref:
    """A row that a lookup points to."""

    table: str
    id: str


Value = str | int | float | bool | datetime | date | Ref | None


@dataclass(frozen=True)
class Row:
    """A row at one version; a write replaces it."""

    table: str
    id: str
    values: Mapping[str, Value]
    version: int

    @property
    def etag(self) -> str:
        """The row's version as HTTP speaks of it."""
        return f'W/"{self.version}"'

    def get(self, column: str) -> Value:
        """The value of a column, None if it has none."""
        return self.values.get(column)

    def ref(self, column: str) -> Ref | None:
        """The value of a lookup."""
        value = self.values.get(column)
        return value if isinstance(value, Ref) else None

    def text(self, column: str) -> str:
        """The value of a text column."""
        value = self.values.get(column)
        return value if isinstance(value, str) else ""

    @property
    def created_at(self) -> datetime:
        """When the row was made, or says it was."""
        value = self.values.get("createdon")
        return value if isinstance(value, datetime) else datetime.min.replace(tzinfo=UTC)


@dataclass
class Store:
    """Rows by table and id."""

    tables: dict[str, dict[str, Row]] = field(default_factory=dict)
    deleted: list[tuple[int, str, str]] = field(default_factory=list)
    """Version, table and id of each deleted row, oldest first."""
    version: int = FIRST_VERSION

    def rows(self, table: str) -> Mapping[str, Row]:
        """All rows of a table by id, in the order they were made."""
        return self.tables.get(table, {})

    def find(self, table: str, row_id: str) -> Row | None:
        """A row, None if there is none."""
        return self.rows(table).get(row_id)

    def put(self, table: str, row_id: str, values: Mapping[str, Value]) -> Row:
        """Write a whole row at the next version."""
        self.version += 1
        row = Row(table, row_id, MappingProxyType(dict(values)), self.version)
        self.tables.setdefault(table, {})[row_id] = row
        return row

    def remove(self, table: str, row_id: str) -> None:
        """Delete a row and remember that it was there."""
        self.version += 1
        if self.tables.get(table, {}).pop(row_id, None) is not None:
            self.deleted.append((self.version, table, row_id))

    def pointing_at(self, ref: Ref, table: str, column: str) -> Iterator[Row]:
        """Rows of `table` whose `column` is that row."""
        return (row for row in self.rows(table).values() if _points(row.get(column), ref))

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Undo every write of the block if it raises."""
        tables = {name: dict(rows) for name, rows in self.tables.items()}
        deleted = list(self.deleted)
        try:
            yield
        except BaseException:
            self.tables, self.deleted = tables, deleted
            raise


def _points(value: Value, ref: Ref) -> bool:
    """Whether a lookup, or the bare id of an intersect table, is that row."""
    return value in {ref, ref.id}
