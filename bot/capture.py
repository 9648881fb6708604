"""What of auto capture stands in chats: lists of email that is not tracked, email that could not be."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from bot.drawings import Drawing, Subject, is_shown
from bot.turns import Answer, Kind, told
from cards.untracked import failure_card, untracked_card
from cards.words import Words
from insights.capture.failures import read_failure
from insights.capture.tracks import FAILURE, NEWS, failed_since
from insights.capture.untracked import read_listed
from insights.capture.views import UntrackedList
from insights.errors import Problem
from insights.model import RecordRef, User
from insights.services import Services

UNTRACKED = "untracked"
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


DRAWN: Mapping[str, Kind] = {
    UNTRACKED: Kind(draw_untracked, _listed),
    FAILURE: Kind(draw_failure, _failed, is_failure_news),
}
