"""The days of the demo's people: what they hold, and that they move with everything else."""

from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from connectors.embedded.agenda.reading import read_calendar
from connectors.embedded.agenda.store import select_calendar, stretch_around, write_reading
from connectors.embedded.demo import seed
from connectors.embedded.demo.activities import NAMED
from connectors.embedded.demo.organization import Organization, make_organization
from connectors.embedded.demo.people import US
from connectors.registry import open_services
from insights.database import Database
from insights.errors import Conflict
from insights.mail.addresses import mailbox_key
from insights.model import Mailbox, Meeting
from insights.services import Services
from insights.settings import read_settings
from tests.calendars import MadeMeeting, write_ics

ORGANIZATION_ID = "5b6f4f0e-58a1-4a9a-9a55-6c7a7b1f2d10"
TODAY = datetime(2026, 11, 20, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class Clock:
    """A clock that tests set."""

    at: datetime = TODAY + timedelta(hours=9, minutes=41)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture(scope="module")
def organization() -> Organization:
    return make_organization(ORGANIZATION_ID, TODAY)


def test_each_of_the_four_has_a_day_like_others(organization: Organization) -> None:
    """Meetings as in the CRM and beside it, some of them again and again or nobody's business; tasks."""
    in_crm = {row["globalobjectid"] for row in organization.rows["appointments"]}
    for key in NAMED:
        entries = organization.agendas[US[key].email]
        today = [
            each
            for each in entries
            if isinstance(each.start, datetime) and each.start.date() == TODAY.date() and not each.rule
        ]
        assert sum(each.uid in in_crm for each in today) >= 5
        assert any(each.uid not in in_crm for each in today)
        assert sum(bool(each.rule) for each in entries) >= 2
        assert {each.class_ for each in entries} >= {"PRIVATE", "CONFIDENTIAL"}
        assert "CANCELLED" in {each.status for each in entries}
        tasks = [each for each in entries if each.kind == "VTODO"]
        assert sum(each.start == TODAY.date() and each.status != "COMPLETED" for each in tasks) >= 2
        assert any(each.start is None for each in tasks)
        assert len({each.uid for each in entries}) == len(entries)
    assert all(organization.agendas[US[key].email] for key in ("samuelo", "juliab", "lynner"))


def test_a_meeting_in_the_crm_is_the_same_in_the_calendar(organization: Organization) -> None:
    in_crm = {row["globalobjectid"]: row for row in organization.rows["appointments"]}
    checked = 0
    for entries in organization.agendas.values():
        for each in entries:
            if row := in_crm.get(each.uid):
                assert isinstance(each.start, datetime)
                assert (row["subject"], row["scheduledstart"]) == (each.subject, each.start.isoformat())
                checked += 1
    assert checked >= 150


@pytest.fixture
async def demo(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[Services, Clock]]:
    clock = Clock()
    settings = read_settings(data_dir=tmp_path, database_url=database_url)
    async with open_services(settings, clock) as services:
        await seed(services)
        yield services, clock


async def mailbox(services: Services, key: str) -> Mailbox:
    found = await services.crm.user(US[key].email)
    assert found
    return found.mailbox


async def day(services: Services, key: str, days: int = 1, first: datetime | None = None) -> list[Meeting]:
    """The meetings of a user's days, from today on by their clock."""
    own = await mailbox(services, key)
    clock = await services.agenda.clock(own)
    start = first or clock.midnight(services.now().astimezone(clock.zone).date())
    return list(await services.agenda.meetings(own, start, start + days * DAY))


async def bring_own_meeting(services: Services, address: str) -> None:
    """What somebody imports."""
    own = mailbox_key(address)
    database = Database("mailbox", data_dir=services.settings.data_dir, url=services.settings.database_url)
    try:
        calendar = await database.read(select_calendar, own)
        stretch = calendar.stretch if calendar else stretch_around(TODAY)
        made = write_ics(MadeMeeting("My own", TODAY.replace(tzinfo=None)))
        found = asdict(read_calendar(stretch, made))
        await database.write(write_reading, own, stretch, found)
    finally:
        await database.close()


async def test_no_demo_is_put_to_the_calendars_of_others(tmp_path: Path) -> None:
    """In a demo anybody signs in as anyone."""
    settings = read_settings(data_dir=tmp_path, database_url="")
    async with open_services(settings, Clock()) as services:
        await bring_own_meeting(services, "ann@ours.example")
        with pytest.raises(Conflict) as refused:
            await seed(services)
    assert refused.value.code == "not_a_demo"


async def test_days_are_told_and_move(demo: tuple[Services, Clock]) -> None:
    services, clock = demo
    await check_today(services)
    await check_a_delegate(services)
    alex = await mailbox(services, "alexw")
    task = next(each for each in await services.agenda.tasks(alex) if each.due_on == clock.at.date())
    await services.agenda.complete_task(alex, task.list_id, task.id)
    await bring_own_meeting(services, US["alexw"].email)
    before = {each.id: each for each in await day(services, "alexw", 30, clock.at - 10 * DAY)}
    clock.at += timedelta(days=17, hours=-8)
    await seed(services)

    await check_today(services, tasks=1)
    assert (await services.agenda.task(alex, task.list_id, task.id)).status == "completed"
    singles = [each for each in before.values() if not each.series_id]
    assert len(singles) > 30
    for was in singles:
        now = await services.agenda.meeting(alex, was.id)
        moved = timedelta() if was.subject == "My own" else timedelta(days=17)
        assert (now.start_at - was.start_at, now.subject) == (moved, was.subject)


async def check_today(services: Services, tasks: int = 2) -> None:
    """Alex meets customers, among colleagues and nobody; the clock is Lancaster's, Julia's is Berlin's."""
    alex, now = await mailbox(services, "alexw"), services.now()
    clock = await services.agenda.clock(alex)
    assert clock.time_zone == "Europe/London"
    assert clock.working_hours
    assert clock.working_hours.start == time(8, 30)
    today = await day(services, "alexw")
    assert sum(meeting.is_organizer and bool(meeting.attendees) for meeting in today) >= 5
    two_weeks = await day(services, "alexw", 14)
    assert {meeting.subject for meeting in two_weeks if meeting.series_id} == {
        "Sales stand-up",
        "Pipeline review",
        "What is new in products",
        "Alex and Patti",
    }
    standups = [meeting for meeting in two_weeks if meeting.subject == "Sales stand-up"]
    assert {meeting.start_at.astimezone(clock.zone).time() for meeting in standups} == {time(8, 45)}
    assert {meeting.start_at.isoweekday() for meeting in standups} == {1, 2, 3, 4, 5}
    assert {meeting.sensitivity for meeting in two_weeks} == {"normal", "private", "confidential"}
    assert any(meeting.is_all_day for meeting in two_weeks)
    assert any(meeting.is_cancelled for meeting in two_weeks)
    assert any(meeting.online_meeting_url for meeting in two_weeks)
    assert any(not meeting.is_organizer and meeting.response == "accepted" for meeting in two_weeks)
    due = [task.due_on for task in await services.agenda.tasks(alex)]
    assert due.count(now.date()) == tasks
    assert min(each for each in due if each) < now.date()
    assert (await services.agenda.clock(await mailbox(services, "juliab"))).time_zone == "Europe/Berlin"


async def check_a_delegate(services: Services) -> None:
    """Alex looks after Isaiah's mailbox: when is to be seen, what not."""
    alex, isaiah = await mailbox(services, "alexw"), await mailbox(services, "isaiah")
    start = TODAY - DAY
    own = await services.agenda.meetings(isaiah, start, start + 14 * DAY)
    seen = await services.agenda.meetings(Mailbox(isaiah.address, alex.reader), start, start + 14 * DAY)
    assert [meeting.start_at for meeting in seen] == [meeting.start_at for meeting in own]
    private = [meeting for meeting in own if meeting.is_private]
    assert len(private) >= 3
    hidden = {meeting.id: meeting.subject for meeting in seen if meeting.is_private}
    assert hidden == dict.fromkeys((meeting.id for meeting in private), "")
