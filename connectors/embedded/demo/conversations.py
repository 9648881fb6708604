"""Turns scripts and facts into letters: who writes to whom, when, in which words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from random import Random

from connectors.embedded.demo.chance import chance
from connectors.embedded.demo.customers import Account
from connectors.embedded.demo.files import File, make_file
from connectors.embedded.demo.people import PARTNERS, SALES, SERVICE_TEAM, US, Person
from connectors.embedded.demo.scripts import Script, Step, vary, vary_subject

DAY = 24 * 60
OPENS_AT, CLOSES_AT = 8 * 60, 18 * 60
GREETINGS = ("Hi {}", "Hello {}", "Dear {}", "Good morning {}", "Hi {}", "{}")
CLOSINGS = ("Best regards", "Kind regards", "Thanks and regards", "Many thanks", "Best", "Regards")
MARK = ".demo@"
"""What the Message-IDs of the demo have in common, so that the demo moves no other mail."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """What an invitation invites to; `key` makes its id."""

    key: str
    subject: str
    starts_at: datetime
    minutes: int
    place: str
    organizer: Person
    attendees: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """A message before it becomes MIME; `words` are new, what it `answers` is quoted below them."""

    key: str
    at: datetime
    sender: Person
    to: tuple[Person, ...]
    cc: tuple[Person, ...]
    subject: str
    words: str
    answers: "Letter | None" = None
    files: tuple[File, ...] = ()
    meeting: Meeting | None = None
    is_private: bool = False
    is_tracked: bool = False
    """Whether it is in the CRM already, whatever becomes of the rest of its conversation."""
    has_failed: bool = False
    """Whether somebody tried in vain to track it."""
    html: str = ""
    """Ready-made HTML, instead of one made of the words."""
    headers: Mapping[str, str] = field(default_factory=dict)
    is_dated: bool = False
    """Whether its content names a day, and so is written anew when the days move."""

    @property
    def message_id(self) -> str:
        """The Message-ID, made from the key."""
        domain = self.sender.email.rpartition("@")[2].encode("idna").decode()
        return f"<{sha256(self.key.encode()).hexdigest()[:24]}{MARK}{domain}>"

    @property
    def people(self) -> tuple[Person, ...]:
        """From, To and Cc."""
        return (self.sender, *self.to, *self.cc)

    @property
    def is_internal(self) -> bool:
        """Whether nobody from outside wrote or got it."""
        return all(person.is_ours for person in self.people)


@dataclass(frozen=True, slots=True)
class Conversation:
    """The letters of one script with one customer, and the facts they speak of."""

    key: str
    script: str
    account: Account
    facts: dict[str, str]
    letters: tuple[Letter, ...]

    @property
    def last_at(self) -> datetime:
        """When the latest letter was written."""
        return self.letters[-1].at


def cast(rng: Random, account: Account, owner: str, turn: int) -> dict[str, tuple[Person, ...]]:
    """Who plays which role of a script; the customer's second and third change with each `turn`."""
    others = account.contacts[1:]
    engineer = rng.choice(("tomash", "eriks"))
    singles = {
        "customer": account.contacts[0],
        "second": others[turn % len(others)],
        "third": others[(turn + 1) % len(others)],
        "seller": US[owner],
        "partner": US[PARTNERS[owner]],
        "manager": US["pattif"],
        "support": US["nadiao"],
        "engineer": US[engineer],
        "service_lead": US["lynner"],
        "finance": US["priyar"],
        "logistics": US["callumr"],
        "marketing": US["hannahl"],
        "product_manager": US["marcof"],
    }
    groups = {"sales": SALES, "service": SERVICE_TEAM}
    return {role: (person,) for role, person in singles.items()} | {
        role: tuple(US[key] for key in keys) for role, keys in groups.items()
    }


def converse(
    key: str,
    script: Script,
    account: Account,
    roles: Mapping[str, Sequence[Person]],
    facts: Mapping[str, str],
    *,
    today: datetime,
    ends_days_ago: int,
    steps: int | None = None,
) -> Conversation:
    """Play a script; its last letter (the `steps`-th) is written that many days before `today`."""
    rng = chance(f"conversation/{key}")
    known = dict(facts)
    for role, people in roles.items():
        known |= {f"{role}_first": people[0].first, f"{role}_name": people[0].name}
    subject = vary_subject(rng, script.subjects, known)
    played = script.steps[:steps]
    letters: list[Letter] = []
    minutes = _minutes(rng, played, roles, ends_days_ago)
    for number, (step, minute) in enumerate(zip(played, minutes, strict=True)):
        letter = _letter(rng, f"{key}/{number}", step, roles, known)
        answers = letters[step.answers] if step.answers is not None else None
        invites = "invitation" in step.flags
        letter = replace(
            letter,
            at=today + timedelta(minutes=minute),
            answers=answers,
            subject=subject if answers is None else f"Re: {subject}",
        )
        letters.append(replace(letter, meeting=_meeting(letter, known), is_dated=True) if invites else letter)
    return Conversation(key, script.name, account, known, tuple(letters))


def relinked(letters: Iterable[Letter]) -> tuple[Letter, ...]:
    """The letters, each answering the present version of the one it answers."""
    latest: dict[str, Letter] = {}
    for letter in letters:
        answers = latest[letter.answers.key] if letter.answers else None
        latest[letter.key] = replace(letter, answers=answers)
    return tuple(latest.values())


def people_of(letters: Sequence[Letter]) -> frozenset[str]:
    """Ids of everybody who wrote or got one of the letters."""
    return frozenset(person.id for letter in letters for person in letter.people)


def _letter(
    rng: Random, key: str, step: Step, roles: Mapping[str, Sequence[Person]], facts: Mapping[str, str]
) -> Letter:
    sender = roles[step.sender][0]
    to = _others(step.to, roles, {sender.id})
    cc = _others(step.cc, roles, {sender.id, *(person.id for person in to)})
    return Letter(
        key,
        datetime.min,
        _writing_as(rng, sender),
        to,
        cc,
        "",
        f"{_greeting(rng, to)}\n\n{vary(rng, step.words, dict(facts))}\n\n{rng.choice(CLOSINGS)},",
        files=tuple(make_file(rng, name, dict(facts)) for name in step.files),
        is_private="private" in step.flags,
        is_tracked="tracked" in step.flags,
        has_failed="failed" in step.flags,
    )


def _others(
    names: Sequence[str], roles: Mapping[str, Sequence[Person]], without: set[str]
) -> tuple[Person, ...]:
    found = {person.id: person for name in names for person in roles[name]}
    return tuple(person for person in found.values() if person.id not in without)


def _greeting(rng: Random, to: Sequence[Person]) -> str:
    if len(to) > 2:
        return rng.choice(("Hi all,", "Hello everybody,", "Dear all,"))
    return rng.choice(GREETINGS).format(" and ".join(person.first for person in to)) + ","


def _writing_as(rng: Random, person: Person) -> Person:
    """The person, sometimes with the address as some programs write it: capitals, or a +tag."""
    local, _, domain = person.email.partition("@")
    if person.is_ours or rng.random() > 0.06:
        return person
    email = f"{local}+orders@{domain}" if rng.random() < 0.5 else f"{local.title()}@{domain.upper()}"
    return replace(person, email=email)


def _meeting(letter: Letter, facts: Mapping[str, str]) -> Meeting:
    day = letter.at.replace(hour=int(facts["hour"]), minute=0, second=0) + timedelta(days=2)
    place = f"{facts['company']}, {facts['site']}" if int(facts["hour"]) % 2 else "Teams meeting"
    return Meeting(letter.key, letter.subject, day, 30, place, letter.sender, (*letter.to, *letter.cc))


def _minutes(
    rng: Random, steps: Sequence[Step], roles: Mapping[str, Sequence[Person]], ends_days_ago: int
) -> list[int]:
    """When each letter is written, in minutes from today's midnight (UTC), in office hours of its writer."""
    at = 0
    found: list[int] = []
    for step in steps:
        earliest = at + int(step.pause_minutes * rng.uniform(0.7, 1.4)) + rng.randint(1, 20)
        offset = roles[step.sender][0].utc_offset * 60
        day, minute = divmod(earliest + offset, DAY)
        if step.pause_minutes >= DAY or not found:
            minute = rng.randint(OPENS_AT, CLOSES_AT)
        elif minute > CLOSES_AT:
            day, minute = day + 1, OPENS_AT + rng.randint(0, 90)
        elif minute < OPENS_AT:
            minute = OPENS_AT + rng.randint(0, 90)
        at = day * DAY + minute - offset
        while found and at <= found[-1]:
            at += DAY
        found.append(at)
    shift = (found[-1] // DAY + ends_days_ago) * DAY
    return [minute - shift for minute in found]
