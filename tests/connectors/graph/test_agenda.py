"""What a day holds in Exchange, beyond what every Agenda does (tests/contracts/test_agenda.py)."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import httpx
import pytest

from connectors.graph.agenda import GraphAgenda, Person
from insights.errors import NotAllowed, SignInNeeded
from insights.model import Mailbox, WorkingHours
from tests.calendars import MadeMeeting, event_json
from tests.connectors.graph.tenant import ANN, BOB, SCOPES, Tenant, mailbox_of
from tests.standins.graph.calendar import add_event
from tests.standins.graph.errors import access_denied
from tests.standins.graph.faults import Fault

pytestmark = pytest.mark.testdata
ANNS, BOBS = mailbox_of(ANN), mailbox_of(BOB)
DAY = datetime(2026, 11, 23, tzinfo=UTC)
A_DAY = timedelta(days=1)


@pytest.fixture
def agenda(tenant: Tenant) -> GraphAgenda:
    return GraphAgenda(tenant.client)


async def post(tenant: Tenant, path: str, body: dict[str, Any], method: str = "POST") -> dict[str, Any]:
    """Put something into Ann's mailbox as a mail client would."""
    token = tenant.graph.issue(ANN, SCOPES + " Calendars.ReadWrite")
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as http:
        response = await http.request(method, f"{tenant.graph.url}/me/{path}", json=body)
    assert response.status_code in {200, 201}, response.text
    found: dict[str, Any] = response.json()
    return found


async def test_a_clock_has_working_hours_by_their_own_zone(tenant: Tenant, agenda: GraphAgenda) -> None:
    settings = tenant.graph.mailbox(ANN).settings
    settings["timeZone"] = "W. Europe Standard Time"
    settings["workingHours"] |= {
        "startTime": "09:30:00.0000000",
        "timeZone": {"name": "Eastern Standard Time"},
    }
    found = await agenda.clock(ANNS)
    assert found.time_zone == "Europe/Berlin"
    assert found.working_hours == WorkingHours(
        ("monday", "tuesday", "wednesday", "thursday", "friday"), time(9, 30), time(17), "America/New_York"
    )
    settings["timeZone"] = "Customized Time Zone"
    assert (await agenda.clock(ANNS)).time_zone == "UTC"
    settings["workingHours"] = None
    assert (await agenda.clock(ANNS)).working_hours is None
    settings["workingHours"] = {"startTime": "soon", "endTime": "17:00:00"}
    assert (await agenda.clock(ANNS)).working_hours is None


async def test_a_day_costs_one_round_trip_and_tasks_two(tenant: Tenant, agenda: GraphAgenda) -> None:
    add_event(tenant.graph, tenant.graph.user(ANN), event_json(MadeMeeting("One", datetime(2026, 11, 23, 9))))
    await post(tenant, "todo/lists", {"displayName": "Work"})
    tenant.count()
    [meeting] = await agenda.meetings(ANNS, DAY, DAY + A_DAY)
    assert tenant.count() == 1
    await agenda.meeting(ANNS, meeting.id)
    assert tenant.count() == 1
    assert await agenda.tasks(ANNS) == []
    assert tenant.count() == 2


async def test_a_long_calendar_is_read_page_by_page(tenant: Tenant, agenda: GraphAgenda) -> None:
    for number in range(230):
        made = MadeMeeting(f"Meeting {number}", datetime(2026, 11, 23, number % 24))
        add_event(tenant.graph, tenant.graph.user(ANN), event_json(made))
    found = await agenda.meetings(ANNS, DAY, DAY + A_DAY)
    assert len({meeting.id for meeting in found}) == 230
    assert [meeting.start_at for meeting in found] == sorted(meeting.start_at for meeting in found)


async def test_what_outlook_writes_is_read(tenant: Tenant, agenda: GraphAgenda) -> None:
    """Names of old Exchange where addresses belong, values that are not there or that nobody knows yet."""
    event = event_json(MadeMeeting("Odd", datetime(2026, 11, 23, 9)))
    old = "/o=ExchangeLabs/ou=Exchange Administrative Group/cn=Recipients/cn=0123456789"
    event |= {
        "organizer": {"emailAddress": {"address": old, "name": "Ana Silva"}},
        "isOrganizer": False,
        "attendees": [{"emailAddress": {"name": "Room 5"}, "type": "resource", "status": None}, {}],
        "location": None,
        "responseStatus": None,
        "iCalUId": None,
        "bodyPreview": None,
    }
    add_event(tenant.graph, tenant.graph.user(ANN), event)
    [meeting] = await agenda.meetings(ANNS, DAY, DAY + A_DAY)
    assert (meeting.organizer.address, meeting.organizer.name) == ("", "Ana Silva")
    assert [(each.address, each.name, each.response, each.type) for each in meeting.attendees] == [
        ("", "Room 5", "none", "resource"),
        ("", "", "none", "required"),
    ]
    assert (meeting.location, meeting.response, meeting.ical_uid, meeting.body_preview) == (
        "",
        "none",
        "",
        "",
    )
    answer = Fault(re.compile("batch"), inner=False, bend=lambda body: body.replace(b'"normal"', b'"hushed"'))
    tenant.graph.faults.add(answer)
    [meeting] = await agenda.meetings(ANNS, DAY, DAY + A_DAY)
    assert meeting.is_private, "what Graph calls by a new word is not shown to others"


async def test_the_app_reads_no_tasks_in_place_of_their_owner(tenant: Tenant, agenda: GraphAgenda) -> None:
    tenant.tokens.strangers.add(ANN)
    await agenda.meetings(ANNS, DAY, DAY + A_DAY)
    assert [who for who, _ in tenant.tokens.asked][-1] == "app"
    tenant.tokens.asked.clear()
    for ask in (agenda.tasks, agenda.task_lists):
        with pytest.raises(SignInNeeded):
            await ask(ANNS)
    assert "app" not in [who for who, _ in tenant.tokens.asked]


async def test_a_missing_permission_is_told(tenant: Tenant, agenda: GraphAgenda) -> None:
    for path, ask in (
        ("calendarView", lambda: agenda.meetings(ANNS, DAY, DAY + A_DAY)),
        ("mailboxSettings", lambda: agenda.clock(ANNS)),
        ("todo/lists", lambda: agenda.tasks(ANNS)),
    ):
        fault = tenant.graph.faults.add(Fault(re.compile(path), None, None, access_denied()))
        with pytest.raises(NotAllowed) as told:
            await ask()
        assert told.value.code == "mail_not_granted"
        tenant.graph.faults.waiting.remove(fault)
        await ask()


async def test_an_own_mailbox_that_is_not_there_is_empty(tenant: Tenant, agenda: GraphAgenda) -> None:
    tenant.graph.mailbox(ANN).state = "away"
    assert await agenda.meetings(ANNS, DAY, DAY + A_DAY) == []
    assert await agenda.tasks(ANNS) == []
    assert await agenda.task_lists(ANNS) == []
    assert (await agenda.clock(ANNS)).time_zone == "UTC"
    await agenda.meetings(Mailbox(BOB, BOBS.reader), DAY, DAY + A_DAY)


async def test_a_due_day_is_a_day_wherever_the_task_was_made(tenant: Tenant, agenda: GraphAgenda) -> None:
    """Graph tells the midnight of where it was made, in UTC."""
    tenant.graph.mailbox(ANN).settings["timeZone"] = "W. Europe Standard Time"
    [default] = await agenda.task_lists(ANNS)
    for zone in ("UTC", "W. Europe Standard Time"):
        due = {"dateTime": "2026-11-24T00:00:00", "timeZone": zone}
        await post(tenant, f"todo/lists/{default.id}/tasks", {"title": zone, "dueDateTime": due})
    found = await agenda.tasks(ANNS)
    assert [task.due_on for task in found] == [date(2026, 11, 24)] * 2


async def test_people_come_most_relevant_first(tenant: Tenant, agenda: GraphAgenda) -> None:
    tenant.graph.user(ANN).people = [
        {
            "id": str(number),
            "displayName": name,
            "scoredEmailAddresses": [{"address": address, "relevanceScore": 30.0 - number}],
        }
        for number, (name, address) in enumerate([("Ana", "ana@fabrikam.example"), ("Bo", "bo@else.example")])
    ]
    assert await agenda.people(ANNS, limit=1) == [Person("Ana", ("ana@fabrikam.example",))]
    assert len(await agenda.people(ANNS)) == 2
