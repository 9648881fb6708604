"""A mailbox's clock as Graph tells it: zones by Windows' names, times without them."""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from connectors.graph.instants import read_instant
from connectors.zones import UTC_NAME, iana_name
from insights.model import Clock, WorkingHours

Json = dict[str, Any]
log = structlog.get_logger(__name__)


def read_clock(settings: Json) -> Clock:
    """The clock of `mailboxSettings`; may import for a third of a second, so not in the event loop."""
    zone = _zone(settings.get("timeZone"))
    return Clock(zone, _working_hours(settings.get("workingHours") or {}, zone))


def read_zoned(value: object) -> datetime | None:
    """The time of a `dateTimeTimeZone`, None where there is none; asked for in UTC, it mostly is."""
    found = value if isinstance(value, dict) else {}
    at = read_instant(found.get("dateTime"))
    zone = str(found.get("timeZone") or UTC_NAME)
    return at if at is None or zone == UTC_NAME else at.replace(tzinfo=ZoneInfo(iana_name(zone) or UTC_NAME))


def read_day(value: object) -> date | None:
    """The day of a `dateTimeTimeZone` that is midnight wherever it is read, as of whole-day meetings."""
    at = read_instant(value.get("dateTime")) if isinstance(value, dict) else None
    return at.date() if at else None


def read_due(value: object, clock: Clock) -> date | None:
    """The day that a task is due.

    To Do keeps days. Graph gives them as midnight in UTC, or as midnight where the task was made, in UTC.
    """
    at = read_zoned(value)
    if at is None:
        return None
    return at.date() if at.time() == time() else at.astimezone(clock.zone).date()


def _zone(name: object) -> str:
    zone = iana_name(str(name or UTC_NAME))
    if not zone:
        log.warning("a mailbox has a time zone that nobody knows, so UTC is taken")
    return zone or UTC_NAME


def _working_hours(found: Json, zone: str) -> WorkingHours | None:
    try:
        start, end = (time.fromisoformat(str(found[name])[:8]) for name in ("startTime", "endTime"))
    except (KeyError, ValueError):
        return None
    days = tuple(str(day).lower() for day in found.get("daysOfWeek") or ())
    name = str((found.get("timeZone") or {}).get("name") or zone)
    return WorkingHours(days, start, end, iana_name(name) or zone)
