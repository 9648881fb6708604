"""Values by kind, from whatever JSON or a database has for them."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from insights.crm.conditions import Kind
from insights.crm.rows import CrmValue
from insights.crm.values import as_value

HERE = timezone(timedelta(hours=2))
NINE = datetime(2026, 3, 4, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "found", "expected"),
    [
        ("text", "words", "words"),
        ("text", "", None),
        ("int", None, None),
        ("int", 7, 7),
        ("int", 0, 0),
        ("option", "100000001", 100000001),
        ("bool", False, False),
        ("bool", 1, True),
        ("decimal", 99.5, Decimal("99.5")),
        ("money", "0.1", Decimal("0.1")),
        ("date", "2026-03-04", date(2026, 3, 4)),
        ("date", "2026-03-04T00:00:00Z", date(2026, 3, 4)),
        ("time", "2026-03-04T09:00:00Z", NINE),
        ("time", "2026-03-04T11:00:00+02:00", NINE),
        ("time", datetime(2026, 3, 4, 11, tzinfo=HERE), NINE),
        ("time", NINE.replace(tzinfo=None), NINE),
    ],
)
def test_what_is_found_becomes_a_value(kind: Kind, found: object, expected: CrmValue) -> None:
    read = as_value(kind, found)
    assert (read, type(read)) == (expected, type(expected))
    if isinstance(read, datetime):
        assert read.tzinfo is UTC


@pytest.mark.parametrize(("kind", "found"), [("int", "many"), ("money", "much"), ("time", "soon")])
def test_what_is_no_value_is_told(kind: Kind, found: object) -> None:
    with pytest.raises((ValueError, ArithmeticError)):
        as_value(kind, found)
