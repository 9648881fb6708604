"""Auto capture in Teams: its command and buttons, its lists and the email that could not be tracked."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from bot import drawings
from bot.drawings import Drawing, Subject, is_shown
from bot.records import FOUND, find_record, labels_of
from bot.rows import Command, Verb
from bot.turns import Answer, Kind, Press, Turn, told
from cards.records import choose_card, found_card
from cards.untracked import failure_card, untracked_card
from cards.words import Words
from insights import access
from insights.capture import tracking
from insights.capture.failures import read_failure
from insights.capture.tracks import FAILURE, NEWS, failed_since
from insights.capture.untracked import list_untracked, read_listed
from insights.capture.views import TrackBody, UntrackedList
from insights.errors import Conflict, Invalid, NotAllowed, NotFound, Problem
from insights.links import read_record_id
from insights.model import RecordRef, User
from insights.services import Services
from insights.views import Ref

UNTRACKED = "untracked"
WITHOUT_REGARDING = "none"
RECENT = timedelta(minutes=10)
"""How long before a press a card may have been shown to be the one that the user looks at."""


def untracked_answer(user: User, words: Words, page: UntrackedList) -> Answer:
    """The card of a page that the user is about to be shown, as a list that changes with its emails."""
    arguments = {
        "record": [page.record.table, page.record.id] if page.record else None,
        "emails": [row.item.id for row in page.rows],
        "next": page.next,
        "is_first": page.is_first,
    }
    drawing = Drawing.of(UNTRACKED, user.id, words.language, arguments, _listed(arguments))
    return Answer(untracked_card(page, drawing.id, words), drawing, page.change_id)


def record_of(drawing: Drawing) -> RecordRef | None:
    """The record whose email a list shows; None = all records'."""
    return RecordRef(*drawing.arguments["record"]) if drawing.arguments.get("record") else None


def holds(drawing: Drawing, email_id: str) -> bool:
    """Whether a card shows this email."""
    return (NEWS, email_id) in drawing.subjects


async def draw_untracked(
    services: Services, user: User, words: Words, drawing: Drawing, problem: Problem | None = None
) -> Answer:
    """The list with the same emails as before, as they stand now."""
    given = drawing.arguments
    page = await read_listed(services, user, record_of(drawing), given["emails"])
    notice = told(problem, words) if problem else page.notice
    kept = {"next": given["next"], "is_first": given["is_first"], "notice": notice}
    page = page.model_copy(update=kept)
    return Answer(untracked_card(page, drawing.id, words), drawing, page.change_id)


async def draw_failure(
    services: Services, user: User, words: Words, drawing: Drawing, problem: Problem | None = None
) -> Answer:
    """An email whose tracking failed, as it stands now, with *Retry*."""
    found = await read_failure(services, user, drawing.arguments["email"])
    notice = told(problem, words) if problem else None
    card = failure_card(found.item, drawing.id, words, notice=notice)
    return Answer(card, drawing, found.change_id)


async def is_failure_news(services: Services, user: User, drawing: Drawing) -> bool:
    """Whether it still is failed, and no card that the user just had before them says so."""
    return await services.database.read(_is_news, user.id, drawing.arguments["email"])


def _is_news(connection: Connection, user_id: str, email_id: str) -> bool:
    pressed_at = failed_since(connection, email_id, user_id)
    if pressed_at is None:
        return False
    return not is_shown(connection, user_id, (NEWS, email_id), pressed_at - RECENT)


def _listed(arguments: Mapping[str, Any]) -> list[Subject]:
    return [(NEWS, email_id) for email_id in arguments["emails"]]


def _failed(arguments: Mapping[str, Any]) -> list[Subject]:
    return [(NEWS, arguments["email"])]


async def _list_untracked(turn: Turn, argument: str) -> Answer:
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


async def _show_drawing(turn: Turn, pressed: Press) -> Answer:
    drawing = await require_drawing(turn, pressed.id.partition("/")[0])
    return await redraw(turn, drawing)


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
    return await redraw(turn, drawing, refused)


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


async def _untracked_of(turn: Turn, pressed: Press) -> Answer:
    ref = read_record_id(pressed.id)
    if ref is None:
        raise Invalid("bad_id.no_record")
    return await show_untracked(turn, ref)


async def redraw(turn: Turn, drawing: Drawing, problem: Problem | None = None) -> Answer:
    """A card of ours as things stand now, with what was refused told on it; NotFound for another's."""
    if drawing.kind not in DRAWN:
        raise NotFound("old_list")
    return await DRAWN[drawing.kind].draw(turn.services, turn.user, turn.words, drawing, problem)


DRAWN: Mapping[str, Kind] = {
    UNTRACKED: Kind(draw_untracked, _listed),
    FAILURE: Kind(draw_failure, _failed, is_failure_news),
}
COMMANDS = (Command("untracked", _list_untracked),)
VERBS = (
    Verb("track", _track, _show_drawing),
    Verb("untrack", _untrack, _show_drawing),
    Verb("retry", _retry, _show_drawing),
    Verb("page", _page),
    Verb("untracked", _untracked_of),
)
