"""What the buttons of our cards do: verb → function. A button carries its verb and an id, nothing else."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot import drawings
from bot.capture import UNTRACKED, holds, record_of
from bot.commands import (
    BY_WORD,
    read_feature,
    show_preferences,
    show_settings,
    show_untracked,
    switch_feature,
)
from bot.drawings import Drawing
from bot.kinds import draw
from bot.turns import Answer, Press, Turn
from cards.settings import disable_card
from insights import choices, features
from insights.capture import tracking
from insights.capture.views import TrackBody
from insights.errors import Conflict, Invalid, NotAllowed, NotFound, Problem
from insights.links import read_record_id
from insights.views import PreferencesBody, Ref

WITHOUT_REGARDING = "none"
Verb = Callable[[Turn, Press], Awaitable[Answer]]


async def press(turn: Turn, pressed: Press, *, is_first: bool = True) -> Answer:
    """Carry out a button; delivered again it changes nothing and shows what there is now.

    Raises Invalid for a verb that no card of this version has.
    """
    verb = VERBS.get(pressed.verb)
    if verb is None:
        raise Invalid("bad_verb")
    if is_first or pressed.verb not in SHOWN_AGAIN:
        return await verb(turn, pressed)
    return await SHOWN_AGAIN[pressed.verb](turn, pressed)


async def _show_drawing(turn: Turn, pressed: Press) -> Answer:
    drawing = await require_drawing(turn, pressed.id.partition("/")[0])
    return await draw(turn.services, turn.user, turn.words, drawing)


async def _show_preferences(turn: Turn, _: Press) -> Answer:
    return await show_preferences(turn, saved=True)


async def _show_settings(turn: Turn, _: Press) -> Answer:
    return await show_settings(turn)


async def require_drawing(turn: Turn, drawing_id: str) -> Drawing:
    """What a card of the caller's shows; NotFound for one that is gone, NotAllowed for somebody else's."""
    found = await turn.services.database.read(drawings.select_drawing, drawing_id)
    if found is None:
        raise NotFound("old_list")
    if found.user_id != turn.user.id:
        raise NotAllowed("not_yours.card")
    return found


async def _track(turn: Turn, pressed: Press) -> Answer:
    return await _on_email(turn, pressed, _track_email)


async def _untrack(turn: Turn, pressed: Press) -> Answer:
    return await _on_email(turn, pressed, _untrack_email)


async def _retry(turn: Turn, pressed: Press) -> Answer:
    return await _on_email(turn, pressed, _retry_email)


async def _on_email(
    turn: Turn, pressed: Press, work: Callable[[Turn, str, Mapping[str, Any]], Awaitable[object]]
) -> Answer:
    """Do `work` on an email of a card and draw the card anew, with the cause where it was refused."""
    drawing_id, _, email_id = pressed.id.partition("/")
    drawing = await require_drawing(turn, drawing_id)
    if not holds(drawing, email_id):
        raise NotFound("no_such_email.not_listed")
    refused: Problem | None = None
    try:
        await work(turn, email_id, pressed.inputs)
    except (Conflict, NotFound) as problem:
        refused = problem
    return await draw(turn.services, turn.user, turn.words, drawing, refused)


async def _track_email(turn: Turn, email_id: str, inputs: Mapping[str, Any]) -> None:
    chosen = inputs.get(f"regarding {email_id}")
    await tracking.track(turn.services, turn.user, email_id, _track_body(chosen))


async def _untrack_email(turn: Turn, email_id: str, _: Mapping[str, Any]) -> None:
    await tracking.untrack(turn.services, turn.user, email_id)


async def _retry_email(turn: Turn, email_id: str, _: Mapping[str, Any]) -> None:
    await tracking.retry(turn.services, turn.user, email_id)


def _track_body(chosen: object) -> TrackBody:
    """What was chosen: a record, nothing at all (the best match), or explicitly none."""
    if not chosen:
        return TrackBody()
    if chosen == WITHOUT_REGARDING:
        return TrackBody(regarding=None)
    ref = read_record_id(chosen) if isinstance(chosen, str) else None
    if ref is None or len(ref.table) > 128 or len(ref.id) > 64:
        raise Invalid("bad_choice.foreign")
    return TrackBody(regarding=Ref(table=ref.table, id=ref.id))


async def _page(turn: Turn, pressed: Press) -> Answer:
    drawing_id, _, cursor = pressed.id.partition("/")
    drawing = await require_drawing(turn, drawing_id)
    if drawing.kind != UNTRACKED:
        raise Invalid("no_pages")
    return await show_untracked(turn, record_of(drawing), cursor=cursor or None)


async def _untracked(turn: Turn, pressed: Press) -> Answer:
    ref = read_record_id(pressed.id)
    if ref is None:
        raise Invalid("bad_id.no_record")
    return await show_untracked(turn, ref)


async def _say(turn: Turn, pressed: Press) -> Answer:
    if pressed.id not in BY_WORD:
        raise Invalid("bad_id.no_command")
    return await BY_WORD[pressed.id].run(turn, "")


async def _save_preferences(turn: Turn, pressed: Press) -> Answer:
    chosen = pressed.inputs.get("auto_capture")
    if chosen not in {"true", "false", True, False}:
        raise Invalid("bad_choice.nothing")
    body = PreferencesBody(auto_capture=chosen in {"true", True})
    await choices.change_preferences(turn.services, turn.user, body)
    return await show_preferences(turn, saved=True)


async def _enable(turn: Turn, pressed: Press) -> Answer:
    return await switch_feature(turn, read_feature(pressed.id), "on")


async def _disable(turn: Turn, pressed: Press) -> Answer:
    """Ask first: a slip would take the feature from everybody."""
    await features.read_features(turn.services, turn.user)
    return Answer(disable_card(read_feature(pressed.id), turn.words))


async def _disable_now(turn: Turn, pressed: Press) -> Answer:
    return await switch_feature(turn, read_feature(pressed.id), "off")


async def _accept_terms(turn: Turn, pressed: Press) -> Answer:
    return await switch_feature(turn, read_feature(pressed.id), "on", accept_terms=True)


VERBS: Mapping[str, Verb] = {
    "track": _track,
    "untrack": _untrack,
    "retry": _retry,
    "page": _page,
    "untracked": _untracked,
    "say": _say,
    "save_preferences": _save_preferences,
    "enable": _enable,
    "disable": _disable,
    "disable_now": _disable_now,
    "accept_terms": _accept_terms,
}
# What a button shows that was delivered again; the others change nothing and may run twice.
SHOWN_AGAIN: Mapping[str, Verb] = {
    "track": _show_drawing,
    "untrack": _show_drawing,
    "retry": _show_drawing,
    "save_preferences": _show_preferences,
    "enable": _show_settings,
    "disable_now": _show_settings,
    "accept_terms": _show_settings,
}
