"""What every connector of calendars and To Do keeps to (`ports.Agenda`)."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from insights.errors import Invalid, NotFound
from insights.mail.addresses import mailbox_key
from insights.model import Mailbox, Meeting, TodoTask

LONGEST_SPAN = timedelta(days=1800)
"""How much of a calendar is told at a time: what Exchange does, less some days around (1,825)."""


def check_span(start: datetime, end: datetime) -> None:
    """Raise Invalid unless `end` comes after `start`, by 1,800 days at most."""
    if not timedelta() < end - start <= LONGEST_SPAN:
        raise Invalid("bad_span", days=LONGEST_SPAN.days)


def is_own(mailbox: Mailbox) -> bool:
    """Whether the mailbox is its reader's own."""
    return mailbox_key(mailbox.address) == mailbox_key(mailbox.reader.email) != ""


def require_own(mailbox: Mailbox) -> None:
    """Raise NotFound where somebody asks for tasks that are not theirs."""
    if not is_own(mailbox):
        raise NotFound("no_mailbox.tasks")


def shown(mailbox: Mailbox, meeting: Meeting) -> Meeting:
    """The meeting as far as the mailbox's reader may see it."""
    return meeting.busy_time_only if meeting.is_private and not is_own(mailbox) else meeting


def listed(mailbox: Mailbox, meetings: Iterable[Meeting], start: datetime, end: datetime) -> list[Meeting]:
    """Those that touch [start, end), by start, as far as the mailbox's reader may see them."""
    found = [shown(mailbox, meeting) for meeting in meetings if meeting.touches(start, end)]
    return sorted(found, key=lambda meeting: (meeting.start_at, meeting.id))


def due_first(tasks: Iterable[TodoTask]) -> list[TodoTask]:
    """By due date, those without one last."""
    return sorted(tasks, key=lambda task: (task.due_on is None, task.due_on or date.max, task.title, task.id))


def no_meeting() -> NotFound:
    """A meeting that the calendar does not hold."""
    return NotFound("no_meeting")


def no_task() -> NotFound:
    """A task that To Do does not hold."""
    return NotFound("no_task")
