"""`liaison import calendar`: twice, newer and older versions, all or nothing, and by whose clock."""

import asyncio
import json
import os
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, func, select

from connectors.embedded.agenda import agenda as agenda_module
from connectors.embedded.agenda import computing, worker
from connectors.embedded.agenda.agenda import EmbeddedAgenda
from connectors.embedded.agenda.clocks import Clocks
from connectors.embedded.agenda.importing import CalendarRefused, import_calendar
from connectors.embedded.agenda.store import Counts, Moved, select_calendar, write_reading
from connectors.embedded.agenda.tables import agenda as tables
from connectors.embedded.agenda.tables import events, meetings, tasks
from connectors.embedded.crm.importing import ImportFailed, import_rows
from insights.database import Database
from insights.errors import Invalid, NotFound, Unavailable
from insights.mail.addresses import mailbox_key
from insights.model import Meeting
from tests.calendars import MadeMeeting, MadeTask, write_ics
from tests.conftest import OpenDatabase
from tests.mails import own_mailbox

ANN = "ann@ours.example"
ANNS = own_mailbox(ANN)
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WEEKLY = MadeMeeting("Weekly", datetime(2026, 11, 2, 9), recurs="weekly")
EVENT = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\n{}\nEND:VEVENT\nEND:VCALENDAR\n"
BEGINS = "DTSTART:20261123T090000Z\nSUMMARY:"


@pytest.fixture
async def database(open_database: OpenDatabase) -> Database:
    return open_database("mailbox")


@pytest.fixture
def agenda(database: Database) -> EmbeddedAgenda:
    return EmbeddedAgenda(database, Clocks(database, None), lambda: NOW)


@pytest.fixture
def own_process() -> None:
    """iCalendar is read in a process of its own, as it is; else in this one, which costs less."""


@pytest.fixture(autouse=True)
def in_this_process(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "own_process" in request.fixturenames:
        return

    async def compute(function: Callable[..., object], **arguments: object) -> object:
        given = json.loads(json.dumps(arguments))
        return json.loads(json.dumps(function(**given)))

    monkeypatch.setattr(computing, "compute", compute)
    monkeypatch.setattr(worker, "bound_memory", lambda _most: None)


class Bring:
    """Imports what is written into a file, and says what became of it."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database, self.path = database, folder / "calendar.ics"

    async def __call__(self, content: bytes | str, mailbox: str = ANN) -> dict[str, tuple[int, int, int]]:
        self.path.write_bytes(content if isinstance(content, bytes) else content.encode())
        counts = await import_calendar(self._database, self.path, mailbox, now=NOW)
        return {kind: _of_kind(counts, kind) for kind in ("meetings", "tasks")}


def _of_kind(counts: Counts, kind: str) -> tuple[int, int, int]:
    return counts.created[kind], counts.updated[kind], counts.unchanged[kind]


@pytest.fixture
def bring(database: Database, tmp_path: Path) -> Bring:
    return Bring(database, tmp_path)


async def told(agenda: EmbeddedAgenda, days: int = 28) -> list[Meeting]:
    start = datetime(2026, 11, 1, tzinfo=UTC)
    return list(await agenda.meetings(ANNS, start, start + days * DAY))


async def dump(database: Database) -> list[object]:
    def read(connection: Connection) -> list[object]:
        return [sorted(map(str, connection.execute(select(table)))) for table in tables.sorted_tables]

    return await database.read(read)


async def test_a_file_is_read_once_however_often_it_is_imported(
    bring: Bring, database: Database, agenda: EmbeddedAgenda
) -> None:
    content = write_ics(WEEKLY, MadeMeeting("Once", datetime(2026, 11, 3, 9)), MadeTask("Call Ana"))
    assert await bring(content) == {"meetings": (2, 0, 0), "tasks": (1, 0, 0)}
    before, stored = await told(agenda), await dump(database)
    assert [meeting.subject for meeting in before] == ["Weekly", "Once", "Weekly", "Weekly", "Weekly"]
    assert await bring(content) == {"meetings": (0, 0, 2), "tasks": (0, 0, 1)}
    later = content.replace(b"DTSTAMP:20260101", b"DTSTAMP:20260909")  # exported once more
    assert later != content
    assert await bring(later) == {"meetings": (0, 0, 2), "tasks": (0, 0, 1)}
    assert (await told(agenda), await dump(database)) == (before, stored)


@pytest.mark.usefixtures("own_process")
async def test_two_at_once_are_one_after_the_other(
    bring: Bring, database: Database, agenda: EmbeddedAgenda, tmp_path: Path
) -> None:
    bring.path.write_bytes(write_ics(WEEKLY))
    other = tmp_path / "other.ics"
    other.write_bytes(write_ics(MadeMeeting("Once", datetime(2026, 11, 3, 9)), WEEKLY))
    await asyncio.gather(*(import_calendar(database, path, ANN, now=NOW) for path in (bring.path, other)))
    assert [meeting.subject for meeting in await told(agenda)] == ["Weekly", "Once", *["Weekly"] * 3]


async def test_a_newer_version_replaces_and_an_older_one_does_not(
    bring: Bring, agenda: EmbeddedAgenda
) -> None:
    versions = [
        ("SEQUENCE:1", (1, 0, 0)),
        ("SEQUENCE:3", (0, 1, 0)),
        ("SEQUENCE:2", (0, 0, 1)),
        ("SEQUENCE:3\nLAST-MODIFIED:20261101T000000Z", (0, 1, 0)),
        ("SEQUENCE:3\nLAST-MODIFIED:20261001T000000Z", (0, 0, 1)),
        ("SEQUENCE:3\nLAST-MODIFIED:20261102T000000Z", (0, 1, 0)),
        ("", (0, 0, 1)),
    ]
    for number, (version, outcome) in enumerate(versions):
        found = await bring(EVENT.format(f"{BEGINS}{number}\n{version}"))
        assert found["meetings"] == outcome, version
    assert [meeting.subject for meeting in await told(agenda)] == ["5"]


async def test_of_versions_that_do_not_say_the_last_counts(bring: Bring, agenda: EmbeddedAgenda) -> None:
    for name in ("One", "Other"):
        await bring(EVENT.format(BEGINS + name))
    assert [meeting.subject for meeting in await told(agenda)] == ["Other"]


async def test_a_series_that_changes_leaves_nothing_of_what_it_was(
    bring: Bring, database: Database, agenda: EmbeddedAgenda
) -> None:
    series = EVENT.format(BEGINS + "Daily\nRRULE:FREQ=DAILY;COUNT=5\nSEQUENCE:{}")
    await bring(series.format(1))
    assert len(await told(agenda)) == 5
    await bring(series.format(2).replace("COUNT=5", "COUNT=2").replace("T09", "T10"))
    assert [meeting.start_at.hour for meeting in await told(agenda)] == [10, 10]
    await bring(EVENT.format(BEGINS + "Once\nSEQUENCE:3"))
    [once] = await told(agenda)
    assert (once.subject, once.series_id) == ("Once", "")


@pytest.mark.usefixtures("own_process")
async def test_news_of_an_occurrence_change_that_one_alone(bring: Bring, agenda: EmbeddedAgenda) -> None:
    await bring(write_ics(WEEKLY))
    before = await told(agenda)
    uid = "UID:Weekly@tests.example\nRECURRENCE-ID:20261109T090000Z\n"
    moved = EVENT.format(f"{uid}DTSTART:20261110T150000Z\nDTEND:20261110T160000Z\nSUMMARY:Moved\nSEQUENCE:1")
    moved = moved.replace("UID:a\n", "")
    assert (await bring(moved))["meetings"] == (0, 1, 0)
    found = await told(agenda)
    assert [meeting.subject for meeting in found] == ["Weekly", "Moved", "Weekly", "Weekly"]
    assert [meeting.id for meeting in found] == [meeting.id for meeting in before]
    assert (await bring(moved))["meetings"] == (0, 0, 1)
    off = moved.replace("SEQUENCE:1", "SEQUENCE:2").replace("VCALENDAR\n", "VCALENDAR\nMETHOD:CANCEL\n", 1)
    await bring(off)
    assert [meeting.is_cancelled for meeting in await told(agenda)] == [False, True, False, False]


async def test_news_of_a_series_that_is_not_there_stand_alone(bring: Bring, agenda: EmbeddedAgenda) -> None:
    await bring(EVENT.format(BEGINS + "Invited\nRECURRENCE-ID:20261123T090000Z"))
    [meeting] = await told(agenda)
    assert meeting.subject == "Invited"
    assert meeting.series_id
    await bring(EVENT.format(BEGINS + "All\nRRULE:FREQ=DAILY;COUNT=3"))
    assert {each.subject for each in await told(agenda)} == {"All"}


async def test_a_meeting_that_is_called_off_says_so(bring: Bring, agenda: EmbeddedAgenda) -> None:
    made = EVENT.format(BEGINS + "Talk\nSEQUENCE:{}")
    await bring(made.format(0))
    await bring(made.format(1).replace("VCALENDAR\n", "VCALENDAR\nMETHOD:CANCEL\n", 1))
    [meeting] = await told(agenda)
    assert (meeting.subject, meeting.is_cancelled) == ("Talk", True)


async def test_what_was_completed_stays_so_until_the_task_changes(
    bring: Bring, agenda: EmbeddedAgenda
) -> None:
    await bring(write_ics(MadeTask("Call Ana")))
    [task] = await agenda.tasks(ANNS)
    await agenda.complete_task(ANNS, task.list_id, task.id)
    await bring(write_ics(MadeTask("Call Ana")))
    assert await agenda.tasks(ANNS) == []
    await bring(write_ics(MadeTask("Call Ana", date(2026, 12, 1))))
    assert [each.due_on for each in await agenda.tasks(ANNS)] == [date(2026, 12, 1)]
    cancelled = write_ics(MadeTask("Call Ana")).replace(b"NEEDS-ACTION", b"CANCELLED")
    assert (await bring(cancelled))["tasks"] == (0, 1, 0)
    assert await agenda.tasks(ANNS) == []
    assert (await bring(cancelled))["tasks"] == (0, 0, 1)


async def test_nothing_is_imported_where_one_component_is_wrong(bring: Bring, database: Database) -> None:
    good = write_ics(WEEKLY, MadeTask("Call Ana")).replace(b"END:VCALENDAR\r\n", b"")
    bad = "BEGIN:VEVENT\r\nSUMMARY:secret\r\nEND:VEVENT\r\nBEGIN:VTODO\r\nDUE:x\r\nEND:VTODO\r\nEND:VCALENDAR"
    with pytest.raises(CalendarRefused) as refused:
        await bring(good + bad.encode())
    line = good.count(b"\r\n") + 1
    assert [str(fault) for fault in refused.value.faults] == [
        f"calendar.ics:{line}: VEVENT: DTSTART is missing",
        f"calendar.ics:{line + 3}: VTODO: DUE is no time",
    ]
    assert "2 components" in refused.value.why
    assert await dump(database) == [[]] * len(tables.sorted_tables)
    await bring(good + b"END:VCALENDAR")


@pytest.mark.parametrize("what", ["missing", "folder", "pipe"])
async def test_what_is_no_file_is_told(database: Database, tmp_path: Path, what: str) -> None:
    path = tmp_path / what
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    with pytest.raises(NotFound) as problem:
        await import_calendar(database, path, ANN, now=NOW)
    assert str(path) in problem.value.what
    assert problem.value.why


async def test_a_file_too_large_is_told(bring: Bring) -> None:
    bring.path.touch()
    with bring.path.open("r+b") as file:
        file.truncate(worker.LARGEST_FILE + 1)
    with pytest.raises(NotFound) as problem:
        await import_calendar(bring._database, bring.path, ANN, now=NOW)
    assert "64 MiB" in problem.value.why


async def test_no_mailbox_is_told(bring: Bring) -> None:
    with pytest.raises(Invalid):
        await bring(write_ics(WEEKLY), mailbox="nobody")


def sleep_long(path: str, stretch: tuple[int, int]) -> None:
    """Stands in for a file that takes for ever; runs in a process of its own."""
    threading.Event().wait(600)


@pytest.mark.usefixtures("own_process")
async def test_a_reader_that_does_not_end_is_ended(bring: Bring, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(computing, "SECONDS", 0.5)
        patch.setattr(worker, "read_file", sleep_long)
        with pytest.raises(Unavailable) as problem:
            await bring(write_ics(WEEKLY))
    assert problem.value.code == "calendar_reader_down"
    assert (await bring(write_ics(WEEKLY)))["meetings"] == (1, 0, 0)


async def test_floating_times_and_whole_days_follow_the_clock_of_who_reads(
    bring: Bring, database: Database, open_database: OpenDatabase
) -> None:
    """usersettings.csv first, which may come later; else the calendar's zone, else UTC."""
    crm = open_database("crm")
    await import_rows(
        crm,
        {"systemusers": [{"systemuserid": ANN, "fullname": "Ann", "internalemailaddress": ANN}]},
        now=NOW,
    )
    agenda = EmbeddedAgenda(database, Clocks(database, crm), lambda: NOW)
    file = (
        "BEGIN:VCALENDAR\n{}BEGIN:VEVENT\nUID:a\nDTSTART:20261123T090000\nRRULE:FREQ=DAILY;COUNT=2\nEND:VEVENT\n"
        "BEGIN:VEVENT\nUID:b\nDTSTART;VALUE=DATE:20261123\nEND:VEVENT\n"
        "BEGIN:VTODO\nUID:c\nDUE:20261123T233000Z\nEND:VTODO\nEND:VCALENDAR\n"
    )

    async def hours() -> tuple[set[int], set[int], date | None]:
        found = await told(agenda)
        [task] = await agenda.tasks(ANNS)
        floating = {each.start_at.astimezone(UTC).hour for each in found if not each.is_all_day}
        return (
            floating,
            {each.start_at.astimezone(UTC).hour for each in found if each.is_all_day},
            task.due_on,
        )

    await bring(file.format(""))
    assert await hours() == ({9}, {0}, date(2026, 11, 23))
    await bring(file.format("X-WR-TIMEZONE:Europe/Berlin\n"))
    assert await hours() == ({8}, {23}, date(2026, 11, 24))
    for row, expected in (
        ({"timezone": "Eastern Standard Time"}, ({14}, {5}, date(2026, 11, 23))),
        ({"timezone": ""}, ({8}, {23}, date(2026, 11, 24))),
        ({"timezone": "Asia/Tokyo", "workdaystarttime": "07:30"}, ({0}, {15}, date(2026, 11, 24))),
    ):
        await import_rows(crm, {"usersettings": [{"systemuserid": ANN, **row}]}, now=NOW)
        assert await hours() == expected
    clock = await agenda.clock(ANNS)
    assert clock.zone == ZoneInfo("Asia/Tokyo")
    assert clock.working_hours
    assert (clock.working_hours.start, clock.working_hours.end) == (time(7, 30), time(17))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("timezone", "Middle-earth"),
        ("timezone", "../etc/passwd"),
        ("workdaystarttime", "8"),
        ("workdaystoptime", "24:30"),
    ],
)
async def test_a_clock_that_nobody_knows_is_refused_where_it_is_imported(
    open_database: OpenDatabase, column: str, value: str
) -> None:
    crm = open_database("crm")
    user = {"systemuserid": ANN, "fullname": "Ann", "internalemailaddress": ANN}
    settings = {"systemuserid": ANN, column: value}
    with pytest.raises(ImportFailed) as failed:
        await import_rows(crm, {"systemusers": [user], "usersettings": [settings]}, now=NOW)
    [fault] = failed.value.faults
    assert (fault.column, fault.line) == (column, 1)


@pytest.mark.usefixtures("own_process")
async def test_what_is_expanded_is_kept_and_moved_on(
    bring: Bring, database: Database, agenda: EmbeddedAgenda, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day beyond costs a process once; what was imported meanwhile is expanded as far."""
    asked: list[str] = []
    compute = computing.compute_bounded

    async def counted(function: object, **arguments: object) -> object:
        asked.append(getattr(function, "__name__", ""))
        return await compute(function, **arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(agenda_module, "compute_bounded", counted)
    await bring(write_ics(WEEKLY))
    await told(agenda)
    assert asked == []
    beyond = datetime(2029, 3, 1, tzinfo=UTC)
    found = await asyncio.gather(*(agenda.meetings(ANNS, beyond, beyond + 28 * DAY) for _ in range(4)))
    assert [len(each) for each in found] == [4] * 4
    assert asked == ["read_texts"]
    await agenda.meetings(ANNS, beyond + 28 * DAY, beyond + 60 * DAY)
    assert len(await told(agenda)) == 4
    assert asked == ["read_texts"]
    await bring(write_ics(MadeMeeting("Daily", datetime(2026, 11, 2, 9), recurs="daily")))
    assert len(await agenda.meetings(ANNS, beyond, beyond + 28 * DAY)) == 32
    assert asked == ["read_texts"]


async def test_a_calendar_is_not_kept_for_all_time(
    bring: Bring, database: Database, agenda: EmbeddedAgenda
) -> None:
    await bring(write_ics(WEEKLY, MadeMeeting("Once", datetime(2026, 11, 3, 9))))

    def count(connection: Connection) -> int:
        return int(connection.scalar(select(func.count()).select_from(meetings)) or 0)

    for year in (2030, 2036, 2060, 2199, 2026):
        start = datetime(year, 11, 1, tzinfo=UTC)
        assert len(await agenda.meetings(ANNS, start, start + 28 * DAY)) == (5 if year == 2026 else 4)
        assert await database.read(count) <= 12 * 53 + 1
    for year in (1, 9000):  # no series goes there, and nobody looks again and again
        start = datetime(year, 11, 1, tzinfo=UTC)
        assert await agenda.meetings(ANNS, start, start + 28 * DAY) == []


async def test_without_series_nothing_is_expanded(
    bring: Bring, database: Database, agenda: EmbeddedAgenda, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bring(write_ics(MadeMeeting("Once", datetime(2040, 11, 3, 9))))
    monkeypatch.setattr(agenda_module, "compute_bounded", None)
    start = datetime(2040, 11, 1, tzinfo=UTC)
    assert len(await agenda.meetings(ANNS, start, start + 28 * DAY)) == 1


async def test_what_was_read_for_another_stretch_is_not_written(bring: Bring, database: Database) -> None:
    await bring(write_ics(WEEKLY))
    calendar = await database.read(select_calendar, mailbox_key(ANN))
    assert calendar
    stretch = (calendar.since, calendar.until + 1)
    with pytest.raises(Moved):
        await database.write(
            write_reading, mailbox_key(ANN), stretch, {"zone": "", "events": [], "tasks": []}
        )


async def test_a_calendar_is_nobody_elses(bring: Bring, database: Database, agenda: EmbeddedAgenda) -> None:
    await bring(write_ics(WEEKLY, MadeTask("Mine")))
    await bring(write_ics(MadeTask("His")), mailbox="bob@ours.example")
    for address in ("ann+x@ours.example", "ann@ours.example.evil.example", "bob@ours.example"):
        other = own_mailbox(address)
        assert await agenda.meetings(other, NOW - DAY, NOW + 30 * DAY) == []
        assert [task.title for task in await agenda.tasks(other)] == ["His"] * address.startswith("bob@")
    assert len(await agenda.meetings(own_mailbox(ANN.upper()), NOW, NOW + 7 * DAY)) == 1


async def test_many_meetings_are_told_quickly_enough_to_count(bring: Bring, database: Database) -> None:
    """Rows of an import are few statements, and a day reads a stretch of the index."""
    many = [MadeMeeting(f"Meeting {n}", datetime(2026, 11, 1 + n % 28, n % 24)) for n in range(1200)]
    assert (await bring(write_ics(*many)))["meetings"] == (1200, 0, 0)

    def read(connection: Connection) -> list[str]:
        if connection.dialect.name != "sqlite":
            return []
        a_day = "SELECT * FROM meetings WHERE calendar_id = 1 AND start_at >= 0 AND start_at < 1"
        return [str(row) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {a_day}")]

    assert all("ix_meetings_calendar_id_start_at" in line for line in await database.read(read))

    def counts(connection: Connection) -> list[int]:
        return [connection.scalar(select(func.count()).select_from(table)) or 0 for table in (events, tasks)]

    assert await database.read(counts) == [1200, 0]
