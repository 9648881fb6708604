"""What changed in a table since last time (change tracking), instead of reading all of it again.

The service takes no `$filter` here and its tokens expire: then what was modified since is read once,
by `modifiedon`, and deletions in that gap stay unknown, which the answer says. A cursor is a page still
to come, or the service's token with the time at which reading began.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import parse_qs, quote, urlsplit

from connectors.dataverse.api import WebApi
from connectors.dataverse.faults import EXPIRED_VERSION, ServiceFault, as_problem, unreachable
from connectors.dataverse.metadata import MODIFIED_ON
from connectors.dataverse.query import Query
from connectors.dataverse.rows import as_row, check_columns
from connectors.dataverse.shapes import Shape
from connectors.dataverse.wire import ANNOTATIONS, Row
from insights.crm.conditions import Column, Compare
from insights.crm.rows import CHANGES, RowChanges
from insights.cursors import bad_cursor, read_cursor, write_cursor
from insights.outside import require_end
from insights.words import say

OVERLAP = timedelta(minutes=5)
"""Clocks differ, and a transaction may commit after the time that it notes."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where reading goes on: a page's path or a token, and when the reading that led there began."""

    kind: Literal["page", "token"]
    where: str
    at: datetime

    def cursor(self, table: str) -> str:
        """The position as text."""
        return write_cursor(CHANGES, table, [self.kind, self.where, self.at.isoformat()])


async def read_changes(
    api: WebApi, shape: Shape, columns: Sequence[Column], cursor: str | None, *, now: datetime
) -> RowChanges:
    """A page of what changed since the cursor; without one, of all rows. Raises Invalid, Unavailable."""
    check_columns(shape, columns)
    selected = [*shape.head, *columns]
    path = Query(shape.table.entity_set, selected).path
    if not cursor:
        return await _page(api, shape, columns, path, now)
    position = _position(shape.name, cursor)
    if position.kind == "page":
        return await _page(api, shape, columns, position.where, position.at)
    try:
        following = f"{path}&$deltatoken={quote(position.where, safe='')}"
        return await _page(api, shape, columns, following, now)
    except ServiceFault as fault:
        if fault.code != EXPIRED_VERSION and fault.status != 410:
            raise as_problem(fault, shape.name) from None
    return await _catch_up(api, shape, columns, position.at, now)


async def _catch_up(
    api: WebApi, shape: Shape, columns: Sequence[Column], last: datetime, now: datetime
) -> RowChanges:
    """What was modified since, and a new token; the token first, so that nothing falls between."""
    token = await _newest_token(api, shape, now)
    since = Compare(MODIFIED_ON, "ge", (last - OVERLAP).astimezone(UTC))
    query = Query(shape.table.entity_set, [*shape.head, *columns], since)
    [rows] = await api.all_rows([query], None, all_pages=True)
    return RowChanges([as_row(shape, columns, row) for row in rows], [], token, is_complete=False)


async def _newest_token(api: WebApi, shape: Shape, now: datetime) -> str:
    """The cursor of now: the service hands a token out only at the end of a full reading, of ids here."""
    path, count = Query(shape.table.entity_set, [shape.table.primary_id]).path, 0
    while True:
        require_end(count := count + 1, "The CRM")
        _, position = await _fetch(api, path, now)
        if position.kind == "token":
            return position.cursor(shape.name)
        path = position.where


async def _page(
    api: WebApi, shape: Shape, columns: Sequence[Column], path: str, begun: datetime
) -> RowChanges:
    try:
        rows, position = await _fetch(api, path, begun)
    except ServiceFault as fault:
        if "$deltatoken" in path:
            raise
        raise as_problem(fault, shape.name) from None
    deleted = [str(row["id"]) for row in rows if row.get("reason") == "deleted"]
    kept = [as_row(shape, columns, row) for row in rows if row.get("reason") != "deleted"]
    return RowChanges(kept, deleted, position.cursor(shape.name), has_more=position.kind == "page")


async def _fetch(api: WebApi, path: str, begun: datetime) -> tuple[list[Row], Position]:
    """The rows of a page, and where the next begins."""
    headers = {"Prefer": f"odata.track-changes,{ANNOTATIONS}"}
    answer = (await api.send("GET", path, None, headers=headers)).json()
    rows = answer.get("value", [])
    if more := answer.get("@odata.nextLink"):
        return rows, Position("page", api.path(more), begun)
    delta = answer.get("@odata.deltaLink")
    query = urlsplit(api.path(delta)).query if delta else ""
    token = parse_qs(query).get("$deltatoken", [""])[0]
    if not token:
        raise unreachable(say("why.does_not_track_changes_this"))
    return rows, Position("token", token, begun)


def _position(table: str, cursor: str) -> Position:
    try:
        kind, where, at = read_cursor(CHANGES, table, cursor)
        position = Position(kind, str(where), datetime.fromisoformat(at))
    except (ValueError, TypeError):
        raise bad_cursor() from None
    if kind not in {"page", "token"} or position.at.tzinfo is None:
        raise bad_cursor()
    return position
