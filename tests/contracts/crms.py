"""The implementations of the port `Crm`, each filled with the organisation of `crm_world`."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession

from connectors.dataverse.crm import DataverseCrm
from connectors.embedded.crm.crm import EmbeddedCrm
from connectors.embedded.crm.importing import import_rows
from insights.database import Database
from insights.model import User
from insights.ports import Crm
from tests.contracts.crm_world import METADATA, NOW, WORLD, uid
from tests.databases import Template
from tests.standins.dataverse import running_dataverse

Add = Callable[..., Awaitable[None]]


@dataclass(frozen=True)
class Opened:
    """An implementation that was filled, and what adds rows to it by entity set."""

    crm: Crm
    add: Add


class AnyToken:
    """Tokens that the stand-in takes."""

    async def for_app(self, resource: str, *, claims: str = "", refused: str = "") -> str:
        return "app-token"

    async def for_user(self, user: User, resource: str, *, claims: str = "", refused: str = "") -> str:
        return f"token-of-{user.id}"


async def _fill(data_dir: Path, url: str) -> None:
    database = Database("crm", data_dir=data_dir, url=url)
    await EmbeddedCrm(database, now=lambda: NOW).start()
    await import_rows(database, WORLD, now=NOW, metadata=METADATA)
    await database.close()


FILLED = Template("crm_world", _fill)
"""What `filled_embedded` begins with."""


@asynccontextmanager
async def filled_embedded(data_dir: Path, url: str) -> AsyncIterator[Opened]:
    """The embedded CRM on a copy of `FILLED`."""
    database = Database("crm", data_dir=data_dir, url=url)
    crm = EmbeddedCrm(database, now=lambda: NOW)
    await crm.start()

    async def add(**tables: list[dict[str, str]]) -> None:
        await import_rows(database, tables, now=NOW)

    yield Opened(crm, add)
    await database.close()


@asynccontextmanager
async def filled_dataverse(testdata: Path) -> AsyncIterator[Opened]:
    async with running_dataverse(testdata, now=lambda: NOW) as standin, ClientSession() as session:
        standin.fill(WORLD, METADATA)
        crm = DataverseCrm(standin.url, session, AnyToken(), now=lambda: NOW)

        async def add(**tables: list[dict[str, str]]) -> None:
            standin.add(**tables)
            crm.forget()  # structure may be known minutes late, which no test waits for

        yield Opened(crm, add)


async def signed_in(crm: Crm, word: str) -> User:
    """The user whose id the word stands for."""
    user = await crm.user(uid(word))
    assert user
    return user
