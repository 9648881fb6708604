"""Adding a language is adding a file."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cards import words as catalogues
from cards.words import read_words
from tests.cards.samples import NOON, SAMPLES

ROOT = Path(__file__).parents[2]


@pytest.fixture
def two_languages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """English, and a few words of Polish and Hebrew."""
    polish = {
        "plural": "n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2",
        "email.attachments": ["{count} załącznik", "{count} załączniki", "{count} załączników"],
    }
    hebrew = {"direction": "rtl", "track": "מעקב"}
    (tmp_path / "en.json").write_text((catalogues.CATALOGUES / "en.json").read_text())
    (tmp_path / "pl.json").write_text(json.dumps(polish))
    (tmp_path / "he.json").write_text(json.dumps(hebrew))
    monkeypatch.setattr(catalogues, "CATALOGUES", tmp_path)
    read_words.cache_clear()
    yield
    read_words.cache_clear()


@pytest.mark.usefixtures("two_languages")
def test_a_file_is_all_a_language_needs() -> None:
    words = read_words("pl-PL")
    counted = [words("email.attachments", count=count) for count in (1, 3, 5, 22)]
    assert counted == ["1 załącznik", "3 załączniki", "5 załączników", "22 załączniki"]
    assert (words.language, words("track")) == ("pl", "Track")


@pytest.mark.usefixtures("two_languages")
def test_a_language_may_run_from_right_to_left() -> None:
    sample = SAMPLES["notice"]
    card = sample.function(*sample.arguments[:-1], read_words("he"))
    assert card["rtl"] is True


def test_values_are_filled_in_once_and_times_are_the_readers() -> None:
    told = read_words("en-GB")("terms.accepted", name="{time} {{TIME(2026-11-10T12:00:00Z)}}", time=NOON)
    assert told == (
        "Accepted by {time} {\u2060{TIME(2026-11-10T12:00:00Z)}}, "
        "{{DATE(2026-11-10T12:00:00Z,SHORT)}} {{TIME(2026-11-10T12:00:00Z)}}"
    )


def test_every_text_is_used_and_every_used_text_is_there() -> None:
    texts = json.loads((catalogues.CATALOGUES / "en.json").read_text())
    source = "".join(path.read_text() for folder in ("cards", "bot") for path in (ROOT / folder).glob("*.py"))
    used = set(re.findall(r'"([a-z_]+(?:\.[a-z_]+)*)"', source))
    used |= {
        key
        for key in texts
        if re.match(r"(feature|settings|table|disable|requirements)\.|(track|untrack|retry)\.name", key)
    }
    assert texts.keys() <= used | {"plural", "direction"}
    assert set(re.findall(r'words\(\s*"([a-z_.]+)"', source)) <= texts.keys()
