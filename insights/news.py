"""What happened and who is told: written with what happened, read once for all who listen in a process.

Every process reads for itself, so it does not matter which of them moved something.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, func, insert, select

from insights.database import Database
from insights.errors import Problem, Unavailable
from insights.model import RecordRef, User
from insights.tables import hearers as told
from insights.tables import news as table

EVERY_SECONDS = 0.4
AT_ONCE = 500
EVERYONE = frozenset({""})
log = structlog.get_logger(__name__)
NEWEST = select(func.max(table.c.id))


@dataclass(frozen=True, slots=True)
class NewsItem:
    """Something of a kind that happened to a subject, and the record that it shows with."""

    kind: str
    subject: str
    record: RecordRef | None = None
    is_own: bool = False
    """Whether it was told to who hears it, and not overheard."""


Heard = asyncio.Queue[list[NewsItem] | Problem]
"""What happened in one moment, together; a Problem where that is not known."""
Overhear = Callable[[Sequence[NewsItem], Collection[User]], Awaitable[Mapping[str, frozenset[str]]]]
"""Of news and those who were not told: the subjects that each of them may know of, by the user's id."""


def tell(
    connection: Connection,
    kind: str,
    subject: str,
    user_ids: Collection[str],
    now: datetime,
    *,
    record: RecordRef | None = None,
) -> None:
    """Tell these users (or EVERYONE) that something happened, with the transaction in which it does."""
    about = {"record_table": record.table, "record_id": record.id} if record else {}
    written = connection.execute(insert(table).values(at=now, kind=kind, subject=subject, **about))
    [number] = written.inserted_primary_key or (None,)
    if user_ids:
        rows = [{"news_id": number, "user_id": user_id} for user_id in dict.fromkeys(user_ids)]
        connection.execute(insert(told), rows)


Look = Callable[[Sequence[User]], Awaitable[Mapping[str, Sequence[NewsItem]]]]
"""Of those who listen: what is new to each of them, by the user's id."""


@dataclass(eq=False, slots=True)
class Listener:
    """Who listens: a user, or None for what is done for everybody."""

    user: User | None
    heard: Heard = field(default_factory=Heard)


class News:
    """Reads while anybody listens."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: set[Listener] = set()
        self._overhearing: dict[str, Overhear] = {}
        self._looks: list[tuple[float, Look]] = []
        self._passing: set[asyncio.Task[None]] = set()
        self._reading: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._last = 0

    def let_look(self, seconds: float, look: Look) -> None:
        """Have all who listen looked after from time to time, in one go: what `look` finds is told them."""
        self._looks.append((seconds, look))

    def let_overhear(self, kind: str, who: Overhear) -> None:
        """Let news of a kind reach those, too, of whom `who` says so; asked once for all who listen."""
        self._overhearing[kind] = who

    @asynccontextmanager
    async def listen(self, user: User | None) -> AsyncIterator[Heard]:
        """What the user is told from now on; everything without one."""
        listener = Listener(user)
        async with self._starting:  # whoever comes meanwhile begins no second one
            if self._reading is None:
                self._last = await self._database.read(newest_change)
                self._reading = asyncio.create_task(self._read())
                for seconds, look in self._looks:
                    self._pass(self._keep_looking(seconds, look))
        self._listeners.add(listener)
        try:
            yield listener.heard
        finally:
            self._listeners.discard(listener)
            if not self._listeners and self._reading:
                for task in (self._reading, *self._passing):
                    task.cancel()
                self._reading = None

    async def _read(self) -> None:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                happened = await self._database.read(_since, self._last)
            except Problem as problem:
                self._tell_all(problem)
                continue
            except Exception:
                log.exception("news could not be read")
                self._tell_all(Unavailable("no_news"))
                continue
            if happened:
                self._last = happened[-1].number
                self._tell(happened)

    def _tell_all(self, problem: Problem) -> None:
        for listener in self._listeners:
            listener.heard.put_nowait(problem)

    def _tell(self, happened: "Sequence[Told]") -> None:
        """Tell each who was meant to hear; who else may know is found out beside, for it may take a while."""
        for listener in self._listeners:
            own = [each.as_item(is_own=True) for each in happened if each.is_for(listener.user)]
            if own:
                listener.heard.put_nowait(list(dict.fromkeys(own)))
        for kind, who in self._overhearing.items():
            if of_kind := [each for each in happened if each.kind == kind]:
                self._pass(self._pass_on(of_kind, who))

    def _pass(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._passing.add(task)
        task.add_done_callback(self._passing.discard)

    async def _keep_looking(self, seconds: float, look: Look) -> None:
        while True:
            await asyncio.sleep(seconds)
            users = {each.user.id: each.user for each in self._listeners if each.user}
            try:
                found = await look(list(users.values()))
            except Problem as problem:
                log.warning("nobody was looked after", code=problem.code)
                continue
            except Exception:
                log.exception("nobody was looked after")
                continue
            for listener in self._listeners:
                if listener.user and (items := found.get(listener.user.id)):
                    listener.heard.put_nowait(list(items))

    async def _pass_on(self, happened: "Sequence[Told]", who: Overhear) -> None:
        users = {each.user.id: each.user for each in self._listeners if each.user}
        others = [user for user in users.values() if not all(each.is_for(user) for each in happened)]
        if not others:
            return
        items = list(dict.fromkeys(each.as_item(is_own=False) for each in happened))
        try:
            known = await who(items, others)
        except Problem as problem:  # who was not told looks by itself from time to time
            log.warning("news reached only whom it was told", code=problem.code)
            return
        except Exception:
            log.exception("news reached only whom it was told")
            return
        for listener in self._listeners:
            if listener.user and (subjects := known.get(listener.user.id)):
                told_already = {each.subject for each in happened if each.is_for(listener.user)}
                heard = [item for item in items if item.subject in subjects - told_already]
                if heard:
                    listener.heard.put_nowait(heard)


@dataclass(frozen=True, slots=True)
class Told:
    """A row of the table with those who are told."""

    number: int
    kind: str
    subject: str
    record: RecordRef | None
    user_ids: frozenset[str]

    def is_for(self, user: User | None) -> bool:
        """Whether this user is told; who listens for everybody always is."""
        return user is None or user.id in self.user_ids or not EVERYONE.isdisjoint(self.user_ids)

    def as_item(self, *, is_own: bool) -> NewsItem:
        """What is told."""
        return NewsItem(self.kind, self.subject, self.record, is_own)


def newest_change(connection: Connection) -> int:
    """The number of the newest of the news, to be asked for before what it may change is read."""
    return connection.execute(NEWEST).scalar() or 0


def _since(connection: Connection, last: int) -> list[Told]:
    query = select(table).where(table.c.id > last).order_by(table.c.id).limit(AT_ONCE)
    rows = connection.execute(query).all()
    user_ids: dict[int, list[str]] = {row.id: [] for row in rows}
    if rows:
        among = select(told).where(told.c.news_id > last, told.c.news_id <= rows[-1].id)
        for number, user_id in connection.execute(among):
            user_ids[number].append(user_id)
    return [
        Told(
            row.id,
            row.kind,
            row.subject,
            RecordRef(row.record_table, row.record_id) if row.record_table else None,
            frozenset(user_ids[row.id]),
        )
        for row in rows
    ]
