"""Every sentence comes from a catalogue, and a language is added by adding files."""

import ast
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from insights import words
from insights.errors import Conflict
from insights.words import ROOMS, Phrase, read_texts, read_words, say
from tests.problems import KINDS

ROOT = Path(__file__).parents[2]
SOURCES = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
TEXTS = read_texts("en")
NAME = re.compile(r"\{(\w+)\}")
SAYS = frozenset({"say", "words", "described", "refuse"})


@pytest.fixture
def languages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the catalogues to which languages may be added."""
    for room in ROOMS:
        for path in (ROOT / room).rglob("messages/*.en.json"):
            copy = tmp_path / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    monkeypatch.setattr(words, "HOUSE", tmp_path)
    read_words.cache_clear()
    words.available.cache_clear()
    yield tmp_path
    read_words.cache_clear()
    words.available.cache_clear()


def test_files_are_all_a_language_needs(languages: Path) -> None:
    polish = {
        "email": {
            "attachments": {
                "one": "{count} załącznik",
                "few": "{count} załączniki",
                "many": "{count} załączników",
                "other": "{count} załącznika",
            }
        }
    }
    title = {"problem": {"terms_not_accepted": {"what": "Funkcje pozostają wyłączone"}}}
    (languages / "cards/messages/cards.pl.json").write_text(json.dumps(polish))
    (languages / "insights/messages/problems.pl.json").write_text(json.dumps(title))
    words.available.cache_clear()
    found = read_words("pl-PL")
    counted = [found("email.attachments", count=count) for count in (1, 3, 5, 22)]
    assert counted == ["1 załącznik", "3 załączniki", "5 załączników", "22 załączniki"]
    assert (found.language, found.direction, found("track")) == ("pl", "ltr", "Track")
    told = Conflict("terms_not_accepted").told(found)
    assert (told.what, told.why) == (
        "Funkcje pozostają wyłączone",
        "the licence terms are not accepted yet",
    )


def test_a_region_has_texts_of_its_own(languages: Path) -> None:
    (languages / "insights/messages/shared.pt.json").write_text(json.dumps({"track": "Acompanhar"}))
    (languages / "insights/messages/shared.pt-BR.json").write_text(json.dumps({"retry": "Repetir"}))
    words.available.cache_clear()
    brazil, portugal = read_words("pt-br"), read_words("pt-PT")
    assert (brazil.language, brazil("track"), brazil("retry")) == ("pt-BR", "Acompanhar", "Repetir")
    assert (portugal.language, portugal("track"), portugal("retry")) == ("pt", "Acompanhar", "Retry")


def test_a_phrase_holds_phrases_and_what_others_wrote_stays_as_it_is() -> None:
    told = say("problem.feature_off.not_on.what", name=say("feature.auto_capture.title"))
    assert str(told) == "Auto capture is off"
    listed = say("problem.bad_feature.unknown.do", names=["{one}", say("feature.auto_capture.title")])
    assert str(listed) == "write one of: {one}, Auto capture"
    assert read_words("en")("notice.not_offered", what="{do}", why="b", do="ask") == "{do}: b. Ask."
    assert str(say("problem.bad_import.faults.why", count=1)) == "1 mistake"


@pytest.mark.parametrize("language", ["", "xx", "../../etc/passwd", "en-\x00", "EN", "en-u-ca-buddhist", "*"])
def test_an_unknown_language_is_english(language: str) -> None:
    assert read_words(language).language == "en"


def test_no_key_is_in_two_catalogues() -> None:
    counted: Counter[str] = Counter()
    for path in words._catalogues("en"):
        counted.update(key for key, _ in words._flat(json.loads(path.read_text(encoding="utf-8"))))
    assert {key: count for key, count in counted.items() if count > 1} == {}


def said(path: Path) -> Iterator[tuple[str, frozenset[str] | None]]:
    """(Key, names it is given) of all that a file says; None = nobody can tell which."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        given = None if None in (names := {each.arg for each in node.keywords}) else names
        names_given = frozenset(map(str, given)) if given is not None else None
        for argument in node.args:
            if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
                continue
            if called in KINDS:
                for part in ("what", "why", "do"):
                    yield f"problem.{argument.value}.{part}", names_given
            elif called in SAYS:
                yield argument.value, names_given


def test_whatever_is_said_has_a_text_whose_names_are_given() -> None:
    lacking, checked = {}, 0
    for path in SOURCES:
        for key, given in said(path):
            is_problem = key.startswith("problem.")
            if key not in TEXTS:
                if is_problem and f"{key.rpartition('.')[0]}.what" in TEXTS:
                    continue
                if is_problem or "." in key:
                    lacking[key] = f"{path.name}: no text"
                continue
            entry = TEXTS[key]
            forms = [entry] if isinstance(entry, str) else [*entry.values(), "{count}"]
            wanted = {name[0].lower() + name[1:] for form in forms for name in NAME.findall(form)}
            checked += 1
            if given is not None and not wanted <= given:
                lacking[key] = f"{path.name}: {wanted - given} not given"
    assert checked > 500
    assert lacking == {}


def patterns(path: Path) -> Iterator[re.Pattern[str]]:
    """Keys that a file puts together."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            parts = [
                re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in node.values
            ]
            whole = "".join(parts)
            if "." in whole.replace(".+", "") and " " not in whole:
                yield re.compile(whole)


def test_every_text_is_said_somewhere() -> None:
    literal: set[str] = set()
    put_together: list[re.Pattern[str]] = []
    for path in SOURCES:
        source = path.read_text(encoding="utf-8")
        literal |= set(re.findall(r'"([\w.-]+)"', source))
        put_together += patterns(path)
    for folder, ending in (("addin/templates", "*.html"), ("addin/static", "*.js")):
        for path in (ROOT / folder).rglob(ending):
            literal |= set(re.findall(r'["\']([\w.-]+)["\']', path.read_text(encoding="utf-8")))
    literal |= {f"problem.{key}.{part}" for key in set(literal) for part in ("what", "why", "do")}
    in_pane = read_texts("en", ("pane", "shared"))  # tests/addin/test_messages.py
    unsaid = {
        key
        for key in TEXTS
        if key not in literal and key not in in_pane and not any(each.fullmatch(key) for each in put_together)
    }
    assert unsaid == set()


def test_a_phrase_is_english_in_logs() -> None:
    assert f"{Phrase('track')}" == "Track"
