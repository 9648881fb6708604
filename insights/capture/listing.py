"""Whether a user's own email is listed beside records, and which of it is left out."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from insights import access, choices
from insights.model import MailboxState, Message, User
from insights.services import Services


@dataclass(frozen=True, slots=True)
class Listing:
    """`notice` is what to tell the user about mail that is missing or cannot be tracked."""

    is_wanted: bool
    notice: str | None
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
        forwarded = "Your mailbox is a forward mailbox: your emails cannot be listed here."
        return Listing(is_wanted=False, notice=forwarded, excluded_labels=excluded_labels)
    obstacle = access.tracking_obstacle(mailbox)
    notice = f"{obstacle.what}: {obstacle.why}." if obstacle else None
    return Listing(is_wanted=True, notice=notice, excluded_labels=excluded_labels)


def _select(connection: Connection, user_id: str) -> tuple[bool, frozenset[str] | None]:
    return choices.lists_untracked(connection, user_id), choices.excluded_labels(connection)
