"""Calendars and To Do."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from insights.model import Clock, Mailbox, Meeting, TaskList, TodoTask


class Agenda(Protocol):
    """What the day of a mailbox holds, in the right of its `reader`.

    A calendar that does not exist or is not shared with its reader is NotFound (`no_mailbox`), but for a
    user's own, which then is empty. Of a private or confidential meeting others than the owner learn only
    when it is (`Meeting.busy_time_only`). Tasks are their owner's alone. SignInNeeded where the reader has
    to sign in once more first.
    """

    async def clock(self, mailbox: Mailbox) -> Clock:
        """The time zone and working hours of who reads it; UTC where nobody knows."""
        ...

    async def meetings(self, mailbox: Mailbox, start: datetime, end: datetime) -> Sequence[Meeting]:
        """Everything in the calendar that touches [start, end), cancelled and declined ones too, by start.

        Raises Invalid (`bad_span`) for more than 1,800 days.
        """
        ...

    async def meeting(self, mailbox: Mailbox, meeting_id: str) -> Meeting:
        """One of them; raises NotFound (`no_meeting`)."""
        ...

    async def task_lists(self, mailbox: Mailbox) -> Sequence[TaskList]:
        """The lists of To Do, the default one first."""
        ...

    async def tasks(self, mailbox: Mailbox) -> Sequence[TodoTask]:
        """The open tasks of all lists, by due date, those without one last."""
        ...

    async def task(self, mailbox: Mailbox, list_id: str, task_id: str) -> TodoTask:
        """One task, completed ones too; raises NotFound (`no_task`)."""
        ...

    async def complete_task(self, mailbox: Mailbox, list_id: str, task_id: str) -> TodoTask:
        """Complete a task, twice is once; it as it is then. Raises NotFound (`no_task`)."""
        ...
