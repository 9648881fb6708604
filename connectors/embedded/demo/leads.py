"""The 40 leads: people of companies that are no customers yet."""

from collections.abc import Iterator
from dataclasses import dataclass

from connectors.embedded.demo.chance import chance
from connectors.embedded.demo.customers import FIRST, LAST, OFFSETS, PHONES, Account, local_part
from connectors.embedded.demo.facts import PROCESSES, draw_facts
from connectors.embedded.demo.people import Person, uid

COUNT = 40
STEMS = [
    "Alder",
    "Birch",
    "Cobalt",
    "Dune",
    "Ember",
    "Falcon",
    "Garnet",
    "Hazel",
    "Indigo",
    "Juniper",
    "Krill",
    "Larch",
    "Marl",
    "Nettle",
    "Onyx",
    "Pebble",
]
TRADES = {"GB": "Ltd", "US": "Inc", "DE": "GmbH", "FR": "SA", "SE": "AB"}
KINDS = ("Foods", "Water", "Textiles", "Coatings", "Brewing", "Papers", "Minerals", "Labs")
CITIES = {"GB": "Sheffield", "US": "Milwaukee", "DE": "Kassel", "FR": "Rennes", "SE": "Malmö"}
OWNERS = ("alexw", "adelev", "isaiah", "meganb", "alexw", "adelev", "isaiah", "samuelo", "juliab", "alexw")


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead with the company they write for, and what they look for."""

    person: Person
    company: Account
    facts: dict[str, str]


def leads() -> Iterator[Lead]:
    """All leads, each from another company."""
    taken: set[str] = set()
    for number in range(COUNT):
        rng = chance(f"lead/{number}")
        country = rng.choice(list(TRADES))
        kind = KINDS[(number + number // len(STEMS)) % len(KINDS)]
        name = f"{STEMS[number % len(STEMS)]} {kind}"
        domain = f"{name.lower().replace(' ', '-')}.example"
        first, last = rng.choice(FIRST[country].split()), rng.choice(LAST[country].split())
        while f"{first} {last}" in taken:
            first, last = rng.choice(FIRST[country].split()), rng.choice(LAST[country].split())
        taken.add(f"{first} {last}")
        company = Account(
            uid("company", domain),
            f"{name} {TRADES[country]}",
            domain,
            CITIES[country],
            country,
            rng.choice(list(PROCESSES)),
            OWNERS[number % len(OWNERS)],
        )
        person = Person(
            uid("lead", domain),
            "lead",
            first,
            last,
            f"{local_part(first, last)}@{domain}",
            rng.choice(("Plant Manager", "Head of Procurement", "Process Engineer", "Managing Director")),
            company.name,
            company.city,
            PHONES[country].format(50 + number),
            OFFSETS[country],
        )
        yield Lead(person, company, draw_facts(rng, company))
