"""Mail that is no conversation: newsletters, machines, bounces, flights, strangers who ask."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from html import escape
from json import dumps
from random import Random

from connectors.embedded.demo.chance import chance
from connectors.embedded.demo.conversations import Letter
from connectors.embedded.demo.people import US, Person, uid

# who, address, what about
NEWSLETTERS = (
    ("Process Weekly", "news@process-weekly.example", ("Five ways to save water", "Pump curves explained",
     "What the new chemicals rules mean for you", "Readers' question: why do diaphragms fail?")),
    ("Hall & Harbour Travel", "offers@hallharbour-travel.example", ("Autumn fares for business travellers",
     "Your hotel status", "New lounge in Manchester")),
    ("Dosing Forum", "digest@dosingforum.example", ("Digest: hypochlorite and seals",
     "Digest: most read this week", "Call for papers")),
    ("SellerCraft", "hello@sellercraft.example", ("How to follow up without being a pest", "The silent no",
     "Webinar: talking about price")),
    ("Valley Office Supplies", "shop@valley-office.example", ("Paper is on sale", "Your basket is waiting",
     "Chairs, 20% off")),
    ("Chamber of Commerce", "events@northwest-chamber.example", ("Breakfast meeting: energy costs",
     "Export certificates: new form", "Apprentice of the year")),
)  # fmt: skip
STORIES = (
    "A waterworks in the north cut its chlorine use by a fifth, and the trick was the position of one valve.",
    "We asked twelve maintenance managers what they would never buy again. Nine named the same thing.",
    "Registration is open. As a reader you pay half if you sign up by the end of the month.",
    "The most read article of the last issue was about cavitation, so here is part two.",
    "Three questions to a plant manager who has not had an unplanned stop for two years.",
    "Prices for stainless steel went down again; our table shows by how much.",
    "A short guide to the papers you need when you ship spare parts across a border.",
    "Our photo of the week shows what happens when nobody changes the filter.",
)
STRANGERS = (
    ("Aurelio Conti", "aurelio.conti@bottegadelsapone.example", "Question about your dosing pumps",
     "I run a small soap workshop and saw your Aquila 40 in a video. Do you sell single units to small "
     "companies, and what does one cost?"),
    ("Maren Holt", "maren.holt@fjordsmolt.example", "Oxygen dosing for a fish farm",
     "We are looking for a dosing skid for our new hatchery, start in spring. Could you send a brochure of "
     "the Heron 600 and tell me who is responsible for Scandinavia?"),
    ("Gareth Penry", "g.penry@llanfair-creamery.example", "Replacement for old transfer pumps",
     "Our two transfer pumps are twenty years old and parts are no longer made. Please quote two Merlin 200 "
     "or whatever you would recommend for cream at 8 °C."),
    ("Priscilla Tan", "ptan@straitslabs.example", "Interested in Tarnbrook Monitor",
     "Does your monitoring work with pumps of other makes? We have forty of them and would like a demo next "
     "week."),
    ("Dorian Wells", "dwells@wellsandmoor.example", "Rental of a filter press",
     "Do you rent out filter presses? We need one for a canal job of about three months."),
    ("Ilse Vandamme", "ilse.vandamme@kustwater.example", "Tender: chlorine dosing",
     "We are preparing a tender for six pumping stations. May I put you on the list of bidders?"),
)  # fmt: skip
# carrier, number, from, to (each with its code and the hour in UTC)
FLIGHTS = (
    ("Northern Skies", "NS", "418", ("Manchester", "MAN", 7), ("Frankfurt am Main", "FRA", 9)),
    ("Northern Skies", "NS", "733", ("Manchester", "MAN", 13), ("Gothenburg", "GOT", 15)),
    ("Pennine Air", "PX", "52", ("Manchester", "MAN", 10), ("Newark", "EWR", 18)),
    ("Pennine Air", "PX", "207", ("Manchester", "MAN", 17), ("Nantes", "NTE", 19)),
)
FLYERS = ("alexw", "adelev", "isaiah", "meganb")


def newsletters(today: datetime, count: int) -> Iterator[Letter]:
    """So many newsletters of the last 60 days, to one of ours each."""
    rng = chance("newsletters")
    readers = list(US)
    for number in range(count):
        name, email, topics = rng.choice(NEWSLETTERS)
        reader = US[readers[number % 6 if rng.random() < 0.7 else number % len(readers)]]
        subject, stories = rng.choice(topics), rng.sample(STORIES, 3)
        site = f"https://{email.rpartition('@')[2]}"
        links = "".join(
            f'<p>{escape(story)} <a href="{site}/read/{number}-{place}">Read more</a></p>'
            for place, story in enumerate(stories)
        )
        yield Letter(
            f"newsletter/{number}",
            _ago(rng, today, rng.randint(1, 60)),
            _stranger(name, email),
            (reader,),
            (),
            subject,
            "\n\n".join(stories),
            html=f"<html><body><h2>{escape(subject)}</h2>{links}<p><small>You get this because you signed "
            f'up. <a href="{site}/unsubscribe/{number}">Unsubscribe</a></small></p></body></html>',
            headers={"List-Unsubscribe": f"<{site}/unsubscribe/{number}>"},
        )


def enquiries(today: datetime) -> Iterator[Letter]:
    """Questions about products from people that the CRM does not know."""
    rng = chance("strangers")
    owners = ("alexw", "adelev", "isaiah", "meganb")
    for number, (name, email, subject, words) in enumerate(STRANGERS):
        to = US[owners[number % len(owners)]]
        greeting = rng.choice(("Dear Sir or Madam,", "Hello,", f"Dear {to.name},"))
        yield Letter(
            f"stranger/{number}",
            _ago(rng, today, 1 + number % 3),
            _stranger(name, email),
            (to,),
            (),
            subject,
            f"{greeting}\n\n{words}\n\nThank you,\n{name}",
        )


def bounces(failed: Sequence[Letter]) -> Iterator[Letter]:
    """Non-delivery reports for letters of ours, a minute after each."""
    sender = _stranger("Mail Delivery System", "mailer-daemon@example.com")
    for letter in failed:
        gone = f"{letter.sender.first.lower()}.former@{letter.to[0].email.rpartition('@')[2]}"
        yield Letter(
            f"bounce/{letter.key}",
            letter.at + timedelta(minutes=1),
            sender,
            (letter.sender,),
            (),
            f"Undeliverable: {letter.subject}",
            "Your message could not be delivered to one recipient; all others have it.\n\n"
            f"{gone}\nThe mailbox does not exist (550 5.1.1).\n\nCheck the address before you try again.",
            headers={"Auto-Submitted": "auto-replied", "X-Failed-Recipients": _ascii(gone)},
        )


def absences(missed: Sequence[Letter]) -> Iterator[Letter]:
    """Automatic replies of customers who are away."""
    for letter in missed:
        person = letter.to[0]
        yield Letter(
            f"absence/{letter.key}",
            letter.at + timedelta(minutes=2),
            person,
            (letter.sender,),
            (),
            f"Automatic reply: {letter.subject.removeprefix('Re: ')}",
            "Thank you for your message. I am out of the office this week and read mail now and then. "
            f"In urgent cases please call our front desk.\n\n{person.name}",
            answers=letter,
            headers={"Auto-Submitted": "auto-replied"},
        )


def flights(today: datetime) -> Iterator[Letter]:
    """Booking confirmations of flights in the next days, readable by machines (schema.org)."""
    rng = chance("flights")
    for number, (carrier, code, flight, origin, goal) in enumerate(FLIGHTS):
        traveller = US[FLYERS[number]]
        day = today + timedelta(days=1 + number % 2)
        leaves, lands = (day.replace(hour=place[2], minute=25 + 5 * number) for place in (origin, goal))
        booking = f"{code}{rng.randrange(36**4):04X}"[:6]
        words = (
            f"Dear {traveller.name},\n\nyour booking {booking} is confirmed.\n\n{code} {flight}: {origin[0]} "
            f"({origin[1]}) {leaves:%d %B %H:%M} to {goal[0]} ({goal[1]}) {lands:%d %B %H:%M}, "
            "all times UTC.\n\n"
            f"Have a good flight!\n{carrier}"
        )
        yield Letter(
            f"flight/{number}",
            _ago(rng, today, 2 + number),
            _stranger(carrier, f"booking@{carrier.lower().replace(' ', '')}.example"),
            (traveller,),
            (),
            f"Your booking {booking}: {origin[0]} – {goal[0]}",
            words,
            html=f'<html><head><script type="application/ld+json">'
            f"{dumps(_reservation(booking, traveller, (carrier, code, flight), origin, goal, leaves, lands))}"
            f"</script></head><body><p>{escape(words).replace(chr(10), '<br>')}</p></body></html>",
            is_dated=True,
        )


def _reservation(
    booking: str,
    traveller: Person,
    flight: tuple[str, str, str],
    origin: tuple[str, str, int],
    goal: tuple[str, str, int],
    leaves: datetime,
    lands: datetime,
) -> dict[str, object]:
    carrier, code, number = flight
    return {
        "@context": "http://schema.org",
        "@type": "FlightReservation",
        "reservationNumber": booking,
        "reservationStatus": "http://schema.org/ReservationConfirmed",
        "underName": {"@type": "Person", "name": traveller.name},
        "reservationFor": {
            "@type": "Flight",
            "flightNumber": number,
            "provider": {"@type": "Airline", "name": carrier, "iataCode": code},
            "departureAirport": {"@type": "Airport", "name": origin[0], "iataCode": origin[1]},
            "departureTime": leaves.isoformat(),
            "arrivalAirport": {"@type": "Airport", "name": goal[0], "iataCode": goal[1]},
            "arrivalTime": lands.isoformat(),
        },
    }


def _stranger(name: str, email: str) -> Person:
    first, _, last = name.partition(" ")
    return Person(uid("stranger", email), "", first, last, email, company=email)


def _ago(rng: Random, today: datetime, days: int) -> datetime:
    return today - timedelta(days=days) + timedelta(minutes=rng.randint(6 * 60, 22 * 60))


def _ascii(address: str) -> str:
    local, _, domain = address.partition("@")
    return f"{local}@{domain.encode('idna').decode()}"
