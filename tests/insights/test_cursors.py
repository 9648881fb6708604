"""Cursors survive the round trip; anything else is refused."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.capture.cursors import read_cursor, write_cursor
from insights.errors import Invalid


@given(
    st.datetimes(timezones=st.just(UTC), min_value=datetime(1900, 1, 1)),
    st.text(min_size=1, max_size=64).filter(lambda text: "\0" not in text and text.isprintable()),
)
def test_round_trip(at: datetime, item_id: str) -> None:
    assert read_cursor(write_cursor(at, item_id)) == (at, item_id)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_cursor(text)
    except Invalid as problem:
        assert problem.code == "bad_cursor"


@given(
    st.datetimes(
        timezones=st.timezones() | st.integers(-1439, 1439).map(lambda m: timezone(timedelta(minutes=m)))
    ),
)
def test_any_time_anywhere_is_read_as_utc_or_refused(at: datetime) -> None:
    try:
        position = read_cursor(write_cursor(at, "id"))
    except Invalid as problem:
        assert problem.code == "bad_cursor"
    else:
        assert position
        assert position[0].utcoffset() == timedelta(0)


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59-10:00", "0001-01-01T00:00:00+10:00"])
def test_times_that_utc_has_not_are_refused(at: str) -> None:
    with pytest.raises(Invalid):
        read_cursor(write_cursor(datetime.fromisoformat(at), "id"))


def test_no_cursor() -> None:
    assert read_cursor(None) is None


@pytest.mark.parametrize("text", ["x", "====", "MjAyNi0wMS0wMSB4", "é"])
def test_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read_cursor(text)
