"""Names of time zones: Windows' and IANA's, as mail servers, calendars and people write them."""

from functools import lru_cache
from zoneinfo import ZoneInfo

UTC_NAME = "UTC"
SAME_AS_UTC = frozenset({"Z", "UTC", "GMT", "ETC/UTC", "ETC/GMT", "UCT"})


@lru_cache(maxsize=1024)
def iana_name(name: str) -> str:
    """The IANA name of a time zone that is named in either way; "" for one that nobody knows."""
    name = name.strip().strip("/")
    if name.upper() in SAME_AS_UTC:
        return UTC_NAME
    try:
        return ZoneInfo(name).key
    except (KeyError, OSError, ValueError):  # no such file, a folder, or no name at all
        return _of_windows(name.casefold())


def _of_windows(name: str) -> str:
    # A third of a second to import, which only who has such a name pays.
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    found = next((iana for windows, iana in WINDOWS_TO_OLSON.items() if windows.casefold() == name), "")
    return UTC_NAME if found.upper() in SAME_AS_UTC else found
