"""The caller's emails that could not be tracked, listed for 90 days; their words come from the mailbox."""

from collections.abc import Sequence
from datetime import timedelta

from insights import access
from insights.capture.causes import failure_of
from insights.capture.items import message_item, read_standing
from insights.capture.mailboxes import choose_mailbox
from insights.capture.tracks import Track, drop_failures, select_failures
from insights.capture.views import Item, Timeline
from insights.cursors import read_position, write_position
from insights.errors import NotFound
from insights.model import Message, TrackState, User
from insights.services import Services

LIST = "failures"

LISTED = timedelta(days=90)


async def list_failures(services: Services, user: User, *, cursor: str | None, limit: int) -> Timeline:
    """A page of failed emails, the newest failure first."""
    await access.require(services, user, feature="auto_capture")
    rows = await services.database.read(
        select_failures, user.id, services.now() - LISTED, read_position(LIST, cursor), limit + 1
    )
    page = rows[:limit]
    messages = await _find(services, user, page)
    standing = await read_standing(services, user, list(messages.values()))
    items = [
        message_item(messages[row.email_id], user, standing) if row.email_id in messages else _gone(row)
        for row in page
    ]
    more = len(rows) > limit
    following = write_position(LIST, page[-1].changed_at, page[-1].email_id) if more else None
    return Timeline(items=items, next=following)


async def _find(services: Services, user: User, rows: Sequence[Track]) -> dict[str, Message]:
    """The messages of these rows, each from the mailbox it was tracked from; what is gone is left out."""
    wanted: dict[str | None, list[str]] = {}
    for row in rows:
        wanted.setdefault(row.mailbox if row.user_id == user.id else None, []).append(row.email_id)
    found: dict[str, Message] = {}
    for address, email_ids in wanted.items():
        try:
            found |= await services.mail.find(choose_mailbox(user, address), email_ids)
        except NotFound:  # it is shared no longer
            continue
    return found


def _gone(row: Track) -> Item:
    """The item of an email that has left the mailbox: nothing of it is known but that it failed."""
    return Item(
        id=row.email_id,
        kind="email",
        state=TrackState.FAILED,
        private=True,
        at=row.changed_at,
        failure=failure_of(row.cause or "unexpected"),
    )


async def forget_failures(services: Services) -> int:
    """Drop failures that are listed no longer; how many."""
    return await services.database.write(drop_failures, services.now() - LISTED)
