"""When two addresses are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.capture.addresses import address_key, domain_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana@Contoso.Example", "ana@contoso.example"),
        ("ana+orders@contoso.example", "ana@contoso.example"),
        ("ana@contoso.example", "ANA+x+y@contoso.example"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
        ("ana@BÜCHER.example", "ana@bücher.example"),
        (" <ana@contoso.example> ", "ana@contoso.example"),
        ("ana@contoso.example.", "ana@contoso.example"),
    ],
)
def test_same(one: str, other: str) -> None:
    assert address_key(one) == address_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a.na@contoso.example", "ana@contoso.example"),
        ("ana@contoso.example", "ana@sub.contoso.example"),
        ("ana@contoso.example", "anab@contoso.example"),
    ],
)
def test_different(one: str, other: str) -> None:
    assert address_key(one) != address_key(other)


@pytest.mark.parametrize("text", ["", "@", "ana", "ana@", "@contoso.example", "  "])
def test_no_address(text: str) -> None:
    assert address_key(text) == ""
    assert domain_of(text) == ""


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_none_and_a_key_is_its_own_key(text: str) -> None:
    key = address_key(text)
    assert address_key(key) == key


def test_a_plus_in_front_is_part_of_the_name() -> None:
    assert address_key("+49@contoso.example") == "+49@contoso.example"
