"""A record's timeline over HTTP: 200 untracked candidates, whatever else the mailbox holds."""

import asyncio
import random
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from benchmarks.measure import Figure, percentile, time_each
from benchmarks.server import running, wait_for
from connectors.embedded.crm.importing import import_rows
from connectors.embedded.directory import EmbeddedDirectory
from connectors.embedded.mail.store import insert_parsed
from connectors.opening import Opening
from connectors.registry import open_stores
from insights import features
from insights.mail.parsing.parsed import ParsedMessage
from insights.services import Services
from insights.settings import read_settings
from insights.views import FeaturesBody, FeatureSwitches

OWNER = "ann@contoso.example"
CUSTOMER = "ana@fabrikam.example"
CANDIDATES = 200
TIMES = 200
BATCH = 5000


async def measure(sizes: tuple[int, ...]) -> list[Figure]:
    """Per mailbox size p50 and p95; the growth from the smallest to the largest as a ratio."""
    figures: list[Figure] = []
    medians = []
    for size in sizes:
        taken = await _timeline_of(size)
        medians.append(percentile(taken, 0.5))
        bound = 50.0 if size == 100_000 else None
        figures.append(Figure(f"timeline p95, mailbox of {size:,}", percentile(taken, 0.95), "ms", bound))
        figures.append(Figure(f"timeline p50, mailbox of {size:,}", medians[-1], "ms"))
    if len(sizes) > 1:
        name = f"timeline p50 growth, mailbox {sizes[0]:,} → {sizes[-1]:,}"
        figures.append(Figure(name, medians[-1] / medians[0], "×", 1.5, f"mailbox of {sizes[0]:,}"))
    return figures


async def _timeline_of(size: int) -> list[float]:
    with tempfile.TemporaryDirectory(prefix="liaison-bench") as folder:
        settings = read_settings(data_dir=Path(folder), log_level="error")
        now = datetime.now(UTC)
        async with open_stores(settings, lambda: now) as (services, stores):
            token = await _fill(services, stores, size, now)
        async with running(Path(folder)) as server, aiohttp.ClientSession() as session:
            await wait_for(f"{server.url}/readyz")
            url = f"{server.url}/api/v1/records/contact/ana/activities?limit=200"

            async def open_timeline() -> None:
                async with session.get(url, headers={"Authorization": f"Bearer {token}"}) as response:
                    answer = await response.json()
                    if len(answer["items"]) != CANDIDATES:
                        raise RuntimeError(f"{response.status}: {len(answer.get('items', []))} items")

            return await time_each(open_timeline, TIMES)


async def _fill(services: Services, stores: Opening, size: int, now: datetime) -> str:
    """An organisation of one seller and one contact, its mailbox filled; the seller's token."""
    rows = {
        "systemusers": [{"systemuserid": "ann", "fullname": "Ann Beebe", "internalemailaddress": OWNER}],
        "roles": [{"roleid": "admin", "name": "System Administrator"}],
        "systemuserroles": [{"systemuserid": "ann", "roleid": "admin"}],
        "contacts": [{"contactid": "ana", "lastname": "Silva", "emailaddress1": CUSTOMER}],
    }
    await import_rows(await stores.database("crm"), rows, now=now)
    user = await services.crm.user(OWNER)
    if user is None or not isinstance(services.directory, EmbeddedDirectory):
        raise RuntimeError("the organisation is not there")
    switch_on = FeaturesBody(accept_terms=True, features=FeatureSwitches(auto_capture="on"))
    await features.change_features(services, user, switch_on)
    organization_id = await services.crm.organization_id()
    mailbox = await stores.database("mailbox")
    await insert_parsed(mailbox, organization_id, OWNER, _messages(size, now), now=now, batch_size=BATCH)
    return services.directory.issue_token(user.id, hours=1)


def _messages(size: int, now: datetime) -> Iterator[ParsedMessage]:
    """A year of mail from 2,000 people, and the candidates spread over the last month."""
    chance = random.Random(size)
    people = [f"person{number}@company{number % 300}.example" for number in range(2000)]
    for number in range(size):
        candidate = number % (size // CANDIDATES) == 0
        days = chance.uniform(0.1, 29) if candidate else chance.uniform(0, 365)
        yield ParsedMessage(
            internet_message_id=f"<{number}.{size}@mail.example>",
            subject=f"Delivery {number}",
            sender=CUSTOMER if candidate else chance.choice(people),
            to=(OWNER, *chance.sample(people, 2)),
            sent_at=now - timedelta(days=days),
        )


if __name__ == "__main__":
    print(asyncio.run(measure((10_000, 100_000))))
