"""A short answer in words."""

from collections.abc import Sequence

from cards.elements import Card, card, group, line
from cards.plain import sentence
from cards.words import Words

LINE = 400


def notice_card(title: str, lines: Sequence[str], words: Words, *, is_error: bool = False) -> Card:
    """What happened and what follows from it, in sentences; an error is framed, not to be overlooked."""
    told = [line(sentence(title), weight="Bolder")]
    told += [line(sentence(text, LINE), spacing="Small") for text in lines]
    return card(words, [group(told, style="attention")] if is_error else told)
