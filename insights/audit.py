"""The audit trail: who changed what and when. Rows are only ever added.

An entry is written in the transaction of the change it tells of. `subject` and `detail` hold ids and
names of features, never the words or addresses of a message.
"""

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, Insert, RowMapping, insert, select

from insights import access
from insights.errors import Invalid
from insights.model import User
from insights.services import Services
from insights.tables import audit
from insights.views import AuditEntry, AuditPage


def entry(user: User, action: str, subject: str, now: datetime, **detail: object) -> Insert:
    """The statement that adds a row; execute it in the change's own transaction."""
    return insert(audit).values(
        at=now,
        user_id=user.id,
        user_name=user.name,
        action=action,
        subject=subject,
        detail=json.dumps(detail, sort_keys=True),
    )


async def read_audit(services: Services, user: User, cursor: str | None, limit: int) -> AuditPage:
    """A page of the trail, newest first; for administrators."""
    await access.require(services, user, admin=True)
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise Invalid("The cursor is not one of ours", do="start again without it", code="bad_cursor")
    rows = await services.database.read(_select, int(cursor) if cursor else None, limit + 1)
    items = [_view(row) for row in rows[:limit]]
    return AuditPage(items=items, next=str(rows[limit - 1]["id"]) if len(rows) > limit else None)


def _select(connection: Connection, before: int | None, limit: int) -> list[RowMapping]:
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.id < before)
    return list(connection.execute(query).mappings())


def _view(row: RowMapping) -> AuditEntry:
    detail: Mapping[str, object] = json.loads(row["detail"])
    return AuditEntry(
        id=str(row["id"]),
        at=row["at"],
        user_name=row["user_name"],
        action=row["action"],
        subject=row["subject"],
        detail={name: str(value) for name, value in detail.items()},
    )
