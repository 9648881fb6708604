"""*Track* and its way back: the press, the retry, the undoing. The work itself is in `promotion.py`."""

from collections.abc import Sequence

from sqlalchemy import Connection

from insights import access, audit, choices
from insights.audit import Owner
from insights.capture import joins, tracks
from insights.capture.emails import best_regarding
from insights.capture.items import activity_item, is_internal, read_standing
from insights.capture.mailboxes import choose_mailbox, is_own, read_owner, read_state
from insights.capture.promotion import WORKFLOW
from insights.capture.targets import find_target, find_tracked, read_item, require_message
from insights.capture.views import Item, TrackBody
from insights.errors import Conflict, Invalid
from insights.model import Mailbox, Message, RecordRef, TrackedEmail, TrackState, User
from insights.services import Services
from insights.timelines import require_record
from insights.words import say


async def track(services: Services, user: User, email_id: str, body: TrackBody) -> tuple[Item, bool]:
    """Start copying an email into the CRM: (its item, whether it already is tracked).

    Returns at once with `pending`; a workflow does the work and survives any restart. Somebody
    else's press on the same email wins if it came first; the caller's then keeps the email in the CRM
    should the other untrack it. NotFound for an email that neither the caller's mailbox nor the CRM
    shows, Conflict where mailbox or message do not allow it.
    """
    await access.require(services, user, feature="auto_capture")
    mailbox = choose_mailbox(user, body.mailbox)
    target = await find_target(services, user, email_id, mailbox)
    message = target if isinstance(target, Message) else None
    await _require_trackable(services, mailbox, message)
    if message is None:  # a colleague's row: tracked or being tracked, nothing to copy
        await services.database.write(_join, user, email_id, services)
        item = await read_item(services, user, target)
        return item, item.state is TrackState.TRACKED
    regarding = await _regarding(services, mailbox, message, body)
    attachment_ids = _chosen_files(message, body.attachments)
    rest = await _rest_of_conversation(services, mailbox, message) if body.conversation else []
    already = await _press(services, mailbox, message, regarding, attachment_ids)
    for other in rest:
        await _press(services, mailbox, other, regarding, [file.id for file in other.attachments])
    return await read_item(services, user, message, mailbox), already


async def retry(services: Services, user: User, email_id: str) -> Item:
    """Try a failed email of the caller again; Conflict where nothing has failed."""
    await access.require(services, user, feature="auto_capture")
    pressed, _ = await services.database.read(_select_pressed, email_id)
    mailbox = choose_mailbox(user, pressed.mailbox if pressed and pressed.user_id == user.id else None)
    message = await require_message(services, mailbox, email_id)
    await _require_trackable(services, mailbox, message)
    standing = await read_standing(services, user, [message], mailbox=mailbox)
    row = standing.tracks.get(email_id)
    if not row or not standing.is_mine(row, user) or row.state not in {TrackState.FAILED, TrackState.PENDING}:
        raise Conflict("not_failed")
    if row.state is TrackState.FAILED:
        row = await services.database.write(
            tracks.again, email_id, services.now(), user_id=user.id, mailbox=_shared_address(mailbox)
        )
    await services.workflows.run(WORKFLOW, row.key)
    return await read_item(services, user, message, mailbox)


async def untrack(services: Services, user: User, email_id: str) -> Item:
    """Take one's own email out of the CRM again; Conflict where others added to the row.

    Who pressed *Track* after somebody else takes only that press back: the email stays for the other.
    """
    await access.require(services, user, feature="auto_capture")
    target = await find_target(services, user, email_id)
    if await services.database.write(_leave, user, email_id, services):
        return await read_item(services, user, target)
    # In this order: what is no longer pending has its row in the CRM by now.
    pressed, joiners = await services.database.read(_select_pressed, email_id)
    if pressed and pressed.state is TrackState.PENDING:
        raise Conflict("pending")
    row = await find_tracked(services, user, target)
    if row:
        _require_own(row, user)
        await _require_alone(services, joiners)
        await services.crm.delete_email(user, row.email_activity_id)
    if row or (pressed and pressed.user_id == user.id):
        records = [each.ref for each in (row.regarding, *row.links) if each] if row else []
        await services.database.write(_let_go, user, email_id, services, records)
    if isinstance(target, Message):
        return await read_item(services, user, target)
    standing = await read_standing(services, user, [], [target])
    return activity_item(target, user, standing).model_copy(
        update={"state": TrackState.UNTRACKED, "email_activity_id": None, "tracked_by": None, "may": []}
    )


async def _require_trackable(services: Services, mailbox: Mailbox, message: Message | None) -> None:
    obstacle = access.tracking_obstacle(await read_state(services, mailbox))
    if obstacle is None and message:
        obstacle = access.message_obstacle(message, await services.database.read(choices.excluded_labels))
    if obstacle:
        raise obstacle


async def _press(
    services: Services,
    mailbox: Mailbox,
    message: Message,
    regarding: RecordRef | None,
    attachment_ids: Sequence[str],
) -> bool:
    """Write the pending row and start its workflow, unless it is tracked or pending: whether tracked."""
    user = mailbox.reader
    standing = await read_standing(services, user, [message], mailbox=mailbox)
    state = standing.state(message, user)
    if state is TrackState.TRACKED:
        if standing.crm[message.internet_message_id].tracked_by_id != user.id:
            await services.database.write(_join, user, message.email_id, services)
        return True
    owner = await read_owner(services, mailbox)
    row = await services.database.write(
        _claim, services, mailbox, owner, message.email_id, regarding, attachment_ids
    )
    await services.workflows.run(WORKFLOW, row.key)
    return False


def _claim(
    connection: Connection,
    services: Services,
    mailbox: Mailbox,
    owner: Owner | None,
    email_id: str,
    regarding: RecordRef | None,
    attachment_ids: Sequence[str],
) -> tracks.Track:
    now, user = services.now(), mailbox.reader
    row, is_ours = tracks.claim(
        connection,
        email_id=email_id,
        user_id=user.id,
        mailbox=_shared_address(mailbox),
        regarding=regarding,
        attachment_ids=attachment_ids,
        now=now,
    )
    if is_ours:
        about = f"{regarding.table}:{regarding.id}" if regarding else "without regarding"
        joins.leave(connection, email_id, user.id)
        subject = f"email {email_id}"
        audit.add(connection, user, "track", subject, now, on_behalf_of=owner, regarding=about)
    elif row.user_id != user.id:
        _join(connection, user, email_id, services)
    return row


def _join(connection: Connection, user: User, email_id: str, services: Services) -> None:
    now = services.now()
    if joins.join(connection, email_id, user.id, now):
        audit.add(connection, user, "track", f"email {email_id}", now, joined="yes")
        tracks.announce(connection, email_id, now)


def _leave(connection: Connection, user: User, email_id: str, services: Services) -> bool:
    now = services.now()
    was_there = joins.leave(connection, email_id, user.id)
    if was_there:
        audit.add(connection, user, "untrack", f"email {email_id}", now, joined="yes")
        tracks.announce(connection, email_id, now, user_id=user.id)
    return was_there


def _select_pressed(connection: Connection, email_id: str) -> tuple[tracks.Track | None, list[str]]:
    rows = tracks.select_tracks(connection, [email_id])
    return rows.get(email_id), joins.select_joiners(connection, email_id)


def _let_go(
    connection: Connection, user: User, email_id: str, services: Services, records: Sequence[RecordRef]
) -> None:
    now = services.now()
    tracks.let_go(connection, email_id, now, records)
    audit.add(connection, user, "untrack", f"email {email_id}", now)


async def _regarding(
    services: Services, mailbox: Mailbox, message: Message, body: TrackBody
) -> RecordRef | None:
    """The chosen record, checked; the best match where the caller left the choice to us."""
    if body.regarding:
        chosen = RecordRef(body.regarding.table, body.regarding.id)
        return (await require_record(services, mailbox.reader, chosen)).ref
    if "regarding" in body.model_fields_set:
        return None
    return await best_regarding(services, mailbox, message)


def _chosen_files(message: Message, chosen: Sequence[str] | None) -> list[str]:
    known = [file.id for file in message.attachments]
    if chosen is None:
        return known
    if unknown := set(chosen) - set(known):
        raise Invalid("bad_attachment", unknown=len(unknown))
    return [file_id for file_id in known if file_id in set(chosen)]


async def _rest_of_conversation(services: Services, mailbox: Mailbox, message: Message) -> list[Message]:
    """The other messages of the thread that may be tracked; internal-only branches stay private."""
    own_domains = await services.directory.own_domains()
    thread = await services.mail.conversation(mailbox, message.conversation_id)
    excluded_labels = await services.database.read(choices.excluded_labels)
    return [
        other
        for other in thread
        if other.email_id != message.email_id
        and not access.message_obstacle(other, excluded_labels)
        and not is_internal(other, own_domains)
    ]


async def _require_alone(services: Services, joiners: Sequence[str]) -> None:
    if joiners:
        other = await services.crm.user(joiners[0])
        raise Conflict("others_added.tracked", name=other.name if other else say("why.former_colleague"))


def _require_own(row: TrackedEmail, user: User) -> None:
    if row.tracked_by_id != user.id:
        raise Conflict("tracked_by_other", tracked_by_name=row.tracked_by_name)


def _shared_address(mailbox: Mailbox) -> str | None:
    return None if is_own(mailbox) else mailbox.address
