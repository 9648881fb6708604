"""What a day holds in Exchange."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import httpx
import pytest

from connectors.graph.agenda import GraphAgenda, Person, TodoTask, WorkingHours
from tests.connectors.graph.tenant import ANN, SCOPES, Tenant, mailbox_of

pytestmark = pytest.mark.testdata
ANNS = mailbox_of(ANN)
DAY = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def agenda(tenant: Tenant) -> GraphAgenda:
    return GraphAgenda(tenant.client)


async def post(tenant: Tenant, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Put something into Ann's mailbox as a mail client would."""
    token = tenant.graph.issue(ANN, SCOPES + " Calendars.ReadWrite Tasks.ReadWrite")
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as http:
        response = await http.post(f"{tenant.graph.url}/me/{path}", json=body)
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found


async def test_settings_tell_zone_language_and_working_hours(tenant: Tenant, agenda: GraphAgenda) -> None:
    settings = tenant.graph.mailbox(ANN).settings
    settings["timeZone"] = "W. Europe Standard Time"
    settings["workingHours"] |= {"startTime": "09:30:00.0000000", "timeZone": {"name": "Europe/Berlin"}}
    found = await agenda.settings(ANNS)
    assert (found.time_zone, found.language) == ("W. Europe Standard Time", "en-US")
    assert found.working_hours == WorkingHours(
        ("monday", "tuesday", "wednesday", "thursday", "friday"), time(9, 30), time(17), "Europe/Berlin"
    )


async def test_events_of_a_day_come_in_utc_by_start(tenant: Tenant, agenda: GraphAgenda) -> None:
    for number in (3, 1, 2, 30):
        await post(
            tenant,
            "events",
            {
                "subject": f"Meeting {number}",
                "start": {
                    "dateTime": f"2026-11-{23 + number // 24}T{number % 24 + 9:02}:00:00",
                    "timeZone": "Europe/Berlin",
                },
                "end": {
                    "dateTime": f"2026-11-{23 + number // 24}T{number % 24 + 10:02}:00:00",
                    "timeZone": "Europe/Berlin",
                },
                "location": {"displayName": "Room 5"},
                "sensitivity": "private" if number == 2 else "normal",
                "attendees": [
                    {"type": "required", "emailAddress": {"address": "ana@fabrikam.example", "name": "Ana"}}
                ],
            },
        )
    first, second, third = await agenda.events(ANNS, DAY, DAY + timedelta(days=1))
    assert [first.subject, second.subject, third.subject] == ["Meeting 1", "Meeting 2", "Meeting 3"]
    assert (first.start_at, first.end_at) == (DAY + timedelta(hours=9), DAY + timedelta(hours=10))
    assert (first.place, first.organizer, first.is_private, second.is_private) == ("Room 5", ANN, False, True)
    assert [(each.address, each.name) for each in first.attendees] == [("ana@fabrikam.example", "Ana")]
    assert first.ical_uid


async def test_open_tasks_of_all_lists_dated_ones_first(tenant: Tenant, agenda: GraphAgenda) -> None:
    lists = [await post(tenant, "todo/lists", {"displayName": name}) for name in ("Private", "Work")]
    due = {"dateTime": "2026-11-24T00:00:00.0000000", "timeZone": "UTC"}
    titles: list[dict[str, Any]] = [
        {"title": "Some day"},
        {"title": "Call Ana", "dueDateTime": due, "importance": "high"},
        {"title": "Done", "status": "completed"},
    ]
    for number, task in enumerate(titles):
        await post(tenant, f"todo/lists/{lists[number % 2]['id']}/tasks", task)
    tenant.count()
    found = await agenda.tasks(ANNS)
    assert tenant.count() == 2
    assert [task.title for task in found] == ["Call Ana", "Some day"]
    assert isinstance(found[0], TodoTask)
    assert (found[0].due_at, found[0].is_important) == (datetime(2026, 11, 24, tzinfo=UTC), True)
    assert found[1].due_at is None


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
