"""Timelines and *Track*; but for a timeline, nothing is here where auto capture is off."""

from pydantic import Field

from addin.api import V1
from addin.http import Answer, Call, Route
from addin.requests import Body, Id, PageQuery, Query, Table
from insights.capture import emails, failures, filing, timeline, tracking
from insights.capture.views import Item, OpenEmail, Timeline, TrackBody
from insights.model import RecordRef
from insights.views import Ref

FEATURE = "auto_capture"
EMAIL = f"{V1}/emails/{{email_id}}"


class TimelineQuery(PageQuery):
    """How far back a timeline goes."""

    days: int = Field(30, ge=1, le=36500)


class EmailQuery(Query):
    """The open email; `mailbox` is the address of a shared mailbox it lies in, none = the caller's own."""

    internet_message_id: str = Field(min_length=1, max_length=998)
    mailbox: str | None = Field(None, max_length=320)


class EmailLookup(Body):
    """The open email, as a body."""

    internet_message_id: str = Field(min_length=1, max_length=998)
    mailbox: str | None = Field(None, max_length=320)


class RegardingBody(Body):
    """What an email is about from now on; null = nothing."""

    regarding: Ref | None


class LinkBody(Body):
    """A further record an email belongs to."""

    record: Ref


async def read_timeline(call: Call, table: Table, id: Id, query: TimelineQuery) -> Answer:  # noqa: A002
    """A record's activities and the caller's own mail about it, newest first."""
    ref = RecordRef(table, id)
    return Answer(
        await timeline.read_timeline(
            call.services, call.user, ref, days=query.days, cursor=query.cursor, limit=query.limit
        )
    )


async def open_email(call: Call, query: EmailQuery) -> Answer:
    """What the pane needs for the open email."""
    return Answer(await emails.open_email(call.services, call.user, query.internet_message_id, query.mailbox))


async def look_up_email(call: Call, body: EmailLookup) -> Answer:
    """What the pane needs for the open email, asked in the body."""
    return Answer(await emails.open_email(call.services, call.user, body.internet_message_id, body.mailbox))


async def list_failures(call: Call, query: PageQuery) -> Answer:
    """The caller's emails that could not be tracked in the last 90 days."""
    return Answer(
        await failures.list_failures(call.services, call.user, cursor=query.cursor, limit=query.limit)
    )


async def track(call: Call, email_id: Id, body: TrackBody) -> Answer:
    """Copy an email into the CRM: 202 while it goes on, 200 if it was tracked already."""
    item, is_tracked = await tracking.track(call.services, call.user, email_id, body)
    return Answer(item, status=200 if is_tracked else 202)


async def untrack(call: Call, email_id: Id) -> Answer:
    """Take an email out of the CRM again."""
    return Answer(await tracking.untrack(call.services, call.user, email_id))


async def retry(call: Call, email_id: Id) -> Answer:
    """Try again to track an email that failed."""
    return Answer(await tracking.retry(call.services, call.user, email_id))


async def set_regarding(call: Call, email_id: Id, body: RegardingBody) -> Answer:
    """Change what a tracked email is about."""
    ref = _ref(body.regarding) if body.regarding else None
    return Answer(await filing.set_regarding(call.services, call.user, email_id, ref))


async def link_record(call: Call, email_id: Id, body: LinkBody) -> Answer:
    """Connect a tracked email to a further record."""
    return Answer(await filing.link_record(call.services, call.user, email_id, _ref(body.record)))


def _ref(ref: Ref) -> RecordRef:
    return RecordRef(ref.table, ref.id)


ROUTES = (
    Route("GET", f"{V1}/records/{{table}}/{{id}}/activities", read_timeline, "user", {200: Timeline}),
    Route("GET", f"{V1}/emails", open_email, "user", {200: OpenEmail}, FEATURE, (404,)),
    Route("POST", f"{V1}/emails/lookup", look_up_email, "user", {200: OpenEmail}, FEATURE, (404,)),
    Route("GET", f"{V1}/emails/failures", list_failures, "user", {200: Timeline}, FEATURE),
    Route("POST", f"{EMAIL}/track", track, "user", {200: Item, 202: Item}, FEATURE, (409,)),
    Route("POST", f"{EMAIL}/untrack", untrack, "user", {200: Item}, FEATURE, (409,)),
    Route("POST", f"{EMAIL}/retry", retry, "user", {200: Item}, FEATURE, (409,)),
    Route("PUT", f"{EMAIL}/regarding", set_regarding, "user", {200: Item}, FEATURE, (409,)),
    Route("POST", f"{EMAIL}/links", link_record, "user", {200: Item}, FEATURE, (409,)),
)
