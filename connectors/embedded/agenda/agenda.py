"""The embedded Exchange's calendars and To Do: the Agenda port on our own database."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import structlog
from sqlalchemy import Connection

from connectors.embedded.agenda import reads, worker
from connectors.embedded.agenda.clocks import Clocks
from connectors.embedded.agenda.computing import compute_bounded
from connectors.embedded.agenda.instants import DAY, MICROSECOND, YEAR, Stretch, to_instant
from connectors.embedded.agenda.reads import Reader
from connectors.embedded.agenda.store import Calendar, Moved, select_calendar, select_sources, write_expanded
from connectors.embedded.mail.shares import require_access
from insights.agenda import check_span, due_first, listed, no_meeting, no_task, require_own, shown
from insights.database import Database
from insights.errors import Unavailable
from insights.mail.addresses import mailbox_key
from insights.model import Clock, Mailbox, Meeting, TaskList, TodoTask

FIRST, LAST = (to_instant(datetime(year, 1, 1, tzinfo=UTC)) for year in (1900, 2500))
"""No series is expanded beyond."""
A_YEAR = YEAR // MICROSECOND
WIDEST = 12 * A_YEAR
ATTEMPTS = 5
log = structlog.get_logger(__name__)


class EmbeddedAgenda:
    """Calendars and tasks of `mailbox.sqlite`; a process of its own expands series as far as is asked."""

    def __init__(self, database: Database, clocks: Clocks, now: Callable[[], datetime]) -> None:
        self._database, self._clocks, self._now = database, clocks, now
        self._expanding = asyncio.Lock()

    async def clock(self, mailbox: Mailbox) -> Clock:
        """The time zone and working hours of who reads it."""
        return await self._clocks.clock(mailbox.reader)

    async def meetings(self, mailbox: Mailbox, start: datetime, end: datetime) -> Sequence[Meeting]:
        """Everything in the calendar that touches [start, end), by start."""
        check_span(start, end)
        calendar = await self._calendar(mailbox)
        if calendar is None:
            return []
        calendar = await self._covering(mailbox, calendar, (to_instant(start), to_instant(end)))
        reader = Reader(calendar, mailbox, await self.clock(mailbox))
        return listed(
            mailbox, await self._database.read(reads.select_meetings, reader, start, end), start, end
        )

    async def meeting(self, mailbox: Mailbox, meeting_id: str) -> Meeting:
        """One of them; raises NotFound."""
        calendar = await self._calendar(mailbox)
        found = None
        if calendar:
            reader = Reader(calendar, mailbox, await self.clock(mailbox))
            found = await self._database.read(reads.select_meeting, reader, meeting_id)
        if found is None:
            raise no_meeting()
        return shown(mailbox, found)

    async def task_lists(self, mailbox: Mailbox) -> Sequence[TaskList]:
        """The lists of To Do, the default one first."""
        require_own(mailbox)
        calendar = await self._calendar(mailbox)
        return await self._database.read(reads.select_lists, calendar)

    async def tasks(self, mailbox: Mailbox) -> Sequence[TodoTask]:
        """The open tasks of all lists, by due date, those without one last."""
        require_own(mailbox)
        calendar = await self._calendar(mailbox)
        if calendar is None:
            return []
        clock = await self.clock(mailbox)
        return due_first(await self._database.read(reads.select_tasks, calendar, clock))

    async def task(self, mailbox: Mailbox, list_id: str, task_id: str) -> TodoTask:
        """One task, completed ones too; raises NotFound."""
        require_own(mailbox)
        calendar = await self._calendar(mailbox)
        found = None
        if calendar:
            clock = await self.clock(mailbox)
            found = await self._database.read(reads.select_task, calendar, clock, list_id, task_id)
        if found is None:
            raise no_task()
        return found

    async def complete_task(self, mailbox: Mailbox, list_id: str, task_id: str) -> TodoTask:
        """Complete a task, twice is once; it as it is then. Raises NotFound."""
        await self.task(mailbox, list_id, task_id)
        calendar = await self._calendar(mailbox)
        if calendar:
            await self._database.write(reads.complete, calendar.id, task_id, self._now())
        return await self.task(mailbox, list_id, task_id)

    async def _calendar(self, mailbox: Mailbox) -> Calendar | None:
        """The mailbox's calendar, None where nothing is in it; raises NotFound where it is not shared."""

        def select(connection: Connection) -> Calendar | None:
            require_access(connection, mailbox)
            return select_calendar(connection, mailbox_key(mailbox.address))

        return await self._database.read(select)

    async def _covering(self, mailbox: Mailbox, calendar: Calendar, wanted: Stretch) -> Calendar:
        """The calendar with its series expanded as far as is wanted."""
        wanted = max(wanted[0] - DAY, FIRST), min(wanted[1] + DAY, LAST)
        if _covers(calendar, wanted) or not await self._database.read(reads.has_series, calendar.id):
            return calendar
        async with self._expanding:
            for _ in range(ATTEMPTS):
                calendar = await self._calendar(mailbox) or calendar
                if _covers(calendar, wanted):
                    return calendar
                try:
                    await self._expand(calendar, _wider(calendar, wanted))
                except Moved:
                    continue
        raise Unavailable("calendar_busy.reading")

    async def _expand(self, calendar: Calendar, stretch: Stretch) -> None:
        sources = await self._database.read(select_sources, calendar.id, None)
        texts = [text for _, text in sources.values()]
        found = await compute_bounded(worker.read_texts, texts=texts, stretch=stretch)
        expanded = {
            event_id: (digest, next(iter(reading["events"]), None))
            for (event_id, (digest, _)), reading in zip(sources.items(), found, strict=True)
        }
        if failed := sum(event is None for _, event in expanded.values()):
            log.warning("series could not be expanded further", count=failed)
        await self._database.write(write_expanded, calendar, stretch, expanded)


def _covers(calendar: Calendar, wanted: Stretch) -> bool:
    return calendar.since <= wanted[0] and wanted[1] <= calendar.until


def _wider(calendar: Calendar, wanted: Stretch) -> Stretch:
    """A stretch with room on both sides, so that the next day does not need another one."""
    since, until = max(wanted[0] - A_YEAR, FIRST), min(wanted[1] + A_YEAR, LAST)
    both = min(calendar.since, since), max(calendar.until, until)
    return both if both[1] - both[0] <= WIDEST else (since, until)
