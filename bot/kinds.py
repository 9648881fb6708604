"""Every kind of drawing, by name; a capability brings its own."""

from collections.abc import Mapping
from typing import Any

from bot import capture, settings
from bot.drawings import Drawing
from bot.turns import Answer, Kind
from cards.words import Words
from insights.errors import NotFound, Problem
from insights.model import User
from insights.services import Services

KINDS: Mapping[str, Kind] = {**capture.DRAWN, **settings.DRAWN}


def make_drawing(kind: str, user_id: str, language: str, arguments: Mapping[str, Any]) -> Drawing:
    """A drawing of that kind; raises NotFound where there is none."""
    return Drawing.of(kind, user_id, language, arguments, find_kind(kind).shows(arguments))


async def draw(
    services: Services, user: User, words: Words, drawing: Drawing, problem: Problem | None = None
) -> Answer:
    """A drawing as things stand now, with the problem told on it."""
    return await find_kind(drawing.kind).draw(services, user, words, drawing, problem)


def find_kind(name: str) -> Kind:
    """How drawings of a kind are drawn; raises NotFound for one that another version made."""
    kind = KINDS.get(name)
    if kind is None:
        raise NotFound("no_kind")
    return kind
