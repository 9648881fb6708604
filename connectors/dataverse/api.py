"""The Web API as the connector asks it: rows of queries, single rows, batches, functions, writes."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import ClientSession

from connectors.dataverse.batch import MOST_PARTS, Part, read_batch, write_batch
from connectors.dataverse.faults import ServiceFault, raise_problem, read_fault
from connectors.dataverse.query import Query
from connectors.dataverse.wire import ANNOTATIONS, BUSY, Again, Reply, Row, Timing, Wire, retry_after
from connectors.tokens import Tokens
from insights.errors import Unavailable
from insights.model import User
from insights.outside import require_end
from insights.words import say

READ_SECONDS = 8.0
"""How long a read may take with all its tries: the pane waits for it."""
WRITE_SECONDS = 45.0
"""A write is part of a job, which nobody waits for, but which should not hang."""
LONGEST_ADDRESS = 8_000
"""Longer ones travel in a batch; the service takes 32 KB, proxies in between often less."""
LONGEST_PART = 60_000
LARGE = 262_144
NEXT = "@odata.nextLink"


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one query; `next` is the address of the following page, "" at the end."""

    rows: list[Row]
    next: str = ""


class WebApi:
    """One organisation's Web API, as the application itself or on behalf of a user."""

    def __init__(
        self, url: str, session: ClientSession, tokens: Tokens, *, timing: Timing | None = None
    ) -> None:
        self._wire = Wire(url, session, tokens, timing or Timing())

    @property
    def url(self) -> str:
        """The organisation's address, without a slash at its end."""
        return self._wire.url

    async def rows(self, query: Query, user: User | None) -> list[Row]:
        """The rows of a query; [] where the user lacks the privilege for its table."""
        [found] = await self.all_rows([query], user)
        return found

    async def row(self, query: Query, user: User | None) -> Row:
        """The one row of a query with an id; raises ServiceFault."""
        path = query.path
        if len(path) > LONGEST_ADDRESS:
            [part] = await self.batch([path], user)
            row = _row(part)
        else:
            row = (await self.send("GET", path, user)).json()
        await self._complete([row], user)
        return row

    async def all_rows(
        self, queries: Sequence[Query], user: User | None, *, all_pages: bool = False
    ) -> list[list[Row]]:
        """The rows of several queries in one round trip; of hidden tables or rows none.

        With `all_pages` also what follows the first 5,000 rows, which costs a further one each.
        """
        found = await self.pages(queries, user)
        for page in found if all_pages else ():
            address, count = page.next, 1
            while address:
                require_end(count := count + 1, "The CRM")
                following = await self._following(self.path(address), user)
                page.rows.extend(following.get("value", ()))
                address = following.get(NEXT, "")
        return [page.rows for page in found]

    def path(self, link: object) -> str:
        """Where a link of an answer leads below this API; raises Unavailable for one to elsewhere."""
        return self._wire.path(link)

    async def _following(self, address: str, user: User | None) -> Row:
        try:
            return (await self.send("GET", address, user)).json()
        except ServiceFault as fault:
            raise_problem(fault)

    async def pages(self, queries: Sequence[Query], user: User | None) -> list[Rows]:
        """The first page of each query, in one round trip."""
        found = await self._first_pages(queries, user)
        await self._complete([row for page in found for row in page.rows], user)
        return found

    async def _first_pages(self, queries: Sequence[Query], user: User | None) -> list[Rows]:
        paths = [query.path for query in queries]
        if len(paths) == 1 and len(paths[0]) <= LONGEST_ADDRESS:
            try:
                read = (await self.send("GET", paths[0], user)).json()
            except ServiceFault as fault:
                return [_hidden_or_raise(fault, user)]
            return [_page(read)]
        return [_page_of(part, user) for part in await self.batch(paths, user)]

    async def _complete(self, rows: list[Row], user: User | None) -> None:
        """Read on where an expanded collection was cut: the service may bring it along in parts."""
        cut = [found for row in rows for found in _cut_collections(row)]
        while cut:
            parts = await self.batch([self.path(row.pop(f"{name}{NEXT}")) for row, name in cut], user)
            following: list[tuple[Row, str]] = []
            for (row, name), part in zip(cut, parts, strict=True):
                page = _page_of(part, user)
                row[name] = [*(row.get(name) or ()), *page.rows]
                if page.next:
                    row[f"{name}{NEXT}"] = page.next
                    following.append((row, name))
            cut = following

    async def batch(self, paths: Sequence[str], user: User | None) -> list[Part]:
        """The answers to several reads, whatever their status; batches of 1,000 run side by side."""
        if any(len(path) > LONGEST_PART for path in paths):
            raise ValueError("a query is longer than the service takes")
        chunks = [paths[start : start + MOST_PARTS] for start in range(0, len(paths), MOST_PARTS)]
        found = await asyncio.gather(*(self._batch(chunk, user) for chunk in chunks))
        return [part for chunk in found for part in chunk]

    async def call(self, path: str, user: User | None = None) -> Row:
        """The answer of a function, by its address below the API."""
        return (await self.send("GET", path, user)).json()

    async def send(
        self,
        method: str,
        path: str,
        user: User | None,
        *,
        body: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request with its second tries; raises ServiceFault for what the service refuses.

        Writes too are tried again: their keys make sure that twice is once.
        """
        content = None if body is None else await _written(body)
        kind = {} if content is None else {"Content-Type": "application/json"}
        budget = READ_SECONDS if method == "GET" else WRITE_SECONDS
        return await self._wire.exchange(method, path, user, content, {**kind, **(headers or {})}, budget)

    async def _batch(self, paths: Sequence[str], user: User | None) -> list[Part]:
        addresses = [self._wire.address(path) for path in paths]
        content_type, content = write_batch(addresses, {"Accept": "application/json", "Prefer": ANNOTATIONS})
        headers = {"Content-Type": content_type, "Prefer": "odata.continue-on-error"}
        parts: list[Part] = []

        def check(reply: Reply) -> None:
            try:
                parts[:] = read_batch(reply.headers.get("Content-Type", ""), reply.body)
            except ValueError as error:
                raise Again(str(error)) from None
            if len(parts) != len(paths):
                raise Again(say("why.answers_batch_missing"))
            for part in parts:
                if part.status in BUSY:
                    raise Again(
                        say("why.status", status=part.status),
                        retry_after(part.headers.get("retry-after", "")),
                    )

        try:
            await self._wire.exchange("POST", "$batch", user, content, headers, READ_SECONDS, check)
        except ServiceFault as fault:
            raise_problem(fault)
        return parts


def _cut_collections(row: Row) -> Iterator[tuple[Row, str]]:
    """Expanded collections that go on behind a link, at any depth: the row they hang on, and their name."""
    waiting = [row]
    while waiting:
        each = waiting.pop()
        for name, value in each.items():
            if name.endswith(NEXT):
                yield each, name.removesuffix(NEXT)
            inner = value if isinstance(value, list) else [value]
            waiting += [part for part in inner if isinstance(part, dict)]


async def _written(body: Mapping[str, object]) -> bytes:
    """The body as JSON; one with a file is written in a thread, so that nobody else waits for it."""

    def write() -> bytes:
        return json.dumps(body).encode("ascii")

    is_large = any(isinstance(value, str) and len(value) > LARGE for value in body.values())
    return await asyncio.to_thread(write) if is_large else write()


def _row(part: Part) -> Row:
    if part.status >= 400:
        raise read_fault(part.status, part.body)
    return Reply(part.status, part.headers, part.body).json()


def _page_of(part: Part, user: User | None) -> Rows:
    try:
        return _page(_row(part))
    except ServiceFault as fault:
        return _hidden_or_raise(fault, user)


def _page(read: Row) -> Rows:
    """Of a query with an id the one row."""
    rows = read.get("value")
    return Rows(rows, read.get(NEXT, "")) if isinstance(rows, list) else Rows([read])


def _hidden_or_raise(fault: ServiceFault, user: User | None) -> Rows:
    """No rows where they are hidden from the user; that the application may not read is a fault."""
    if fault.status == 403 and user is None:
        raise Unavailable("app_not_allowed", answer=fault.code) from None
    if not fault.is_hidden:
        raise_problem(fault)
    return Rows([])
