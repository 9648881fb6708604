"""What somebody wrote, without the markup that Teams writes it in.

Text comes with entities (`&nbsp;`), sometimes with tags, and with mentions as `<at>name</at>`; whom a mention
means stands beside the text, in entities that may lack the text they belong to.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

BREAKS = "p|div|br|hr|li|ul|ol|h[1-6]|blockquote|pre|table|tbody|thead|tr|td|th|img|attachment|body|html"
INLINE = "span|b|strong|i|em|u|s|strike|del|a|code|font|sub|sup|small|big|mark|emoji|at"
# Only what HTML knows is a tag: <ana@fabrikam.example> is an address that somebody wrote.
BREAK = re.compile(rf"</?(?:{BREAKS})(?:\s[^<>]*)?/?>", re.IGNORECASE)
TAG = re.compile(rf"</?(?:{INLINE})(?:\s[^<>]*)?/?>", re.IGNORECASE)
MENTION = re.compile(
    r"<at(?:\s[^<>]*)?>([^<]*(?:<(?!/?at\b)[^<]*)*)</at>"
    r"|<span\s[^<>]*schema\.skype\.com/Mention[^<>]*>([^<]*)</span>",
    re.IGNORECASE,
)
ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});", re.IGNORECASE)
QUOTES = str.maketrans("", "", '"“”„«»')


@dataclass(frozen=True, slots=True)
class Mention:
    """Whom an entity mentions; `text` is how it stands in the message, "" where Teams left it out."""

    id: str
    name: str
    text: str

    @property
    def spellings(self) -> set[str]:
        """How it may be written between `<at>` and `</at>`."""
        return {_spelled(self.name), _spelled(self.text)} - {""}


def read_richtext(text: str, mentions: Sequence[Mention], own: Mention) -> str:
    """The words of a text on one line; the bot's `own` mention is dropped, others stand as quoted names."""
    found = [_inner(match) for match in MENTION.finditer(text)]
    names = iter(_names(found, mentions, own))
    words = _flat(MENTION.sub(lambda _: next(names), text))
    marks = ["@" + own.name, *(_flat(each.text) for each in mentions if each.id == own.id)]
    for mark in sorted(marks, key=len, reverse=True):  # without <at>, the name stands as it was typed
        if len(mark) > 1 and words.casefold().startswith(mark.casefold()):
            return words[len(mark) :].lstrip(" ,:")
    return words


def _names(found: Sequence[str], mentions: Sequence[Mention], own: Mention) -> list[str]:
    """What stands for each mention found in a text: "" for the bot's own.

    Each is the entity that is spelled so; those left over on both sides belong together in their order.
    """
    spelled = [_spelled(inner) for inner in found]
    rest = iter([each for each in mentions if each.spellings.isdisjoint(spelled)])
    meant: dict[str, list[Mention]] = {}
    for each in mentions:
        for spelling in each.spellings:
            meant.setdefault(spelling, []).append(each)
    return [
        _name(inner, _taken(meant.get(spelling, [])) or next(rest, None), own)
        for inner, spelling in zip(found, spelled, strict=True)
    ]


def _taken(entities: list[Mention]) -> Mention | None:
    """The next of those that are spelled alike; the last is there for all that follow."""
    return entities.pop(0) if len(entities) > 1 else next(iter(entities), None)


def _name(inner: str, entity: Mention | None, own: Mention) -> str:
    is_own = entity.id == own.id if entity and own.id else _spelled(inner) == _spelled(own.name)
    name = _flat(inner).removeprefix("@") or (entity.name if entity else "")
    return " " if is_own else f' "{html.escape(name.translate(QUOTES), quote=False)}" '


def _inner(match: re.Match[str]) -> str:
    return match[1] if match[1] is not None else match[2]


def _spelled(text: str) -> str:
    return _flat(text).casefold().removeprefix("@").strip()


def _flat(text: str) -> str:
    text = TAG.sub("", BREAK.sub(" ", text))
    return " ".join(ENTITY.sub(lambda match: html.unescape(match[0]), text).split())
