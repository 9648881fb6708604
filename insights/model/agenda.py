"""What a mailbox's day holds: its clock, meetings by occurrence, To Do tasks."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

Response = Literal["none", "organizer", "tentativelyAccepted", "accepted", "declined", "notResponded"]
AttendeeType = Literal["required", "optional", "resource"]
Sensitivity = Literal["normal", "personal", "private", "confidential"]
ShowAs = Literal["free", "tentative", "busy", "oof", "workingElsewhere", "unknown"]
TaskStatus = Literal["notStarted", "inProgress", "completed", "waitingOnOthers", "deferred"]
Importance = Literal["low", "normal", "high"]

PREVIEW = 255
"""Characters of a meeting's text that lists have."""


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """When somebody works: `days` as in `monday`, times by the clock of `time_zone` (an IANA name)."""

    days: tuple[str, ...]
    start: time
    end: time
    time_zone: str


@dataclass(frozen=True, slots=True)
class Clock:
    """A mailbox's time zone (an IANA name), as its owner chose it, and when they work."""

    time_zone: str
    working_hours: WorkingHours | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The time zone itself."""
        return ZoneInfo(self.time_zone)

    def midnight(self, day: date) -> datetime:
        """When a day begins by this clock."""
        return datetime.combine(day, time(), self.zone)


@dataclass(frozen=True, slots=True)
class Attendee:
    """Who is invited, and how they answered; `address` is "" where the mail server has none."""

    address: str
    name: str = ""
    response: Response = "none"
    type: AttendeeType = "required"


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting or appointment as it stands in one mailbox; of a series each occurrence is one."""

    id: str
    """Of this occurrence, in this mailbox."""
    series_id: str
    """The same for all occurrences of a series, "" for what does not recur."""
    ical_uid: str
    """The same in every attendee's calendar, and `globalobjectid` in the CRM where that has the meeting;
    some mail servers make one for each occurrence."""
    subject: str
    start_at: datetime
    end_at: datetime
    """Of a whole-day meeting both are midnights by the clock of the mailbox."""
    is_all_day: bool = False
    is_cancelled: bool = False
    is_organizer: bool = True
    """Whether the mailbox's owner called it, as they did who planned something for themselves alone."""
    response: Response = "organizer"
    """The owner's answer."""
    sensitivity: Sensitivity = "normal"
    show_as: ShowAs = "busy"
    location: str = ""
    online_meeting_url: str = ""
    organizer: Attendee = Attendee("")
    attendees: tuple[Attendee, ...] = ()
    body_preview: str = ""
    """The first 255 characters of its text."""

    @property
    def is_private(self) -> bool:
        """Whether what it is about is for the mailbox's owner alone."""
        return self.sensitivity in {"private", "confidential"}

    @property
    def busy_time_only(self) -> "Meeting":
        """The same for others than the owner: that there is something, and when."""
        return replace(
            self, subject="", location="", online_meeting_url="", organizer=Attendee(""), attendees=(),
            body_preview="",
        )  # fmt: skip

    def touches(self, start: datetime, end: datetime) -> bool:
        """Whether some of it lies in [start, end); one without length where it begins there."""
        return self.start_at < end and (self.end_at > start or self.start_at == self.end_at == start)


@dataclass(frozen=True, slots=True)
class TaskList:
    """A list of To Do; every mailbox has one that is the default."""

    id: str
    name: str
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class TodoTask:
    """A task of To Do; `due_on` is a day by the clock of the mailbox, None for one without a date."""

    id: str
    list_id: str
    title: str
    status: TaskStatus = "notStarted"
    due_on: date | None = None
    importance: Importance = "normal"
