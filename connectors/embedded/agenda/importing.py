"""`liaison import calendar`: an iCalendar file into a mailbox's calendar and To Do, all or nothing."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.embedded.agenda import worker
from connectors.embedded.agenda.computing import compute_bounded
from connectors.embedded.agenda.instants import Stretch
from connectors.embedded.agenda.store import (
    Counts,
    Moved,
    select_calendar,
    select_sources,
    stretch_around,
    write_reading,
)
from connectors.embedded.folders import shown
from connectors.embedded.mail.store import require_mailbox
from insights.database import Database
from insights.errors import Conflict, Invalid, NotFound
from insights.mail.addresses import MailboxKey

Json = dict[str, Any]
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one component of a file."""

    file: str
    line: int
    component: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.component}: {self.reason}"


class CalendarRefused(Invalid):
    """A file of which nothing was imported, with all that is wrong with it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("bad_calendar", count=len(faults))
        self.faults = faults


async def import_calendar(database: Database, path: Path, mailbox: str, *, now: datetime) -> Counts:
    """Put the events and tasks of a file into a mailbox; what is there in a newer version stays.

    Raises CalendarRefused, Invalid for what is no mailbox, NotFound for what is no file; then nothing is
    written. Works beside a running server.
    """
    key = require_mailbox(mailbox)
    for _ in range(ATTEMPTS):
        calendar = await database.read(select_calendar, key)
        stretch = calendar.stretch if calendar else stretch_around(now)
        reading = await compute_bounded(worker.read_file, path=str(path), stretch=stretch)
        _check(reading, path)
        await _merge(database, key, stretch, reading)
        try:
            counts = await database.write(write_reading, key, stretch, reading)
        except Moved:
            continue
        await database.fold()
        return counts
    raise Conflict("calendar_busy.importing")


def _check(reading: Json, path: Path) -> None:
    if reason := reading.get("unreadable"):
        raise NotFound("no_such_file", path=shown(str(path)), reason=reason)
    if reading["faults"]:
        raise CalendarRefused([Fault(shown(path.name), *fault) for fault in reading["faults"]])


async def _merge(database: Database, key: MailboxKey, stretch: Stretch, reading: Json) -> None:
    """Put what is told of single occurrences to the series that the calendar has already."""
    news = {bytes.fromhex(each["event_id"]): each for each in reading["events"] if not each["is_whole"]}
    calendar = await database.read(select_calendar, key)
    if not news or calendar is None:
        return
    known = await database.read(select_sources, calendar.id, list(news))
    pairs = [(text, news[event_id]["source"]) for event_id, (_, text) in known.items()]
    merged = await compute_bounded(worker.merge_texts, pairs=pairs, stretch=stretch) if pairs else []
    for (event_id, (digest, _)), found in zip(known.items(), merged, strict=True):
        if found["faults"]:
            raise CalendarRefused([Fault("the series in the calendar", *fault) for fault in found["faults"]])
        news[event_id].update(found["events"][0], expects=digest.hex())
