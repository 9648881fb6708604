"""Cards speak the reader's language: every word on them is of the catalogues, or of people and records."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from cards.elements import Card
from cards.notice import notice_card
from cards.words import read_words
from insights import pseudo
from tests.cards.renderer import Renderer
from tests.cards.samples import NOON, SAMPLES, Sample

LOOK = (Path(__file__).parents[1] / "words.js").read_text(encoding="utf-8")
SAID = re.compile(rf"{pseudo.OPEN}[^{pseudo.OPEN}{pseudo.CLOSE}]*{pseudo.CLOSE}|\{{\{{[^}}]*\}}\}}")
WORD = re.compile(r"[^\W\d_]+")
SHOWN = ("text", "title", "label", "placeholder", "tooltip", "altText", "errorMessage", "fallbackText")
NARROWEST = 320
samples = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)


def disguised(sample: Sample) -> Card:
    """The card in the language that nobody speaks."""
    return sample.function(*sample.arguments[:-1], read_words(pseudo.LANGUAGE), **sample.options)


def shown(node: Any) -> Iterator[str]:
    """Every text of a card that people see or hear."""
    if isinstance(node, dict):
        yield from (node[name] for name in SHOWN if isinstance(node.get(name), str))
        node = list(node.values())
    for child in node if isinstance(node, list) else ():
        yield from shown(child)


def given(node: Any) -> Iterator[str]:
    """Every text that a card was handed."""
    if isinstance(node, BaseModel):
        node = node.model_dump(mode="json", context=read_words(pseudo.LANGUAGE))
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for pair in node.items():
            yield from given(pair)
    elif isinstance(node, (list, tuple)):
        for child in node:
            yield from given(child)


def outside(text: str) -> str:
    """What is left of a text without the catalogues' words and the client's dates."""
    while text != (text := SAID.sub(" ", text)):
        pass
    return text


def words_of(text: str) -> set[str]:
    """The words in a text that are not of the catalogues; a sentence may begin with any of them."""
    return {word.casefold() for word in WORD.findall(outside(text))}


@samples
def test_every_word_of_a_card_is_of_the_catalogues_or_was_handed_to_it(sample: Sample) -> None:
    handed = {word for text in given(sample.arguments[:-1]) for word in words_of(text)}
    texts = list(shown(json.loads(json.dumps(disguised(sample)))))
    assert sample.function is notice_card or any(pseudo.OPEN in text for text in texts)
    strangers = {text for text in texts if not words_of(text) <= handed}
    assert strangers == set()


@samples
def test_a_third_longer_and_from_right_to_left_nothing_is_cut_off(sample: Sample, renderer: Renderer) -> None:
    card = disguised(sample)
    assert card["rtl"] is True
    drawn = renderer.draw(card, width=NARROWEST)
    assert drawn.complaints == []
    assert drawn.width <= 0
    assert renderer.page.evaluate(LOOK)["cut"] == []


def test_values_are_filled_in_once_and_times_are_the_readers() -> None:
    told = read_words("en-GB")("terms.accepted", name="{time} {{TIME(2026-11-10T12:00:00Z)}}", time=NOON)
    assert told == (
        "Accepted by {time} {\u2060{TIME(2026-11-10T12:00:00Z)}}, "
        "{{DATE(2026-11-10T12:00:00Z,SHORT)}} {{TIME(2026-11-10T12:00:00Z)}}"
    )
