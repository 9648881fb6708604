"""What `insights.computing` starts in a process of its own; JSON in and out.

The libraries for iCalendar are imported there, not in the server.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from connectors.embedded.agenda.instants import Stretch
from connectors.embedded.folders import NotOpenedError, open_below
from insights.bounds import bound_memory

Json = dict[str, Any]
LARGEST_FILE = 64 * 1024 * 1024
MEMORY = 1536 * 1024 * 1024


def read_file(path: str, stretch: Stretch) -> Json:
    """What a file holds (`reading.Reading`); `unreadable` says why one cannot be opened."""
    if Path(path).is_dir():
        return {"unreadable": "it is a folder"}
    try:
        with open_below(Path(path), ()) as file:
            content = file.read(LARGEST_FILE + 1)
    except NotOpenedError as error:
        return {"unreadable": error.reason}
    except OSError as error:
        return {"unreadable": error.strerror or type(error).__name__}
    if len(content) > LARGEST_FILE:
        return {"unreadable": f"it is larger than {LARGEST_FILE // 1024**2} MiB"}
    return _read(stretch, content)


def read_texts(texts: list[str], stretch: Stretch) -> list[Json]:
    """Calendars that were read before, each by itself, over another stretch of time."""
    return [_read(stretch, text.encode()) for text in texts]


def merge_texts(pairs: list[tuple[str, str]], stretch: Stretch) -> list[Json]:
    """Series, each with what became of some of its occurrences since: (before, news)."""
    return [_read(stretch, before.encode(), news.encode()) for before, news in pairs]


def _read(stretch: Stretch, *contents: bytes) -> Json:
    from connectors.embedded.agenda.reading import Reading, read_calendar
    from connectors.embedded.agenda.scanning import CALENDAR

    bound_memory(MEMORY)
    try:
        return asdict(read_calendar(stretch, *contents))
    except MemoryError:
        return asdict(Reading(faults=[(1, CALENDAR, "it needs too much memory: export it in parts")]))
