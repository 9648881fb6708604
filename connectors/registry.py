"""Which implementation stands behind each port: a name of the settings → a function that opens it.

The embedded ones enter by the same door as any other. Each is imported when it is opened, so that
what is not used costs nothing; what it holds open is closed by the stack it is given.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from insights.database import Database
from insights.errors import Unavailable
from insights.migrate import REVISIONS, upgrade
from insights.ports import Crm, Directory, Mail
from insights.services import Services
from insights.settings import Settings
from insights.workflows import Workflows


@dataclass(frozen=True)
class Opening:
    """What a connector may need to open; `databases` are those already opened, by name."""

    settings: Settings
    now: Callable[[], datetime]
    stack: AsyncExitStack
    databases: dict[str, Database] = field(default_factory=dict)

    def database(self, name: str) -> Database:
        """A database of the data directory, opened once and closed with the stack."""
        if name not in self.databases:
            settings = self.settings
            database = Database(name, data_dir=settings.data_dir, url=settings.database_url)
            self.databases[name] = database
            self.stack.push_async_callback(database.close)
        return self.databases[name]


async def _open_embedded_crm(opening: Opening) -> Crm:
    from connectors.embedded.crm.crm import EmbeddedCrm

    crm = EmbeddedCrm(opening.database("crm"), now=opening.now)
    await crm.start()
    return crm


async def _open_embedded_mail(opening: Opening, organization_id: str) -> Mail:
    from connectors.embedded.mail.mail import EmbeddedMail
    from connectors.embedded.mail.store import REVISIONS as MAIL_REVISIONS
    from connectors.embedded.parsing.pool import MailParser

    database = opening.database("mailbox")
    await upgrade(database, MAIL_REVISIONS)
    parser = MailParser()
    opening.stack.push_async_callback(parser.close)
    return EmbeddedMail(database, parser, organization_id)


async def _open_embedded_directory(opening: Opening) -> Directory:
    from connectors.embedded.directory import EmbeddedDirectory
    from connectors.embedded.keys import read_signing_keys

    keys = read_signing_keys(opening.settings)
    return EmbeddedDirectory(opening.database("crm"), keys=keys, now=opening.now)


CRMS: Mapping[str, Callable[[Opening], Awaitable[Crm]]] = {"embedded": _open_embedded_crm}
# The id of the organisation is part of every email's id, in all mailboxes the same.
MAILS: Mapping[str, Callable[[Opening, str], Awaitable[Mail]]] = {"embedded": _open_embedded_mail}
# Who signs in follows from the mail server: its accounts are the people.
DIRECTORIES: Mapping[str, Callable[[Opening], Awaitable[Directory]]] = {"embedded": _open_embedded_directory}


@asynccontextmanager
async def open_services(settings: Settings, now: Callable[[], datetime]) -> AsyncIterator[Services]:
    """Everything a use-case needs, databases at their newest schema; background work is not started."""
    async with open_stores(settings, now) as (services, _):
        yield services


@asynccontextmanager
async def open_stores(
    settings: Settings, now: Callable[[], datetime]
) -> AsyncIterator[tuple[Services, Opening]]:
    """The same, with the databases behind it, for what fills the embedded connectors from outside."""
    async with AsyncExitStack() as stack:
        opening = Opening(settings, now, stack)
        yield await _open(opening), opening


async def _open(opening: Opening) -> Services:
    settings = opening.settings
    try:
        database = opening.database("liaison")
        await upgrade(database, REVISIONS)
        crm = await CRMS[settings.crm](opening)
        return Services(
            settings=settings,
            database=database,
            crm=crm,
            mail=await MAILS[settings.mail](opening, await crm.organization_id()),
            directory=await DIRECTORIES[settings.mail](opening),
            workflows=Workflows(data_dir=settings.data_dir, database_url=settings.database_url),
            now=opening.now,
        )
    except (SQLAlchemyError, OSError, Unavailable) as error:
        # The driver's own words may quote the address of the database with its password.
        raise Unavailable(
            "The database cannot be opened",
            type(error.__cause__ or error).__name__,
            "check LIAISON_DATABASE_URL, and that the data directory is writable and not full",
            code="no_database",
        ) from None
