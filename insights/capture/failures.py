"""The caller's emails that could not be tracked, listed for 90 days; their words come from the mailbox."""

from datetime import timedelta

from insights import access
from insights.capture.causes import failure_of
from insights.capture.cursors import read_cursor, write_cursor
from insights.capture.items import message_item, read_standing
from insights.capture.tracks import Track, drop_failures, select_failures
from insights.capture.views import Item, Timeline
from insights.model import TrackState, User
from insights.services import Services

LISTED = timedelta(days=90)


async def list_failures(services: Services, user: User, *, cursor: str | None, limit: int) -> Timeline:
    """A page of failed emails, the newest failure first."""
    await access.require(services, user, feature="auto_capture")
    rows = await services.database.read(
        select_failures, user.id, services.now() - LISTED, read_cursor(cursor), limit + 1
    )
    page = rows[:limit]
    messages = await services.mail.find(user.mailbox, [row.email_id for row in page])
    standing = await read_standing(services, user, list(messages.values()))
    items = [
        message_item(messages[row.email_id], user, standing) if row.email_id in messages else _gone(row)
        for row in page
    ]
    more = len(rows) > limit
    return Timeline(items=items, next=write_cursor(page[-1].changed_at, page[-1].email_id) if more else None)


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
