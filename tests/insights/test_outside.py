"""Addresses that others send: taken apart and put together anew, or none."""

import pytest

from insights.outside import read_address


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("https://Contoso.example", "https://contoso.example"),
        ("https://contoso.example:443/a?b=c", "https://contoso.example/a?b=c"),
        ("http://[::1]:3978/x", "http://[::1]:3978/x"),
        ("https://[2001:DB8::0:1]/", "https://[2001:db8::1]"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_an_address_has_one_form(text: str, read: str) -> None:
    assert str(read_address(text)) == read


@pytest.mark.parametrize(
    "text",
    [
        "https://[::ffff:127.0.0.1]",
        "https://[::ffff:10.0.0.1]:8443/x",
        "https://[2002:7f00:1::]",
        "https://[2001:0:7f00:1::]",
        "https://[::]",
        "https://[::1]x",
        "https://127.1",
        "https://0x7f.0.0.1",
        "https://2130706433",
        "https://user@contoso.example",
        "https://contoso.example:99999",
        "ftp://contoso.example",
        "https:contoso.example",
    ],
)
def test_what_hides_another_address_or_reads_in_two_ways_is_none(text: str) -> None:
    assert read_address(text) is None
