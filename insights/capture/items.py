"""Timeline items: what a message, its CRM row and its track row together look like to one user."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from insights import access, choices
from insights.capture.causes import failure_of
from insights.capture.joins import select_pressed
from insights.capture.mailboxes import read_state
from insights.capture.tracks import Track
from insights.capture.views import AttachmentItem, Item, TrackedBy
from insights.crm.rules import OWN
from insights.errors import Conflict
from insights.mail.addresses import RelationKey, domain_of, mailbox_key, relation_key
from insights.model import (
    Attachment,
    CrmActivity,
    Direction,
    Mailbox,
    MailboxState,
    Message,
    RecordAddress,
    TrackedEmail,
    TrackState,
    User,
)
from insights.services import Services
from insights.views import RecordItem
from insights.words import Phrase, Said, say

May = Literal["track", "untrack", "retry", "regard", "link"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where emails stand: CRM rows by Message-ID, track rows by email id, names of who tracks.

    `mailbox` is the one that the messages lie in, `joined` are the emails on which the user pressed
    *Track* after somebody else.
    """

    crm: Mapping[str, TrackedEmail]
    tracks: Mapping[str, Track]
    joined: frozenset[str]
    names: Mapping[str, str]
    mailbox: Mailbox
    mailbox_state: MailboxState
    excluded_labels: frozenset[str] | None

    def obstacle(self, message: Message) -> Conflict | None:
        """Why the message cannot be tracked; None = it can."""
        found = access.tracking_obstacle(self.mailbox_state)
        return found or access.message_obstacle(message, self.excluded_labels)

    def state(self, message: Message, user: User) -> TrackState:
        """The CRM is the truth about *tracked*; a failure is the business of those who pressed."""
        track = self.tracks.get(message.email_id)
        if track and track.state is TrackState.PENDING:
            return TrackState.PENDING
        if track and track.state is TrackState.FAILED and self.is_mine(track, user):
            return TrackState.FAILED
        return TrackState.TRACKED if message.internet_message_id in self.crm else TrackState.UNTRACKED

    def is_mine(self, track: Track, user: User) -> bool:
        """Whether the user pressed *Track*, first or later."""
        return track.user_id == user.id or track.email_id in self.joined


async def read_standing(
    services: Services,
    user: User,
    messages: Sequence[Message],
    activities: Sequence[CrmActivity] = (),
    *,
    mailbox: Mailbox | None = None,
    mailbox_state: MailboxState | None = None,
    crm: Mapping[str, TrackedEmail] | None = None,
) -> Standing:
    """What CRM and tracking know of these messages and of the emails among these activities.

    `mailbox` is where the messages lie, if not in the user's own; its state and `crm`, the rows of the
    messages, are given by who knows them already.
    """
    if crm is None:
        crm = await services.crm.emails(user, [message.internet_message_id for message in messages])
    email_ids = [message.email_id for message in messages]
    email_ids += [activity.id for activity in activities if activity.kind == "email"]
    rows, joined, excluded_labels = await services.database.read(_select, email_ids, user.id)
    names = {}
    for user_id in {row.user_id for row in rows.values() if row.state is TrackState.PENDING}:
        person = await services.crm.user(user_id)
        names[user_id] = person.name if person else "a former colleague"
    mailbox = mailbox or user.mailbox
    return Standing(
        crm=crm,
        tracks=rows,
        joined=joined,
        names=names,
        mailbox=mailbox,
        mailbox_state=mailbox_state or await read_state(services, mailbox),
        excluded_labels=excluded_labels,
    )


def _select(
    connection: Connection, email_ids: Sequence[str], user_id: str
) -> tuple[dict[str, Track], frozenset[str], frozenset[str] | None]:
    return *select_pressed(connection, email_ids, user_id), choices.excluded_labels(connection)


def message_item(
    message: Message, user: User, standing: Standing, why: Said = "", *, sent_by_us: bool = False
) -> Item:
    """The item of a message as the user sees it."""
    state = standing.state(message, user)
    track = standing.tracks.get(message.email_id)
    row = standing.crm.get(message.internet_message_id)
    return Item(
        id=message.email_id,
        kind="email",
        internet_message_id=message.internet_message_id,
        email_activity_id=row.email_activity_id if row and row.readable else None,
        state=state,
        private=state is not TrackState.TRACKED,
        subject=message.subject,
        at=message.at,
        sender=message.sender,
        sender_name=message.sender_name,
        to=[*message.to, *message.cc],
        direction=direction_of(message, standing.mailbox, sent_by_us=sent_by_us),
        attachments=[_file(file, track) for file in message.attachments],
        why=why if state is not TrackState.TRACKED else "",
        tracked_by=_tracked_by(state, track, row, standing),
        failure=failure_of(track.cause or "unexpected") if track and state is TrackState.FAILED else None,
        regarding=RecordItem.of(row.regarding) if row and row.readable and row.regarding else None,
        links=[RecordItem.of(record) for record in row.links] if row and row.readable else [],
        may=_may(state, row, message, user, standing),
    )


def activity_item(activity: CrmActivity, user: User, standing: Standing) -> Item:
    """The item of a row of the record's own activities."""
    track = standing.tracks.get(activity.id)
    is_email = activity.kind == "email"
    state = None
    if is_email:
        state = TrackState.PENDING if track and track.state is TrackState.PENDING else TrackState.TRACKED
    by = None
    if is_email and activity.created_at:
        by = TrackedBy(id=activity.created_by_id, name=activity.created_by_name, at=activity.created_at)
    mine = activity.created_by_id == user.id or activity.id in standing.joined
    return Item(
        id=activity.id,
        kind=activity.kind,
        internet_message_id=activity.internet_message_id or None,
        email_activity_id=activity.id if is_email else None,
        state=state,
        subject=activity.subject,
        at=activity.at,
        sender=activity.sender,
        sender_name=activity.sender_name,
        to=list(activity.to),
        direction=activity.direction,
        attachments=[_file(file, None) for file in activity.attachments],
        tracked_by=by,
        regarding=RecordItem.of(activity.regarding) if is_email and activity.regarding else None,
        links=[RecordItem.of(record) for record in activity.links],
        may=_may_when_tracked(may_untrack=mine) if state is TrackState.TRACKED else [],
    )


def direction_of(message: Message, mailbox: Mailbox, *, sent_by_us: bool = False) -> Direction:
    """Outgoing where the mailbox's owner or its reader (or one of us) wrote it."""
    authors = {mailbox_key(author) for author in (message.sender, *message.authors)}
    own = {mailbox_key(mailbox.address), mailbox_key(mailbox.reader.email)}
    return "outgoing" if own & authors or sent_by_us else "incoming"


def is_internal(message: Message, own_domains: frozenset[str]) -> bool:
    """Whether nobody outside the organisation took part."""
    return all(domain_of(address) in own_domains for address in message.participants if address)


def reason(message: Message, addresses: Mapping[RelationKey, RecordAddress]) -> Said:
    """Why a message is in a record's timeline: "from Ana Silva, stakeholder", "to Ana Silva" on her own."""
    for word, some in (
        ("from", (message.sender, *message.authors)),
        ("to", message.to),
        ("copied_to", message.cc),
    ):
        for address in some:
            found = addresses.get(relation_key(address))
            if found:
                name = found.name or found.address
                if found.relation == OWN:
                    return say(f"why_here.{word}", name=name)
                return say(f"why_here.{word}_related", name=name, relation=relation_said(found.relation))
    return ""


def relation_said(relation: str) -> Phrase:
    """The words for a relation of the address rules (`insights/crm/rules.py`)."""
    return say(f"relation.{relation.replace(' ', '_')}")


def _may_when_tracked(*, may_untrack: bool) -> list[May]:
    return ["untrack", "regard", "link"] if may_untrack else ["regard", "link"]


def _file(file: Attachment, track: Track | None) -> AttachmentItem:
    state, cause = None, None
    if track and track.state in {TrackState.PENDING, TrackState.TRACKED}:
        state, cause = track.files.get(file.id, (TrackState.UNTRACKED, None))
    elif track:
        state, cause = track.files.get(file.id, (None, None))
    return AttachmentItem(
        id=file.id,
        name=file.name,
        size=file.size,
        content_type=file.content_type,
        is_inline=file.is_inline,
        state=state,
        cause=failure_of(cause).cause if cause else None,
    )


def _tracked_by(
    state: TrackState, track: Track | None, row: TrackedEmail | None, standing: Standing
) -> TrackedBy | None:
    if state is TrackState.PENDING and track:
        return TrackedBy(id=track.user_id, name=standing.names[track.user_id], at=track.requested_at)
    if state is TrackState.TRACKED and row:
        return TrackedBy(id=row.tracked_by_id, name=row.tracked_by_name, at=row.tracked_at)
    return None


def _may(
    state: TrackState, row: TrackedEmail | None, message: Message, user: User, standing: Standing
) -> list[May]:
    if state is TrackState.TRACKED and row:
        mine = row.tracked_by_id == user.id or message.email_id in standing.joined
        return _may_when_tracked(may_untrack=mine) if row.readable else []
    if standing.obstacle(message):
        return []
    return {TrackState.UNTRACKED: ["track"], TrackState.FAILED: ["retry"]}.get(state, [])  # type: ignore[return-value]
