"""What the pane needs for the open email: its item, who is who, what it could be about."""

import asyncio
from collections.abc import Collection, Sequence

from insights import access
from insights.capture.items import is_internal, message_item, read_standing, relation_said
from insights.capture.mailboxes import choose_mailbox, read_owner
from insights.capture.views import Matched, OpenEmail, Suggestion, ThreadMail
from insights.errors import NotFound, Problem
from insights.mail.addresses import RelationKey, domain_of, relation_key
from insights.model import Mailbox, Message, Record, RecordMatch, RecordRef, TrackState, User
from insights.services import Services
from insights.timelines import timeline_tables
from insights.views import RecordItem
from insights.words import Phrase, say

SUGGESTIONS = 5
WHO = 20


async def open_email(
    services: Services, user: User, internet_message_id: str, address: str | None = None
) -> OpenEmail:
    """A mailbox's copy of a message with everything the pane shows beside it; else NotFound.

    The mailbox is the caller's own, or the one of `address` if it is shared with the caller.
    """
    await access.require(services, user, feature="auto_capture")
    mailbox = choose_mailbox(user, address)
    message = await services.mail.find_by_message_id(mailbox, internet_message_id.strip())
    if message is None:
        raise message_missing()
    thread = await services.mail.conversation(mailbox, message.conversation_id)
    own_domains = await services.directory.own_domains()
    outsiders = outside_addresses(message, own_domains)
    matches, standing = await asyncio.gather(
        services.crm.matches(user, outsiders),
        read_standing(services, user, [message, *thread], mailbox=mailbox),
    )
    suggestions = await _suggest(services, user, thread, matches)
    trackable = [
        other
        for other in thread
        if not access.message_obstacle(other, standing.excluded_labels)
        and not is_internal(other, own_domains)
        and standing.state(other, user) in {TrackState.UNTRACKED, TrackState.FAILED}
    ]
    obstacle = standing.obstacle(message)
    known = {relation_key(match.address) for match in matches}
    owner = await read_owner(services, mailbox)
    return OpenEmail(
        item=message_item(message, user, standing),
        suggestions=suggestions,
        matched=_matched(matches),
        unknown=[address for address in outsiders if relation_key(address) not in known],
        audience=await services.crm.audience(user, None),
        conversation=len(trackable) if not obstacle else 0,
        thread=[ThreadMail(subject=each.subject, at=each.at) for each in trackable if not obstacle],
        offer=_offer(message, thread, standing.crm.keys()),
        notice=_notice(obstacle) if obstacle else None,
        on_behalf_of=owner.name if owner else None,
    )


async def best_regarding(services: Services, mailbox: Mailbox, message: Message) -> RecordRef | None:
    """What an email is most probably about; None where the CRM knows nobody in it."""
    user, own_domains = mailbox.reader, await services.directory.own_domains()
    thread = await services.mail.conversation(mailbox, message.conversation_id)
    matches = await services.crm.matches(user, outside_addresses(message, own_domains))
    for record, _ in await _candidates(services, user, thread, matches):
        return record.ref
    return None


def outside_addresses(message: Message, own_domains: frozenset[str]) -> list[str]:
    """The addresses of others in the message, sender first, each once."""
    found: dict[RelationKey, str] = {}
    for address in message.participants:
        if relation_key(address) and domain_of(address) not in own_domains:
            found.setdefault(relation_key(address), address)
    return list(found.values())


def message_missing() -> NotFound:
    """The error for a message that is not in the caller's mailbox, whoever else may hold it."""
    return NotFound("no_such_email.not_held")


def _notice(obstacle: Problem) -> Phrase:
    parts = {part: obstacle.part(part) for part in ("what", "why", "do")}
    return say("notice.not_offered", **parts)


async def _suggest(
    services: Services, user: User, thread: Sequence[Message], matches: Sequence[RecordMatch]
) -> list[Suggestion]:
    candidates = await _candidates(services, user, thread, matches)
    audiences = await asyncio.gather(
        *(services.crm.audience(user, record.ref) for record, _ in candidates[:SUGGESTIONS])
    )
    return [
        Suggestion(record=RecordItem.of(record), why=why, audience=audience)
        for (record, why), audience in zip(candidates, audiences, strict=False)
    ]


async def _candidates(
    services: Services, user: User, thread: Sequence[Message], matches: Sequence[RecordMatch]
) -> list[tuple[Record, Phrase]]:
    """Records the email could be about with the reason: its conversation's first, then by address."""
    tables = await timeline_tables(services)
    found: dict[RecordRef, tuple[Record, Phrase]] = {}
    rows = await services.crm.emails(user, [message.internet_message_id for message in thread])
    for row in sorted(rows.values(), key=lambda row: row.tracked_at, reverse=True):
        if row.regarding and row.readable and row.regarding.ref.table in tables:
            found.setdefault(row.regarding.ref, (row.regarding, say("why_here.conversation")))
    for match in matches:
        why = say(
            "why_here.suggested", name=match.name or match.address, relation=relation_said(match.relation)
        )
        found.setdefault(match.record.ref, (match.record, why))
    return list(found.values())


def _matched(matches: Sequence[RecordMatch]) -> list[Matched]:
    return [
        Matched(
            record=RecordItem.of(match.record), address=match.address, relation=relation_said(match.relation)
        )
        for match in matches[:WHO]
    ]


def _offer(message: Message, thread: Sequence[Message], tracked: Collection[str]) -> Phrase | None:
    if message.internet_message_id in tracked:
        return None
    if any(other.internet_message_id in tracked for other in thread):
        return say("notice.conversation_tracked")
    return None
