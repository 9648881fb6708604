"""The query functions of `Microsoft.Dynamics.CRM` that filters may call: a value, the arguments, the time."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.standins.dataverse.collation import fold
from tests.standins.dataverse.store import Value

Function = Callable[[Value, Sequence[Value], datetime], bool]


def _same(value: Value) -> Any:
    return fold(value) if isinstance(value, str) else value


def _is_in(value: Value, values: Sequence[Value], now: datetime) -> bool:
    return _same(value) in {_same(each) for each in values}


def _between(value: Value, values: Sequence[Value], now: datetime) -> bool:
    low, high = (_same(each) for each in values)
    found = _same(value)
    return found is not None and bool(low <= found <= high)


def _last_days(value: Value, values: Sequence[Value], now: datetime) -> bool:
    [days] = values
    if not isinstance(value, datetime) or not isinstance(days, int):
        return False
    return now - timedelta(days=days) <= value <= now


QUERY_FUNCTIONS: dict[str, Function] = {
    "In": _is_in,
    "NotIn": lambda value, values, now: not _is_in(value, values, now),
    "Between": _between,
    "LastXDays": _last_days,
}
