"""Opening a record's timeline with CRM and mailbox far away: a round trip of 80 ms to each.

Counted in round trips: what an opening takes longer when both move another 80 ms away, divided by 80 ms. So
neither our own work nor that of the stand-ins, which share this machine, is taken for distance; the whole
time stands beside it. Every opening is of a record that nobody has looked at yet.
"""

import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

import aiohttp

from benchmarks.measure import Figure, percentile, time_each
from benchmarks.server import started, wait_for
from tests.standins.cloud import Cloud, running_cloud, uid
from tests.standins.place import find_testdata

ROUND_TRIP = 0.08
OPENINGS = 15
CONTACTS = (1, 10, 50)
WARM_UP = 5
MAILS = 20
TRACKED = 5
OBJECT_ID = "0b1ec7a0-0000-4000-8000-000000000001"
Rows = dict[str, list[Mapping[str, str]]]


async def measure() -> list[Figure]:
    """Round trips (p50) and requests per opening, for records with more and more contacts."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="liaison-bench") as name:
        folder = Path(name)
        async with running_cloud(folder, find_testdata(None), _world()) as cloud:
            for message in _mails():
                sent_at = parsedate_to_datetime(str(message["Date"]))
                cloud.graph.deliver("ann@ours.example", message.as_bytes(), received=sent_at)
            async with started(
                "cli", "serve", "--data", name + "/var", variables=cloud.environment
            ) as server:
                await wait_for(f"{server.url}/readyz")
                async with aiohttp.ClientSession(server.url) as session:
                    await _turn_on(session, cloud)
                    for contacts in CONTACTS:
                        figures += await _compare(session, cloud, contacts)
    return figures


async def _compare(session: aiohttp.ClientSession, cloud: Cloud, contacts: int) -> list[Figure]:
    headers = {"Authorization": f"Bearer {cloud.token('ann')}"}
    accounts = _accounts_of(contacts)

    async def open_next() -> None:
        await _open(session, headers, next(accounts))

    near: list[float] = []
    far: list[float] = []
    requests = 0
    await time_each(open_next, 0, warm_up=WARM_UP)
    for _ in range(OPENINGS):  # in turn, so that whatever else the machine does falls on both
        cloud.slow_down(ROUND_TRIP)
        cloud.count()
        near += await time_each(open_next, 1, warm_up=0)
        requests += sum(cloud.count().values())
        cloud.slow_down(2 * ROUND_TRIP)
        far += await time_each(open_next, 1, warm_up=0)
    cloud.slow_down(0)
    away = percentile(near, 0.5)
    trips = (percentile(far, 0.5) - away) / (ROUND_TRIP * 1000)
    name = f"timeline of a record with {contacts} contacts, CRM and mail 80 ms away"
    return [
        Figure(f"{name}: p50", trips, "round trips", 2.2, "the same with both 160 ms away"),
        Figure(f"{name}: whole time, p50", away, "ms"),
        Figure(f"{name}: requests", requests / OPENINGS, "per opening"),
    ]


async def _open(session: aiohttp.ClientSession, headers: Mapping[str, str], account: str) -> None:
    path = f"/api/v1/records/account/{uid(account)}/activities"
    async with session.get(path, headers=headers) as response:
        answer = await response.json()
        if len(answer.get("items", ())) != MAILS + TRACKED:
            raise RuntimeError(f"{response.status}: {len(answer.get('items', ()))} items, {answer}")


async def _turn_on(session: aiohttp.ClientSession, cloud: Cloud) -> None:
    body = {"accept_terms": True, "features": {"auto_capture": "on"}}
    headers = {"Authorization": f"Bearer {cloud.token('ann')}"}
    async with session.put("/api/v1/admin/features", json=body, headers=headers) as response:
        response.raise_for_status()


def _accounts_of(contacts: int) -> Iterator[str]:
    return (f"{contacts}-{number}" for number in range(2 * OPENINGS + WARM_UP))


def _accounts() -> Iterator[tuple[str, int]]:
    return ((account, contacts) for contacts in CONTACTS for account in _accounts_of(contacts))


def _world() -> Rows:
    """Accounts with their contacts, and emails that a colleague tracked there."""
    rows: Rows = {
        "systemusers": [
            {
                "systemuserid": "ann",
                "fullname": "Ann Beebe",
                "internalemailaddress": "ann@ours.example",
                "azureactivedirectoryobjectid": OBJECT_ID,
            }
        ],
        "roles": [{"roleid": "admin", "name": "System Administrator"}],
        "systemuserroles": [{"systemuserid": "ann", "roleid": "admin"}],
        "accounts": [],
        "contacts": [],
        "emails": [],
    }
    at = (datetime.now(UTC) - timedelta(days=2)).isoformat(timespec="seconds")
    for account, contacts in _accounts():
        rows["accounts"].append({"accountid": account, "name": f"Account {account}", "ownerid": "ann"})
        for number in range(contacts):
            rows["contacts"].append(
                {
                    "contactid": f"{account} {number}",
                    "fullname": f"Contact {account} {number}",
                    "emailaddress1": _address(account, number),
                    "parentcustomerid": account,
                    "parentcustomeridtype": "account",
                    "ownerid": "ann",
                }
            )
        for number in range(TRACKED):
            rows["emails"].append(
                {
                    "activityid": f"{account} tracked {number}",
                    "subject": f"Tracked {number}",
                    "messageid": f"<tracked-{number}@{account}.example>",
                    "senton": at,
                    "actualend": at,
                    "directioncode": "false",
                    "regardingobjectid": account,
                    "regardingobjecttypecode": "account",
                    "statecode": "1",
                    "statuscode": "4",
                    "ownerid": "ann",
                }
            )
    return rows


def _mails() -> Iterator[EmailMessage]:
    now = datetime.now(UTC)
    for account, contacts in _accounts():
        for number in range(MAILS):
            message = EmailMessage()
            message["Message-ID"] = f"<{number}@{account}.example>"
            message["From"] = _address(account, number % contacts)
            message["To"], message["Subject"] = "ann@ours.example", f"Mail {number}"
            message["Date"] = format_datetime(now - timedelta(hours=1 + number))
            message.set_content("Hello")
            yield message


def _address(account: str, number: int) -> str:
    """Like nobody else's: Graph's search would match parts of it."""
    return f"{uid(f'{account} {number}')[:8]}@{uid(account)[:8]}.example"
