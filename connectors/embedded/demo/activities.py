"""Rows about work: tracked emails, appointments, phone calls, tasks, letters, faxes."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from connectors.embedded.demo.chance import chance
from connectors.embedded.demo.conversations import Conversation, Letter, Meeting
from connectors.embedded.demo.customers import Account
from connectors.embedded.demo.deals import Deal
from connectors.embedded.demo.invitations import meeting_uid
from connectors.embedded.demo.mime import html_of
from connectors.embedded.demo.people import US, Person, uid
from connectors.embedded.demo.rows import CC, ORGANIZER, REQUIRED, SENDER, TO, Cell, Rows
from insights.mail.identity import email_id

NAMED = ("alexw", "adelev", "isaiah", "meganb")
"""Who has a full day at any hour."""
DAYS_AROUND = 3
OPEN, COMPLETED, SCHEDULED = 0, 1, 3
SENT, RECEIVED, BUSY, MADE, NOT_STARTED, DONE = 3, 4, 5, 2, 2, 5
TALKS = (
    "Review of {process} figures",
    "Quote {order}: open questions",
    "Shift handover, {line}",
    "Service review {company}",
    "Kick-off {line}",
    "Remote start-up {serial}",
    "{plan}: yearly review",
    "Price talk {company}",
)
TASKS = (
    "Send revised quote {order}",
    "Check delivery date for {po}",
    "Prepare the visit in {site}",
    "Ask {engineer} about the seals for {line}",
    "Update the forecast for {company}",
    "Write the case study on {process}",
)
CALLS = ("Ask how {line} is running", "Talk about {plan}", "Follow up on {order}", "Say thanks for {po}")
PAPERS = ("{plan} agreement to {company}",)
DUE = (("tasks", "task"), ("phonecalls", "phonecall"), ("letters", "letter"), ("faxes", "fax"))


def add_tracked(
    rows: Rows,
    conversations: Sequence[Conversation],
    deals: Sequence[Deal],
    cases: Mapping[str, str],
    organization_id: str,
) -> None:
    """Email activities of what is tracked already: every third finished conversation and single letters."""
    deal_of = {deal.account.id: deal for deal in deals}
    for conversation in conversations:
        letters = [letter for letter in conversation.letters if is_tracked(conversation) or letter.is_tracked]
        deal = deal_of.get(conversation.account.id)
        if case_id := cases.get(conversation.key):
            regarding = ("incident", case_id)
        elif deal:
            regarding = ("opportunity", deal.id)
        else:
            regarding = ("account", conversation.account.id)
        for letter in letters:
            if not letter.is_internal:
                _add_email(rows, letter, conversation.account, regarding, organization_id)


def is_tracked(conversation: Conversation) -> bool:
    """Whether colleagues have put it into the CRM; never the newest one of a customer."""
    return chance(f"tracked/{conversation.key}").random() < 0.35 and not conversation.key.endswith("/0")


def add_meetings(rows: Rows, conversations: Sequence[Conversation]) -> None:
    """Appointments of the invitations that were sent by mail."""
    for conversation in conversations:
        for letter in conversation.letters:
            if letter.meeting:
                _add_appointment(rows, letter.meeting, conversation.account.owner, conversation.account)


def add_calendar(rows: Rows, deals: Sequence[Deal], today: datetime) -> None:
    """Appointments of the meetings around today."""
    for number, (key, meeting, deal) in enumerate(calendar_meetings(deals, today)):
        about = deal if number % 2 else None
        _add_appointment(rows, meeting, key, deal.account, deal=about)


def calendar_meetings(deals: Sequence[Deal], today: datetime) -> Iterator[tuple[str, Meeting, Deal]]:
    """A meeting of one of the named four at every half hour, day and night, for the days around today."""
    for number in range(-DAYS_AROUND * 48, (DAYS_AROUND + 1) * 48):
        key = NAMED[number % len(NAMED)]
        rng = chance(f"calendar/{number}")
        deal = rng.choice([deal for deal in deals if deal.account.owner == key])
        account = deal.account
        meeting = Meeting(
            f"calendar/{number}",
            _fill(rng.choice(TALKS), deal),
            today + timedelta(minutes=30 * number),
            30,
            rng.choice(("Teams meeting", f"{account.name}, {account.city}", "Lancaster, room Heron")),
            US[key],
            account.contacts[: rng.randint(1, 3)],
        )
        yield key, meeting, deal


def add_due(rows: Rows, deals: Sequence[Deal], today: datetime) -> None:
    """What is due: today for each of the named four, earlier and later for all."""
    noon = today + timedelta(hours=12)
    for key in NAMED:
        own = [deal for deal in deals if deal.account.owner == key]
        for number, (entity_set, table) in enumerate((*DUE, *DUE[:2], DUE[0])):
            deal = own[number % len(own)]
            _add_work(rows, f"due/{key}/{number}", entity_set, table, deal, noon, is_done=False)
    rng = chance("work")
    for number, deal in enumerate(deals):
        for position in range(4):
            entity_set, table = DUE[rng.choice((0, 1, 1))]
            days = rng.randint(-200, -2) if position < 3 else rng.randint(2, 20)
            at = today + timedelta(days=days, minutes=rng.randint(480, 1000))
            _add_work(rows, f"work/{number}/{position}", entity_set, table, deal, at, is_done=days < 0)


def _add_email(
    rows: Rows, letter: Letter, account: Account, regarding: tuple[str, str], organization_id: str
) -> None:
    activity_id = email_id(organization_id, letter.message_id)
    is_sent = letter.sender.is_ours
    tracker = letter.sender if is_sent else US[account.owner]
    rows.add(
        "emails",
        activityid=activity_id,
        subject=letter.subject,
        description=html_of(letter) or f"<p>{letter.words.replace(chr(10), '<br>')}</p>",
        messageid=letter.message_id,
        inreplyto=letter.answers.message_id if letter.answers else None,
        directioncode=is_sent,
        sender=letter.sender.email,
        emailsendername=letter.sender.name,
        torecipients=";".join(person.email for person in letter.to),
        senton=letter.at,
        actualend=letter.at,
        statecode=COMPLETED,
        statuscode=SENT if is_sent else RECEIVED,
        attachmentcount=len(letter.files),
        **_about(*regarding),
        **_by(tracker, letter.at + timedelta(minutes=25)),
    )
    for mask, people in ((SENDER, (letter.sender,)), (TO, letter.to), (CC, letter.cc)):
        rows.add_parties(activity_id, mask, people)
    for number, file in enumerate(letter.files):
        rows.add(
            "activitymimeattachments",
            activitymimeattachmentid=uid("file", f"{letter.key}/{number}"),
            activityid=activity_id,
            objectid=activity_id,
            filename=file.name,
            mimetype=file.content_type,
            filesize=len(file.content),
            attachmentnumber=number + 1,
            body=b64encode(file.content).decode(),
        )


def _add_appointment(
    rows: Rows, meeting: Meeting, owner: str, account: Account, *, deal: Deal | None = None
) -> None:
    activity_id = uid("appointment", meeting.key)
    rows.add(
        "appointments",
        activityid=activity_id,
        subject=meeting.subject,
        location=meeting.place,
        scheduledstart=meeting.starts_at,
        scheduledend=meeting.starts_at + timedelta(minutes=meeting.minutes),
        scheduleddurationminutes=meeting.minutes,
        globalobjectid=meeting_uid(meeting),
        statecode=SCHEDULED,
        statuscode=BUSY,
        **_about(*(("opportunity", deal.id) if deal else ("account", account.id))),
        **_by(US[owner], meeting.starts_at - timedelta(days=6)),
    )
    rows.add_parties(activity_id, ORGANIZER, [meeting.organizer])
    rows.add_parties(activity_id, REQUIRED, meeting.attendees)


def _add_work(
    rows: Rows, key: str, entity_set: str, table: str, deal: Deal, at: datetime, *, is_done: bool
) -> None:
    """A task, phone call, letter or fax about a deal, due or done at `at`."""
    activity_id = uid(table, key)
    seller, contact = US[deal.account.owner], deal.account.contacts[0]
    done = {"task": DONE, "phonecall": MADE, "letter": 4, "fax": 3}[table]
    wording = {"task": TASKS, "phonecall": CALLS}.get(table, PAPERS)
    rows.add(
        entity_set,
        activityid=activity_id,
        subject=_fill(chance(key).choice(wording), deal),
        scheduledend=at,
        actualend=at if is_done else None,
        actualdurationminutes=chance(key).randint(5, 40) if is_done else None,
        phonenumber=contact.phone if table == "phonecall" else None,
        directioncode=True if table != "task" else None,
        statecode=COMPLETED if is_done else OPEN,
        statuscode=done if is_done else NOT_STARTED if table == "task" else 1,
        prioritycode=1,
        **_about("opportunity", deal.id),
        **_by(seller, at - timedelta(days=4)),
    )
    if table != "task":
        rows.add_parties(activity_id, SENDER, [seller])
        rows.add_parties(activity_id, TO, [contact])


def _about(table: str, record_id: str) -> dict[str, Cell]:
    return {"regardingobjectid": record_id, "regardingobjectidtype": table}


def _by(owner: Person, at: datetime) -> dict[str, Cell]:
    return {"ownerid": owner.id, "owneridtype": "systemuser", "createdby": owner.id, "createdon": at}


def _fill(text: str, deal: Deal) -> str:
    return text.format_map(deal.facts | {"engineer": US["tomash"].first})
