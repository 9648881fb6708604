"""Draws a list of untracked email again, as its emails stand now."""

from bot.turns import Answer, Listing, told
from cards.untracked import untracked_card
from cards.words import Words
from insights.capture.untracked import read_listed
from insights.errors import Problem
from insights.model import User
from insights.services import Services


async def draw_listing(
    services: Services, user: User, words: Words, listing: Listing, problem: Problem | None = None
) -> Answer:
    """The card of a list shown before, with the same emails; `problem` is told on it."""
    page = await read_listed(services, user, listing.record, listing.email_ids)
    notice = told(problem, words) if problem else page.notice
    kept = {"next": listing.next_cursor, "is_first": listing.is_first, "notice": notice}
    page = page.model_copy(update=kept)
    return Answer(untracked_card(page, listing.id, words), listing, page.change_id)
