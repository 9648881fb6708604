"""What one can write to the bot: word → function.

Which of them a sentence means is `grammar.py`'s; what means none gets the nearest ones as buttons.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from bot.capture import untracked_answer
from bot.grammar import read_sentence
from bot.phrases import CHANGING, LEADING_WORDS, NOT_BUILT, THANKS
from bot.records import find_record, labels_of, links_to
from bot.settings import settings_answer
from bot.turns import Answer, Turn
from cards.consent import consent_card
from cards.help import help_card, nearest_card
from cards.notice import notice_card
from cards.preferences import preferences_card
from cards.records import choose_card, found_card
from cards.requirements import requirements_card
from cards.settings import terms_card
from insights import access, choices, features
from insights.capture.untracked import list_untracked
from insights.errors import Invalid
from insights.features import FEATURES
from insights.grants.link import read_grants
from insights.model import RecordRef, User
from insights.requirements.examining import read_requirements
from insights.views import FeaturesBody, FeatureSwitches
from insights.words import say

FOUND = 8
NEAREST = 3


@dataclass(frozen=True, slots=True)
class Command:
    """A word and the function that does it; the catalogue has the texts `command.{word}`."""

    word: str
    run: Callable[[Turn, str], Awaitable[Answer]]
    is_admin: bool = False


async def answer(turn: Turn, text: str) -> Answer:
    """Carry out what somebody wrote."""
    reading = read_sentence(text)
    if reading.command == THANKS:
        return Answer(notice_card(turn.words("bot.thanks"), [turn.words("bot.thanks_do")], turn.words))
    if not reading.command:
        near = [each.word for each in nearest(reading.near, turn.user)]
        return Answer(nearest_card(text, near, turn.words, is_built=NOT_BUILT not in reading.near))
    return await BY_WORD[reading.command].run(turn, reading.argument)


def nearest(near: Sequence[str], user: User) -> Sequence[Command]:
    """The commands to offer somebody: those near, then the usual, never one that changes something."""
    offered = dict.fromkeys((*near, *(command.word for command in COMMANDS)))
    may = {command.word: command for command in commands_of(user) if command.word not in CHANGING}
    return [may[word] for word in offered if word in may][:NEAREST]


def commands_of(user: User) -> list[Command]:
    """The commands that a user may give."""
    return [command for command in COMMANDS if user.is_admin or not command.is_admin]


async def _help(turn: Turn, _: str) -> Answer:
    return Answer(help_card([command.word for command in commands_of(turn.user)], turn.words))


async def _untracked(turn: Turn, argument: str) -> Answer:
    if not argument:
        return await show_untracked(turn, None)
    await access.require(turn.services, turn.user, feature="auto_capture")
    page = await find_record(turn, argument, limit=FOUND)
    if not page.items:
        return Answer(found_card(argument, page, {}, {}, turn.words))
    only = page.items[0] if len(page.items) == 1 else None
    exact = [item for item in page.items if item.name.casefold() == argument.casefold()]
    chosen = only or (exact[0] if len(exact) == 1 else None)
    if chosen is None:
        return Answer(choose_card(argument, page, await labels_of(turn), turn.words))
    return await show_untracked(turn, RecordRef(chosen.table, chosen.id))


async def show_untracked(turn: Turn, ref: RecordRef | None, *, cursor: str | None = None) -> Answer:
    """A page of untracked email, as a list that changes with it."""
    page = await list_untracked(turn.services, turn.user, ref, cursor=cursor)
    key = ("card", turn.user.id, turn.words.language, ref, cursor)
    kept: Answer | None = turn.services.memory.find(key, page)
    if kept is None:
        kept = untracked_answer(turn.user, turn.words, page)
        turn.services.memory.keep(key, page, kept)
    return kept


async def _find(turn: Turn, argument: str) -> Answer:
    if not argument:
        raise Invalid("find_what")
    page = await find_record(turn, argument, limit=FOUND)
    links = links_to(turn, page.items)
    return Answer(found_card(argument, page, links, await labels_of(turn), turn.words))


async def show_preferences(turn: Turn, _: str = "", *, saved: bool = False) -> Answer:
    """The caller's choices."""
    found = await choices.read_preferences(turn.services, turn.user)
    return Answer(preferences_card(found, turn.words, saved=saved))


async def show_settings(turn: Turn, _: str = "") -> Answer:
    """The features with their switches, for administrators."""
    return await settings_answer(turn.services, turn.user, turn.words)


async def _requirements(turn: Turn, _: str) -> Answer:
    return Answer(requirements_card(await read_requirements(turn.services, turn.user), turn.words))


async def _consent(turn: Turn, _: str) -> Answer:
    return Answer(consent_card(await read_grants(turn.services, turn.user), turn.words))


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


COMMANDS = (
    Command("help", _help),
    Command("untracked", _untracked),
    Command("find", _find),
    Command("preferences", show_preferences),
    Command("signout", _sign_out),
    Command("settings", show_settings, is_admin=True),
    Command("enable", _enable, is_admin=True),
    Command("disable", _disable, is_admin=True),
    Command("requirements", _requirements, is_admin=True),
    Command("consent", _consent, is_admin=True),
)
BY_WORD = {command.word: command for command in COMMANDS}
