"""Entra on loopback, its clock, and our side of it with a database that several processes may share."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, time
from typing import Any

import pytest
import trustme
from cryptography.x509 import load_pem_x509_certificate

from connectors.entra.opening import Entra, open_entra
from insights.database import Database
from insights.model import User
from insights.settings import Settings
from tests.conftest import OpenDatabase
from tests.standins.entra import APP_ID, TENANT, Application, EntraStandin, running_entra
from tests.standins.entra.directory import GRAPH, PEOPLE

SECRET = "a client secret"
KEY, OLD_KEY = "key-" * 10, "old-" * 10
DATAVERSE = "https://contoso.crm4.dynamics.com"
ANN = User("ann", "Ann", "ann@ours.example", object_id=PEOPLE[0].object_id)
BOB = User("bob", "Bob", "bob@ours.example", object_id=PEOPLE[1].object_id)

Join = Callable[..., Awaitable[Entra]]


class Clock:
    """The stand-in's and our time, which tests move; MSAL has its own."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time() + self.ahead

    def aware(self) -> datetime:
        return datetime.fromtimestamp(self(), UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def entra(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[EntraStandin]:
    """The tenant; our registration has consent for Graph and Dataverse."""
    ca_file = tmp_path / "ca.pem"
    async with running_entra(ca_file, now=clock) as standin:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca_file))
        monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))
        delegated = {GRAPH: ["Mail.Read", "User.Read"], DATAVERSE: ["user_impersonation"]}
        roles = {GRAPH: ["Mail.ReadBasic"]}
        standin.register(Application(secrets={SECRET}, delegated=delegated, roles=roles))
        yield standin


@pytest.fixture
def application(entra: EntraStandin) -> Application:
    return entra.tenant.applications[APP_ID]


@pytest.fixture
async def liaison(open_database: OpenDatabase) -> Database:
    """The database `liaison` at its newest schema."""
    return open_database("liaison")


@pytest.fixture
async def join(entra: EntraStandin, liaison: Database, clock: Clock, tmp_path: Path) -> AsyncIterator[Join]:
    """Starts "processes" of Liaison: each with memory of its own, all on one database."""
    async with AsyncExitStack() as stack:

        async def start(
            keys: tuple[str, ...] = (KEY,), *, clock_of_keys: Callable[[], float] = monotonic, **changed: Any
        ) -> Entra:
            given = {"entra_secret": SECRET, "entra_tenants": (TENANT,)} | changed
            settings = Settings(
                data_dir=tmp_path,
                entra_authority=entra.authority,
                entra_client_id=APP_ID,
                **given,
            )
            return await open_entra(
                settings, liaison, keys=keys, now=clock.aware, stack=stack, clock=clock_of_keys
            )

        yield start


def make_certificate(path: Path) -> Any:
    """A certificate with its key in one PEM file; the certificate itself, to be registered."""
    issued = trustme.CA(key_type=trustme.KeyType.RSA).issue_cert(
        "liaison.example", key_type=trustme.KeyType.RSA
    )
    path.write_bytes(issued.private_key_and_cert_chain_pem.bytes())
    return load_pem_x509_certificate(issued.cert_chain_pems[0].bytes())
