"""By which clock somebody lives: `usersettings` of the CRM, else their calendar, else UTC."""

from collections.abc import Mapping
from datetime import time

from sqlalchemy import Connection

from connectors.embedded.agenda.store import select_calendar
from connectors.embedded.crm.rows import read_row
from connectors.zones import UTC_NAME, iana_name
from insights.database import Database
from insights.mail.addresses import mailbox_key
from insights.model import Clock, User, WorkingHours

WORKING_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
OPENS, CLOSES = time(8), time(17)
"""What Exchange takes for granted."""


class Clocks:
    """The clocks of users; `crm` is None where the CRM with their settings is another one."""

    def __init__(self, mailboxes: Database, crm: Database | None) -> None:
        self._mailboxes, self._crm = mailboxes, crm

    async def clock(self, user: User) -> Clock:
        """A user's time zone and working hours."""
        zone, settings = await self._crm.read(_settings, user.id) if self._crm else ("", {})
        zone = zone or await self._mailboxes.read(_own_zone, user.email) or UTC_NAME
        start, end = _hour(settings, "workdaystarttime", OPENS), _hour(settings, "workdaystoptime", CLOSES)
        return Clock(zone, WorkingHours(WORKING_DAYS, start, end, zone))


def _settings(connection: Connection, user_id: str) -> tuple[str, Mapping[str, object]]:
    """(Time zone or "", the row) of a user."""
    row = read_row(connection, "usersettings", user_id)
    return (iana_name(row.text("timezone")), row.attributes) if row else ("", {})


def _own_zone(connection: Connection, address: str) -> str:
    key = mailbox_key(address)
    calendar = select_calendar(connection, key) if key else None
    return calendar.time_zone if calendar else ""


def _hour(settings: Mapping[str, object], name: str, otherwise: time) -> time:
    """An hour of a user's settings, whose form the import has checked."""
    hour = settings.get(name)
    return time.fromisoformat(hour) if isinstance(hour, str) and hour else otherwise
