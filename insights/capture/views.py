"""What capture's use-cases answer; the HTTP API, the pane and the bot show these as they are.

Field names are those of the HTTP contract, so an item becomes JSON without translation.
"""

from datetime import datetime
from typing import Literal

from pydantic import Field

from insights.model import Direction, TrackState
from insights.views import RecordItem, Ref, Sentence, View


class AttachmentItem(View):
    """A file of an email; `state` is its own outcome once the email is being tracked."""

    id: str
    name: str
    size: int
    content_type: str
    is_inline: bool = False
    state: TrackState | None = None
    cause: Sentence | None = None


class TrackedBy(View):
    """Who made the CRM row and when; `id` tells the caller from a namesake."""

    id: str
    name: str
    at: datetime


class Failure(View):
    """Why an email is not tracked, in words, and what to do about it."""

    cause: Sentence
    action: Sentence


class Item(View):
    """One entry of a timeline: an email (own mailbox or CRM) or another CRM activity.

    `state` is null for CRM activities that are no emails. `private` items are seen by their mailbox
    owner alone. `why` tells why an untracked email is here: "from Ana Silva, stakeholder".
    """

    id: str
    kind: str = Field(description="`email` or the activity's logical name")
    internet_message_id: str | None = None
    email_activity_id: str | None = None
    state: TrackState | None = None
    private: bool = False
    subject: str = ""
    at: datetime
    sender: str = Field("", alias="from")
    sender_name: str = ""
    to: list[str] = Field(default_factory=list)
    direction: Direction | None = None
    attachments: list[AttachmentItem] = Field(default_factory=list)
    why: Sentence = ""
    tracked_by: TrackedBy | None = None
    failure: Failure | None = None
    regarding: RecordItem | None = None
    links: list[RecordItem] = Field(default_factory=list, description="further records it is linked to")
    may: list[Literal["track", "untrack", "retry", "regard", "link"]] = Field(
        default_factory=list, description="what the caller may do with it now"
    )


class Timeline(View):
    """A page of a record's timeline, newest first; `notice` says what is missing and why."""

    items: list[Item]
    next: str | None = None
    notice: Sentence | None = None
    audience: int | None = Field(None, description="how many people could see what is tracked here")


class Suggestion(View):
    """A record an email could be about, and why it is offered."""

    record: RecordItem
    why: Sentence
    audience: int = Field(description="how many people could see the email there")


class Matched(View):
    """A person or company of the email that the CRM knows."""

    record: RecordItem
    address: str
    relation: Sentence


class ThreadMail(View):
    """A message that the whole conversation would take."""

    subject: str
    at: datetime


class OpenEmail(View):
    """What the pane needs for the open email."""

    item: Item
    suggestions: list[Suggestion]
    matched: list[Matched]
    unknown: list[str] = Field(description="addresses of outsiders that the CRM does not know")
    audience: int = Field(description="how many people could see it, tracked without regarding")
    conversation: int = Field(description="how many messages of the conversation are not tracked yet")
    thread: list[ThreadMail] = Field(description="these messages, oldest first")
    offer: Sentence | None = Field(
        None, description="why tracking is offered: a reply in a tracked conversation"
    )
    notice: Sentence | None = Field(None, description="why *Track* is not offered")
    on_behalf_of: str | None = Field(None, description="whose mailbox it lies in, if not the caller's own")


class UntrackedRow(View):
    """An email of a list and what it could be about, the best match first."""

    item: Item
    choices: list[RecordItem]


class UntrackedList(View):
    """A page of the caller's emails that are not tracked, newest first, of one record or of all."""

    record: RecordItem | None = None
    rows: list[UntrackedRow]
    next: str | None = None
    is_first: bool = Field(default=True, description="whether it begins with the newest email")
    notice: Sentence | None = None
    audience: int = Field(description="how many people could see what is tracked from here")
    change_id: int = Field(0, description="the newest change that it takes in for certain")


class TrackBody(View):
    """How to track. No `regarding` = best match, null = without; no `attachments` = all of them.

    `mailbox` is the address of a shared mailbox that the email lies in, none = the caller's own.
    """

    regarding: Ref | None = None
    attachments: list[str] | None = Field(None, max_length=500)
    conversation: bool = False
    mailbox: str | None = Field(None, max_length=320)


class RegardingBody(View):
    """What an email is about; null = without regarding."""

    regarding: Ref | None


class LinkBody(View):
    """A further record the email concerns."""

    record: Ref


class Change(View):
    """Something open panes should look at again: an email's tracking, or the mailbox.

    `record` is one with which the email shows or showed; `own` says that the caller pressed *Track*.
    """

    kind: Literal["track", "mailbox"]
    id: str
    record: Ref | None = None
    own: bool = False
