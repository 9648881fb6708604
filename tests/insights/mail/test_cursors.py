"""Cursors of mailboxes survive the round trip; anything else, and one of something else, is refused."""

import base64
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.errors import Invalid
from insights.mail.cursors import MOST_BYTES, read_cursor, write_cursor

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
