"""SQL tables of calendars and To Do, beside those of mail in the same database.

A series is kept as iCalendar and expanded into `meetings` for a stretch of time (`calendars.since` to
`until`); whoever asks beyond it has it expanded further. What a meeting says stands once for all of its
occurrences in `events.parts`, a series' exceptions have parts of their own.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from insights.database import ADDRESS, NONE, TEXT, USER, metadata

agenda = metadata()
ID = LargeBinary(16)
DEFAULT_LIST = "Tasks"
"""What To Do calls the list that everybody has."""


def _calendar_id() -> Column[int]:
    return Column("calendar_id", Integer, ForeignKey("calendars.id"), primary_key=True, info=USER)


# Times are microseconds since 1970, as in `messages`.
calendars = Table(
    "calendars",
    agenda,
    Column("id", Integer, primary_key=True, autoincrement=True, info=NONE),
    Column("address_key", String(512), nullable=False, unique=True, info=ADDRESS),
    Column("time_zone", String(64), nullable=False, info=NONE),
    Column("since", BigInteger, nullable=False, info=NONE),
    Column("until", BigInteger, nullable=False, info=NONE),
    # How long the longest meeting takes: what begins earlier than that cannot reach into a day.
    Column("longest", BigInteger, nullable=False, info=NONE),
)

# A meeting or series by its UID; `digest` is of all it says, `changed_at` 0 where it does not say when.
events = Table(
    "events",
    agenda,
    _calendar_id(),
    Column("event_id", ID, primary_key=True, info=NONE),
    Column("sequence", BigInteger, nullable=False, info=NONE),
    Column("changed_at", BigInteger, nullable=False, info=NONE),
    Column("digest", ID, nullable=False, info=NONE),
    Column("recurs", Boolean, nullable=False, info=NONE),
    Column("parts", Text, nullable=False, info=TEXT),
    Column("source", LargeBinary, nullable=False, info=TEXT),
)

# Occurrences. Where `is_local`, times are by the clock of who reads, written as if it were UTC.
meetings = Table(
    "meetings",
    agenda,
    _calendar_id(),
    Column("meeting_id", ID, primary_key=True, info=NONE),
    Column("event_id", ID, nullable=False, info=NONE),
    Column("start_at", BigInteger, nullable=False, info=NONE),
    Column("end_at", BigInteger, nullable=False, info=NONE),
    Column("is_local", Boolean, nullable=False, info=NONE),
    Column("part", Integer, nullable=False, info=NONE),
    Index("ix_meetings_calendar_id_start_at", "calendar_id", "start_at"),
    Index("ix_meetings_calendar_id_event_id", "calendar_id", "event_id"),
)

tasks = Table(
    "tasks",
    agenda,
    _calendar_id(),
    Column("task_id", ID, primary_key=True, info=NONE),
    Column("sequence", BigInteger, nullable=False, info=NONE),
    Column("changed_at", BigInteger, nullable=False, info=NONE),
    Column("digest", ID, nullable=False, info=NONE),
    Column("list_name", Text, nullable=False, info=TEXT),
    Column("title", Text, nullable=False, info=TEXT),
    Column("status", String(16), nullable=False, info=NONE),
    Column("importance", String(8), nullable=False, info=NONE),
    Column("due_at", BigInteger, info=NONE),
    Column("is_local", Boolean, nullable=False, info=NONE),
    Column("completed_at", BigInteger, info=NONE),
)
