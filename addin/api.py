"""The JSON API under `/api/v1`: each handler calls the use-case of the same name."""

from addin.http import Answer, Call
from addin.requests import (
    EmailLookup,
    EmailQuery,
    Id,
    LinkBody,
    PageQuery,
    RecordLookup,
    RecordQuery,
    RegardingBody,
    Table,
    TimelineQuery,
)
from insights import audit, choices, features, people, records
from insights.capture import emails, failures, filing, timeline, tracking
from insights.capture.views import TrackBody
from insights.grants import link
from insights.model import RecordRef
from insights.requirements import examining
from insights.views import ChoicesBody, FeaturesBody, PersonBody, PreferencesBody, Ref


async def read_me(call: Call) -> Answer:
    """Who is signed in and what is on."""
    return Answer(await people.read_me(call.services, call.user))


async def make_sign_in_code(call: Call) -> Answer:
    """A code that tells the bot in Teams that the caller has signed in."""
    return Answer(people.make_sign_in_code(call.services, call.user), status=201)


async def find_records(call: Call, query: RecordQuery) -> Answer:
    """Records by name, address and table."""
    return await _find(call, query)


async def look_up_records(call: Call, body: RecordLookup) -> Answer:
    """Records by name, address and table, asked in the body."""
    return await _find(call, body)


async def create_person(call: Call, body: PersonBody) -> Answer:
    """Make an unknown sender a contact or lead."""
    return Answer(await records.create_person(call.services, call.user, body), status=201)


async def read_record(call: Call, table: Table, id: Id) -> Answer:  # noqa: A002
    """One record and how many people could see what is tracked there."""
    return Answer(await records.read_record(call.services, call.user, RecordRef(table, id)))


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


async def read_preferences(call: Call) -> Answer:
    """The caller's own choices."""
    return Answer(await choices.read_preferences(call.services, call.user))


async def change_preferences(call: Call, body: PreferencesBody) -> Answer:
    """Change the caller's own choices."""
    return Answer(await choices.change_preferences(call.services, call.user, body))


async def read_features(call: Call) -> Answer:
    """Terms and features, each with what it shares with whom."""
    return Answer(await features.read_features(call.services, call.user))


async def change_features(call: Call, body: FeaturesBody) -> Answer:
    """Accept the terms, turn features on and off."""
    return Answer(await features.change_features(call.services, call.user, body))


async def read_choices(call: Call) -> Answer:
    """The organisation's choices, each with what it does."""
    return Answer(await choices.read_choices(call.services, call.user))


async def change_choices(call: Call, body: ChoicesBody) -> Answer:
    """Change the organisation's choices."""
    return Answer(await choices.change_choices(call.services, call.user, body))


async def read_terms(call: Call) -> Answer:
    """The licence terms and who accepted them."""
    return Answer(await features.read_terms(call.services, call.user))


async def read_audit(call: Call, query: PageQuery) -> Answer:
    """The audit trail, newest first."""
    return Answer(await audit.read_audit(call.services, call.user, cursor=query.cursor, limit=query.limit))


async def read_requirements(call: Call) -> Answer:
    """What Liaison needs around it, and whether it is there."""
    return Answer(await examining.read_requirements(call.services, call.user))


async def read_grants(call: Call) -> Answer:
    """The link that grants what is turned on, which of it is granted, and the link's latest use."""
    return Answer(await link.read_grants(call.services, call.user))


async def _find(call: Call, asked: RecordQuery | RecordLookup) -> Answer:
    page = await records.find_records(
        call.services,
        call.user,
        text=asked.q,
        email=asked.email,
        table=asked.table,
        cursor=asked.cursor,
        limit=asked.limit,
    )
    return Answer(page)


def _ref(ref: Ref) -> RecordRef:
    return RecordRef(ref.table, ref.id)
