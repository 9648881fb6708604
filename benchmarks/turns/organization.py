"""An organisation of eight sellers, 200 contacts, and a year of mail for each seller."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from benchmarks.turns.callers import IN_FLIGHT, object_id
from connectors.embedded.crm.importing import Row, import_rows
from connectors.embedded.mail.store import insert_parsed
from connectors.registry import open_stores
from insights import features
from insights.mail.parsing.parsed import ParsedMessage
from insights.model import Attachment
from insights.settings import Settings
from insights.views import FeaturesBody, FeatureSwitches

MESSAGES = 10_000
CONTACTS = 200
STRANGERS = 1_800
BATCH = 5_000


def address(seller: int) -> str:
    """A seller's mailbox."""
    return f"seller{seller}@contoso.example"


async def found(settings: Settings, now: datetime) -> None:
    """Fill the data directory; auto capture is on."""
    async with open_stores(settings, lambda: now) as (services, stores):
        await import_rows(await stores.database("crm"), _rows(), now=now)
        admin = await services.crm.user(address(0))
        if admin is None:
            raise RuntimeError("the organisation is not there")
        switch_on = FeaturesBody(accept_terms=True, features=FeatureSwitches(auto_capture="on"))
        await features.change_features(services, admin, switch_on)
        organization_id = await services.crm.organization_id()
        for seller in range(IN_FLIGHT):
            mail = _messages(seller, now)
            mailbox = await stores.database("mailbox")
            await insert_parsed(mailbox, organization_id, address(seller), mail, now=now, batch_size=BATCH)


def _rows() -> dict[str, list[Row]]:
    sellers = range(IN_FLIGHT)
    return {
        "systemusers": [
            {
                "systemuserid": f"seller-{seller}",
                "fullname": f"Seller {seller}",
                "internalemailaddress": address(seller),
                "azureactivedirectoryobjectid": object_id(seller),
            }
            for seller in sellers
        ],
        "roles": [{"roleid": "admin", "name": "System Administrator"}],
        "systemuserroles": [{"systemuserid": "seller-0", "roleid": "admin"}],
        "accounts": [
            {"accountid": f"account-{number}", "name": f"Company {number}"} for number in range(CONTACTS // 5)
        ],
        "contacts": [
            {
                "contactid": f"contact-{number}",
                "firstname": "Ana",
                "lastname": f"Silva {number}",
                "emailaddress1": _contact(number),
                "parentcustomerid": f"account-{number // 5}",
                "parentcustomeridtype": "account",
            }
            for number in range(CONTACTS)
        ],
    }


def _contact(number: int) -> str:
    return f"ana.silva{number}@company{number // 5}.example"


def _messages(seller: int, now: datetime) -> Iterator[ParsedMessage]:
    """A third is with contacts, the rest with others; one in five is the seller's own, or has a file."""
    chance = random.Random(seller)
    strangers = [f"person{number}@elsewhere{number % 300}.example" for number in range(STRANGERS)]
    for number in range(MESSAGES):
        is_known = chance.random() < 1 / 3
        other = _contact(chance.randrange(CONTACTS)) if is_known else chance.choice(strangers)
        is_sent = chance.random() < 0.2
        copies = tuple(chance.sample(strangers, chance.choice((0, 0, 1, 2))))
        files = (Attachment("0", "Offer.pdf", "application/pdf", 120_000),) if chance.random() < 0.2 else ()
        yield ParsedMessage(
            internet_message_id=f"<{number}.{seller}@mail.example>",
            subject=f"Re: Delivery {number} of the pumps for the plant in Porto",
            sender=address(seller) if is_sent else other,
            sender_name="" if is_sent else "Ana Silva",
            to=((other if is_sent else address(seller)), *copies),
            sent_at=now - timedelta(days=chance.uniform(0.1, 365)),
            attachments=files,
        )
