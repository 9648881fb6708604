"""What the letters of one conversation speak of: products, numbers, prices, the plant."""

from random import Random

from connectors.embedded.demo.customers import Account

# one, several, price of one
PRODUCTS = (
    ("Aquila 40 dosing pump", "Aquila 40 dosing pumps", 3_450),
    ("Merlin 200 transfer pump", "Merlin 200 transfer pumps", 5_900),
    ("Heron 600 dosing skid", "Heron 600 dosing skids", 18_700),
    ("Corvus 12 filter press", "Corvus 12 filter presses", 41_200),
    ("Plover 80 mixing unit", "Plover 80 mixing units", 12_350),
    ("Lark 3 flow meter", "Lark 3 flow meters", 1_280),
)
COMPETITORS = ("Velmark Fluidics", "Oxley Pumpworks", "Pellworth Engineering", "Hydrastel", "Nordfluss")
PLANS = (("Care Basic", 1_900), ("Care Plus", 4_400), ("Care Total", 8_800))
PROCESSES = {
    "a brewery": "CIP dosing",
    "a dairy": "caustic dosing",
    "a waterworks": "hypochlorite dosing",
    "a paper mill": "retention aid dosing",
    "a pulp mill": "peroxide dosing",
    "a purified water loop": "sanitisation",
    "an ultrapure water loop": "pH correction",
    "a solvent plant": "solvent transfer",
    "a coatings plant": "pigment transfer",
    "a dye house": "dye dosing",
    "a flotation plant": "flocculant dosing",
    "a gravel washing plant": "flocculant dosing",
    "a plating shop": "acid dosing",
    "a swimming pool": "chlorine dosing",
    "a cooling circuit": "biocide dosing",
    "a district heating plant": "oxygen scavenger dosing",
    "a mineral water plant": "bottle rinsing",
    "a laundry": "detergent dosing",
}
CURRENCIES = {"GB": "£", "US": "$", "DE": "€", "FR": "€", "SE": "€"}
LINES = ("line 1", "line 2", "line 3", "line 5", "the north line", "the new line", "the filling line")


def draw_facts(rng: Random, account: Account) -> dict[str, str]:
    """The facts of one conversation with a customer, by their names in the letters."""
    one, several, price = rng.choice(PRODUCTS)
    other = rng.choice([product for product in PRODUCTS if product[0] != one])
    quantity = rng.randint(2, 9)
    plan, plan_price = rng.choice(PLANS)
    number = rng.randint(1000, 9999)
    return {
        "company": account.name,
        "site": account.city,
        "process": PROCESSES.get(account.industry, "ingredient dosing"),
        "line": rng.choice(LINES),
        "product": one,
        "products": several,
        "product2": other[0],
        "products2": other[1],
        "quantity": str(quantity),
        "count": rng.choice(("three", "four", "five", "six")),
        "price": f"{CURRENCIES[account.country]}{quantity * price:,}",
        "discount": str(rng.randint(6, 15)),
        "competitor": rng.choice(COMPETITORS),
        "plan": plan,
        "plan_price": f"{plan_price:,}",
        "order": f"Q-{number}",
        "po": f"{rng.randint(45_000, 48_999)}-{rng.randint(10, 99)}",
        "serial": f"TB-{rng.randint(4000, 9999)}",
        "case": f"CAS-{rng.randint(10_000, 99_999)}",
        "error": str(rng.choice((12, 17, 23, 31, 42, 57))),
        "flow": str(rng.choice((180, 240, 320, 400, 600))),
        "weeks": rng.choice(("three", "four", "five", "six", "eight")),
        "hour": str(rng.randint(8, 15)),
    }
