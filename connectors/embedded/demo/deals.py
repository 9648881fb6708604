"""Opportunities with their stakeholders, sales team and competitors."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from connectors.embedded.demo.chance import chance
from connectors.embedded.demo.customers import Account
from connectors.embedded.demo.facts import COMPETITORS, draw_facts
from connectors.embedded.demo.people import PARTNERS, US, Person, uid
from connectors.embedded.demo.rows import Rows

OPEN, WON, LOST = 0, 1, 2
STATUS = {OPEN: 1, WON: 3, LOST: 5}
STAKEHOLDER, SALES_TEAM = 1000, 1001
ROLES = {
    "Decision Maker": STAKEHOLDER,
    "Technical Buyer": STAKEHOLDER,
    "Influencer": STAKEHOLDER,
    "Account Team Member": SALES_TEAM,
}


@dataclass(frozen=True, slots=True)
class Deal:
    """An opportunity; `state` is Dataverse's statecode."""

    id: str
    account: Account
    facts: dict[str, str]
    state: int
    closes_on: datetime


def draw_deals(accounts: Sequence[Account], today: datetime) -> list[Deal]:
    """60 opportunities: two for every fifth customer, none for the next, one for each other."""
    deals, of_owner = [], dict.fromkeys(US, 0)
    for number, account in enumerate(accounts):
        for position in range({0: 2, 1: 0}.get(number % 5, 1)):
            rng = chance(f"deal/{account.domain}/{position}")
            turn, of_owner[account.owner] = of_owner[account.owner], of_owner[account.owner] + 1
            state, days = _outcome(rng, turn)
            deals.append(
                Deal(
                    uid("opportunity", f"{account.domain}/{position}"),
                    account,
                    draw_facts(rng, account),
                    state,
                    today + timedelta(days=days),
                )
            )
    return deals


def add_deals(rows: Rows, deals: Sequence[Deal], today: datetime) -> None:
    """Opportunities with their stakeholders, sales team and competitors."""
    for name in COMPETITORS:
        rows.add("competitors", competitorid=uid("competitor", name), name=name, keyproduct="Dosing pumps",
                 strengths="Price and delivery time", weaknesses="Spare parts", winpercentage=30)  # fmt: skip
    for role, category in ROLES.items():
        role_id = uid("connectionrole", role)
        rows.add("connectionroles", connectionroleid=role_id, name=role, category=category)
    for number, deal in enumerate(deals):
        _add_deal(rows, deal, today)
        people = deal.account.contacts[:2]
        for contact, role in zip(people, ("Decision Maker", "Technical Buyer"), strict=True):
            _connect(rows, deal, contact, role)
        if number % 3 == 0:
            _connect(rows, deal, US[PARTNERS[deal.account.owner]], "Account Team Member")
        if number % 4 == 0:
            competitor_id = uid("competitor", deal.facts["competitor"])
            rows.add("opportunitycompetitorscollection", opportunitycompetitorid=uid("rival", deal.id),
                     opportunityid=deal.id, competitorid=competitor_id)  # fmt: skip


def _outcome(rng: Random, turn: int) -> tuple[int, int]:
    """(statecode, days until the close date) of an owner's opportunities, in turn."""
    soon, missed, later = (
        (OPEN, days) for days in (rng.randint(4, 12), -rng.randint(3, 15), rng.randint(30, 110))
    )
    won, lost = (WON, -rng.randint(20, 300)), (LOST, -rng.randint(20, 300))
    return (soon, missed, later, won, soon, later, lost, later, missed, won)[turn % 10]


def _add_deal(rows: Rows, deal: Deal, today: datetime) -> None:
    facts, account = deal.facts, deal.account
    rows.add(
        "opportunities",
        opportunityid=deal.id,
        name=f"{facts['quantity']} {facts['products']}, {facts['line']}",
        customerid=account.id,
        customeridtype="account",
        parentaccountid=account.id,
        parentcontactid=account.contacts[0].id,
        estimatedvalue=float(facts["price"][1:].replace(",", "")),
        actualvalue=float(facts["price"][1:].replace(",", "")) if deal.state == WON else None,
        estimatedclosedate=deal.closes_on.date(),
        actualclosedate=deal.closes_on.date() if deal.state != OPEN else None,
        closeprobability={OPEN: 60, WON: 100, LOST: 0}[deal.state],
        statecode=deal.state,
        statuscode=STATUS[deal.state],
        customerneed=f"{facts['process']} in {account.city}",
        ownerid=US[account.owner].id,
        owneridtype="systemuser",
        createdon=min(deal.closes_on, today) - timedelta(days=45),
    )


def _connect(rows: Rows, deal: Deal, person: Person, role: str) -> None:
    rows.add(
        "connections",
        connectionid=uid("connection", f"{deal.id}/{person.id}"),
        name=person.name,
        record1id=deal.id,
        record1idobjecttypecode="opportunity",
        record2id=person.id,
        record2idobjecttypecode=person.table,
        record2roleid=uid("connectionrole", role),
        ownerid=US[deal.account.owner].id,
        owneridtype="systemuser",
        statecode=0,
    )
