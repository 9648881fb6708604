"""What the functions behind commands, buttons and searches are handed, and what they hand back."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.activities import Incoming
from bot.drawings import Drawing, Subject
from cards.elements import Card
from cards.plain import Text, sentence
from cards.words import Words
from insights.errors import Problem
from insights.model import User
from insights.services import Services

CARD = "application/vnd.microsoft.card.adaptive"
INVOKE_SECONDS = 4.0
"""Teams waits 5 s for the answer to an invoke; what takes longer follows as or in a card."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody who wrote, pressed or searched."""

    services: Services
    incoming: Incoming
    user: User
    words: Words


@dataclass(frozen=True, slots=True)
class Answer:
    """A card to show; `drawing` is what it shows, so that it can be redrawn when that changes.

    `change_id` is the newest change that the card took in for certain; a refusal never takes the
    place of another card.
    """

    card: Card
    drawing: Drawing | None = None
    change_id: int = 0
    is_refusal: bool = False
    content_type: str = CARD


Draw = Callable[[Services, User, Words, Drawing, Problem | None], Awaitable[Answer]]


async def always(_: Services, __: User, ___: Drawing) -> bool:
    """What is due is shown."""
    return True


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of drawing: draws it as things stand now, with a problem that is told on it.

    `shows` finds in its arguments what it shows, as news calls it; `is_wanted` says of one that was to be
    sent by itself whether it still is.
    """

    draw: Draw
    shows: Callable[[Mapping[str, Any]], Iterable[Subject]]
    is_wanted: Callable[[Services, User, Drawing], Awaitable[bool]] = always


@dataclass(frozen=True, slots=True)
class Press:
    """A button: its verb, the id it carries, and what stood in the card's inputs."""

    verb: str
    id: str
    inputs: Mapping[str, Any] = field(default_factory=dict)


def told(problem: Problem, words: Words) -> Text:
    """A problem in sentences: what, why, what to do."""
    parts = problem.told(words)
    return Text(" ".join(sentence(part) for part in (parts.what, parts.why, parts.do) if part))


def message_of(answer: Answer) -> dict[str, Any]:
    """The activity that shows a card."""
    return {"type": "message", "attachments": [{"contentType": answer.content_type, "content": answer.card}]}
