"""Whether a user's own email is listed beside records, and which of it is left out."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from insights import access, choices
from insights.errors import Problem
from insights.model import MailboxState, Message, User
from insights.services import Services
from insights.words import Phrase, Said, say


@dataclass(frozen=True, slots=True)
class Listing:
    """`notice` is what to tell the user about mail that is missing or cannot be tracked."""

    is_wanted: bool
    notice: Said | None
    excluded_labels: frozenset[str] | None

    def suggestible(self, messages: Iterable[Message]) -> list[Message]:
        """Those that may be suggested, whoever holds them."""
        return [each for each in messages if not access.message_obstacle(each, self.excluded_labels)]


async def read_listing(services: Services, user: User, mailbox: MailboxState) -> Listing:
    """What holds for the user's own mailbox, which is in this state."""
    is_wanted, excluded_labels = await services.database.read(_select, user.id)
    if not is_wanted:
        return Listing(is_wanted=False, notice=None, excluded_labels=excluded_labels)
    if not access.can_view_untracked(mailbox):
        return Listing(is_wanted=False, notice=say("notice.forwarded"), excluded_labels=excluded_labels)
    obstacle = access.tracking_obstacle(mailbox)
    notice = _told("notice.cannot_track", obstacle) if obstacle else None
    return Listing(is_wanted=True, notice=notice, excluded_labels=excluded_labels)


def _told(key: str, obstacle: Problem) -> Phrase:
    return say(key, what=obstacle.part("what"), why=obstacle.part("why"))


def _select(connection: Connection, user_id: str) -> tuple[bool, frozenset[str] | None]:
    return choices.lists_untracked(connection, user_id), choices.excluded_labels(connection)
