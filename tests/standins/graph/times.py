"""Times as Graph writes and reads them."""

import re
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tests.standins.graph.errors import GraphError

FRACTION = re.compile(r"\.(\d{1,6})\d*")
# Exchange's own names for zones, as mailbox settings and `Prefer: outlook.timezone` carry them.
WINDOWS_ZONES = {
    "UTC": "UTC",
    "GMT Standard Time": "Europe/London",
    "W. Europe Standard Time": "Europe/Berlin",
    "Romance Standard Time": "Europe/Paris",
    "Central European Standard Time": "Europe/Warsaw",
    "Eastern Standard Time": "America/New_York",
    "Central Standard Time": "America/Chicago",
    "Pacific Standard Time": "America/Los_Angeles",
    "India Standard Time": "Asia/Kolkata",
    "Tokyo Standard Time": "Asia/Tokyo",
    "AUS Eastern Standard Time": "Australia/Sydney",
}


def to_text(time: datetime) -> str:
    """An Edm.DateTimeOffset in whole seconds: Exchange's messages know no finer time."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def read_time(text: str) -> datetime:
    """An Edm.DateTimeOffset or Edm.Date, aware; raises ValueError."""
    text = FRACTION.sub(lambda match: f".{match[1].ljust(6, '0')}", text.strip())
    time = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def find_zone(name: str) -> tzinfo:
    """A zone by Windows or IANA name; raises the service's 400."""
    try:
        return ZoneInfo(WINDOWS_ZONES.get(name, name))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise GraphError(
            400,
            "TimeZoneNotSupportedException",
            f"A valid TimeZone value must be specified. '{name}' is not.",
        ) from error


def to_zoned(time: datetime, zone_name: str) -> dict[str, str]:
    """A dateTimeTimeZone: the wall clock there, seven digits of fraction."""
    local = time.astimezone(find_zone(zone_name))
    return {
        "dateTime": local.strftime("%Y-%m-%dT%H:%M:%S.") + f"{local.microsecond:06d}0",
        "timeZone": zone_name,
    }


def read_zoned(value: dict[str, str]) -> datetime:
    """The instant of a dateTimeTimeZone; raises ValueError or the 400 for an unknown zone."""
    time = datetime.fromisoformat(FRACTION.sub(lambda m: f".{m[1].ljust(6, '0')}", value["dateTime"]))
    return time.replace(tzinfo=find_zone(value.get("timeZone", "UTC"))) if time.tzinfo is None else time
