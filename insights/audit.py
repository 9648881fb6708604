"""The audit trail: who changed what and when. Rows are only ever added; the database refuses anything else.

An entry is written in the transaction of the change it tells of. A row holds ids and names of features,
never the words or addresses of a message: what people are called stands aside in `names`, so that a person
can be forgotten and the trail stays.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, RowMapping, insert, select

from insights import access
from insights.cursors import bad_cursor, read_cursor, write_cursor
from insights.database import insert_into
from insights.model import User
from insights.services import Services
from insights.tables import audit, names
from insights.views import AuditEntry, AuditPage

TRAIL = "audit trail"
MOST_ROWS = 10**18

ON_BEHALF_OF = "on_behalf_of"
NOBODYS = "mailbox:"
"""How the ids begin of mailboxes that belong to no user; the rest is drawn by lot."""


@dataclass(frozen=True, slots=True)
class Owner:
    """On whose behalf somebody acts: a user, or a mailbox that is nobody's, by its address and without id."""

    id: str
    name: str


def add(
    connection: Connection,
    user: User,
    action: str,
    subject: str,
    now: datetime,
    *,
    on_behalf_of: Owner | None = None,
    **detail: str,
) -> None:
    """Add a row, in the transaction of the change."""
    _note_name(connection, user.id, user.name)
    if on_behalf_of:
        detail[ON_BEHALF_OF] = _owner_id(connection, on_behalf_of)
    text = json.dumps(detail, sort_keys=True)
    row = {"at": now, "user_id": user.id, "action": action, "subject": subject, "detail": text}
    connection.execute(insert(audit).values(row))


async def read_audit(services: Services, user: User, cursor: str | None, limit: int) -> AuditPage:
    """A page of the trail, newest first; for administrators."""
    await access.require(services, user, admin=True)
    before = read_cursor(TRAIL, "", cursor) if cursor is not None else None
    if before is not None and not (isinstance(before, int) and 0 <= before < MOST_ROWS):
        raise bad_cursor()
    rows, called = await services.database.read(_select, before, limit + 1)
    items = [_view(row, called) for row in rows[:limit]]
    following = write_cursor(TRAIL, "", rows[limit - 1]["id"]) if len(rows) > limit else None
    return AuditPage(items=items, next=following)


def select_names(connection: Connection, ids: Collection[str]) -> dict[str, str]:
    """What those are called who stand in the trail by their ids; whoever was forgotten is missing."""
    query = select(names.c.id, names.c.name).where(names.c.id.in_(ids))
    return {row.id: row.name for row in connection.execute(query)}


def _owner_id(connection: Connection, owner: Owner) -> str:
    if owner.id:
        _note_name(connection, owner.id, owner.name)
        return owner.id
    known = select(names.c.id).where(names.c.name == owner.name, names.c.id.startswith(NOBODYS))
    found: str | None = connection.execute(known).scalars().first()
    if found is None:
        found = f"{NOBODYS}{uuid4()}"
        _note_name(connection, found, owner.name)
    return found


def _note_name(connection: Connection, person_id: str, name: str) -> None:
    row = insert_into(connection, names).values(id=person_id, name=name)
    changed = {"index_elements": ["id"], "set_": {"name": name}, "where": names.c.name != name}
    connection.execute(row.on_conflict_do_update(**changed))


def _select(
    connection: Connection, before: int | None, limit: int
) -> tuple[list[RowMapping], dict[str, str]]:
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.id < before)
    rows = list(connection.execute(query).mappings())
    ids = {row["user_id"] for row in rows} | {json.loads(row["detail"]).get(ON_BEHALF_OF) for row in rows}
    return rows, select_names(connection, ids - {None})


def _view(row: RowMapping, called: Mapping[str, str]) -> AuditEntry:
    detail: dict[str, str] = json.loads(row["detail"])
    if owner_id := detail.get(ON_BEHALF_OF):
        detail[ON_BEHALF_OF] = called.get(owner_id, owner_id)
    return AuditEntry(
        id=str(row["id"]),
        at=row["at"],
        user_name=called.get(row["user_id"], row["user_id"]),
        action=row["action"],
        subject=row["subject"],
        detail=detail,
    )
