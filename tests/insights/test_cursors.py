"""Cursors survive the round trip; anything else is refused."""

from datetime import UTC, datetime

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


def test_no_cursor() -> None:
    assert read_cursor(None) is None


@pytest.mark.parametrize("text", ["x", "====", "MjAyNi0wMS0wMSB4", "é"])
def test_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read_cursor(text)
