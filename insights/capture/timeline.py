"""A record's timeline: its CRM activities and, merged by time, the caller's own related emails."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from insights import access
from insights.capture.addresses import address_key
from insights.capture.cursors import read_cursor, write_cursor
from insights.capture.identity import email_id
from insights.capture.items import activity_item, message_item, read_standing, reason
from insights.capture.views import Timeline
from insights.errors import NotFound
from insights.model import CrmActivity, MailboxState, MailQuery, Message, RecordAddress, RecordRef, User
from insights.preferences import wants_untracked
from insights.services import Services

Position = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of the timeline is asked for."""

    since: datetime
    before: Position | None
    limit: int


async def read_timeline(
    services: Services, user: User, ref: RecordRef, *, days: int, cursor: str | None, limit: int
) -> Timeline:
    """A page of the timeline, newest first; NotFound where the caller may not read the record.

    Untracked messages are the caller's own and only read, never stored. One item per message: the
    CRM row replaces the message of the same Message-ID, at the message's place.
    """
    window = Window(services.now() - timedelta(days=days), read_cursor(cursor), limit)
    await require_timeline(services, ref)
    mailbox = await services.crm.mailbox_state(user.id)
    notice, wanted = await may_list_mail(services, user, mailbox)
    addresses = await record_addresses(services, user, ref) if wanted else {}
    messages, activities, audience = await asyncio.gather(
        _related_messages(services, user, addresses, window),
        _own_activities(services, user, ref, addresses, window),
        services.crm.audience(user, ref),
    )
    standing = await read_standing(services, user, messages, activities, mailbox)
    items = [message_item(message, user, standing, reason(message, addresses)) for message in messages]
    items += [activity_item(activity, user, standing) for activity in activities]
    items.sort(key=lambda item: (item.at, item.id), reverse=True)
    page = items[:limit]
    more = len(items) > limit
    cursor = write_cursor(page[-1].at, page[-1].id) if more else None
    return Timeline(items=page, next=cursor, notice=notice, audience=audience)


async def require_timeline(services: Services, ref: RecordRef) -> None:
    """Raise NotFound for a table whose rows have no timeline."""
    if ref.table not in {table.name for table in await services.crm.tables()}:
        raise NotFound("There is no such record here", "its table has no timeline", code="record_not_found")


async def may_list_mail(services: Services, user: User, mailbox: MailboxState) -> tuple[str | None, bool]:
    """(what to tell the caller about missing mail, whether mail is listed)."""
    if not await wants_untracked(services, user):
        return None, False
    if not access.can_view_untracked(mailbox):
        return "Your mailbox is a forward mailbox: your emails cannot be listed here.", False
    obstacle = access.tracking_obstacle(mailbox)
    return (f"{obstacle.what}: {obstacle.why}." if obstacle else None), True


async def record_addresses(services: Services, user: User, ref: RecordRef) -> dict[str, RecordAddress]:
    """The record's addresses by their key, each in its nearest relation."""
    found: dict[str, RecordAddress] = {}
    for address in await services.crm.addresses(user, ref):
        if key := address_key(address.address):
            found.setdefault(key, address)
    return found


async def _related_messages(
    services: Services, user: User, addresses: Mapping[str, RecordAddress], window: Window
) -> list[Message]:
    """Up to limit + 1 messages that may be suggested, newest first."""
    found: list[Message] = []
    before = window.before
    while addresses and len(found) <= window.limit:
        query = MailQuery(list(addresses), since=window.since, before=before, limit=window.limit + 1)
        batch = await services.mail.search(user.email, query)
        found.extend(message for message in batch if not access.message_obstacle(message))
        if len(batch) < query.limit:
            break
        before = (batch[-1].at, batch[-1].email_id)
    return found[: window.limit + 1]


async def _own_activities(
    services: Services,
    user: User,
    ref: RecordRef,
    addresses: Mapping[str, RecordAddress],
    window: Window,
) -> list[CrmActivity]:
    """Up to limit + 1 of the record's activities, without emails that stand there as the caller's copy."""
    found: list[CrmActivity] = []
    before = window.before
    while len(found) <= window.limit:
        batch = await services.crm.activities(
            user, ref, since=window.since, before=before, limit=window.limit + 1
        )
        copies = await _own_copies(services, user, addresses, window, batch)
        found.extend(activity for activity in batch if activity.internet_message_id not in copies)
        if len(batch) <= window.limit:
            break
        before = (batch[-1].at, batch[-1].id)
    return found[: window.limit + 1]


async def _own_copies(
    services: Services,
    user: User,
    addresses: Mapping[str, RecordAddress],
    window: Window,
    activities: Sequence[CrmActivity],
) -> set[str]:
    """Message-IDs of emails that the caller's mailbox holds and that relate to the record by themselves."""
    message_ids = [activity.internet_message_id for activity in activities if activity.internet_message_id]
    if not addresses or not message_ids:
        return set()
    organization_id = await services.crm.organization_id()
    found = await services.mail.find(user.email, [email_id(organization_id, key) for key in message_ids])
    return {
        message.internet_message_id
        for message in found.values()
        if message.at >= window.since
        and not access.message_obstacle(message)
        and any(address_key(address) in addresses for address in message.participants)
    }
