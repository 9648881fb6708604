"""Who works at Tarnbrook Process Equipment: the people of the Agents Playground and nine colleagues."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid5

COMPANY = "Tarnbrook Process Equipment"
DOMAIN = "example.com"
NAMESPACE = UUID("6f0d3a52-7c1e-4a39-9d0b-54d6c1f7a8e1")
ADMINISTRATOR, MANAGER, SELLER, SERVICE = (
    "System Administrator",
    "Sales Manager",
    "Salesperson",
    "Customer Service Representative",
)


def uid(kind: str, key: str) -> str:
    """The id of a thing of the demo: the same at every start, on every machine."""
    return str(uuid5(NAMESPACE, f"{kind}/{key}"))


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who writes or gets letters; `table` is the CRM table that knows them, "" if none does."""

    id: str
    table: Literal["systemuser", "contact", "lead", ""]
    first: str
    last: str
    email: str
    title: str = ""
    company: str = ""
    city: str = ""
    phone: str = ""
    utc_offset: int = 0
    """Hours of the time zone that the person's mail program writes."""

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first} {self.last}".strip()

    @property
    def is_ours(self) -> bool:
        """Whether the address is one of Tarnbrook's."""
        return self.email.endswith(f"@{DOMAIN}")


@dataclass(frozen=True, slots=True)
class Colleague:
    """A user: `playground_id` is the id that the Agents Playground's chats use, "" if it has none."""

    key: str
    person: Person
    role: str
    directory_id: str
    playground_id: str = ""
    other_email: str = ""


def _colleague(
    key: str, name: str, title: str, role: str, *, playground: int | None = None, other_email: str = ""
) -> Colleague:
    first, _, last = name.partition(" ")
    number = len(key) * 7 % 90 + 10
    person = Person(
        uid("systemuser", key),
        "systemuser",
        first,
        last,
        f"{key}@{DOMAIN}",
        title,
        COMPANY,
        "Lancaster",
        f"+44 1632 9605{number}",
        utc_offset=1,
    )
    if playground is None:
        return Colleague(key, person, role, uid("directory", key))
    directory_id = f"00000000-0000-0000-0000-{20 + playground:013d}"
    return Colleague(key, person, role, directory_id, f"user-id-{playground}", other_email)


# The first six are the Agents Playground's default users, with its ids; its ids are not all GUIDs.
COLLEAGUES = (
    _colleague("alexw", "Alex Wilber", "Account Manager", SELLER, playground=0),
    _colleague("meganb", "Megan Bowen", "Head of Sales Operations", ADMINISTRATOR, playground=1),
    _colleague("adelev", "Adele Vance", "Key Account Manager", SELLER, playground=2),
    _colleague(
        "isaiah", "Isaiah Langer", "Account Manager", SELLER, playground=3, other_email=f"isaiahl@{DOMAIN}"
    ),
    _colleague("pattif", "Patti Fernandez", "Sales Director", MANAGER, playground=4),
    _colleague("lynner", "Lynne Robbins", "Head of Service", "CSR Manager", playground=5),
    _colleague("tomash", "Tomás Herrera", "Application Engineer", SELLER),
    _colleague("nadiao", "Nadia Osei", "Support Engineer", SERVICE),
    _colleague("eriks", "Erik Sandvik", "Field Service Engineer", SERVICE),
    _colleague("priyar", "Priya Raman", "Contracts and Finance", SELLER),
    _colleague("callumr", "Callum Reid", "Logistics Coordinator", SERVICE),
    _colleague("hannahl", "Hannah Lindqvist", "Marketing Manager", "Marketing Manager"),
    _colleague("samuelo", "Samuel Okoro", "Account Manager, Americas", SELLER),
    _colleague("juliab", "Julia Brandt", "Account Manager, DACH", SELLER),
    _colleague("marcof", "Marco Ferri", "Product Manager", SELLER),
)
US = {colleague.key: colleague.person for colleague in COLLEAGUES}
ZONES = {
    "samuelo": ("Eastern Standard Time", "America/New_York"),
    "juliab": ("W. Europe Standard Time", "Europe/Berlin"),
}
LANCASTER = ("GMT Standard Time", "Europe/London")


def zone_of(key: str) -> str:
    """The IANA name of the time zone in which a colleague lives."""
    return ZONES.get(key, LANCASTER)[1]


SALES = ("alexw", "adelev", "isaiah", "samuelo", "juliab")
SERVICE_TEAM = ("lynner", "nadiao", "eriks", "tomash", "callumr")
TEAMS = {"Sales": (*SALES, "pattif", "meganb"), "Service": SERVICE_TEAM, "Key accounts": ("alexw", "adelev")}

PARTNERS = {
    "alexw": "adelev",
    "adelev": "alexw",
    "isaiah": "alexw",
    "meganb": "adelev",
    "samuelo": "isaiah",
    "juliab": "isaiah",
}
"""Which colleague a seller asks first."""
