"""The caller's emails that are not tracked, as a list of their own: one record's, or all records'."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from insights import access, versions
from insights.capture.emails import outside_addresses
from insights.capture.items import message_item, read_standing, reason
from insights.capture.listing import Listing, read_listing
from insights.capture.timeline import record_addresses
from insights.capture.views import UntrackedList, UntrackedRow
from insights.choices import ORGANIZATION
from insights.cursors import read_position, write_position
from insights.mail.addresses import RelationKey, relation_key
from insights.model import (
    MailboxState,
    MailQuery,
    Message,
    RecordAddress,
    RecordMatch,
    RecordRef,
    TrackState,
    User,
)
from insights.news import newest_change
from insights.services import Services
from insights.tables import news
from insights.timelines import require_record
from insights.versions import version_of
from insights.views import RecordItem
from insights.words import say

LIST = "untracked"
DAYS = 30
PAGE = 10
CHOICES = 4
BATCH = 40
MOST_BATCHES = 5
"""How many batches of mail one page may cost; the next page goes on where it ended."""
LISTED = {TrackState.UNTRACKED, TrackState.FAILED}
STAMP = select(
    select(func.max(news.c.id)).scalar_subquery(),
    version_of("features"),
    version_of("gate"),
    version_of("organization"),
    version_of("own"),
)
VERSIONS = {
    "features": versions.FEATURES,
    "gate": versions.GATE,
    "organization": versions.of_choices(ORGANIZATION),
}


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a list depends on; without a version of CRM or mailbox it must not be kept."""

    crm: str
    mail: str
    change_id: int
    choices: tuple[object, ...]
    hour: datetime


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose list it is, and of which record, with its addresses by key; None = of all records."""

    user: User
    mailbox: MailboxState
    record: RecordItem | None
    addresses: Mapping[RelationKey, RecordAddress]


async def list_untracked(
    services: Services, user: User, ref: RecordRef | None, *, cursor: str | None = None, limit: int = PAGE
) -> UntrackedList:
    """A page of the last 30 days, newest first; NotFound where the caller may not read the record.

    Without a record: what outsiders known to the CRM wrote or got. Nothing of it is stored.
    """
    key, stamp = ("untracked", user.id, user.roles, ref, cursor, limit), await _read_stamp(services, user)
    kept: UntrackedList | None = services.memory.find(key, stamp)
    if kept is None:
        listed = await _list(services, user, ref, cursor, limit)
        kept = listed.model_copy(update={"change_id": stamp.change_id})
        if stamp.crm and stamp.mail:
            services.memory.keep(key, stamp, kept)
    return kept


async def _read_stamp(services: Services, user: User) -> Stamp:
    own = await services.database.read(_select_stamp, user.id)
    crm, mail = await services.crm.version(), await services.mail.version(user.mailbox)
    hour = services.now().replace(minute=0, second=0, microsecond=0)
    return Stamp(crm, mail, own[0] or 0, own[1:], hour)


def _select_stamp(connection: Connection, user_id: str) -> tuple[Any, ...]:
    return tuple(connection.execute(STAMP, VERSIONS | {"own": versions.of_choices(user_id)}).one())


async def _list(
    services: Services, user: User, ref: RecordRef | None, cursor: str | None, limit: int
) -> UntrackedList:
    await access.require(services, user, feature="auto_capture")
    scope = await _read_scope(services, user, ref)
    listing = await read_listing(services, user, scope.mailbox)
    listed = listing.is_wanted
    rows, next_cursor = await _page(services, scope, listing, cursor, limit) if listed else ([], None)
    notice = listing.notice
    if not listed and notice is None:
        notice = say("notice.not_wanted")
    return UntrackedList(
        record=scope.record,
        rows=rows,
        next=next_cursor,
        is_first=cursor is None,
        notice=notice,
        audience=await services.crm.audience(user, None),
    )


async def read_listed(
    services: Services, user: User, ref: RecordRef | None, email_ids: Sequence[str]
) -> UntrackedList:
    """The emails of a list shown earlier as they stand now, tracked ones too, in the same order."""
    await access.require(services, user, feature="auto_capture")
    change_id = await services.database.read(newest_change)
    scope = await _read_scope(services, user, ref)
    listing = await read_listing(services, user, scope.mailbox)
    held = await services.mail.find(user.mailbox, email_ids)
    messages = [held[email_id] for email_id in email_ids if email_id in held]
    rows = await _rows(services, scope, messages, known_only=False)
    audience = await services.crm.audience(user, None)
    return UntrackedList(
        record=scope.record, rows=rows, notice=listing.notice, audience=audience, change_id=change_id
    )


async def _read_scope(services: Services, user: User, ref: RecordRef | None) -> Scope:
    mailbox = await services.crm.mailbox_state(user.id)
    if ref is None:
        return Scope(user, mailbox, None, {})
    record = await require_record(services, user, ref)
    return Scope(user, mailbox, RecordItem.of(record), await record_addresses(services, user, record.ref))


async def _page(
    services: Services, scope: Scope, listing: Listing, cursor: str | None, limit: int
) -> tuple[list[UntrackedRow], str | None]:
    """(rows, cursor of the next page): batches of mail until the page is full or the window ends."""
    rows: list[UntrackedRow] = []
    before, since = read_position(LIST, cursor), services.now() - timedelta(days=DAYS)
    addresses = list(scope.addresses) if scope.record else None
    for _ in range(MOST_BATCHES):
        query = MailQuery(addresses, since=since, before=before, limit=BATCH)
        batch = await services.mail.search(scope.user.mailbox, query) if addresses != [] else []
        found = await _rows(services, scope, listing.suggestible(batch), known_only=scope.record is None)
        rows += [row for row in found if row.item.state in LISTED]
        if len(batch) < BATCH:
            before = None
            break
        before = (batch[-1].at, batch[-1].email_id)
        if len(rows) > limit:
            break
    if len(rows) > limit:
        last = rows[limit - 1].item
        return rows[:limit], write_position(LIST, last.at, last.id)
    return rows, write_position(LIST, *before) if before else None


async def _rows(
    services: Services, scope: Scope, messages: Sequence[Message], *, known_only: bool
) -> list[UntrackedRow]:
    """A row for each message; with `known_only` only for those whose outsiders the CRM knows."""
    own_domains = await services.directory.own_domains()
    outsiders = {message.email_id: outside_addresses(message, own_domains) for message in messages}
    matches = await _match(services, scope.user, outsiders.values())
    choices = {email_id: _choose(scope, some, matches) for email_id, some in outsiders.items()}
    listed = [message for message in messages if choices[message.email_id] or not known_only]
    standing = await read_standing(services, scope.user, listed, mailbox_state=scope.mailbox)
    return [
        UntrackedRow(
            item=message_item(message, scope.user, standing, reason(message, scope.addresses)),
            choices=choices[message.email_id],
        )
        for message in listed
    ]


async def _match(services: Services, user: User, outsiders: Iterable[Sequence[str]]) -> list[RecordMatch]:
    """The records of all these addresses; one that is a record's second address is asked for again."""
    wanted = list(dict.fromkeys(address for some in outsiders for address in some))
    matches = list(await services.crm.matches(user, wanted)) if wanted else []
    known = {relation_key(match.address) for match in matches}
    rest = [address for address in wanted if relation_key(address) not in known]
    return matches + list(await services.crm.matches(user, rest) if matches and rest else [])


def _choose(scope: Scope, addresses: Sequence[str], matches: Sequence[RecordMatch]) -> list[RecordItem]:
    """What an email could be about: the list's record, then what its addresses belong to."""
    keys = {relation_key(address) for address in addresses}
    found = [scope.record] if scope.record else []
    found += [RecordItem.of(match.record) for match in matches if relation_key(match.address) in keys]
    return list({(record.table, record.id): record for record in found}.values())[:CHOICES]
