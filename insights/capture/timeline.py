"""A record's timeline: its CRM activities and, merged by time, the caller's own related emails."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from insights.capture.items import activity_item, message_item, read_standing, reason
from insights.capture.listing import Listing, read_listing
from insights.capture.views import Timeline
from insights.cursors import read_position, write_position
from insights.errors import Incomplete, Unavailable
from insights.mail.addresses import RelationKey, relation_key
from insights.mail.identity import email_id
from insights.model import (
    CrmActivity,
    MailQuery,
    Message,
    RecordAddress,
    RecordRef,
    TrackedEmail,
    User,
)
from insights.services import Services
from insights.timelines import require_timeline
from insights.words import Said, say

LIST = "timeline"

Position = tuple[datetime, str]
MAIL_MISSING = say("notice.mail_missing")
SOME_MAIL_MISSING = say("notice.some_mail_missing")


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of the timeline is asked for."""

    since: datetime
    before: Position | None
    limit: int


@dataclass(frozen=True, slots=True)
class RelatedMail:
    """Messages that may be suggested, their CRM rows by Message-ID, what to say if some are missing."""

    messages: Sequence[Message] = ()
    tracked: Mapping[str, TrackedEmail] = field(default_factory=dict)
    notice: Said | None = None
    is_complete: bool = True
    """False where a page that goes on after it would pass over messages."""


async def read_timeline(
    services: Services, user: User, ref: RecordRef, *, days: int, cursor: str | None, limit: int
) -> Timeline:
    """A page of the timeline, newest first; NotFound where the caller may not read the record.

    Untracked messages are the caller's own and only read, never stored. One item per message: the
    CRM row replaces the message of the same Message-ID, at the message's place.
    """
    window = Window(services.now() - timedelta(days=days), read_position(LIST, cursor), limit)
    mailbox, _ = await asyncio.gather(services.crm.mailbox_state(user.id), require_timeline(services, ref))
    listing = await read_listing(services, user, mailbox)
    (addresses, mail), newest, audience = await asyncio.gather(
        _related_mail(services, user, ref, window, listing) if listing.is_wanted else _nothing(),
        _activities(services, user, ref, window, window.before),
        services.crm.audience(user, ref),
    )
    activities = await _own_activities(services, user, ref, addresses, window, listing, mail.messages, newest)
    standing = await read_standing(
        services, user, mail.messages, activities, mailbox_state=mailbox, crm=mail.tracked
    )
    items = [message_item(message, user, standing, reason(message, addresses)) for message in mail.messages]
    items += [activity_item(activity, user, standing) for activity in activities]
    items.sort(key=lambda item: (item.at, item.id), reverse=True)
    page = items[:limit]
    more = len(items) > limit and mail.is_complete
    cursor = write_position(LIST, page[-1].at, page[-1].id) if more else None
    return Timeline(items=page, next=cursor, notice=mail.notice or listing.notice, audience=audience)


async def record_addresses(
    services: Services, user: User, ref: RecordRef
) -> dict[RelationKey, RecordAddress]:
    """The record's addresses by their key, each in its nearest relation."""
    found: dict[RelationKey, RecordAddress] = {}
    for address in await services.crm.addresses(user, ref):
        if key := relation_key(address.address):
            found.setdefault(key, address)
    return found


async def _nothing() -> tuple[dict[RelationKey, RecordAddress], RelatedMail]:
    return {}, RelatedMail()


async def _related_mail(
    services: Services, user: User, ref: RecordRef, window: Window, listing: Listing
) -> tuple[dict[RelationKey, RecordAddress], RelatedMail]:
    """The record's addresses, and the caller's mail with them."""
    addresses = await record_addresses(services, user, ref)
    if not addresses:
        return addresses, RelatedMail()
    return addresses, await _mail_with(services, user, addresses, window, listing)


async def _mail_with(
    services: Services,
    user: User,
    addresses: Mapping[RelationKey, RecordAddress],
    window: Window,
    listing: Listing,
) -> RelatedMail:
    """The messages and their CRM rows, asked at once; that a mailbox is down is told."""
    wanted = [address.address for address in addresses.values()]
    query = MailQuery(wanted, since=window.since, before=window.before, limit=window.limit + 1)
    search = asyncio.create_task(_related_messages(services, user, query, listing))
    messages = asyncio.create_task(_messages_of(search))
    try:
        tracked = await services.crm.emails_among(user, query, asyncio.shield(messages))
        return replace(await search, tracked=tracked)
    except Unavailable:
        if search.done() and search.exception() is None:
            raise  # it is the CRM that does not answer
        return RelatedMail(notice=MAIL_MISSING)
    finally:
        search.cancel()
        messages.cancel()


async def _messages_of(search: "asyncio.Task[RelatedMail]") -> Sequence[Message]:
    return (await search).messages


async def _related_messages(
    services: Services, user: User, query: MailQuery, listing: Listing
) -> RelatedMail:
    """Up to as many messages that may be suggested as the query asks for, newest first; without CRM rows."""
    found: list[Message] = []
    while len(found) < query.limit:
        try:
            batch = await services.mail.search(user.mailbox, query)
        except Incomplete as cut:
            found.extend(listing.suggestible(cut.messages))
            return RelatedMail(found[: query.limit], notice=SOME_MAIL_MISSING, is_complete=False)
        found.extend(listing.suggestible(batch))
        if len(batch) < query.limit:
            break
        query = replace(query, before=(batch[-1].at, batch[-1].email_id))
    return RelatedMail(found[: query.limit])


async def _activities(
    services: Services, user: User, ref: RecordRef, window: Window, before: Position | None
) -> Sequence[CrmActivity]:
    return await services.crm.activities(user, ref, since=window.since, before=before, limit=window.limit + 1)


async def _own_activities(
    services: Services,
    user: User,
    ref: RecordRef,
    addresses: Mapping[RelationKey, RecordAddress],
    window: Window,
    listing: Listing,
    messages: Sequence[Message],
    batch: Sequence[CrmActivity],
) -> list[CrmActivity]:
    """Up to limit + 1 of the record's activities, without emails that stand there as the caller's copy.

    `batch` are the newest. What lies behind a full page of messages is on no page yet, so it is not
    asked about: a mailbox far away answers in one round trip.
    """
    listed = {message.internet_message_id for message in messages}
    end = messages[window.limit].at if len(messages) > window.limit else window.since
    found: list[CrmActivity] = []
    while True:
        near = [activity for activity in batch if activity.at >= end]
        others = [activity for activity in near if activity.internet_message_id not in listed]
        copies = await _own_copies(services, user, addresses, window, listing, others)
        found.extend(activity for activity in others if activity.internet_message_id not in copies)
        if len(near) <= window.limit or len(found) > window.limit:
            return found[: window.limit + 1]
        batch = await _activities(services, user, ref, window, (batch[-1].at, batch[-1].id))


async def _own_copies(
    services: Services,
    user: User,
    addresses: Mapping[RelationKey, RecordAddress],
    window: Window,
    listing: Listing,
    activities: Sequence[CrmActivity],
) -> set[str]:
    """Message-IDs of emails that the caller's mailbox lists and that relate to the record by themselves."""
    message_ids = [activity.internet_message_id for activity in activities if activity.internet_message_id]
    if not addresses or not message_ids:
        return set()
    organization_id = await services.crm.organization_id()
    email_ids = [email_id(organization_id, key) for key in message_ids]
    found = await services.mail.find(user.mailbox, email_ids, listed_only=True)
    return {
        message.internet_message_id
        for message in listing.suggestible(found.values())
        if message.at >= window.since
        and any(relation_key(address) in addresses for address in message.participants)
    }
