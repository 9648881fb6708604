"""Where a tracked email is filed: changing what it is about, linking further records."""

from sqlalchemy import Connection

from insights import access, audit
from insights.capture import tracks
from insights.capture.targets import Target, find_target, find_tracked, read_item
from insights.capture.views import Item
from insights.errors import Conflict
from insights.model import CrmActivity, Record, RecordRef, User
from insights.services import Services
from insights.timelines import require_record


async def set_regarding(services: Services, user: User, email_id: str, ref: RecordRef | None) -> Item:
    """Change what a tracked email is about; the CRM decides whether the caller may."""
    return await _file(services, user, email_id, ref, "change regarding")


async def link_record(services: Services, user: User, email_id: str, ref: RecordRef) -> Item:
    """Let a tracked email appear with a further record as well."""
    return await _file(services, user, email_id, ref, "link")


async def _file(services: Services, user: User, email_id: str, ref: RecordRef | None, action: str) -> Item:
    await access.require(services, user, feature="auto_capture")
    target = await find_target(services, user, email_id)
    email_activity_id, filed = await _require_tracked(services, user, target)
    if ref:
        ref = (await require_record(services, user, ref)).ref
    if action == "link" and ref:
        await services.crm.link(user, email_activity_id, ref)
    else:
        await services.crm.set_regarding(user, email_activity_id, ref)
    await services.database.write(_note, user, email_id, ref, filed, action, services)
    if isinstance(target, CrmActivity):
        target = await services.crm.email_activity(user, target.id)  # as it is filed now
    return await read_item(services, user, target)


async def _require_tracked(services: Services, user: User, target: Target) -> tuple[str, RecordRef | None]:
    """The CRM row's id and what it is about; Conflict while there is none or it is not finished."""
    row = await find_tracked(services, user, target)
    if row is None and isinstance(target, CrmActivity):
        return target.id, _ref(target.regarding)  # a row without Message-ID
    if row is None or not row.is_complete:
        raise Conflict("untracked")
    return row.email_activity_id, _ref(row.regarding)


def _ref(record: Record | None) -> RecordRef | None:
    return record.ref if record else None


def _note(
    connection: Connection,
    user: User,
    email_id: str,
    ref: RecordRef | None,
    filed: RecordRef | None,
    action: str,
    services: Services,
) -> None:
    now = services.now()
    about = f"{ref.table}:{ref.id}" if ref else "without regarding"
    audit.add(connection, user, action, f"email {email_id}", now, record=about)
    records = [each for each in (filed, ref) if each]
    tracks.announce(connection, email_id, now, user_id=user.id, records=records)
