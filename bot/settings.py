"""The features' switches, as a card that changes when another administrator moves one."""

from collections.abc import Mapping

from bot.drawings import Drawing
from bot.turns import Answer, Kind, told
from cards.settings import settings_card
from cards.words import Words
from insights import features, gate
from insights.errors import Problem
from insights.model import User
from insights.news import newest_change
from insights.services import Services

SETTINGS = "settings"
SUBJECTS = [(gate.NEWS, feature.name) for feature in features.FEATURES] + [(gate.NEWS, features.TERMS)]


async def settings_answer(services: Services, user: User, words: Words) -> Answer:
    """The features as they are now; for administrators."""
    drawing = Drawing.of(SETTINGS, user.id, words.language, {}, SUBJECTS)
    return await draw_settings(services, user, words, drawing)


async def draw_settings(
    services: Services, user: User, words: Words, drawing: Drawing, problem: Problem | None = None
) -> Answer:
    """The same for a card that stands already; raises NotAllowed for who is no administrator any more."""
    change_id = await services.database.read(newest_change)
    view = await features.read_features(services, user)
    if problem:
        view = view.model_copy(update={"warnings": [told(problem, words), *view.warnings]})
    return Answer(settings_card(view, words), drawing, change_id)


DRAWN: Mapping[str, Kind] = {SETTINGS: Kind(draw_settings, lambda _: SUBJECTS)}
