"""Rows about customers: accounts, contacts, leads, cases, installations."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from connectors.embedded.demo.chance import chance
from connectors.embedded.demo.conversations import Conversation
from connectors.embedded.demo.customers import COUNTRIES, Account
from connectors.embedded.demo.facts import PRODUCTS
from connectors.embedded.demo.leads import Lead
from connectors.embedded.demo.people import US, Person, uid
from connectors.embedded.demo.rows import Rows

FOOD, UTILITY, MANUFACTURING = 17, 31, 12
CASES = (
    "Display stays dark after power cut",
    "Leak at the suction side",
    "Wrong spare part delivered",
    "Question about cleaning intervals",
    "Flow reading drifts by 4 per cent",
    "Alarm contact does not switch",
    "Noise after seal change",
    "Remote access to Monitor refused",
)


def add_customers(rows: Rows, accounts: Sequence[Account], today: datetime) -> None:
    """Accounts with their contacts."""
    for number, account in enumerate(accounts):
        created_at = today - timedelta(days=400 + number * 3)
        rows.add(
            "accounts",
            accountid=account.id,
            name=account.name,
            accountnumber=f"TB{1000 + number}",
            primarycontactid=account.contacts[0].id,
            emailaddress1=f"info@{account.domain}",
            emailaddress2=f"orders@{account.domain}" if number % 4 == 0 else None,
            telephone1=account.contacts[0].phone,
            websiteurl=f"https://www.{account.domain}",
            address1_city=account.city,
            address1_country=COUNTRIES[account.country],
            industrycode=_industry(account),
            description=f"Runs {account.industry} in {account.city}.",
            numberofemployees=40 + number * 13,
            statecode=0,
            tickersymbol={"beacon-semi": "BCNX", "gulfstar": "GLFS"}.get(account.key),
            ownerid=US[account.owner].id,
            owneridtype="systemuser",
            createdon=created_at,
        )
        for contact in account.contacts:
            _add_contact(rows, account, contact, created_at)


def add_leads(rows: Rows, leads: Sequence[Lead], today: datetime) -> None:
    """Leads, most of them still open."""
    for number, lead in enumerate(leads):
        person = lead.person
        state = 1 if number % 7 == 6 else 2 if number % 10 == 9 else 0
        rows.add(
            "leads",
            leadid=person.id,
            subject=f"{lead.facts['products']} for {lead.company.name}",
            fullname=person.name,
            firstname=person.first,
            lastname=person.last,
            companyname=lead.company.name,
            jobtitle=person.title,
            emailaddress1=person.email,
            telephone1=person.phone,
            address1_city=lead.company.city,
            address1_country=COUNTRIES[lead.company.country],
            leadqualitycode=number % 3 + 1,
            statecode=state,
            statuscode={0: 1 + number % 2, 1: 3, 2: 4}[state],
            estimatedamount=int(lead.facts["quantity"]) * 4_000,
            ownerid=US[lead.company.owner].id,
            owneridtype="systemuser",
            createdon=today - timedelta(days=3 + number * 4),
        )


def add_cases(
    rows: Rows, accounts: Sequence[Account], conversations: Sequence[Conversation], today: datetime
) -> dict[str, str]:
    """Cases: one per reported fault, and others; returns conversation key → case id."""
    faults = [conversation for conversation in conversations if conversation.script == "fault"]
    found = {conversation.key: uid("incident", conversation.key) for conversation in faults}
    for conversation in faults:
        facts, at = conversation.facts, conversation.letters[0].at
        title = f"{facts['product']} stops with E{facts['error']}"
        is_open, case_id = (today - conversation.last_at).days < 14, found[conversation.key]
        _add_case(rows, case_id, conversation.account, title, facts["case"], at, is_open=is_open)
    rng = chance("cases")
    for number, account in enumerate(accounts[::3]):
        at = today - timedelta(days=rng.randint(3, 150), minutes=rng.randint(60, 900))
        ticket, title = f"CAS-{20_100 + number * 7}", rng.choice(CASES)
        _add_case(rows, uid("incident", ticket), account, title, ticket, at, is_open=not number % 2)
    return found


def add_installations(rows: Rows, accounts: Sequence[Account], today: datetime) -> None:
    """Rows of the custom table: what stands where, with the site's own address."""
    rng = chance("installations")
    for number, account in enumerate(accounts[::2]):
        product = rng.choice(PRODUCTS)[0]
        rows.add(
            "new_installations",
            new_installationid=uid("installation", account.domain),
            new_name=f"{product}, {account.city}",
            new_accountid=account.id,
            new_operatorid=account.contacts[1].id,
            new_siteemail=f"site.{number + 1}@{account.domain}",
            new_serialnumber=f"TB-{4000 + number * 37}",
            new_commissionedon=(today - timedelta(days=rng.randint(60, 900))).date(),
            ownerid=US[account.owner].id,
            owneridtype="systemuser",
        )


def _industry(account: Account) -> int:
    words = account.industry
    if any(word in words for word in ("water", "heating", "pool")):
        return UTILITY
    is_food = any(word in words for word in ("dairy", "brew", "juice", "meal", "fish"))
    return FOOD if is_food else MANUFACTURING


def _add_contact(rows: Rows, account: Account, contact: Person, created_at: datetime) -> None:
    rows.add(
        "contacts",
        contactid=contact.id,
        fullname=contact.name,
        firstname=contact.first,
        lastname=contact.last,
        jobtitle=contact.title,
        parentcustomerid=account.id,
        parentcustomeridtype="account",
        emailaddress1=contact.email,
        telephone1=contact.phone,
        address1_city=account.city,
        address1_country=COUNTRIES[account.country],
        statecode=0,
        followemail=True,
        ownerid=US[account.owner].id,
        owneridtype="systemuser",
        createdon=created_at,
    )


def _add_case(
    rows: Rows, case_id: str, account: Account, title: str, ticket: str, at: datetime, *, is_open: bool
) -> None:
    by_contact = ticket.endswith("7")
    rows.add(
        "incidents",
        incidentid=case_id,
        title=title,
        ticketnumber=ticket,
        customerid=account.contacts[1].id if by_contact else account.id,
        customeridtype="contact" if by_contact else "account",
        primarycontactid=account.contacts[1].id,
        statecode=0 if is_open else 1,
        statuscode=1 if is_open else 5,
        prioritycode=2,
        casetypecode=2,
        caseorigincode=2,
        ownerid=US["nadiao"].id,
        owneridtype="systemuser",
        createdon=at,
    )
