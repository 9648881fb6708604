"""The whole organisation of the demo, put together: CRM rows and letters as of one day."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from connectors.embedded.demo import activities, deals, house, notices, records
from connectors.embedded.demo.agendas import Entry, make_agendas
from connectors.embedded.demo.chance import chance
from connectors.embedded.demo.conversations import Conversation, Letter, cast, converse, people_of, relinked
from connectors.embedded.demo.customers import Account, accounts
from connectors.embedded.demo.facts import draw_facts
from connectors.embedded.demo.leads import Lead, leads
from connectors.embedded.demo.newest import newest
from connectors.embedded.demo.people import PARTNERS, SALES, TEAMS, US
from connectors.embedded.demo.rows import Row, Rows
from connectors.embedded.demo.scripts import Script, read_scripts

MESSAGES = 1_500
INTERNAL = 40
QUIET = 9
"""Every so many customers one has not been heard of for more than a month."""
SPANS = ((1, 2), (1, 9), (8, 29), (31, 340))
"""How many days ago the conversations of a customer ended, from – to."""
QUIET_SPANS = ((36, 60), (61, 90), (91, 180), (181, 340))
INSTALLATION = {
    "LogicalName": "new_installation",
    "SchemaName": "new_Installation",
    "EntitySetName": "new_installations",
    "PrimaryIdAttribute": "new_installationid",
    "PrimaryNameAttribute": "new_name",
    "OwnershipType": "UserOwned",
    "DisplayName": {"UserLocalizedLabel": {"Label": "Installation", "LanguageCode": 1033}},
    "Attributes": [
        {"LogicalName": "new_accountid", "AttributeType": "Lookup", "Targets": ["account"]},
        {"LogicalName": "new_operatorid", "AttributeType": "Lookup", "Targets": ["contact"]},
        {"LogicalName": "new_siteemail", "AttributeType": "String", "Format": "Email"},
        {"LogicalName": "new_serialnumber", "AttributeType": "String"},
        {"LogicalName": "new_commissionedon", "AttributeType": "DateTime", "Format": "DateOnly"},
    ],
}


@dataclass(frozen=True, slots=True)
class Organization:
    """Everything the demo is seeded with; `definitions` describe custom tables."""

    rows: Mapping[str, Sequence[Row]]
    definitions: Sequence[dict[str, Any]]
    letters: Sequence[Letter]
    agendas: Mapping[str, Sequence[Entry]]
    """Calendars and tasks, by address."""

    def mailboxes(self) -> Mapping[str, Sequence[Letter]]:
        """What lies in whose mailbox: what one of ours sent, and what they got."""
        found: dict[str, list[Letter]] = {person.email: [] for person in US.values()}
        for letter in self.letters:
            for email in {person.email for person in letter.people if person.email in found}:
                found[email].append(letter)
        return found


def make_organization(organization_id: str, today: datetime) -> Organization:
    """The organisation as of `today` (a midnight in UTC): the same for the same day, whenever asked."""
    scripts, customers, prospects = read_scripts(), accounts(), list(leads())
    conversations = [*_with_customers(scripts, customers, today), *newest(customers, today)]
    talks = [*_among_us(scripts, customers, today), *_with_leads(scripts["lead"], prospects, today)]
    chances = deals.draw_deals(customers, today)
    meetings = (meeting for _, meeting, _ in activities.calendar_meetings(chances, today))
    return Organization(
        _rows(organization_id, customers, prospects, conversations, chances, today),
        (INSTALLATION,),
        _letters([*conversations, *talks], today),
        make_agendas(conversations, meetings, chances, today),
    )


def _rows(
    organization_id: str,
    customers: Sequence[Account],
    prospects: Sequence[Lead],
    conversations: Sequence[Conversation],
    chances: Sequence[deals.Deal],
    today: datetime,
) -> Mapping[str, Sequence[Row]]:
    rows = Rows()
    house.add_house(rows, organization_id, today)
    records.add_customers(rows, customers, today)
    deals.add_deals(rows, chances, today)
    records.add_leads(rows, prospects, today)
    cases = records.add_cases(rows, customers, conversations, today)
    records.add_installations(rows, customers, today)
    activities.add_tracked(rows, conversations, chances, cases, organization_id)
    activities.add_meetings(rows, conversations)
    activities.add_calendar(rows, chances, today)
    activities.add_due(rows, chances, today)
    return rows.by_set


def _letters(conversations: Iterable[Conversation], today: datetime) -> list[Letter]:
    """All letters, with as many newsletters as it takes to have 1,500."""
    letters = [letter for conversation in conversations for letter in conversation.letters]
    sent = [letter for letter in letters if letter.sender.is_ours and not letter.to[0].is_ours]
    letters += notices.enquiries(today)
    letters += notices.flights(today)
    letters += notices.bounces(sent[5::60])
    letters += notices.absences(sent[17::40])
    letters += notices.newsletters(today, MESSAGES - len(letters))
    return sorted(letters, key=lambda letter: (letter.at, letter.key))


def _with_customers(
    scripts: Mapping[str, Script], customers: Sequence[Account], today: datetime
) -> Iterator[Conversation]:
    """Four conversations with each customer, the scripts dealt out like cards."""
    deck: list[Script] = []
    rng = chance("deck")
    kinds = [script for script in scripts.values() if _is_with_customer(script)]
    for number, account in enumerate(customers):
        spans = QUIET_SPANS if number % QUIET == QUIET - 1 else SPANS
        talks = []
        for turn, (first, last) in enumerate(spans):
            if not deck:
                deck = rng.sample(kinds, len(kinds))
            script = deck.pop()
            # The newest is still going on: somebody waits for an answer.
            steps = rng.randint(1, len(script.steps)) if last <= 2 else None
            ends = rng.randint(first, last)
            talks.append(_talk(script, account, turn, today, ends_days_ago=ends, steps=steps))
        talks = _including_everybody(account, talks)
        yield from _copying_partner(account, talks) if _is_shared(number, account) else talks


def _including_everybody(account: Account, talks: list[Conversation]) -> list[Conversation]:
    """The conversations, with contacts who are in none of them copied on the latest letter."""
    met = people_of([letter for talk in talks for letter in talk.letters])
    missing = tuple(contact for contact in account.contacts if contact.id not in met)
    if missing:
        *before, last = talks[1].letters
        number = next(n for n, letter in enumerate(talks[1].letters) if not letter.is_internal)
        letters = [*before, last]
        letters[number] = replace(letters[number], cc=(*letters[number].cc, *missing))
        talks[1] = replace(talks[1], letters=relinked(letters))
    return talks


def _is_shared(number: int, account: Account) -> bool:
    """Whether both key account managers look after the customer: every second one of theirs."""
    return account.owner in TEAMS["Key accounts"] and number % 2 == 0


def _copying_partner(account: Account, talks: Sequence[Conversation]) -> Iterator[Conversation]:
    """The conversations, with the owner's partner copied on what the customer wrote last in each."""
    partner = US[PARTNERS[account.owner]]
    for talk in talks:
        letters = list(talk.letters)
        for number in reversed(range(len(letters))):
            letter = letters[number]
            if not (letter.sender.is_ours or letter.is_private or partner in letter.people):
                letters[number] = replace(letter, cc=(*letter.cc, partner))
                break
        yield replace(talk, letters=relinked(letters))


def _talk(
    script: Script,
    account: Account,
    turn: int,
    today: datetime,
    *,
    ends_days_ago: int,
    steps: int | None = None,
) -> Conversation:
    key = f"{account.domain}/{turn}"
    rng = chance(f"cast/{key}")
    roles = cast(rng, account, account.owner, turn)
    facts = draw_facts(rng, account)
    return converse(key, script, account, roles, facts, today=today, ends_days_ago=ends_days_ago, steps=steps)


def _among_us(
    scripts: Mapping[str, Script], customers: Sequence[Account], today: datetime
) -> Iterator[Conversation]:
    """What colleagues write to each other, all sellers in turn."""
    kinds = [script for script in scripts.values() if not _is_with_customer(script) and script.name != "lead"]
    for number in range(INTERNAL):
        owner = SALES[number % len(SALES)]
        own = [account for account in customers if account.owner == owner]
        account = own[number % len(own)]
        rng = chance(f"internal/{number}")
        roles = cast(rng, account, owner, number)
        facts = draw_facts(rng, account)
        ends = 1 + number if number < INTERNAL // 2 else number * 5
        script = kinds[number % len(kinds)]
        yield converse(f"internal/{number}", script, account, roles, facts, today=today, ends_days_ago=ends)


def _with_leads(script: Script, prospects: Sequence[Lead], today: datetime) -> Iterator[Conversation]:
    """What most of the leads wrote, and what they were answered."""
    for number, lead in enumerate(prospects[:30]):
        owner = lead.company.owner
        roles = {"lead": (lead.person,), "seller": (US[owner],), "partner": (US[PARTNERS[owner]],)}
        steps = number % len(script.steps) + 1
        yield converse(
            f"lead/{number}",
            script,
            lead.company,
            roles,
            lead.facts,
            today=today,
            ends_days_ago=1 + number * 2,
            steps=steps,
        )


def _is_with_customer(script: Script) -> bool:
    customers = {"customer", "second", "third"}
    return any(customers & set(step.roles) for step in script.steps)
