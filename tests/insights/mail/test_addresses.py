"""When two addresses are the same: for relating mail to records, and for who somebody is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.mail.addresses import domain_of, mailbox_key, relation_key, smtp_address

SAME_PERSON = [
    ("Ana@Contoso.Example", "ana@contoso.example"),
    ("ÉVA@contoso.example", "éva@Contoso.example"),
    ("ana@BÜCHER.example", "ana@bücher.example"),
]
SAME_RECORDS = [
    (" <ana@contoso.example> ", "ana@contoso.example"),
    ("ana+orders@contoso.example", "ana@contoso.example"),
    ("ana@contoso.example", "ANA+x+y@contoso.example"),
    ("ana@bücher.example", "ana@xn--bcher-kva.example"),
    ("ana@contoso.example.", "ana@contoso.example"),
]
DIFFERENT = [
    ("a.na@contoso.example", "ana@contoso.example"),
    ("ana@contoso.example", "ana@sub.contoso.example"),
    ("ana@contoso.example", "anab@contoso.example"),
]


@pytest.mark.parametrize(("one", "other"), SAME_PERSON + SAME_RECORDS)
def test_same_records(one: str, other: str) -> None:
    assert relation_key(one) == relation_key(other) != ""


@pytest.mark.parametrize(("one", "other"), SAME_PERSON)
def test_same_person(one: str, other: str) -> None:
    assert mailbox_key(one) == mailbox_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *SAME_RECORDS,
        *DIFFERENT,
        ("<kate@contoso.example>", "kate@contoso.example"),
        (" kate@contoso.example", "kate@contoso.example"),
        ("\u212aate@contoso.example", "kate@contoso.example"),  # the Kelvin sign
        ("ann@\u212aontoso.example", "ann@kontoso.example"),
        ("\u2126@contoso.example", "\u03c9@contoso.example"),  # the ohm sign
        ("\u212bsa@contoso.example", "\u00e5sa@contoso.example"),  # the angstrom sign
        ("wei\u1e9e@contoso.example", "wei\u00df@contoso.example"),
        ("\u03f4@contoso.example", "\u03b8@contoso.example"),
        ("\u0130na@contoso.example", "i\u0307na@contoso.example"),
        ("stra\u00dfe@contoso.example", "strasse@contoso.example"),
    ],
)
def test_another_person(one: str, other: str) -> None:
    assert mailbox_key(one) != mailbox_key(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_records(one: str, other: str) -> None:
    assert relation_key(one) != relation_key(other)


EXCHANGE = [
    "/O=EXCHANGELABS/OU=EXCHANGE ADMINISTRATIVE GROUP/CN=RECIPIENTS/CN=ABC-TEST",
    "/o=ExchangeLabs/cn=Recipients/cn=ann@contoso.example",
    "IMCEAEX-_O=EXCHANGELABS_OU=X_CN=ann@eurprd01.prod.outlook.com",
    "imceainvalid-ann@prod.outlook.com",
    "undisclosed-recipients:;",
]


@pytest.mark.parametrize("text", ["", "@", "ana", "ana@", "@contoso.example", "  ", "<>", "< @ >", *EXCHANGE])
def test_no_address(text: str) -> None:
    assert relation_key(text) == ""
    assert mailbox_key(text) == ""
    assert domain_of(text) == ""


@pytest.mark.parametrize("text", [*EXCHANGE, "ana", ""])
def test_no_mail_is_sent_to_a_name_of_exchange(text: str) -> None:
    assert smtp_address(text) == ""
    assert smtp_address("imceline@contoso.example") == "imceline@contoso.example"


@given(st.text(max_size=80) | st.emails().map(lambda address: f" <{address}> "))
def test_any_text_is_an_address_or_none_and_a_key_is_its_own_key(text: str) -> None:
    person, related = mailbox_key(text), relation_key(text)
    assert mailbox_key(person) == person
    assert relation_key(related) == related
    assert not person or relation_key(person) == related  # the same person relates to the same records


def test_a_plus_in_front_is_part_of_the_name() -> None:
    assert relation_key("+49@contoso.example") == "+49@contoso.example"
