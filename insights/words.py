"""What people read, by key: `messages/{area}.{language}.json` beside the code that says it.

A text holds `{names}` that are filled in, `{Name}` with a capital first letter. One that counts is an object
of forms by CLDR category (`one`, `other`, …), of which `count` picks. Objects may nest:
`{"email": {"from": …}}` is the text `email.from`. A language is added by adding its files; a text that it
lacks is English.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Union

from babel import Locale, UnknownLocaleError

from insights import pseudo

HOUSE = Path(__file__).parent.parent
ROOMS = ("addin", "bot", "cards", "cli", "connectors", "insights", "manifests")
"""The folders of the house below which catalogues lie."""
DEFAULT = "en"
CATEGORIES = frozenset({"zero", "one", "two", "few", "many", "other"})
_NAME = re.compile(r"\{(\w+)\}")

Value = Union[str, int, float, datetime, PurePath, "Phrase", Sequence["Said"]]
"""What stands for a name: several are listed with commas."""
Said = Union[str, "Phrase"]
"""A text that others made, or a phrase of ours."""
Entry = str | Mapping[str, str]
"""A text, or its forms by category."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Something to say, in no language yet: the key of a text and what stands for its names."""

    key: str
    values: Mapping[str, Value] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash(self.key)  # values may hold lists

    def __str__(self) -> str:
        """In English, for logs and the command line."""
        return read_words(DEFAULT)(self)


def say(key: str, /, **values: Value) -> Phrase:
    """The phrase of a key with its values."""
    return Phrase(key, values)


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language."""

    language: str
    direction: str
    """`rtl` or `ltr`."""
    texts: Mapping[str, Entry]
    choose: Mapping[str, Callable[[float], str]]
    """The plural rule of each text that is not of this language's own: English's."""

    def __call__(self, said: str | Phrase, /, **values: Value) -> str:
        """The text of a key or phrase with its names filled in."""
        key = said
        if isinstance(said, Phrase):
            key, values = said.key, {**said.values, **values}
        return _NAME.sub(lambda name: self._fill(name, values), self.form(str(key), values))

    def __contains__(self, key: str) -> bool:
        """Whether there is a text of that key, for names that others made."""
        return key in self.texts

    def form(self, key: str, values: Mapping[str, Value]) -> str:
        """The text of a key as it stands, in the form that `count` asks for."""
        entry = self.texts[key]
        if isinstance(entry, str):
            return entry
        return entry.get(self.choose[key](int(str(values["count"]))), entry["other"])

    def _fill(self, name: re.Match[str], values: Mapping[str, Value]) -> str:
        given = name[1][0].lower() + name[1][1:]
        if given not in values:
            return name[0]
        shown = self.shown(values[given])
        return shown if given == name[1] else f"{shown[:1].upper()}{shown[1:]}"

    def shown(self, value: Value) -> str:
        """A value as it stands in a text."""
        if isinstance(value, str):
            return value
        if isinstance(value, Phrase):
            return self(value)
        if isinstance(value, datetime):
            return value.isoformat(timespec="minutes")
        return self.listed(value) if isinstance(value, Sequence) else str(value)

    def listed(self, items: "Sequence[Said]") -> str:
        """One after the other, as the language lists things."""
        return self("list.separator").join(self.shown(item) for item in items)


@lru_cache(maxsize=64)
def read_words(language: str) -> Words:
    """The words for a language tag (RFC 5646): its own texts, its language's, then English ones."""
    texts: dict[str, Entry] = {}
    choose: dict[str, Callable[[float], str]] = {}
    spoken = best_language([language])
    for tag in dict.fromkeys((DEFAULT, spoken.split("-")[0], spoken)):
        found = dict(read_texts(tag))
        texts |= found
        choose |= dict.fromkeys(found, _locale(tag).plural_form)
    return Words(spoken, _locale(spoken).text_direction, texts, choose)


def best_language(wanted: Collection[str]) -> str:
    """The first of these tags that has catalogues, itself or as its language without region, else English."""
    there = available()
    for tag in wanted:
        for each in (tag.lower(), tag.lower().split("-")[0]):
            if each in there:
                return there[each]
    return DEFAULT


@lru_cache(maxsize=1)
def available() -> Mapping[str, str]:
    """The languages that have catalogues, as their files spell them, by tag in small letters."""
    tags = {path.suffixes[-2].removeprefix(".") for path in _catalogues("*")}
    return {tag.lower(): tag for tag in (*tags, pseudo.LANGUAGE)}


def read_texts(language: str, areas: Collection[str] = ()) -> Mapping[str, Entry]:
    """The texts that a language has itself, of all areas or of some."""
    if language == pseudo.LANGUAGE:
        return {key: pseudo.disguise(entry) for key, entry in read_texts(DEFAULT, areas).items()}
    texts: dict[str, Entry] = {}
    for path in _catalogues(language):
        if not areas or path.name.split(".")[0] in areas:
            texts |= _flat(json.loads(path.read_text(encoding="utf-8")))
    return texts


def _catalogues(language: str) -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted(HOUSE.glob(f"{room}/**/messages/*.{language}.json"))


def _flat(texts: Mapping[str, object], above: str = "") -> Iterator[tuple[str, Entry]]:
    for name, entry in texts.items():
        key = f"{above}{name}"
        if isinstance(entry, str) or (
            isinstance(entry, dict) and "other" in entry and entry.keys() <= CATEGORIES
        ):
            yield key, entry
        elif isinstance(entry, dict):
            yield from _flat(entry, f"{key}.")
        else:
            raise TypeError(f"{key} is no text")


def _locale(tag: str) -> Locale:
    """What is known of a language; of one that nobody knows, as of English."""
    for each in (tag, tag.split("-", maxsplit=1)[0], DEFAULT):
        try:
            return Locale.parse(each, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    raise AssertionError("English is known")
