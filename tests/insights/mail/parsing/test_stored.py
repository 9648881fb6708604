"""Messages as they are stored: whole, or said to be damaged without a word of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.errors import Conflict
from insights.mail.parsing.parsed import MESSAGE_LIMIT
from insights.mail.parsing.stored import pack, unpack


@given(st.binary())
def test_what_is_packed_comes_out_as_it_was(raw: bytes) -> None:
    assert unpack(pack(raw)) == raw


def test_nothing_stored_is_an_empty_message() -> None:
    assert unpack(b"") == b""


@pytest.mark.parametrize(
    "stored", [b"secret words", b"x\x9c", pack(b"secret" * 100)[:-4], pack(b"x" * (MESSAGE_LIMIT + 1))]
)
def test_what_is_damaged_or_too_large_is_refused(stored: bytes) -> None:
    with pytest.raises(Conflict) as refusal:
        unpack(stored)
    assert refusal.value.code == "mail_unreadable"
    assert "secret" not in str(refusal.value)
