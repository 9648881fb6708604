"""A record's activities, newest first, read off the timeline index."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select

from connectors.embedded.crm.about import read_about
from connectors.embedded.crm.access import Access
from connectors.embedded.crm.indexes import activity_at
from connectors.embedded.crm.row import StoredRow, chunks
from connectors.embedded.crm.rows import COLUMNS, read_rows, stored_row
from connectors.embedded.crm.tables import lookups, rows, timeline
from connectors.embedded.crm.users import user_names
from insights.crm.activities import RECIPIENTS, SENDERS, About, direction_of
from insights.model import Attachment, CrmActivity, RecordRef


def read_activities(
    access: Access, ref: RecordRef, since: datetime | None, before: tuple[datetime, str] | None, limit: int
) -> list[CrmActivity]:
    """Activities regarding or connected to the record that may be read, newest first by (at, id)."""
    access.require(ref)
    found: dict[str, tuple[StoredRow, datetime]] = {}
    while len(found) < limit:
        wanted = limit - len(found) + 1
        page = _page(access, ref, since, before, wanted)
        for row, at in page:
            found.setdefault(row.id, (row, at))
        if len(page) < wanted:
            break
        before = (page[-1][1], page[-1][0].id)
    return describe(access, list(found.values())[:limit])


def read_email(access: Access, email_id: str) -> CrmActivity:
    """One email activity that may be read, else NotFound."""
    row = access.require(RecordRef("email", email_id))
    return describe(access, [(row, activity_at(access.schema, row) or row.created_at)])[0]


def describe(access: Access, found: Sequence[tuple[StoredRow, datetime]]) -> list[CrmActivity]:
    """Activity rows with their parties, files and creators."""
    ids = [row.id for row, _ in found]
    parties, files = read_parties(access, ids), read_files(access, ids)
    names = user_names(access.connection, {row.created_by_id for row, _ in found if row.created_by_id})
    about = read_about(access, [row for row, _ in found])
    return [_activity(row, at, parties[row.id], files[row.id], names, about[row.id]) for row, at in found]


def read_files(access: Access, activity_ids: Collection[str]) -> defaultdict[str, list[Attachment]]:
    """The files of activities, in the order in which they were attached."""
    files: defaultdict[str, list[Attachment]] = defaultdict(list)
    for activity_id, row in _children(access, "activitymimeattachment", activity_ids):
        files[activity_id].append(
            Attachment(
                row.id,
                row.name,
                row.text("mimetype") or "application/octet-stream",
                int(row.attributes.get("filesize") or 0),
                bool(row.text("attachmentcontentid")),
                row.text("attachmentcontentid") or "",
            )
        )
    return files


def read_parties(access: Access, activity_ids: Collection[str]) -> defaultdict[str, list[StoredRow]]:
    """The activity parties of activities."""
    parties: defaultdict[str, list[StoredRow]] = defaultdict(list)
    for activity_id, row in _children(access, "activityparty", activity_ids):
        parties[activity_id].append(row)
    _complete(access, [row for found in parties.values() for row in found])
    return parties


def _page(
    access: Access, ref: RecordRef, since: datetime | None, before: tuple[datetime, str] | None, limit: int
) -> list[tuple[StoredRow, datetime]]:
    statement = (
        select(*COLUMNS, timeline.c.at)
        .join(rows, and_(rows.c.table_name == timeline.c.activity_table, rows.c.id == timeline.c.activity_id))
        .where(timeline.c.target_table == ref.table, timeline.c.target_id == ref.id, access.where())
    )
    if since:
        statement = statement.where(timeline.c.at >= since)
    if before:
        at, activity_id = before
        earlier = or_(timeline.c.at < at, and_(timeline.c.at == at, timeline.c.activity_id < activity_id))
        statement = statement.where(timeline.c.at <= at, earlier)  # the first of the two is the index range
    ordered = statement.order_by(timeline.c.at.desc(), timeline.c.activity_id.desc()).limit(limit)
    return [(stored_row(found), found.at) for found in access.connection.execute(ordered)]


def _children(access: Access, table: str, activity_ids: Collection[str]) -> list[tuple[str, StoredRow]]:
    found: dict[str, tuple[str, StoredRow]] = {}
    for chunk in chunks(activity_ids):
        statement = (
            select(*COLUMNS, lookups.c.target_id)
            .join(rows, and_(rows.c.table_name == lookups.c.table_name, rows.c.id == lookups.c.row_id))
            .where(
                lookups.c.target_id.in_(chunk),
                lookups.c.target_table == "activitypointer",
                lookups.c.table_name == table,
                lookups.c.column_name.in_(("activityid", "objectid")),
            )
        )
        for row in access.connection.execute(statement):
            found[row.id] = (row.target_id, stored_row(row))
    return sorted(found.values(), key=lambda child: _position(child[1]))


def _position(child: StoredRow) -> tuple[Any, ...]:
    number = child.attributes.get("attachmentnumber") or 0
    return child.created_at, number, child.id


def _complete(access: Access, parties: Sequence[StoredRow]) -> None:
    """Give parties without address or name those of the row they are, as far as it may be read."""
    lacking = [row for row in parties if not (row.text("addressused") and row.name) and row.lookup("partyid")]
    refs = {ref for row in lacking if (ref := row.lookup("partyid"))}
    users = {ref for ref in refs if ref.table == "systemuser"}
    known = read_rows(access.connection, users) | access.find_all(list(refs - users))
    for row in lacking:
        party = known.get(row.lookup("partyid") or row.ref)
        table = access.schema.get(party.table) if party else None
        if party and table:
            row.name = row.name or party.name
            address = next((party.text(c) for c in table.email_columns if party.text(c)), "")
            row.attributes["addressused"] = row.text("addressused") or address


def _activity(
    row: StoredRow,
    at: datetime,
    parties: Sequence[StoredRow],
    files: Sequence[Attachment],
    names: dict[str, str],
    about: About,
) -> CrmActivity:
    sender = next((party for party in parties if _mask(party) in SENDERS), None)
    to = tuple(party.text("addressused") or party.name for party in parties if _mask(party) in RECIPIENTS)
    return CrmActivity(
        id=row.id,
        kind=row.table,
        subject=row.name,
        at=at,
        sender=sender.text("addressused") if sender else row.text("sender") or row.text("from"),
        sender_name=sender.name if sender else row.text("emailsendername"),
        to=to or _listed(row.text("torecipients") or row.text("to") or row.text("requiredattendees")),
        direction=direction_of(row.attributes.get("directioncode")),
        attachments=tuple(files),
        internet_message_id=row.text("messageid"),
        created_by_id=row.created_by_id or "",
        created_by_name=names.get(row.created_by_id or "", ""),
        created_at=row.created_at,
        regarding=about.regarding,
        links=about.links,
    )


def _mask(party: StoredRow) -> int:
    return int(party.attributes.get("participationtypemask") or 0)


def _listed(addresses: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in addresses.replace(",", ";").split(";") if part.strip())
