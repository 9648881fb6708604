"""The words on cards: those of the catalogues, with what strangers wrote made harmless."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cards.plain import LONGEST, Text, moment, plain
from insights import words as catalogues
from insights.words import Phrase, Said, Value


@dataclass(frozen=True, slots=True)
class Words(catalogues.Words):
    """The texts of one language: values are made plain, times are the reader's own."""

    def __call__(self, said: Said, /, **values: Value) -> Text:
        """The text of a key or phrase with its names filled in."""
        return Text(catalogues.Words.__call__(self, said, **values))

    def told(self, said: Said, longest: int = LONGEST) -> Text:
        """A phrase of ours, or what others wrote made plain; of that no more than so many columns."""
        if not isinstance(said, Phrase):
            return plain(said, longest)
        cut = {
            name: plain(value, longest) if isinstance(value, str) else value
            for name, value in said.values.items()
        }
        return self(said.key, **cut)

    def shown(self, value: Value) -> str:
        """A value as it stands in a text."""
        if isinstance(value, datetime):
            return moment(value)
        return plain(value) if isinstance(value, str) else catalogues.Words.shown(self, value)


@lru_cache(maxsize=64)
def read_words(language: str) -> Words:
    """The words for a language tag (RFC 5646)."""
    found = catalogues.read_words(language)
    return Words(found.language, found.direction, found.texts, found.choose)
