"""What sellers and administrators choose; the features' switches change when somebody else moves one."""

from collections.abc import Mapping

from rapidfuzz.distance import OSA

from bot.drawings import Drawing
from bot.phrases import LEADING_WORDS
from bot.rows import Command, Verb
from bot.turns import Answer, Kind, Press, Turn, told
from cards.notice import notice_card
from cards.preferences import preferences_card
from cards.settings import disable_card, settings_card, terms_card
from cards.words import Words
from insights import choices, features, gate
from insights.errors import Invalid, Problem
from insights.features import FEATURES
from insights.model import User
from insights.news import newest_change
from insights.services import Services
from insights.views import FeaturesBody, FeatureSwitches, PreferencesBody
from insights.words import say

SETTINGS = "settings"
SUBJECTS = [(gate.NEWS, feature.name) for feature in features.FEATURES] + [(gate.NEWS, features.TERMS)]


async def draw_settings(
    services: Services, user: User, words: Words, drawing: Drawing, problem: Problem | None = None
) -> Answer:
    """The features with their switches as they are now; raises NotAllowed for who is no administrator."""
    change_id = await services.database.read(newest_change)
    view = await features.read_features(services, user)
    if problem:
        view = view.model_copy(update={"warnings": [told(problem, words), *view.warnings]})
    return Answer(settings_card(view, words), drawing, change_id)


async def show_preferences(turn: Turn, _: str = "", *, saved: bool = False) -> Answer:
    """The caller's choices."""
    found = await choices.read_preferences(turn.services, turn.user)
    return Answer(preferences_card(found, turn.words, saved=saved))


async def show_settings(turn: Turn, _: str = "") -> Answer:
    """The features with their switches, for administrators."""
    drawing = Drawing.of(SETTINGS, turn.user.id, turn.words.language, {}, SUBJECTS)
    return await draw_settings(turn.services, turn.user, turn.words, drawing)


async def _sign_out(turn: Turn, _: str) -> Answer:
    was_signed_in = await turn.services.directory.sign_out(turn.user)
    text = turn.words("bot.signed_out" if was_signed_in else "bot.not_signed_in")
    return Answer(notice_card(text, [], turn.words))


async def _enable(turn: Turn, argument: str) -> Answer:
    return await switch_feature(turn, read_feature(argument), "on")


async def _disable(turn: Turn, argument: str) -> Answer:
    return await switch_feature(turn, read_feature(argument), "off")


async def switch_feature(turn: Turn, name: str, switch: str, *, accept_terms: bool = False) -> Answer:
    """Turn a feature on or off; on without accepted terms shows the terms first."""
    terms = await features.read_terms(turn.services, turn.user)
    if switch == "on" and not (accept_terms or terms.accepted):
        return Answer(terms_card(terms, name, turn.words))
    switches = FeatureSwitches.model_validate({name: switch})
    body = FeaturesBody(accept_terms=accept_terms, features=switches)
    await features.change_features(turn.services, turn.user, body)
    return await show_settings(turn)


def read_feature(text: str) -> str:
    """The feature a text names, small typos allowed; raises Invalid with the names there are."""
    words = text.replace("_", " ").casefold().split()
    wanted = " ".join(word for word in words if word not in LEADING_WORDS)
    near = sorted(
        (OSA.distance(wanted, feature.name.replace("_", " ")), feature.name) for feature in FEATURES
    )
    if not wanted or near[0][0] > 2:
        names = [say(f"feature.{feature.name}.title") for feature in FEATURES]
        raise Invalid("bad_feature.unknown" if wanted else "bad_feature.missing", names=names)
    return near[0][1]


async def _show_preferences(turn: Turn, _: Press) -> Answer:
    return await show_preferences(turn, saved=True)


async def _show_settings(turn: Turn, _: Press) -> Answer:
    return await show_settings(turn)


async def _save_preferences(turn: Turn, pressed: Press) -> Answer:
    chosen = pressed.inputs.get("auto_capture")
    if chosen not in {"true", "false", True, False}:
        raise Invalid("bad_choice.nothing")
    body = PreferencesBody(auto_capture=chosen in {"true", True})
    await choices.change_preferences(turn.services, turn.user, body)
    return await show_preferences(turn, saved=True)


async def _press_enable(turn: Turn, pressed: Press) -> Answer:
    return await switch_feature(turn, read_feature(pressed.id), "on")


async def _press_disable(turn: Turn, pressed: Press) -> Answer:
    """Ask first: a slip would take the feature from everybody."""
    await features.read_features(turn.services, turn.user)
    return Answer(disable_card(read_feature(pressed.id), turn.words))


async def _disable_now(turn: Turn, pressed: Press) -> Answer:
    return await switch_feature(turn, read_feature(pressed.id), "off")


async def _accept_terms(turn: Turn, pressed: Press) -> Answer:
    return await switch_feature(turn, read_feature(pressed.id), "on", accept_terms=True)


DRAWN: Mapping[str, Kind] = {SETTINGS: Kind(draw_settings, lambda _: SUBJECTS)}
COMMANDS = (
    Command("preferences", show_preferences),
    Command("signout", _sign_out),
    Command("settings", show_settings, is_admin=True),
    Command("enable", _enable, is_admin=True),
    Command("disable", _disable, is_admin=True),
)
VERBS = (
    Verb("save_preferences", _save_preferences, _show_preferences),
    Verb("enable", _press_enable, _show_settings),
    Verb("disable", _press_disable),
    Verb("disable_now", _disable_now, _show_settings),
    Verb("accept_terms", _accept_terms, _show_settings),
)
