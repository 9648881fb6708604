"""Writes what people have before them as iCalendar, and puts it into their mailboxes."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from connectors.embedded.agenda.instants import Stretch, to_instant
from connectors.embedded.agenda.store import select_calendar, write_reading
from connectors.embedded.agenda.tables import tasks
from connectors.embedded.demo.agendas import Entry
from insights.database import Database
from insights.mail.addresses import mailbox_key

AROUND = timedelta(days=60)
"""Series are expanded further once somebody looks there."""
WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)


async def put_agendas(database: Database, agendas: Mapping[str, Sequence[Entry]], now: datetime) -> None:
    """Put what everybody has into calendars and To Do, in place of what the demo had there before.

    What people brought themselves stays, and what they completed stays completed.
    """
    for email, entries in agendas.items():
        key = mailbox_key(email)
        calendar = await database.read(select_calendar, key)
        stretch = calendar.stretch if calendar else (to_instant(now - AROUND), to_instant(now + AROUND))
        reading = await asyncio.to_thread(_read, entries, stretch)
        if calendar:
            done = await database.read(_completed, calendar.id)
            for task in reading["tasks"]:
                if task["task_id"] in done:
                    task["status"] = "completed"
        await database.write(write_reading, key, stretch, reading, is_newest=True)


def write_calendar(entries: Sequence[Entry]) -> bytes:
    """The entries as an iCalendar file (RFC 5545)."""
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", "-//Tarnbrook//Calendar//EN")
    calendar.add("version", "2.0")
    for entry in entries:
        calendar.add_component(_component(entry))
    return bytes(calendar.to_ical())


def _read(entries: Sequence[Entry], stretch: Stretch) -> dict[str, Any]:
    """What others bring is read in a process of its own; these entries are ours."""
    from connectors.embedded.agenda.reading import read_calendar

    return asdict(read_calendar(stretch, write_calendar(entries)))


def _completed(connection: Connection, calendar_id: int) -> set[str]:
    done = select(tasks.c.task_id).where(tasks.c.calendar_id == calendar_id, tasks.c.status == "completed")
    return {bytes(task_id).hex() for task_id in connection.scalars(done)}


def _component(entry: Entry) -> Any:
    from icalendar import Event, Todo, vRecur

    component = (Event if entry.kind == "VEVENT" else Todo)()
    component.add("uid", entry.uid)
    component.add("dtstamp", WRITTEN)
    component.add("summary", entry.subject)
    start, end = ("dtstart", "dtend") if entry.kind == "VEVENT" else ("due", "")
    for name, value in ((start, entry.start), (end, entry.end)):
        if name and value:
            component.add(name, _moment(value, entry.zone))
    if entry.rule:
        component.add("rrule", vRecur.from_ical(entry.rule))
    for name, text in {
        "location": entry.place,
        "x-microsoft-skypeteamsmeetingurl": entry.link,
        "class": entry.class_,
        "status": entry.status,
        "x-microsoft-cdo-busystatus": entry.shows,
    }.items():
        if text:
            component.add(name, text)
    _add_people(component, entry)
    return component


def _add_people(component: Any, entry: Entry) -> None:
    from icalendar import vCalAddress

    people = [("organizer", entry.organizer, "")] if entry.organizer else []
    for name, person, answer in (*people, *(("attendee", *each) for each in entry.attendees)):
        parameters = {"CN": person.name} | ({"PARTSTAT": answer} if answer else {})
        component.add(name, vCalAddress(f"mailto:{person.email}"), parameters=parameters)


def _moment(value: date | datetime, zone: str) -> date | datetime:
    is_wall = isinstance(value, datetime) and value.tzinfo is None
    return value.replace(tzinfo=ZoneInfo(zone)) if isinstance(value, datetime) and is_wall else value
