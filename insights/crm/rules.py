"""Which addresses belong to a record (product.md §1.1), as data that every CRM connector reads.

A rule yields addresses with the relation they stand in; the words end up on screen as
"from Ana Silva, stakeholder". Rules of a table are in order of nearness: an address found twice
keeps its first relation.
"""

from dataclasses import dataclass
from typing import Literal

CONTACTS_PER_ACCOUNT = 50
OWN = "this record"
MOST_MATCHES, MOST_ADDRESSES = 200, 500
"""How many records are matched, and by how many addresses."""
RANKS = {"opportunity": 0, "incident": 1, "lead": 2, "contact": 3, "account": 4}
CUSTOM_TABLE, CLOSED = 5, 6


@dataclass(frozen=True, slots=True)
class OwnAddresses:
    """Every email column of the record itself."""

    relation: str = OWN


@dataclass(frozen=True, slots=True)
class Lookup:
    """The rules' result of the row a lookup column points to.

    `only` says how much of it counts: a `contact`'s own addresses, or for an `account` its primary
    contact and own addresses. A polymorphic column applies where its target is that table.
    `everything` follows the target's whole rule list instead (a case's customer).
    """

    column: str
    only: Literal["contact", "account"]
    relation: str
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Contacts:
    """Own addresses of the first contacts whose parent (`parentcustomerid`) is the record, by name."""

    relation: str = "contact"
    limit: int = CONTACTS_PER_ACCOUNT


@dataclass(frozen=True, slots=True)
class Stakeholders:
    """Own addresses of the contacts and accounts connected to the record."""

    relation: str = "stakeholder"


Rule = OwnAddresses | Lookup | Contacts | Stakeholders

RULES: dict[str, tuple[Rule, ...]] = {
    "account": (
        Lookup("primarycontactid", "contact", "primary contact"),
        Contacts(),
        OwnAddresses(),
    ),
    "contact": (OwnAddresses(),),
    "lead": (Lookup("parentcontactid", "contact", "contact"), OwnAddresses()),
    "opportunity": (
        Lookup("parentcontactid", "contact", "contact"),
        Lookup("customerid", "contact", "contact"),
        Stakeholders(),
        OwnAddresses(),
    ),
    "incident": (
        Lookup("primarycontactid", "contact", "primary contact"),
        Lookup("customerid", "contact", "customer", everything=True),
        Lookup("customerid", "account", "customer", everything=True),
        OwnAddresses(),
    ),
}


def match_rank(table: str, *, is_open: bool) -> int:
    """Where a match stands, 0 first: open deals and cases, persons, accounts, the rest, what is closed."""
    return RANKS.get(table, CUSTOM_TABLE) if is_open else CLOSED


def custom_rules(lookups: dict[str, tuple[str, ...]]) -> tuple[Rule, ...]:
    """The rules of a custom table, from its lookup columns and their target tables."""
    rules: list[Rule] = []
    for column, targets in sorted(lookups.items()):
        if "contact" in targets:
            rules.append(Lookup(column, "contact", "contact"))
        if "account" in targets:
            rules.append(Lookup(column, "account", "account"))
    return (*rules, OwnAddresses())
