"""A page is in the most wanted language that has catalogues."""

import pytest

from addin.language import choose_language
from insights import words


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("", "en"),
        ("de-DE,de;q=0.9,en;q=0.8", "de"),
        ("fr, ar;q=0.5, de;q=0.4", "ar"),
        ("ar;q=0, de;q=0.4", "de"),
        ("zh-TW, de", "zh-Hant"),
        ("pt-BR", "en"),
        ("de;q=nonsense, en;q=0.1", "en"),
        ("../../etc", "en"),
    ],
)
def test_the_most_wanted_one_that_is_there(
    monkeypatch: pytest.MonkeyPatch, accepted: str, chosen: str
) -> None:
    there = {"en": "en", "de": "de", "ar": "ar", "zh-hant": "zh-Hant", "zh-tw": "zh-Hant"}
    monkeypatch.setattr(words, "available", lambda: there)
    assert choose_language(accepted) == chosen
