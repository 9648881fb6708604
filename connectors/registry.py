"""Which implementation stands behind each port: a name of the settings → a function that opens it.

The embedded ones enter by the same door as any other. Each is imported when it is opened, so that
what is not used costs nothing; what it holds open is closed by the stack it is given.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from connectors.keys import read_signing_keys
from insights.database import Database, insert_into
from insights.errors import Unavailable
from insights.migrate import REVISIONS, upgrade
from insights.news import News
from insights.ports import Agenda, Crm, Directory, Mail
from insights.services import Services
from insights.settings import Settings
from insights.tables import facts
from insights.work import Due
from insights.workflows import Workflows

if TYPE_CHECKING:
    from connectors.entra.opening import Entra
    from connectors.graph.client import GraphClient
    from connectors.graph.following import Following


@dataclass(frozen=True)
class Opening:
    """What a connector may need to open; `databases` are those already opened, by name."""

    settings: Settings
    now: Callable[[], datetime]
    stack: AsyncExitStack
    databases: dict[str, Database] = field(default_factory=dict)
    due: list[Due] = field(default_factory=list)
    """What falls due by itself because of the connectors that were opened."""
    warm_ups: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    """What a server does once it answers, so that nobody waits for it later; each may raise a Problem."""
    shared: dict[str, object] = field(default_factory=dict)
    """What several connectors stand on, by name."""

    def database(self, name: str) -> Database:
        """A database of the data directory, opened once and closed with the stack."""
        if name not in self.databases:
            settings = self.settings
            database = Database(name, data_dir=settings.data_dir, url=settings.database_url)
            self.databases[name] = database
            self.stack.push_async_callback(database.close)
        return self.databases[name]

    async def entra(self) -> "Entra":
        """Sign-in and tokens, opened once."""
        from connectors.entra.opening import open_entra

        if "entra" not in self.shared:
            self.shared["entra"] = await open_entra(
                self.settings,
                self.database("liaison"),
                keys=read_signing_keys(self.settings),
                now=self.now,
                stack=self.stack,
            )
        return cast("Entra", self.shared["entra"])

    async def graph(self) -> "GraphClient":
        """The connections to Graph, opened once."""
        from connectors.graph.opening import open_graph

        if "graph" not in self.shared:
            tokens = (await self.entra()).tokens
            self.shared["graph"] = open_graph(self.stack, self.settings.graph_url, tokens)
        return cast("GraphClient", self.shared["graph"])


async def _open_embedded_crm(opening: Opening) -> Crm:
    from connectors.embedded.crm.crm import EmbeddedCrm

    crm = EmbeddedCrm(opening.database("crm"), now=opening.now)
    await crm.start()
    return crm


async def _open_dataverse(opening: Opening) -> Crm:
    import aiohttp

    from connectors.dataverse.crm import DataverseCrm

    settings, tokens = opening.settings, (await opening.entra()).tokens
    session = await opening.stack.enter_async_context(aiohttp.ClientSession(trust_env=True))
    return DataverseCrm(settings.dataverse_url, session, tokens, opening.now)


async def _open_embedded_mail(opening: Opening, crm: Crm) -> Mail:
    from connectors.embedded.mail.mail import EmbeddedMail
    from connectors.embedded.mail.store import REVISIONS as MAIL_REVISIONS
    from connectors.embedded.mail.unfolding import has_folded, unfold
    from insights.mail.parsing.pool import MailParser

    database = opening.database("mailbox")
    await upgrade(database, MAIL_REVISIONS)
    if await has_folded(database):
        await database.write(unfold, await _user_addresses(opening, crm))
    parser = MailParser()
    opening.stack.push_async_callback(parser.close)
    mail = EmbeddedMail(database, parser, await organization_id(opening, crm))
    opening.warm_ups.append(mail.warm)
    return mail


async def _user_addresses(opening: Opening, crm: Crm) -> Sequence[str]:
    """The main addresses of all users, disabled ones too."""
    if opening.settings.crm == "embedded":
        from connectors.embedded.directory import select_addresses

        return await opening.database("crm").read(select_addresses)
    from connectors.dataverse.crm import DataverseCrm

    return await cast(DataverseCrm, crm).user_addresses()


async def _open_graph_mail(opening: Opening, crm: Crm) -> Mail:
    from connectors.graph.due import graph_due
    from connectors.graph.opening import open_graph_mail

    mail, following, places = open_graph_mail(
        opening.stack,
        await opening.graph(),
        opening.database("liaison"),
        await organization_id(opening, crm),
        opening.now,
        crm.user,
        public_url=opening.settings.public_url,
    )
    opening.due.extend(graph_due(following, places))
    opening.warm_ups.append(mail.warm)
    opening.shared["following"] = following
    return mail


async def _open_embedded_agenda(opening: Opening) -> Agenda:
    from connectors.embedded.agenda.agenda import EmbeddedAgenda
    from connectors.embedded.agenda.clocks import Clocks
    from connectors.embedded.mail.store import REVISIONS as MAIL_REVISIONS

    mailboxes = opening.database("mailbox")
    await upgrade(mailboxes, MAIL_REVISIONS)
    crm = opening.database("crm") if opening.settings.crm == "embedded" else None
    return EmbeddedAgenda(mailboxes, Clocks(mailboxes, crm), opening.now)


async def _open_graph_agenda(opening: Opening) -> Agenda:
    from connectors.graph.agenda import GraphAgenda

    return GraphAgenda(await opening.graph())


async def organization_id(opening: Opening, crm: Crm) -> str:
    """The id of the CRM's organisation, asked once for good: a server starts though its CRM is away."""
    if opening.settings.crm == "embedded":
        return await crm.organization_id()
    database, name = opening.database("liaison"), f"organization {opening.settings.dataverse_url}"
    known: str | None = await database.read(
        lambda c: c.scalar(select(facts.c.value).where(facts.c.name == name))
    )
    if known is None:
        known = await crm.organization_id()
        await database.write(_note_fact, name, known)
    return known


def _note_fact(connection: Connection, name: str, value: str) -> None:
    row = insert_into(connection, facts).values(name=name, value=value)
    connection.execute(row.on_conflict_do_nothing())


async def _open_embedded_directory(opening: Opening, crm: Crm) -> Directory:
    from connectors.embedded.directory import EmbeddedDirectory

    keys = read_signing_keys(opening.settings)
    return EmbeddedDirectory(opening.database("crm"), keys=keys, now=opening.now)


async def _open_entra_directory(opening: Opening, crm: Crm) -> Directory:
    """People sign in with Entra; domains and groups stay the embedded ones."""
    from connectors.entra.directory import EntraDirectory

    rest = await _open_embedded_directory(opening, crm)
    return EntraDirectory(await opening.entra(), rest, resource=opening.settings.graph_url)


async def _open_graph_directory(opening: Opening, crm: Crm) -> Directory:
    from connectors.graph.opening import open_graph_directory

    graph, entra = await opening.graph(), await opening.entra()
    following = cast("Following | None", opening.shared.get("following"))
    return open_graph_directory(graph, entra, crm.user, following)


CRMS: Mapping[str, Callable[[Opening], Awaitable[Crm]]] = {
    "embedded": _open_embedded_crm,
    "dataverse": _open_dataverse,
}
# The id of the CRM's organisation is part of every email's id, and its users are whose mail is read.
MAILS: Mapping[str, Callable[[Opening, Crm], Awaitable[Mail]]] = {
    "embedded": _open_embedded_mail,
    "graph": _open_graph_mail,
}
# Calendars and To Do are where the mail is.
AGENDAS: Mapping[str, Callable[[Opening], Awaitable[Agenda]]] = {
    "embedded": _open_embedded_agenda,
    "graph": _open_graph_agenda,
}
DIRECTORIES: Mapping[str, Callable[[Opening, Crm], Awaitable[Directory]]] = {
    "embedded": _open_embedded_directory,
    "entra": _open_entra_directory,
    "graph": _open_graph_directory,
}


def directory_name(settings: Settings) -> str:
    """Which directory follows from the settings: the tenant's where mail or CRM is Microsoft's."""
    if settings.mail == "graph" or settings.crm == "dataverse":
        return "graph"
    return "entra" if settings.has_entra else "embedded"


@asynccontextmanager
async def open_services(settings: Settings, now: Callable[[], datetime]) -> AsyncIterator[Services]:
    """Everything a use-case needs, databases at their newest schema; background work is not started."""
    async with open_stores(settings, now) as (services, _):
        yield services


@asynccontextmanager
async def open_stores(
    settings: Settings, now: Callable[[], datetime], clock: Callable[[], datetime] | None = None
) -> AsyncIterator[tuple[Services, Opening]]:
    """The same, with what is behind it: the databases, and what falls due because of the connectors.

    `clock` is the real time where `now` is another one.
    """
    async with AsyncExitStack() as stack:
        opening = Opening(settings, clock or now, stack)
        yield await _open(opening, now), opening


async def _open(opening: Opening, now: Callable[[], datetime]) -> Services:
    settings = opening.settings
    with _database_problems():
        database = opening.database("liaison")
        await upgrade(database, REVISIONS)
        crm = await CRMS[settings.crm](opening)
        return Services(
            settings=settings,
            database=database,
            crm=crm,
            mail=await MAILS[settings.mail](opening, crm),
            agenda=await AGENDAS[settings.mail](opening),
            directory=await DIRECTORIES[directory_name(settings)](opening, crm),
            workflows=Workflows(data_dir=settings.data_dir, database_url=settings.database_url),
            news=News(database),
            now=now,
            clock=opening.now,
            keys=read_signing_keys(settings),
        )


async def upgrade_databases(settings: Settings, now: Callable[[], datetime]) -> None:
    """Bring every database that the connectors of the settings have to its newest schema."""
    chosen = {"liaison": True, "crm": settings.crm == "embedded", "mailbox": settings.mail == "embedded"}
    async with AsyncExitStack() as stack:
        opening = Opening(settings, now, stack)
        with _database_problems():
            for name, revisions in database_revisions().items():
                if chosen[name]:
                    await upgrade(opening.database(name), revisions)


async def rotate_secrets(settings: Settings, now: Callable[[], datetime]) -> int:
    """Seal all secrets at rest with the newest key; how many were sealed with an older one."""
    from connectors.entra.vault import Vault

    async with AsyncExitStack() as stack:
        database = Opening(settings, now, stack).database("liaison")
        with _database_problems():
            await upgrade(database, REVISIONS)
            return await Vault(database, read_signing_keys(settings), now).rotate()


@contextmanager
def _database_problems() -> Iterator[None]:
    """What a driver raises, in our words: its own may quote the address of the database with its password."""
    try:
        yield
    except (SQLAlchemyError, OSError, Unavailable) as error:
        if isinstance(error, Unavailable) and error.code != "no_database":
            raise  # it says itself what is missing
        raise Unavailable("no_database.not_opened", error=_kind_of(error)) from None


def _kind_of(error: Exception) -> str:
    """What went wrong, by its type; of a file or folder also which it is."""
    cause = error.__cause__ or error
    path = cause.filename if isinstance(cause, OSError) else None
    return f"{type(cause).__name__}: {path}" if path else type(cause).__name__


def database_revisions() -> Mapping[str, Path]:
    """Each database that a connector or the product may have, with the folder of its migrations."""
    from connectors.embedded.crm.crm import REVISIONS as CRM_REVISIONS
    from connectors.embedded.mail.store import REVISIONS as MAIL_REVISIONS

    return {"liaison": REVISIONS, "crm": CRM_REVISIONS, "mailbox": MAIL_REVISIONS}
