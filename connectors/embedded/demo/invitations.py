"""Writes a meeting as iCalendar (RFC 5545)."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from connectors.embedded.demo.conversations import Meeting
from connectors.embedded.demo.wire import wire_address


def write_invitation(meeting: Meeting, at: datetime) -> str:
    """The invitation to a meeting, sent at that time."""
    ends_at = meeting.starts_at + timedelta(minutes=meeting.minutes)
    attendees = [
        f"ATTENDEE;CN={person.name};RSVP=TRUE:mailto:{wire_address(person)}" for person in meeting.attendees
    ]
    lines = [
        "BEGIN:VCALENDAR",
        "PRODID:-//Tarnbrook//Calendar//EN",
        "VERSION:2.0",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        f"UID:{meeting_uid(meeting)}",
        f"DTSTAMP:{_stamp(at)}",
        f"DTSTART:{_stamp(meeting.starts_at)}",
        f"DTEND:{_stamp(ends_at)}",
        f"SUMMARY:{_ical(meeting.subject)}",
        f"LOCATION:{_ical(meeting.place)}",
        f"ORGANIZER;CN={meeting.organizer.name}:mailto:{wire_address(meeting.organizer)}",
        *attendees,
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "\r\n".join(lines) + "\r\n"


def meeting_uid(meeting: Meeting) -> str:
    """The id of a meeting in the calendar and in the CRM (`globalobjectid`)."""
    return f"{sha256(meeting.key.encode()).hexdigest()[:32]}@example.com"


def _ical(text: str) -> str:
    return text.replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;")


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
