"""Cursors survive the round trip; anything else, and one of something else, is refused."""

import base64
import zlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.cursors import MOST_BYTES, read_cursor, read_position, write_cursor, write_position
from insights.errors import Invalid


@given(
    st.datetimes(timezones=st.just(UTC), min_value=datetime(1900, 1, 1)),
    st.text(min_size=1, max_size=64).filter(lambda text: "\0" not in text and text.isprintable()),
)
def test_a_position_survives(at: datetime, item_id: str) -> None:
    assert read_position("list", write_position("list", at, item_id)) == (at, item_id)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_position("list", text)
    except Invalid as problem:
        assert problem.code == "bad_cursor"


@given(
    st.datetimes(
        timezones=st.timezones() | st.integers(-1439, 1439).map(lambda m: timezone(timedelta(minutes=m)))
    ),
)
def test_any_time_anywhere_is_read_as_utc_or_refused(at: datetime) -> None:
    try:
        position = read_position("list", write_position("list", at, "id"))
    except Invalid as problem:
        assert problem.code == "bad_cursor"
    else:
        assert position
        assert position[0].utcoffset() == timedelta(0)


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59-10:00", "0001-01-01T00:00:00+10:00"])
def test_times_that_utc_has_not_are_refused(at: str) -> None:
    with pytest.raises(Invalid):
        read_position("list", write_position("list", datetime.fromisoformat(at), "id"))


def test_no_cursor() -> None:
    assert read_position("list", None) is None


@pytest.mark.parametrize("text", ["x", "====", "MjAyNi0wMS0wMSB4", "é"])
def test_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read_position("list", text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.text(), JSON)
def test_round_trip(mailbox: str, state: object) -> None:
    cursor = write_cursor("changes", mailbox, state)
    assert read_cursor("changes", mailbox, cursor) == state
    assert cursor.isascii()
    for purpose, other in (("headers", mailbox), ("changes", f"{mailbox}x")):
        with pytest.raises(Invalid):
            read_cursor(purpose, other, cursor)


@given(st.text(max_size=80))
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_cursor("changes", "ann@ours.example", text)
    assert refusal.value.code == "bad_cursor"


def test_what_unpacks_to_more_than_a_cursor_can_hold_is_refused() -> None:
    small = base64.urlsafe_b64decode(write_cursor("changes", "ann@ours.example", []) + "==")
    bomb = small[:8] + zlib.compress(b"[" + b" " * (MOST_BYTES + 1) + b"]", 9)
    with pytest.raises(Invalid):
        read_cursor("changes", "ann@ours.example", base64.urlsafe_b64encode(bomb).decode())


def test_it_does_not_name_the_mailbox() -> None:
    cursor = write_cursor("changes", "ann@ours.example", [1])
    assert b"ann" not in base64.urlsafe_b64decode(cursor + "==")


AT = "2026-03-02T09:30:00+00:00"


@pytest.mark.parametrize(
    "state", [None, 7, [], [AT], ["2026-03-02", "id"], [1, 2], ["x", "id"], [AT, ""], [AT, 7], [AT, "a\0b"]]
)
def test_what_is_no_position_is_refused(state: object) -> None:
    with pytest.raises(Invalid):
        read_position("list", write_cursor("list", "", state))
