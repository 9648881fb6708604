"""What every Agenda must do; a test's name begins with the method it is about: `test_meetings__…`.

A new implementation adds a row to `SERVERS`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.embedded.agenda.agenda import EmbeddedAgenda
from connectors.embedded.agenda.clocks import Clocks
from connectors.embedded.agenda.instants import Stretch
from connectors.embedded.agenda.reading import read_calendar
from connectors.embedded.agenda.store import stretch_around, write_reading
from connectors.embedded.crm.importing import import_rows
from connectors.embedded.mail.shares import share_mailbox
from connectors.graph.agenda import GraphAgenda
from insights import ports
from insights.errors import Invalid, NotFound
from insights.mail.addresses import mailbox_key
from insights.model import Attendee, Mailbox, Meeting, TaskList
from tests.calendars import MadeMeeting, MadeTask, event_json, moved_json, task_json, write_ics
from tests.conftest import TESTDATA, OpenDatabase
from tests.connectors.graph.tenant import Tenant, mailbox_of, running_tenant
from tests.standins.graph.calendar import add_event
from tests.standins.graph.message import recipient
from tests.standins.graph.recurrence import occurrences
from tests.standins.graph.todo import add_task

ANN, BOB = "ann@ours.example", "bob@ours.example"
ANNS, BOBS = mailbox_of(ANN), mailbox_of(BOB)
BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class Server:
    """A server under test, and how things get into its calendars."""

    agenda: ports.Agenda
    plan: Callable[..., Awaitable[None]]
    """`plan(address, meeting or task, …)`."""
    set_zone: Callable[[str, str], Awaitable[None]]
    share: Callable[[str, str], Awaitable[None]]

    async def at(self, day: date, zone: ZoneInfo | None = None) -> list[Meeting]:
        """Ann's meetings of a day."""
        start = datetime.combine(day, time(), zone or UTC)
        return list(await self.agenda.meetings(ANNS, start, start + DAY))


async def serve_embedded(open_database: OpenDatabase) -> AsyncIterator[Server]:
    database, crm = open_database("mailbox"), open_database("crm")
    users = [
        {"systemuserid": mailbox.reader.id, "fullname": mailbox.reader.name, "internalemailaddress": address}
        for address, mailbox in ((ANN, ANNS), (BOB, BOBS))
    ]
    await import_rows(crm, {"systemusers": users}, now=NOW)

    async def plan(address: str, *made: MadeMeeting | MadeTask) -> None:
        for each in made:
            stretch: Stretch = stretch_around(NOW)
            reading = read_calendar(stretch, write_ics(each))
            assert reading.faults == []
            found = {"zone": "", "events": reading.events, "tasks": reading.tasks}
            await database.write(write_reading, mailbox_key(address), stretch, found)

    async def set_zone(address: str, zone: str) -> None:
        row = {"systemuserid": mailbox_of(address).reader.id, "timezone": zone}
        await import_rows(crm, {"usersettings": [row]}, now=NOW)

    async def share(address: str, reader: str) -> None:
        await database.write(share_mailbox, address, [reader])

    yield Server(EmbeddedAgenda(database, Clocks(database, crm), lambda: NOW), plan, set_zone, share)


async def serve_graph(open_database: OpenDatabase) -> AsyncIterator[Server]:
    database = open_database("liaison")
    async with running_tenant(TESTDATA, database) as tenant:

        async def plan(address: str, *made: MadeMeeting | MadeTask) -> None:
            for each in made:
                if isinstance(each, MadeTask):
                    add_task(tenant.graph.mailbox(address), each.list_name, task_json(each), tenant.now())
                else:
                    _plan_event(tenant, address, each)

        async def set_zone(address: str, zone: str) -> None:
            tenant.graph.mailbox(address).settings["timeZone"] = zone

        async def share(address: str, reader: str) -> None:
            tenant.graph.share(address, reader)

        yield Server(GraphAgenda(tenant.client), plan, set_zone, share)


def _plan_event(tenant: Tenant, address: str, made: MadeMeeting) -> None:
    user, mailbox = tenant.graph.user(address), tenant.graph.mailbox(address)
    given = event_json(made)
    if made.organizer and made.organizer != address:
        answers = [response for attendee, _, response in made.attendees if attendee == address]
        given |= {
            "organizer": recipient(("", made.organizer)),
            "isOrganizer": False,
            "responseStatus": {"response": answers[0], "time": "0001-01-01T00:00:00Z"},
        }
    event = add_event(tenant.graph, user, given)
    if not made.recurs:
        return
    first = made.start.replace(tzinfo=ZoneInfo(made.zone))
    told = list(occurrences(mailbox, event, first - DAY, first + 60 * DAY))
    for number in made.moved:
        mailbox.exceptions[told[number]["id"]] = moved_json(made, number)
    for number in made.dropped:
        mailbox.exceptions[told[number]["id"]] = None


SERVERS = {"embedded": serve_embedded, "graph": serve_graph}


@pytest.fixture(params=["embedded", pytest.param("graph", marks=pytest.mark.testdata)])
async def server(request: pytest.FixtureRequest, open_database: OpenDatabase) -> AsyncIterator[Server]:
    async for each in SERVERS[request.param](open_database):
        yield each


def starts(meetings: list[Meeting]) -> list[datetime]:
    return [meeting.start_at for meeting in meetings]


async def test_clock__is_utc_where_nobody_said_otherwise(server: Server) -> None:
    clock = await server.agenda.clock(ANNS)
    assert clock.time_zone == "UTC"
    assert clock.working_hours is not None
    assert clock.working_hours.days == ("monday", "tuesday", "wednesday", "thursday", "friday")
    assert (clock.working_hours.start, clock.working_hours.end) == (time(8), time(17))


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Eastern Standard Time", "America/New_York"),
        ("UTC", "UTC"),
    ],
)
async def test_clock__has_an_iana_name_however_the_zone_is_called(
    server: Server, name: str, zone: str
) -> None:
    await server.set_zone(ANN, name)
    assert (await server.agenda.clock(ANNS)).time_zone == zone
    assert (await server.agenda.clock(BOBS)).time_zone == "UTC"


async def test_clock__of_a_shared_mailbox_is_that_of_who_reads_it(server: Server) -> None:
    await server.set_zone(ANN, "Europe/Berlin")
    await server.set_zone(BOB, "America/New_York")
    assert (await server.agenda.clock(Mailbox(BOB, ANNS.reader))).time_zone == "Europe/Berlin"


async def test_meetings__tell_what_cards_show(server: Server) -> None:
    await server.plan(
        ANN,
        MadeMeeting(
            "Größe 🚀 <b>",
            datetime(2026, 11, 23, 10, 30),
            "Europe/Berlin",
            minutes=45,
            organizer="ana@fabrikam.example",
            attendees=[
                (ANN, "Ann", "tentativelyAccepted"),
                (BOB, "Bob Ray", "declined"),
                ("jo@else.example", "", "notResponded"),
            ],
            show_as="tentative",
            location="Room 5, Bremen",
            url="https://teams.microsoft.com/l/meetup-join/19%3ameeting",
            text="Bring the figures",
        ),
    )
    [meeting] = await server.at(date(2026, 11, 23))
    assert meeting.subject == "Größe 🚀 <b>"
    assert meeting.start_at == datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    assert meeting.end_at - meeting.start_at == timedelta(minutes=45)
    assert meeting.start_at.tzinfo is not None
    assert meeting.id
    assert meeting.ical_uid
    assert (meeting.series_id, meeting.is_all_day, meeting.is_cancelled) == ("", False, False)
    assert (meeting.is_organizer, meeting.response) == (False, "tentativelyAccepted")
    assert (meeting.sensitivity, meeting.is_private, meeting.show_as) == ("normal", False, "tentative")
    assert (meeting.location, meeting.body_preview) == ("Room 5, Bremen", "Bring the figures")
    assert meeting.online_meeting_url == "https://teams.microsoft.com/l/meetup-join/19%3ameeting"
    assert (meeting.organizer.address, meeting.organizer.response) == ("ana@fabrikam.example", "organizer")
    assert meeting.attendees == (
        Attendee(ANN, "Ann", "tentativelyAccepted"),
        Attendee(BOB, "Bob Ray", "declined"),
        Attendee("jo@else.example", "", "notResponded"),
    )


async def test_meetings__that_somebody_plans_alone_are_their_own(server: Server) -> None:
    await server.plan(ANN, MadeMeeting("Alone", datetime(2026, 11, 23, 10)))
    [meeting] = await server.at(date(2026, 11, 23))
    assert (meeting.is_organizer, meeting.response, meeting.attendees) == (True, "organizer", ())


async def test_meetings__are_those_that_touch_the_span_by_start(server: Server) -> None:
    await server.plan(
        ANN,
        MadeMeeting("starts with its end", datetime(2026, 11, 24, 0)),
        MadeMeeting("late", datetime(2026, 11, 23, 23, 30)),
        MadeMeeting("early", datetime(2026, 11, 22, 23, 30)),
        MadeMeeting("ends with its start", datetime(2026, 11, 22, 23)),
        MadeMeeting("long", datetime(2026, 11, 1, 8), minutes=40 * 24 * 60),
        MadeMeeting("a moment", datetime(2026, 11, 23, 0), minutes=0),
    )
    found = await server.at(date(2026, 11, 23))
    assert [meeting.subject for meeting in found] == ["long", "early", "a moment", "late"]
    assert await server.agenda.meetings(BOBS, NOW, NOW + 10 * DAY) == []
    again = await server.at(date(2026, 11, 23))
    assert again == found


async def test_meetings__of_a_series_come_by_occurrence(server: Server) -> None:
    weekly = MadeMeeting("Weekly", datetime(2026, 11, 2, 9), recurs="weekly", count=4)
    await server.plan(ANN, weekly, MadeMeeting("Once", datetime(2026, 11, 9, 12)))
    start = datetime(2026, 10, 1, tzinfo=UTC)
    found = list(await server.agenda.meetings(ANNS, start, start + 120 * DAY))
    series = [meeting for meeting in found if meeting.subject == "Weekly"]
    assert starts(series) == [weekly.original(n).replace(tzinfo=UTC) for n in range(4)]
    assert len({meeting.id for meeting in found}) == 5
    assert len({meeting.series_id for meeting in series}) == 1
    assert series[0].series_id not in {"", series[0].id}
    [second] = [each for each in await server.at(date(2026, 11, 9)) if each.series_id]
    assert second == series[1]


async def test_meetings__of_a_series_may_be_moved_or_dropped(server: Server) -> None:
    daily = MadeMeeting(
        "Daily",
        datetime(2026, 11, 2, 9),
        "Europe/Berlin",
        recurs="daily",
        count=5,
        moved={1: datetime(2026, 11, 3, 15), 3: datetime(2026, 11, 20, 9)},
        dropped=[2],
    )
    await server.plan(ANN, daily)
    start = datetime(2026, 11, 1, tzinfo=UTC)
    found = list(await server.agenda.meetings(ANNS, start, start + 30 * DAY))
    assert [meeting.start_at.astimezone(BERLIN).replace(tzinfo=None) for meeting in found] == [
        datetime(2026, 11, 2, 9),
        datetime(2026, 11, 3, 15),
        datetime(2026, 11, 6, 9),
        datetime(2026, 11, 20, 9),
    ]
    assert len({meeting.series_id for meeting in found}) == 1
    assert await server.at(date(2026, 11, 4)) == []
    assert await server.at(date(2026, 11, 5)) == []
    assert [meeting.id for meeting in await server.at(date(2026, 11, 20))] == [found[3].id]


@pytest.mark.parametrize(
    ("zone", "first", "offsets"),
    [
        ("Europe/Berlin", datetime(2026, 10, 24, 9), [7, 8, 8]),  # clocks go back on the 25th
        ("Europe/Berlin", datetime(2027, 3, 27, 9), [8, 7, 7]),  # and forth on the 28th
        ("America/New_York", datetime(2026, 10, 31, 9), [13, 14, 14]),
    ],
)
async def test_meetings__of_a_series_keep_their_hour_when_clocks_change(
    server: Server, zone: str, first: datetime, offsets: list[int]
) -> None:
    await server.plan(ANN, MadeMeeting("Daily", first, zone, recurs="daily", count=3))
    start = first.replace(tzinfo=UTC, hour=0)
    found = list(await server.agenda.meetings(ANNS, start, start + 5 * DAY))
    assert [meeting.start_at.astimezone(UTC).hour for meeting in found] == offsets
    assert {meeting.end_at - meeting.start_at for meeting in found} == {timedelta(hours=1)}


async def test_meetings__of_a_series_without_end_go_on(server: Server) -> None:
    await server.plan(ANN, MadeMeeting("Ever", datetime(2026, 11, 2, 9), recurs="weekly"))
    for year in (2026, 2029, 2034, 2060, 2028):
        start = datetime(year, 11, 1, tzinfo=UTC)
        found = list(await server.agenda.meetings(ANNS, start, start + 28 * DAY))
        assert [meeting.start_at.isoweekday() for meeting in found] == [1, 1, 1, 1]
    assert await server.agenda.meetings(ANNS, NOW - 900 * DAY, NOW - 800 * DAY) == []


async def test_meetings__of_whole_days_are_midnights_by_the_readers_clock(server: Server) -> None:
    await server.plan(
        ANN,
        MadeMeeting("Fair", datetime(2026, 11, 24), days=2),
        MadeMeeting("Yearly", datetime(2026, 11, 24), "Europe/Berlin", days=1, recurs="daily", count=3),
    )
    for zone in (NEW_YORK, BERLIN, ZoneInfo("Pacific/Kiritimati")):
        await server.set_zone(ANN, zone.key)
        found = await server.at(date(2026, 11, 24), zone)
        assert [meeting.subject for meeting in found if meeting.is_all_day] == [
            meeting.subject for meeting in sorted(found, key=lambda meeting: meeting.id)
        ]
        fair = next(meeting for meeting in found if meeting.subject == "Fair")
        assert fair.start_at == datetime(2026, 11, 24, tzinfo=zone)
        assert fair.end_at == datetime(2026, 11, 26, tzinfo=zone)
        for day, subjects in {23: [], 25: ["Fair", "Yearly"], 26: ["Yearly"], 27: []}.items():
            found = await server.at(date(2026, 11, day), zone)
            assert sorted(meeting.subject for meeting in found) == subjects


async def test_meetings__that_are_called_off_say_so(server: Server) -> None:
    await server.plan(ANN, MadeMeeting("Off", datetime(2026, 11, 23, 10), is_cancelled=True))
    [meeting] = await server.at(date(2026, 11, 23))
    assert meeting.is_cancelled


@pytest.mark.parametrize("days", [-1, 0, 1801])
async def test_meetings__of_no_span_are_refused(server: Server, days: int) -> None:
    with pytest.raises(Invalid) as told:
        await server.agenda.meetings(ANNS, NOW, NOW + days * DAY)
    assert told.value.code == "bad_span"


async def test_meetings__of_the_longest_span_are_told(server: Server) -> None:
    await server.plan(ANN, MadeMeeting("Ever", datetime(2026, 11, 2, 9), recurs="weekly"))
    assert len(await server.agenda.meetings(ANNS, NOW, NOW + 1800 * DAY)) == 257


async def test_meetings__of_another_need_a_share_and_hide_what_is_private(server: Server) -> None:
    secret = {
        "organizer": "ana@fabrikam.example",
        "attendees": [(BOB, "Bob", "accepted")],
        "location": "Clinic",
        "url": "https://meet.example/1",
        "text": "Results",
    }
    await server.plan(
        BOB,
        MadeMeeting("Open", datetime(2026, 11, 23, 8)),
        MadeMeeting("Doctor", datetime(2026, 11, 23, 9), sensitivity="private", **secret),  # type: ignore[arg-type]
        MadeMeeting("Merger", datetime(2026, 11, 23, 10), sensitivity="confidential", **secret),  # type: ignore[arg-type]
    )
    start = datetime(2026, 11, 23, tzinfo=UTC)
    delegates = Mailbox(BOB, ANNS.reader)
    with pytest.raises(NotFound) as told:
        await server.agenda.meetings(delegates, start, start + DAY)
    assert told.value.code == "no_mailbox"
    own = list(await server.agenda.meetings(BOBS, start, start + DAY))
    assert [meeting.subject for meeting in own] == ["Open", "Doctor", "Merger"]
    with pytest.raises(NotFound):
        await server.agenda.meeting(delegates, own[0].id)

    await server.share(BOB, ANN)
    shared = list(await server.agenda.meetings(delegates, start, start + DAY))
    assert [meeting.subject for meeting in shared] == ["Open", "", ""]
    assert starts(shared) == starts(own)
    for meeting in (*shared[1:], await server.agenda.meeting(delegates, own[1].id)):
        assert meeting.is_private
        assert not any((meeting.subject, meeting.location, meeting.online_meeting_url, meeting.body_preview))
        assert (meeting.organizer, meeting.attendees) == (Attendee(""), ())
    assert (await server.agenda.meeting(BOBS, own[1].id)).subject == "Doctor"


async def test_meeting__is_the_same_as_in_a_list(server: Server) -> None:
    await server.set_zone(ANN, "Europe/Berlin")
    await server.plan(
        ANN,
        MadeMeeting("Once", datetime(2026, 11, 23, 9)),
        MadeMeeting("Daily", datetime(2026, 11, 22, 10), recurs="daily", count=3),
        MadeMeeting("Whole", datetime(2026, 11, 23), days=1),
    )
    found = await server.at(date(2026, 11, 23), BERLIN)
    assert len(found) == 3
    for meeting in found:
        assert await server.agenda.meeting(ANNS, meeting.id) == meeting


@pytest.mark.parametrize("own_id", ["", "x", "..", "a/../b", "\x00", "0f6d8a3e-8c0c-4f65-9a28-5d1a4c1f7b11"])
async def test_meeting__that_is_not_there_is_not_found(server: Server, own_id: str) -> None:
    await server.plan(ANN, MadeMeeting("Once", datetime(2026, 11, 23, 9)))
    with pytest.raises(NotFound) as told:
        await server.agenda.meeting(ANNS, own_id)
    assert told.value.code == "no_meeting"


async def test_task_lists__begin_with_the_default_one(server: Server) -> None:
    [default] = await server.agenda.task_lists(ANNS)
    assert default == TaskList(default.id, "Tasks", is_default=True)
    await server.plan(ANN, MadeTask("Buy", list_name="A shop"))
    assert [each.name for each in await server.agenda.task_lists(ANNS)] == ["Tasks", "A shop"]


async def test_tasks__are_the_open_ones_of_all_lists_by_due_date(server: Server) -> None:
    assert await server.agenda.tasks(ANNS) == []
    await server.plan(
        ANN,
        MadeTask("Some day"),
        MadeTask("Later", date(2026, 12, 1), list_name="Work"),
        MadeTask("Soon", date(2026, 11, 24), "inProgress", "high"),
        MadeTask("Done", date(2026, 11, 23), "completed"),
    )
    await server.set_zone(ANN, "America/New_York")
    found = await server.agenda.tasks(ANNS)
    assert [task.title for task in found] == ["Soon", "Later", "Some day"]
    assert [task.due_on for task in found] == [date(2026, 11, 24), date(2026, 12, 1), None]
    assert (found[0].status, found[0].importance) == ("inProgress", "high")
    assert (found[2].status, found[2].importance) == ("notStarted", "normal")
    lists = {each.id: each.name for each in await server.agenda.task_lists(ANNS)}
    assert [lists[task.list_id] for task in found] == ["Tasks", "Work", "Tasks"]
    assert await server.agenda.tasks(BOBS) == []


async def test_tasks__are_their_owners_alone(server: Server) -> None:
    await server.plan(BOB, MadeTask("Mine"))
    [task] = await server.agenda.tasks(BOBS)
    await server.share(BOB, ANN)
    delegates = Mailbox(BOB, ANNS.reader)
    for ask in (
        lambda: server.agenda.tasks(delegates),
        lambda: server.agenda.task_lists(delegates),
        lambda: server.agenda.task(delegates, task.list_id, task.id),
        lambda: server.agenda.complete_task(delegates, task.list_id, task.id),
    ):
        with pytest.raises(NotFound) as told:
            await ask()
        assert told.value.code == "no_mailbox"
    assert await server.agenda.tasks(BOBS) == [task]


async def test_complete_task__does_it_once(server: Server) -> None:
    await server.plan(ANN, MadeTask("Call Ana", date(2026, 11, 24)), MadeTask("Other"))
    [task, other] = await server.agenda.tasks(ANNS)
    for _ in range(2):
        done = await server.agenda.complete_task(ANNS, task.list_id, task.id)
        assert (done.id, done.title, done.status, done.due_on) == (
            task.id,
            "Call Ana",
            "completed",
            date(2026, 11, 24),
        )
    assert await server.agenda.tasks(ANNS) == [other]
    assert (await server.agenda.task(ANNS, task.list_id, task.id)).status == "completed"


@pytest.mark.parametrize("own_id", ["", "..", "x", "0f6d8a3e-8c0c-4f65-9a28-5d1a4c1f7b11"])
async def test_task__that_is_not_there_is_not_found(server: Server, own_id: str) -> None:
    await server.plan(ANN, MadeTask("Call Ana"))
    await server.plan(BOB, MadeTask("Mine"))
    [task], [bobs] = await server.agenda.tasks(ANNS), await server.agenda.tasks(BOBS)
    for list_id, task_id in (
        (task.list_id, own_id),
        (own_id, task.id),
        (bobs.list_id, bobs.id),
        (task.list_id, bobs.id),
    ):
        for ask in (server.agenda.task, server.agenda.complete_task):
            with pytest.raises(NotFound) as told:
                await ask(ANNS, list_id, task_id)
            assert told.value.code == "no_task"
    assert (await server.agenda.tasks(BOBS))[0].status == "notStarted"
