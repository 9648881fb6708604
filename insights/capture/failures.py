"""The caller's emails that could not be tracked, listed for 90 days; their words come from the mailbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from insights import access
from insights.capture.causes import failure_of
from insights.capture.emails import message_missing
from insights.capture.items import message_item, read_standing
from insights.capture.joins import select_pressed
from insights.capture.mailboxes import choose_mailbox
from insights.capture.tracks import Track, drop_failures, select_failures
from insights.capture.views import Item, Timeline
from insights.cursors import read_position, write_position
from insights.errors import NotFound, SignInNeeded
from insights.model import Message, TrackState, User
from insights.news import newest_change
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


@dataclass(frozen=True, slots=True)
class FailedEmail:
    """An email whose tracking failed, and the newest change that its item takes in for certain."""

    item: Item
    change_id: int


async def read_failure(services: Services, user: User, email_id: str) -> FailedEmail:
    """An email that failed for the caller, as it stands now; NotFound for one they never wanted tracked.

    Where the mailbox asks them to sign in first, nothing but the cause is told of it.
    """
    await access.require(services, user, feature="auto_capture")
    change_id = await services.database.read(newest_change)
    rows, joined = await services.database.read(select_pressed, [email_id], user.id)
    row = rows.get(email_id)
    if row is None or not (row.user_id == user.id or email_id in joined):
        raise message_missing()
    mailbox = choose_mailbox(user, row.mailbox if row.user_id == user.id else None)
    try:
        messages = await services.mail.find(mailbox, [email_id])
    except NotFound:  # it is shared no longer
        messages = {}
    except SignInNeeded:
        return FailedEmail(_as_it_is(row, is_held=True), change_id)
    if email_id not in messages:
        return FailedEmail(_as_it_is(row, is_held=False), change_id)
    message = messages[email_id]
    standing = await read_standing(services, user, [message], mailbox=mailbox)
    return FailedEmail(message_item(message, user, standing), change_id)


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


def _as_it_is(row: Track, *, is_held: bool) -> Item:
    """The same in its present state; of one that the mailbox may still hold *Retry* makes sense."""
    if row.state is not TrackState.FAILED:
        return _gone(row).model_copy(update={"state": row.state, "failure": None})
    return _gone(row).model_copy(update={"may": ["retry"] if is_held else []})


async def forget_failures(services: Services) -> int:
    """Drop failures that are listed no longer; how many."""
    return await services.database.write(drop_failures, services.now() - LISTED)
