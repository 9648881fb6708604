"""Graph's times: ISO 8601 in UTC with a Z, up to seven decimals."""

import re
from datetime import UTC, datetime

DECIMALS = re.compile(r"\.(\d{1,6})\d*")


def to_text(time: datetime) -> str:
    """A time for a `$filter`."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read_instant(value: object) -> datetime | None:
    """An aware time; None where there is none."""
    if not isinstance(value, str) or not value:
        return None
    try:
        time = datetime.fromisoformat(DECIMALS.sub(lambda found: f".{found[1]:0<6}", value))
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
