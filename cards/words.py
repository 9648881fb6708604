"""The words on cards: `messages/{language}.json`; a language is added by adding a file.

A catalogue maps keys to texts with `{names}`, or to the list of a text's plural forms, from which its
`plural` (a gettext plural expression over n) picks by `count`. `direction` is `rtl` or `ltr`.
"""

import gettext
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from cards.plain import Text, moment, plain

CATALOGUES = Path(__file__).parent / "messages"
DEFAULT = "en"
_NAME = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One file of texts and the rule by which its plural forms are chosen."""

    texts: Mapping[str, str | Sequence[str]]
    choose: Callable[[int], int]


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language; what is not translated yet is English."""

    language: str
    direction: str
    catalogues: tuple[Catalogue, ...]

    def __call__(self, key: str, /, **values: str | int | datetime) -> Text:
        """The text of `key` with its names filled in: texts made plain, times in the reader's time zone."""
        catalogue = next(catalogue for catalogue in self.catalogues if key in catalogue.texts)
        entry = catalogue.texts[key]
        if not isinstance(entry, str):
            entry = entry[catalogue.choose(int(str(values["count"])))]
        return Text(_NAME.sub(lambda name: _shown(values[name[1]]), entry))

    def __contains__(self, key: str) -> bool:
        """Whether there is a text of that key, for names that the CRM made."""
        return any(key in catalogue.texts for catalogue in self.catalogues)


@lru_cache(maxsize=64)
def read_words(language: str) -> Words:
    """The words for a language tag (RFC 5646): its own file, its language's, then English, key by key."""
    available = {path.stem.lower(): path for path in CATALOGUES.glob("*.json")}
    own = [tag for tag in (language.lower(), language.lower().split("-")[0]) if tag in available]
    spoken = dict.fromkeys([*own, DEFAULT])
    catalogues = tuple(_read(available[tag]) for tag in spoken)
    return Words(next(iter(spoken)), str(catalogues[0].texts.get("direction", "ltr")), catalogues)


def _read(path: Path) -> Catalogue:
    texts = json.loads(path.read_text(encoding="utf-8"))
    return Catalogue(texts, gettext.c2py(texts.get("plural", "n != 1")))


def _shown(value: str | int | datetime) -> str:
    if isinstance(value, datetime):
        return moment(value)
    return plain(value) if isinstance(value, str) else str(value)
