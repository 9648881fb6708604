"""A language is added by adding a catalogue."""

from pathlib import Path

import pytest

from addin import language
from addin.language import choose_language, direction_of


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("", "en"),
        ("de-DE,de;q=0.9,en;q=0.8", "de"),
        ("fr, ar;q=0.5, de;q=0.4", "ar"),
        ("pt-BR", "en"),
        ("de;q=nonsense, en;q=0.1", "en"),
        ("../../etc", "en"),
    ],
)
def test_the_most_wanted_one_that_is_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, accepted: str, chosen: str
) -> None:
    for name in ("en", "de", "ar"):
        (tmp_path / f"{name}.json").write_text("{}")
    monkeypatch.setattr(language, "CATALOGUES", tmp_path)
    assert choose_language(accepted) == chosen


def test_directions() -> None:
    assert (direction_of("ar"), direction_of("en")) == ("rtl", "ltr")
