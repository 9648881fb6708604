"""The 60 customers of Tarnbrook and the 200 people who work there."""

import unicodedata
from dataclasses import dataclass, field
from random import Random

from connectors.embedded.demo.chance import chance
from connectors.embedded.demo.people import Person, uid

CONTACTS = 200

# name | domain | city | country | what they run | owner
ACCOUNTS = """
Customer Collective|customer.example|Leeds|GB|a mineral water plant|alexw
Contoria Foods|contoria.example|Bristol|GB|a ready-meal plant|alexw
Fernhill Dairy|fernhill-dairy.example|Exeter|GB|a dairy|alexw
Harrow & Vale Brewing|harrowvale.example|Burton upon Trent|GB|a brewery|alexw
Northgate Water|northgate-water.example|Newcastle|GB|a waterworks|alexw
Calder Paper Mills|calderpaper.example|Bury|GB|a paper mill|alexw
Penrose Pharma|penrose-pharma.example|Cambridge|GB|a purified water loop|alexw
Solway Chemicals|solwaychem.example|Carlisle|GB|a solvent plant|alexw
Ashdown Textiles|ashdown-textiles.example|Bradford|GB|a dye house|alexw
Tamar Packaging|tamarpack.example|Plymouth|GB|a packaging plant|alexw
Brightmoor Energy|brightmoor.example|Aberdeen|GB|a district heating plant|alexw
Lindisfarne Fisheries|lindisfarne-fish.example|Grimsby|GB|a fish processing plant|alexw
Orchard Lane Juices|orchardlane.example|Hereford|GB|a juice plant|alexw
Kestrel Aggregates|kestrel-aggregates.example|Derby|GB|a gravel washing plant|alexw
Wyre Valley Council|wyrevalley.example|Preston|GB|a swimming pool|alexw
Altmark Lebensmittel|altmark-lebensmittel.example|Magdeburg|DE|a ready-meal plant|adelev
Weserland Molkerei|weserland.example|Bremen|DE|a dairy|adelev
Ravensberg Chemie|ravensberg-chemie.example|Bielefeld|DE|a solvent plant|adelev
Blue Heron Breweries|blueheron.example|Portland|US|a brewery|adelev
Cedar Rapids Starch|cedarstarch.example|Cedar Rapids|US|a starch mill|adelev
Great Basin Minerals|greatbasin-minerals.example|Reno|US|a flotation plant|adelev
Pinecrest Paper|pinecrest-paper.example|Green Bay|US|a paper mill|adelev
Laurentide Waters|laurentide.example|Burlington|US|a mineral water plant|adelev
Papeterie du Vercors|vercors-papier.example|Grenoble|FR|a paper mill|adelev
Eaux de la Loire|eaux-loire.example|Nantes|FR|a waterworks|adelev
Halden Fisk|haldenfisk.example|Gothenburg|SE|a fish processing plant|adelev
Vättern Vatten|vattern-vatten.example|Jönköping|SE|a waterworks|adelev
Stellan Pharma|stellan-pharma.example|Uppsala|SE|a purified water loop|adelev
Redwater Utilities|redwater.example|Denver|US|a waterworks|isaiah
Sawgrass Citrus|sawgrass-citrus.example|Orlando|US|a juice plant|isaiah
Ironwood Plating|ironwood-plating.example|Cleveland|US|a plating shop|isaiah
Mesa Verde Foods|mesaverde-foods.example|Albuquerque|US|a sauce plant|isaiah
Harborline Seafood|harborline.example|Portland|US|a fish processing plant|isaiah
Bluestem Biofuels|bluestem.example|Omaha|US|a biofuel plant|isaiah
Quill River Textiles|quillriver.example|Greensboro|US|a dye house|isaiah
Summit County Schools|summitcounty.example|Akron|US|a swimming pool|isaiah
Gulfstar Coatings|gulfstar.example|Houston|US|a coatings plant|isaiah
Prairie Gold Dairy|prairiegold.example|Madison|US|a dairy|isaiah
Thornbury Hospitals|thornbury.example|Oxford|GB|a laundry|isaiah
Severn Malt|severnmalt.example|Gloucester|GB|a maltings|isaiah
Coppice Wood Products|coppicewood.example|Inverness|GB|a glue kitchen|isaiah
Lakeland Leisure|lakeland-leisure.example|Kendal|GB|a swimming pool|meganb
Ostrava & Sons Glass|ostravaglass.example|St Helens|GB|a cooling circuit|meganb
Beacon Semiconductors|beacon-semi.example|Austin|US|an ultrapure water loop|meganb
Fjällbäck Mejeri|fjallback.example|Östersund|SE|a dairy|meganb
Santa Rosa Wines|santarosa-wines.example|Santa Rosa|US|a winery|samuelo
Copper Ridge Mining|copperridge.example|Tucson|US|a flotation plant|samuelo
Columbia Cold Storage|columbiacold.example|Spokane|US|a cooling circuit|samuelo
Bayou Rice Mills|bayourice.example|Lafayette|US|a rice mill|samuelo
Skagit Waterworks|skagit.example|Seattle|US|a waterworks|samuelo
Norrland Massa|norrlandmassa.example|Umeå|SE|a pulp mill|samuelo
Brasserie des Flandres|flandres-bieres.example|Lille|FR|a brewery|samuelo
Laboratoires Aubier|aubier.example|Lyon|FR|a purified water loop|samuelo
Müller Anlagenbau|müller-anlagenbau.example|Stuttgart|DE|a test bench|juliab
Oderbruch Zucker|oderbruch-zucker.example|Frankfurt (Oder)|DE|a sugar refinery|juliab
Havelwasser Verband|havelwasser.example|Potsdam|DE|a waterworks|juliab
Schwarzwald Quellen|schwarzwald-quellen.example|Freiburg|DE|a mineral water plant|juliab
Textilwerke Plauen|textilwerke-plauen.example|Plauen|DE|a dye house|juliab
Isar Galvanik|isar-galvanik.example|Munich|DE|a plating shop|juliab
Savonnerie Lacaze|lacaze.example|Marseille|FR|a soap works|juliab
"""

FIRST = {
    "GB": "Olivia Harriet Amara Fiona Grace Imogen Shreya Ruth Daniel Graham Owen Rupert Imran Stephen "
    "Keith Joseph Alison Zainab Martin Bethan",
    "US": "Emily Danielle Rosa Kayla Monica Andrea Latoya Heather Brian Marcus Luis Derek Tyler Anthony "
    "Kevin Nathan Grant Wendy Priscilla Oscar",
    "DE": "Anke Katrin Sabine Ulrike Leonie Yasemin Birgit Matthias Jörg Stefan Torsten Henrik Florian Kemal "
    "Dieter Volker",
    "FR": "Camille Élodie Sandrine Aurélie Nadège Inès Mathieu Baptiste Thierry Olivier Karim Rémi Luc Hugo",
    "SE": "Ingrid Linnea Maja Karin Elsa Annika Anders Oskar Jonas Mikael Göran Viktor Björn Henning",
}
LAST = {
    "GB": "Whitfield Ashworth Okafor Pritchard Cartwright Sandhu Holloway Mercer Drummond Kaur Blackwood "
    "Tranter Fairley Nuttall Oakes Rafiq Sheldrake Penhallow Birch Winstanley",
    "US": "Delgado Hutchins Kowalski Barrett Nguyen Ostrander Freeman Castillo Whitaker Lindholm Pruitt "
    "Salazar Maddox Yates Bergstrom Cole Ramirez Trask Underhill Hargrove",
    "DE": "Kröger Lehnhardt Brockmann Yıldız Petersen Wiesner Thalmann Oelkers Rautenberg Sievers Hofstetter "
    "Demir Baumbach Kessler Nowotny Zander",
    "FR": "Marchand Lefort Benali Gauthier Roussel Delorme Vasseur Chevrier Perrault Aubry Fontanel Meunier "
    "Hamidi Carpentier",
    "SE": "Lindgren Sjöholm Ekdahl Norberg Hägglund Wallin Strand Bergvall Öhman Forsell Dahlin Rosén "
    "Hedlund Ceder",
}
OFFSETS = {"GB": 0, "US": -5, "DE": 1, "FR": 1, "SE": 1}
COUNTRIES = {"GB": "United Kingdom", "US": "United States", "DE": "Germany", "FR": "France", "SE": "Sweden"}
# Ranges that the numbering authorities keep for fiction.
PHONES = {"GB": "+44 1632 960{:03d}", "US": "+1 212 555 01{:02d}", "DE": "+49 30 23125 {:03d}",
          "FR": "+33 1 99 00 50 {:02d}", "SE": "+46 8 465 004 {:02d}"}  # fmt: skip

TITLES = (
    ("Purchasing Manager", "Plant Manager", "Head of Procurement", "Operations Director", "Technical Buyer"),
    (
        "Maintenance Manager",
        "Production Engineer",
        "Shift Supervisor",
        "Process Engineer",
        "Utilities Engineer",
    ),
    (
        "Quality Manager",
        "Project Engineer",
        "Health and Safety Officer",
        "Controller",
        "Reliability Engineer",
    ),
    ("Managing Director", "Automation Engineer", "Warehouse Manager", "Laboratory Manager"),
)
FOLDED = str.maketrans({"ö": "oe", "ä": "ae", "ü": "ue", "å": "a", "ß": "ss", "ı": "i"})


@dataclass(frozen=True, slots=True)
class Account:
    """A customer with its contacts, the primary one first; `owner` is a colleague's key."""

    id: str
    name: str
    domain: str
    city: str
    country: str
    industry: str
    owner: str
    contacts: tuple[Person, ...] = field(default=())

    @property
    def key(self) -> str:
        """The first part of the domain."""
        return self.domain.removesuffix(".example")


def accounts() -> tuple[Account, ...]:
    """All customers, in the order of the list above."""
    lines = [line.split("|") for line in ACCOUNTS.strip().splitlines()]
    taken: set[str] = set()
    more = CONTACTS - 3 * len(lines)
    return tuple(
        _account(line, count=4 if number < more else 3, number=number, taken=taken)
        for number, line in enumerate(lines)
    )


def local_part(first: str, last: str) -> str:
    """`Jörg Kröger` → `joerg.kroeger`."""
    folded = f"{first}.{last}".casefold().translate(FOLDED)
    plain = unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode()
    return plain.replace(" ", "").replace("'", "")


def _account(line: list[str], *, count: int, number: int, taken: set[str]) -> Account:
    name, domain, city, country, industry, owner = line
    rng = chance(f"account/{domain}")
    contacts: list[Person] = []
    for position in range(count):
        first, last = _name(rng, country, taken, {contact.first for contact in contacts})
        contacts.append(
            Person(
                uid("contact", f"{domain}/{position}"),
                "contact",
                first,
                last,
                f"{local_part(first, last)}@{domain}",
                rng.choice(TITLES[position]),
                name,
                city,
                PHONES[country].format(number * 4 % 96 + position),
                OFFSETS[country],
            )
        )
    return Account(uid("account", domain), name, domain, city, country, industry, owner, tuple(contacts))


def _name(rng: Random, country: str, taken: set[str], colleagues: set[str]) -> tuple[str, str]:
    """A name that nobody has, with a first name that no colleague has."""
    while True:
        first, last = rng.choice(FIRST[country].split()), rng.choice(LAST[country].split())
        if first not in colleagues and f"{first} {last}" not in taken:
            taken.add(f"{first} {last}")
            return first, last
