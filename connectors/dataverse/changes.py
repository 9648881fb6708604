"""What changed in a table since last time (change tracking), instead of reading all of it again.

The service takes no `$filter` here and its tokens expire: then what was modified since is read once,
by `modifiedon`, and deletions in that gap stay unknown, which the answer says.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote, urlsplit

from connectors.dataverse.api import WebApi
from connectors.dataverse.expressions import Column, Compare
from connectors.dataverse.faults import EXPIRED_VERSION, ServiceFault, as_problem
from connectors.dataverse.metadata import MODIFIED_ON, TableInfo
from connectors.dataverse.query import Query
from connectors.dataverse.wire import ANNOTATIONS, Row
from insights.outside import require_end

OVERLAP = timedelta(minutes=5)
"""Clocks differ, and a transaction may commit after the time that it notes."""


@dataclass(frozen=True, slots=True)
class Token:
    """Where reading goes on: the service's token, and when it was handed out."""

    delta: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Changes:
    """Rows made or changed, ids of deleted ones, and the token for next time.

    `is_complete` is False where the token had expired: deletions are unknown then.
    """

    rows: Sequence[Row]
    deleted_ids: Sequence[str]
    token: Token
    is_complete: bool = True


async def read_changes(
    api: WebApi, table: TableInfo, columns: Sequence[Column], token: Token | None, *, now: datetime
) -> Changes:
    """What changed since the token; without one, all rows of the table."""
    selected = [table.primary_id, *columns]
    path = Query(table.entity_set, selected).path
    if token is None:
        return await _follow(api, table, path, now)
    try:
        return await _follow(api, table, f"{path}&$deltatoken={quote(token.delta, safe='')}", now)
    except ServiceFault as fault:
        if fault.code != EXPIRED_VERSION and fault.status != 410:
            raise as_problem(fault, table.name) from None
    return await _catch_up(api, table, selected, token, now)


async def _catch_up(
    api: WebApi, table: TableInfo, columns: Sequence[Column], token: Token, now: datetime
) -> Changes:
    """What was modified since, and a new token; the token first, so that nothing falls between."""
    begun = Token(await _newest_token(api, table), now)
    since = Compare(MODIFIED_ON, "ge", (token.at - OVERLAP).astimezone(UTC))
    [rows] = await api.all_rows([Query(table.entity_set, columns, since)], None, all_pages=True)
    return Changes(rows, [], begun, is_complete=False)


async def _newest_token(api: WebApi, table: TableInfo) -> str:
    """A fresh token: the service hands one out only at the end of a full reading, of ids here."""
    pages = _pages(api, table, Query(table.entity_set, [table.primary_id]).path)
    delta = [found async for _, found in pages]
    return delta[-1]


async def _follow(api: WebApi, table: TableInfo, path: str, now: datetime) -> Changes:
    rows: list[Row] = []
    delta = ""
    try:
        async for page, found in _pages(api, table, path):
            rows += page
            delta = found or delta
    except ServiceFault as fault:
        if "$deltatoken" in path:
            raise
        raise as_problem(fault, table.name) from None
    deleted = [str(row["id"]) for row in rows if row.get("reason") == "deleted"]
    kept = [row for row in rows if row.get("reason") != "deleted"]
    return Changes(kept, deleted, Token(delta, now))


async def _pages(api: WebApi, table: TableInfo, path: str) -> AsyncIterator[tuple[list[Row], str]]:
    """(rows, the token that ends the reading or "") page by page; raises ServiceFault."""
    headers = {"Prefer": f"odata.track-changes,{ANNOTATIONS}"}
    count = 0
    while path:
        require_end(count := count + 1, "The CRM")
        answer = (await api.send("GET", path, None, headers=headers)).json()
        delta, more = answer.get("@odata.deltaLink"), answer.get("@odata.nextLink")
        query = urlsplit(api.path(delta)).query if delta else ""
        yield answer.get("value", []), parse_qs(query).get("$deltatoken", [""])[0]
        path = api.path(more) if more else ""
