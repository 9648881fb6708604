"""What stands in calendars and task lists: with customers, among colleagues, alone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from connectors.embedded.demo.activities import NAMED, TASKS
from connectors.embedded.demo.chance import chance
from connectors.embedded.demo.conversations import Conversation, Meeting
from connectors.embedded.demo.deals import Deal
from connectors.embedded.demo.invitations import meeting_uid
from connectors.embedded.demo.people import SALES, SERVICE_TEAM, US, Person, uid, zone_of

OFFICE = range(7, 19)
"""Hours (UTC) in which calendars have what the CRM has at any hour."""
ANSWERS = ("ACCEPTED", "ACCEPTED", "ACCEPTED", "TENTATIVE", "NEEDS-ACTION", "DECLINED")
LINK = "https://meet.example.com/{}"
WORKDAYS = "MO,TU,WE,TH,FR"
# key | subject | rule | days after Monday | hour, minute | minutes | place | who; the first called it
SERIES = (
    ("standup", "Sales stand-up", f"FREQ=WEEKLY;BYDAY={WORKDAYS}", 0, (8, 45), 15, "", ("pattif", *SALES)),
    ("pipeline", "Pipeline review", "FREQ=WEEKLY", 1, (14, 0), 60, "Lancaster, room Heron",
     ("meganb", "pattif", *SALES)),
    ("service", "Service hand-over", "FREQ=WEEKLY", 2, (9, 30), 30, "", SERVICE_TEAM),
    ("products", "What is new in products", "FREQ=WEEKLY;INTERVAL=2", 3, (11, 0), 45,
     "Lancaster, room Plover", ("marcof", "hannahl", *SALES, "tomash", "meganb")),
    ("one-alexw", "Alex and Patti", "FREQ=WEEKLY", 3, (16, 0), 30, "", ("pattif", "alexw")),
    ("one-adelev", "Adele and Patti", "FREQ=WEEKLY", 3, (16, 30), 30, "", ("pattif", "adelev")),
    ("one-isaiah", "Isaiah and Patti", "FREQ=WEEKLY", 4, (9, 0), 30, "", ("pattif", "isaiah")),
)  # fmt: skip
# key | days from today | days | subject | how it shows | who
WHOLE_DAYS = (
    ("openday", 5, 1, "Open day at the Lancaster plant", "FREE", (*SALES, "pattif", "hannahl", "marcof")),
    ("fair", 12, 3, "Process technology fair", "BUSY", ("alexw", "adelev", "hannahl")),
    ("leave-isaiah", 8, 2, "Annual leave", "OOF", ("isaiah",)),
    ("leave-meganb", -3, 1, "Annual leave", "OOF", ("meganb",)),
)
# key | days from today | hour, minute | minutes | subject | class | status | how it shows
ALONE = (
    ("dentist", 1, (12, 15), 45, "Dentist", "PRIVATE", "", "OOF"),
    ("school", 3, (15, 30), 60, "Parents' evening", "PRIVATE", "", "OOF"),
    ("review", 2, (17, 0), 30, "Salary review: notes", "CONFIDENTIAL", "", "BUSY"),
    ("focus", 0, (13, 0), 60, "Write quotes", "", "", "FREE"),
    ("lunch", 1, (11, 45), 45, "Lunch and learn: seals", "", "CANCELLED", "BUSY"),
)
# days from today until it is due, None = without a date, with the state of the task
DUE = (
    (0, "NEEDS-ACTION"),
    (0, "IN-PROCESS"),
    (-2, "NEEDS-ACTION"),
    (3, "NEEDS-ACTION"),
    (9, "NEEDS-ACTION"),
    (None, "NEEDS-ACTION"),
    (-1, "COMPLETED"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A meeting or task before it becomes iCalendar: times are by the clock of `zone`, dates whole days."""

    uid: str
    subject: str
    start: datetime | date | None
    end: datetime | date | None = None
    zone: str = "UTC"
    rule: str = ""
    place: str = ""
    link: str = ""
    organizer: Person | None = None
    attendees: tuple[tuple[Person, str], ...] = ()
    class_: str = ""
    status: str = ""
    shows: str = ""
    kind: Literal["VEVENT", "VTODO"] = "VEVENT"


@dataclass(slots=True)
class Agendas:
    """The entries of everybody, by address."""

    by_email: dict[str, list[Entry]] = field(default_factory=lambda: {each.email: [] for each in US.values()})

    def add(self, entry: Entry, people: Iterable[Person]) -> None:
        """Put an entry into the calendars of those who are ours."""
        for email in {person.email for person in people if person.email in self.by_email}:
            self.by_email[email].append(entry)


def make_agendas(
    conversations: Sequence[Conversation], meetings: Iterable[Meeting], deals: Sequence[Deal], today: datetime
) -> Mapping[str, Sequence[Entry]]:
    """What everybody has before and behind them, by address; `meetings` are those of the CRM."""
    agendas = Agendas()
    invited = (letter.meeting for talk in conversations for letter in talk.letters if letter.meeting)
    for meeting in invited:
        _add_meeting(agendas, meeting)
    for meeting in meetings:
        if meeting.starts_at.hour in OFFICE:
            _add_meeting(agendas, meeting)
    _add_series(agendas, today)
    _add_whole_days(agendas, today)
    for key in NAMED:
        for entry in (*_alone(key, today), *_tasks(key, deals, today)):
            agendas.add(entry, [US[key]])
    return agendas.by_email


def _add_meeting(agendas: Agendas, meeting: Meeting) -> None:
    """A meeting with customers: in the calendars of who called it and of those invited, as in the CRM."""
    rng = chance(f"answers/{meeting.key}")
    own_id = meeting_uid(meeting)
    is_online = meeting.place == "Teams meeting"
    entry = Entry(
        own_id,
        meeting.subject,
        meeting.starts_at,
        meeting.starts_at + timedelta(minutes=meeting.minutes),
        place=meeting.place,
        link=LINK.format(own_id.partition("@")[0]) if is_online else "",
        organizer=meeting.organizer,
        attendees=tuple((person, rng.choice(ANSWERS)) for person in meeting.attendees),
    )
    agendas.add(entry, (meeting.organizer, *meeting.attendees))


def _add_series(agendas: Agendas, today: datetime) -> None:
    """What happens every week, since eight weeks ago, by the clock of Lancaster."""
    monday = today.date() - timedelta(days=today.weekday() + 56)
    for key, subject, rule, days, (hour, minute), minutes, place, names in SERIES:
        organizer, *others = (US[name] for name in dict.fromkeys(names))
        rng = chance(f"answers/{key}")
        start = datetime(monday.year, monday.month, monday.day, hour, minute) + timedelta(days=days)
        own_id = _uid(key)
        entry = Entry(
            own_id,
            subject,
            start,
            start + timedelta(minutes=minutes),
            zone_of("pattif"),
            rule,
            place or "Teams meeting",
            "" if place else LINK.format(own_id.partition("@")[0]),
            organizer,
            tuple((person, rng.choice(ANSWERS[:4])) for person in others),
        )
        agendas.add(entry, (organizer, *others))


def _add_whole_days(agendas: Agendas, today: datetime) -> None:
    for key, after, days, subject, shows, names in WHOLE_DAYS:
        first = today.date() + timedelta(days=after)
        entry = Entry(_uid(key), subject, first, first + timedelta(days=days), shows=shows)
        agendas.add(entry, [US[name] for name in names])


def _alone(key: str, today: datetime) -> Iterator[Entry]:
    """What somebody planned for themselves: some of it is nobody else's business."""
    for name, after, (hour, minute), minutes, subject, class_, status, shows in ALONE:
        start = today.replace(tzinfo=None) + timedelta(days=after, hours=hour, minutes=minute)
        end = start + timedelta(minutes=minutes)
        yield Entry(
            _uid(f"{name}/{key}"),
            subject,
            start,
            end,
            zone_of(key),
            class_=class_,
            status=status,
            shows=shows,
        )


def _tasks(key: str, deals: Sequence[Deal], today: datetime) -> Iterator[Entry]:
    own = [deal for deal in deals if deal.account.owner == key]
    for number, (days, status) in enumerate(DUE):
        facts = own[number % len(own)].facts | {"engineer": US["tomash"].first}
        wording = TASKS[(number + len(key)) % len(TASKS)]
        due = None if days is None else today.date() + timedelta(days=days)
        yield Entry(_uid(f"todo/{key}/{number}"), wording.format_map(facts), due, status=status, kind="VTODO")


def _uid(key: str) -> str:
    return f"{uid('agenda', key)}@example.com"
