"""Every card of `cards/`, by its samples: what it says, that it is valid, that it fits."""

import importlib
import inspect
import json
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from cards.elements import Card
from cards.untracked import untracked_card
from insights.capture.views import UntrackedList
from insights.features import FEATURES
from insights.model import TrackState
from tests.cards.pictures import FOLDER, picture_names
from tests.cards.renderer import Renderer, Theme
from tests.cards.samples import SAMPLES, UNAVAILABLE, WORDS, Sample, an_id, file, item, record, row

ROOT = Path(__file__).parents[2]
LARGEST = 25_000
"""Bytes of a card: Teams refuses messages of about 28 KB."""
samples = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)


@pytest.fixture(scope="module")
def validator(testdata: Path) -> jsonschema.Draft6Validator:
    """The published schema of Adaptive Cards 1.5."""
    schema = json.loads((testdata / "adaptivecards" / "1.5.0" / "adaptive-card.json").read_text("utf-8-sig"))
    return jsonschema.Draft6Validator(schema)


def elements(node: Any) -> Iterator[dict[str, Any]]:
    """Every object of a card that has a type."""
    if isinstance(node, dict):
        if "type" in node:
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from elements(child)


def size(card: Card) -> int:
    """Bytes on the wire."""
    return len(json.dumps(card, ensure_ascii=False, separators=(",", ":")).encode())


@samples
def test_a_card_says_what_it_said(sample: Sample, snapshot: SnapshotAssertion) -> None:
    assert json.loads(json.dumps(sample.card)) == snapshot(extension_class=JSONSnapshotExtension)


@pytest.mark.testdata
@samples
def test_a_card_keeps_to_the_published_schema(sample: Sample, validator: jsonschema.Draft6Validator) -> None:
    assert [error.message for error in validator.iter_errors(sample.card)] == []


@pytest.mark.testdata
@samples
def test_a_card_renders_without_a_complaint(sample: Sample, renderer: Renderer) -> None:
    themes: tuple[Theme, ...] = ("light", "dark")
    for theme, width in product(themes, (320, 420)):
        drawn = renderer.draw(sample.card, theme, width)
        assert drawn.complaints == []
        assert drawn.strangers == []
        assert drawn.runs or drawn.markdown
        assert drawn.width <= 0, f"{sample.name} does not fit {width} px"


@pytest.mark.testdata
def test_a_check_of_the_renderer_would_notice(renderer: Renderer) -> None:
    card = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "Colour"}, {"type": "Input.Text"}]}
    assert len(renderer.draw(card).complaints) == 2


@pytest.mark.testdata
def test_times_are_those_of_the_reader(renderer: Renderer) -> None:
    drawn = renderer.draw(SAMPLES["untracked-states"].card)
    assert "Already tracked by Adele Vance, Tue, Nov 10, 2026 10:12 AM" in drawn.runs
    assert "From Ana Silva · Tue, Nov 10, 2026 10:00 AM" in drawn.runs
    assert not [run for run in drawn.runs if "{{" in run]


@samples
def test_what_changes_something_is_a_verb_and_an_id(sample: Sample) -> None:
    for element in elements(sample.card):
        if element["type"] == "Action.Execute":
            assert set(element["data"]) == {"id"}
            submit = {"verb": element["verb"], **element["data"]}
            assert element["fallback"] == {
                "type": "Action.Submit",
                "title": element["title"],
                "data": submit,
            }
        elif element["type"] == "ActionSet":
            assert 1 <= len(element["actions"]) <= 6


def test_every_card_has_a_sample_a_picture_and_its_words_in_the_docs() -> None:
    modules = [path.stem for path in (ROOT / "cards").glob("*.py") if path.stem != "__init__"]
    functions = {
        name
        for module in modules
        for name, _ in inspect.getmembers(importlib.import_module(f"cards.{module}"), inspect.isfunction)
        if name.endswith("_card")
    }
    assert functions == {sample.function.__name__ for sample in SAMPLES.values()}
    page = (ROOT / "docs" / "cards.md").read_text()
    assert functions == set(re.findall(r"^`(\w+_card)`", page, re.MULTILINE))
    assert picture_names().keys() == set(re.findall(r"\(cards/([\w-]+\.png)\)", page))
    assert picture_names().keys() == {path.name for path in FOLDER.glob("*.png")}


def test_the_docs_name_every_verb() -> None:
    verbs = {
        element["verb"]
        for sample in SAMPLES.values()
        for element in elements(sample.card)
        if "verb" in element
    }
    page = (ROOT / "docs" / "cards.md").read_text()
    assert verbs == set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))


def test_every_feature_has_its_words() -> None:
    assert all(feature.title.key in WORDS and feature.sharing.key in WORDS for feature in FEATURES)


@pytest.mark.parametrize(
    "letters", ["A long subject ", "مرحبا بالعالم ", "長い件名です。", "👩‍👩‍👧‍👦🏳️‍🌈", "é̂̃̄ộ", '"\\{{<&']
)
def test_ten_rows_of_long_texts_fit_into_a_message(letters: str) -> None:
    long = letters * 3000
    choices = [record("opportunity", f"{n}{long}", long) for n in range(4)]
    more: dict[TrackState, dict[str, Any]] = {
        TrackState.UNTRACKED: {"why": f"from {long}", "attachments": [file(long)] * 100},
        TrackState.FAILED: {"failure": UNAVAILABLE.model_copy(update={"cause": long, "action": long})},
    }
    for state in (TrackState.UNTRACKED, TrackState.FAILED):
        rows = [
            row(item(f"{n}{long}", n, state, sender_name=long, **more[state]), *choices) for n in range(10)
        ]
        page = UntrackedList(
            record=record("account", long),
            rows=rows,
            next="x" * 80,
            is_first=False,
            audience=9,
            notice=long,
        )
        card = untracked_card(page, an_id("list"), WORDS)
        assert size(card) < LARGEST
        assert sum("…" in element.get("text", "") for element in elements(card)) >= 10


def test_what_goes_to_a_chat_tells_the_crm_name_and_nothing_else() -> None:
    shared = {name: sample for name, sample in SAMPLES.items() if sample.card["version"] == "1.3"}
    assert shared.keys() == {"record"}
    assert "contoso.example" not in json.dumps(shared["record"].card)
    assert not [each for each in elements(shared["record"].card) if each["type"] == "Action.Execute"]
