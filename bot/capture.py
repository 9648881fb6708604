"""What of auto capture stands in chats: lists of email that is not tracked."""

from collections.abc import Mapping
from typing import Any

from bot.drawings import Drawing, Subject
from bot.turns import Answer, Kind, told
from cards.untracked import untracked_card
from cards.words import Words
from insights.capture.tracks import NEWS
from insights.capture.untracked import read_listed
from insights.capture.views import UntrackedList
from insights.errors import Problem
from insights.model import RecordRef, User
from insights.services import Services

UNTRACKED = "untracked"


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


def _listed(arguments: Mapping[str, Any]) -> list[Subject]:
    return [(NEWS, email_id) for email_id in arguments["emails"]]


DRAWN: Mapping[str, Kind] = {
    UNTRACKED: Kind(draw_untracked, _listed),
}
