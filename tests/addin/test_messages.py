"""The catalogue and the code that reads it hold the same keys."""

import re
from pathlib import Path

from insights.words import read_texts

STATIC = Path(__file__).parents[2] / "addin/static"
OWN = read_texts("en", ("pane",))
CATALOGUE = {**OWN, **read_texts("en", ("shared",))}
SCRIPT = "\n".join(path.read_text() for path in STATIC.rglob("*.js"))

# Keys put together from a value: a table, a kind or direction, a host's problem, a form's field, a change.
FAMILIES = ("table.", "kind.", "direction.", "host.", "person.", "preferences.changed.")


def test_every_text_on_screen_is_in_the_catalogue() -> None:
    used = set(re.findall(r'\bt\(\s*"([^"]+)"', SCRIPT))
    assert used - CATALOGUE.keys() == set()


def test_every_text_of_the_catalogue_is_used() -> None:
    quoted = set(re.findall(r'"([a-z_.]+)"', SCRIPT))
    unused = {key for key in OWN if key not in quoted and not key.startswith(FAMILIES)}
    assert unused == set()


def test_plural_texts_have_the_forms_of_english() -> None:
    plurals = {key: forms for key, forms in CATALOGUE.items() if isinstance(forms, dict)}
    assert plurals
    assert all(forms.keys() == {"one", "other"} for forms in plurals.values())
    for key in plurals:
        assert re.search(rf'"{re.escape(key)}"[^)]*count', SCRIPT, re.S), key


def test_every_problem_of_the_host_says_what_to_do() -> None:
    codes = set(re.findall(r'HostProblem\("([^"]+)"', SCRIPT))
    assert {f"{code}.do" for code in codes} | codes <= CATALOGUE.keys()
