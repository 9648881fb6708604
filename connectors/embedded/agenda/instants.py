"""Times as the tables have them: microseconds since 1970."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
YEAR = timedelta(days=365)
DAY = timedelta(days=1) // MICROSECOND
Stretch = tuple[int, int]
"""(since, until): where the series of a calendar are expanded."""


def to_instant(at: datetime) -> int:
    """An aware time as microseconds since 1970 UTC."""
    return (at - EPOCH) // MICROSECOND


def from_instant(instant: int) -> datetime:
    """The aware UTC time of `to_instant`."""
    return EPOCH + instant * MICROSECOND
