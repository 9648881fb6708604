"""What strangers write stays text, on every card that shows it, in the real renderer."""

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.consent import consent_card
from cards.elements import Card
from cards.help import nearest_card, welcome_card
from cards.notice import notice_card
from cards.plain import plain
from cards.records import choose_card, found_card, record_card, record_preview
from cards.requirements import requirements_card
from cards.settings import disable_card, settings_card, terms_card
from cards.untracked import untracked_card
from cards.words import read_words
from insights.capture.views import Failure, TrackedBy, UntrackedList, UntrackedRow
from insights.grants.views import GrantItem, Grants, GrantUse
from insights.model import TrackState
from insights.requirements.views import RequirementItem, RequirementList
from insights.views import Acceptance, FeatureState, RecordItem, RecordPage, Terms
from insights.words import read_texts
from tests.cards.renderer import Renderer
from tests.cards.samples import LIST, NOON, SETTINGS, WORDS, item, row

TIMES = re.compile(r"\{\{(DATE|TIME)\(2026-11-[01]\dT\d\d:00:00Z(,SHORT)?\)\}\}")
OURS = (
    "[x](javascript:alert(1))",
    "{{TIME(2026-11-10T12:00:00Z)}} {{{DATE(2026-11-10T12:00:00Z,SHORT)}}}",
    "**b** _i_ `c` # h - l 1. n > q ![p](https://evil.example/p.png)",
    "https://evil.example/ <https://evil.example> ${rooms[0]}",
    "invoice\u202efdp.exe \u2066\u2067 \x00\x1b[31m\r\nsecond line\u2028third",
    "Z" + "\u0301\u0300\u0336" * 40,
    "שלום (עולם) 12",
)


HEADINGS = {text for key, text in read_texts("en", ("cards", "shared")).items() if key.endswith("title")}


def named(text: str, at: int = 1) -> RecordItem:
    """A record whose words are a stranger's."""
    return RecordItem(table="contact", id=str(at), name=text, subtitle=text)


def rows_of(text: str, at: int) -> Iterator[UntrackedRow]:
    """Rows with the text everywhere, in each state."""
    by = TrackedBy(id="1", name=text, at=NOON)
    failure = Failure(cause=text, action=text)
    mails = [
        item(text, 1, id=f"a{at}", why=text),
        item(text, 2, id=f"b{at}", sender_name=text),
        item(text, 3, id=f"c{at}", to=[text], direction="outgoing"),
        item(text, 4, TrackState.TRACKED, id=f"d{at}", tracked_by=by, regarding=named(text), may=["untrack"]),
        item(text, 5, TrackState.FAILED, id=f"e{at}", failure=failure),
    ]
    yield from (row(mail, named(text)) for mail in mails)


def list_cards(texts: Sequence[str]) -> Iterator[Card]:
    """The cards that show many texts which are not ours."""
    rows = [shown for at, text in enumerate(texts) for shown in rows_of(text, at)]
    page = RecordPage(items=[named(text, at) for at, text in enumerate(texts)])
    yield untracked_card(UntrackedList(rows=rows, audience=2), LIST, WORDS)
    yield found_card("", page, {}, {}, WORDS)
    yield choose_card("", page, {}, WORDS)
    yield notice_card(texts[0], texts, WORDS)


def other_cards(text: str) -> Iterator[Card]:
    """Every other card, and the texts that a card shows once."""
    page, link, labels = (
        RecordPage(items=[named(text)], next="1"),
        "https://liaison.example/",
        {"contact": text},
    )
    empty = UntrackedList(record=named(text), rows=[], audience=2)
    yield untracked_card(empty, LIST, WORDS)
    yield untracked_card(empty.model_copy(update={"notice": text}), LIST, WORDS)
    yield found_card(text, page, {("contact", "1"): link}, labels, WORDS)
    yield found_card(text, RecordPage(items=[]), {}, {}, WORDS)
    yield choose_card(text, page, labels, WORDS)
    yield record_card(named(text), text, link, WORDS)
    yield nearest_card(text, ["help"], WORDS)
    yield nearest_card(text, [], WORDS)
    yield welcome_card(["help"], WORDS)
    yield notice_card(text, [text], WORDS, is_error=True)
    accepted = Acceptance(version=text, by=text, at=NOON)
    states = SETTINGS.features.model_copy(update={"auto_capture": FeatureState(state="off", reason=text)})
    more = {"accepted": accepted, "features": states, "warnings": [text], "sharing": {"auto_capture": text}}
    yield settings_card(SETTINGS.model_copy(update=more), WORDS)
    yield disable_card(text, WORDS)
    needed = RequirementItem(
        requirement=text, state="not met", cause=text, action=text, link="https://a.example/"
    )
    yield requirements_card(RequirementList(items=[needed]), WORDS)
    grant = GrantItem(permission=text, why=[text], state="unknown", cause=text)
    use = GrantUse(at=NOON, made_by=text, is_granted=False, error=text)
    yield consent_card(Grants(link=None, reason=text, permissions=[grant], used=use), WORDS)
    yield terms_card(Terms(version=text, text=text, accepted=accepted), text, WORDS)


def texts(node: object, *keys: tuple[str, str]) -> Iterator[str]:
    """The texts of all objects of some kinds, as (type, key), in the order in which they are drawn."""
    if isinstance(node, dict):
        for kind, key in keys:
            if node.get("type", "choice") == kind and node.get(key):
                yield node[key]
        for child in node.values():
            yield from texts(child, *keys)
    elif isinstance(node, list):
        for child in node:
            yield from texts(child, *keys)


def check(card: Card, renderer: Renderer) -> None:
    """The card draws without a complaint, and what people see is, letter by letter, what it holds."""
    drawn = renderer.draw(card)
    assert (drawn.complaints, drawn.strangers) == ([], [])
    assert set(drawn.markdown) <= HEADINGS
    runs = list(texts(card, ("TextRun", "text")))
    for shown, written in zip(drawn.runs, runs, strict=True):
        assert shown == written or written.count("{{") == len(TIMES.findall(written))
    assert drawn.options == list(texts(card, ("choice", "title")))


@pytest.mark.testdata
@pytest.mark.slow("draws 500 strings on every card in a browser")
def test_naughty_strings_are_drawn_as_text(testdata: Path, renderer: Renderer) -> None:
    strings: list[str] = json.loads((testdata / "hostile" / "naughty-strings.json").read_text())
    for start in range(0, len(strings), 20):
        for card in list_cards(strings[start : start + 20]):
            check(card, renderer)


@pytest.mark.testdata
def test_attempts_at_a_card_are_drawn_as_text(renderer: Renderer) -> None:
    for text in ("", *OURS):
        for card in (*list_cards([text]), *other_cards(text)):
            check(card, renderer)


@pytest.mark.testdata
def test_half_a_letter_does_not_break_the_answer(renderer: Renderer) -> None:
    for card in (nearest_card("\ud800 lone \udfff", [], WORDS), notice_card("\ud800", ["\udfff"], WORDS)):
        check(card, renderer)


@given(st.text(max_size=300) | st.text(st.characters(), max_size=300), st.integers(2, 80))
def test_plain_text_is_one_short_harmless_line(text: str, longest: int) -> None:
    shown = plain(text, longest)
    shown.encode()
    assert "{{" not in shown
    assert len(shown.strip("\u2068\u2069").replace("\u2060", "").encode()) <= longest * 8
    assert all(
        char == " " or char.isprintable() or char in "\u200c\u200d\u2060\u2068\u2069" for char in shown
    )
    assert shown == " ".join(shown.split())
    assert plain(shown, longest) is shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Offer", "Offer"),
        ("a" * 30, "a" * 19 + "…"),
        ("word " * 10, "word word word word…"),
        ("件" * 30, "件" * 9 + "…"),
        ("e\u0301" * 30, "e\u0301" * 9 + "…"),
        (" \x00 \u200b\u202e ", ""),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        (" " * 500 + "late", "…"),
        ("Bcc:\r\nline", "Bcc: line"),
        ("{{{DATE(", "{\u2060{\u2060{DATE("),
        ("\ud800", "\ufffd"),
        ("Z" + "\u0301" * 40, "Z\u0301\u0301\u0301"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("שלום", "\u2068שלום\u2069"),
    ],
)
def test_plain_text_by_example(text: str, shown: str) -> None:
    assert plain(text, 20) == shown


def test_a_subject_of_a_megabyte_costs_no_more_than_a_long_one() -> None:
    assert unicodedata.name(plain("é" * 1_000_000, 50)[-1]) == "HORIZONTAL ELLIPSIS"


@pytest.mark.parametrize("language", ["", "xx", "../../etc/passwd", "en-\x00", "EN", "en-u-ca-buddhist"])
def test_an_unknown_language_is_english(language: str) -> None:
    words = read_words(language)
    assert (words.language, words.direction, words("track")) == ("en", "ltr", "Track")


def test_a_preview_is_as_discreet_as_its_card() -> None:
    someone = RecordItem(table="contact", id="1", name="**Ana**\x00", subtitle="ana@contoso.example")
    assert record_preview(someone, "Contact", WORDS) == {"title": "**Ana**", "text": "Contact"}
