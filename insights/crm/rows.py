"""What is asked of the CRM by value, and what it answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from insights.crm.conditions import NAME, Column, Condition, Value, check_name
from insights.errors import Invalid
from insights.model import RecordRef

MOST_ROWS = 5_000
"""What the service hands out at once."""
CrmValue = Value | RecordRef | None
Values = Mapping[Column, CrmValue]
"""What a row is set to, by column; None clears one."""
CHANGES = "rows"
"""The list that cursors of changes are good for."""
ACTIVITY_POINTER = "activitypointer"
"""The table of all activities: a row's own table is that of its kind."""


def unknown_table(name: str) -> Invalid:
    """A table that the CRM does not have."""
    shown = name if NAME.fullmatch(name) else "of this name"
    return Invalid("unknown_table.none", shown=shown)


def unknown_column(table: str, column: Column, *, is_there: bool) -> Invalid:
    """A column that the table does not have, or not of this kind."""
    what = f"{column.name} as {column.kind}" if is_there else f"a column {column.name}"
    return Invalid("unknown_column", table=table, what=what)


@dataclass(frozen=True, slots=True)
class Order:
    """Rows by a column, nothing first; `descending` turns it around."""

    column: Column
    descending: bool = False


@dataclass(frozen=True, slots=True)
class RowQuery:
    """Rows of a table that meet a condition; `top` (1 to 5,000) the first of them, None all.

    Columns of the condition and the order need not be asked for. Rows that the order does not part come
    in an order that stays the same while they do.
    """

    table: str
    columns: Sequence[Column] = ()
    condition: Condition | None = None
    order: Sequence[Order] = ()
    top: int | None = None

    def __post_init__(self) -> None:
        check_name(self.table)
        if self.top is not None and not 1 <= self.top <= MOST_ROWS:
            raise ValueError(f"the first {self.top} rows can't be asked for")


@dataclass(frozen=True, slots=True)
class CrmRow:
    """A row by value: where it is, its name, and its columns by logical name; a lookup is a RecordRef."""

    ref: RecordRef
    name: str
    values: Mapping[str, CrmValue]


@dataclass(frozen=True, slots=True)
class RowChanges:
    """A page of what changed in a table: rows as they are now, ids of deleted ones, where to go on.

    With `has_more` the next page is there already. Without `is_complete` the CRM no longer knew what
    was deleted since the last time: who keeps rows compares ids.
    """

    rows: Sequence[CrmRow]
    deleted_ids: Sequence[str]
    cursor: str
    has_more: bool = False
    is_complete: bool = True
