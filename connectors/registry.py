"""The table of ports: port → implementation → what opens it. Another port or implementation is another row.

The embedded ones enter by the same door as any other. Each is imported when it is opened, so that
what is not used costs nothing. Openers ask for each other and for what several of them stand on;
everything is opened once, whoever asks first.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, cast

from connectors.databases import database_problems, databases_of
from connectors.opening import Opening, Port
from connectors.organization import organization_id
from insights.news import News
from insights.ports import Agenda, Crm, Directory, Mail
from insights.services import Services
from insights.settings import Settings
from insights.workflows import Workflows

if TYPE_CHECKING:
    from connectors.entra.opening import Entra
    from connectors.graph.client import GraphClient
    from connectors.graph.following import Following


async def _open_embedded_crm(opening: Opening) -> Crm:
    from connectors.embedded.crm.crm import EmbeddedCrm

    crm = EmbeddedCrm(await opening.database("crm"), now=opening.now)
    await crm.start()
    return crm


async def _open_dataverse(opening: Opening) -> Crm:
    import aiohttp

    from connectors.dataverse.crm import DataverseCrm

    tokens = (await opening.once(_open_entra)).tokens
    session = await opening.stack.enter_async_context(aiohttp.ClientSession(trust_env=True))
    return DataverseCrm(opening.settings.dataverse_url, session, tokens, opening.now)


async def _open_embedded_mail(opening: Opening) -> Mail:
    from connectors.embedded.mail.mail import EmbeddedMail
    from connectors.embedded.mail.unfolding import has_folded, unfold
    from insights.mail.parsing.pool import MailParser

    database = await opening.database("mailbox")
    if await has_folded(database):
        await database.write(unfold, await _user_addresses(opening))
    parser = MailParser()
    opening.stack.push_async_callback(parser.close)
    mail = EmbeddedMail(database, parser, await opening.once(_read_organization_id))
    opening.warm_ups.append(mail.warm)
    return mail


async def _user_addresses(opening: Opening) -> Sequence[str]:
    """The main addresses of all users, disabled ones too."""
    if opening.settings.crm == "embedded":
        from connectors.embedded.directory import select_addresses

        return await (await opening.database("crm")).read(select_addresses)
    from connectors.dataverse.crm import DataverseCrm

    return await cast(DataverseCrm, await opening.port(CRM)).user_addresses()


async def _open_graph_mail(opening: Opening) -> Mail:
    from connectors.graph.opening import open_graph_mail

    mail, places_due = open_graph_mail(
        opening.stack,
        await opening.once(_open_graph),
        await opening.database("liaison"),
        await opening.once(_read_organization_id),
        opening.now,
        await opening.once(_open_following),
    )
    opening.due.extend(places_due)
    opening.warm_ups.append(mail.warm)
    return mail


async def _open_embedded_agenda(opening: Opening) -> Agenda:
    from connectors.embedded.agenda.agenda import EmbeddedAgenda
    from connectors.embedded.agenda.clocks import Clocks

    mailboxes = await opening.database("mailbox")
    crm = await opening.database("crm") if opening.settings.crm == "embedded" else None
    return EmbeddedAgenda(mailboxes, Clocks(mailboxes, crm), opening.now)


async def _open_graph_agenda(opening: Opening) -> Agenda:
    from connectors.graph.agenda import GraphAgenda

    return GraphAgenda(await opening.once(_open_graph))


async def _open_embedded_directory(opening: Opening) -> Directory:
    from connectors.embedded.directory import EmbeddedDirectory

    return EmbeddedDirectory(await opening.database("crm"), keys=opening.keys(), now=opening.now)


async def _open_entra_directory(opening: Opening) -> Directory:
    """People sign in with Entra; domains and groups stay the embedded ones."""
    from connectors.entra.directory import EntraDirectory

    rest, entra = await opening.once(_open_embedded_directory), await opening.once(_open_entra)
    return EntraDirectory(entra, rest, resource=opening.settings.graph_url)


async def _open_graph_directory(opening: Opening) -> Directory:
    from connectors.graph.opening import open_graph_directory

    graph, entra, crm = (
        await opening.once(_open_graph),
        await opening.once(_open_entra),
        await opening.port(CRM),
    )
    following = await opening.once(_open_following) if opening.settings.mail == "graph" else None
    return open_graph_directory(graph, entra, crm.user, following)


async def _open_entra(opening: Opening) -> "Entra":
    """Sign-in and tokens."""
    from connectors.entra.opening import open_entra

    database, keys = await opening.database("liaison"), opening.keys()
    return await open_entra(opening.settings, database, keys=keys, now=opening.now, stack=opening.stack)


async def _open_graph(opening: Opening) -> "GraphClient":
    """The connections to Graph."""
    from connectors.graph.opening import open_graph

    tokens = (await opening.once(_open_entra)).tokens
    return open_graph(opening.stack, opening.settings.graph_url, tokens)


async def _open_following(opening: Opening) -> "Following":
    """Which mailboxes Graph tells of."""
    from connectors.graph.opening import open_following

    following, due = open_following(
        opening.stack,
        await opening.once(_open_graph),
        await opening.database("liaison"),
        opening.now,
        (await opening.port(CRM)).user,
        public_url=opening.settings.public_url,
    )
    opening.due.extend(due)
    return following


async def _read_organization_id(opening: Opening) -> str:
    """The id of the CRM's organisation: a part of every email's id."""
    return await organization_id(opening.settings, await opening.database("liaison"), await opening.port(CRM))


def directory_name(settings: Settings) -> str:
    """Which directory follows from the settings: the tenant's where mail or CRM is Microsoft's."""
    if settings.mail == "graph" or settings.crm == "dataverse":
        return "graph"
    return "entra" if settings.has_entra else "embedded"


CRM = Port(
    "crm", lambda settings: settings.crm, {"embedded": _open_embedded_crm, "dataverse": _open_dataverse}
)
MAIL = Port(
    "mail", lambda settings: settings.mail, {"embedded": _open_embedded_mail, "graph": _open_graph_mail}
)
# Calendars and To Do are where the mail is.
AGENDA = Port(
    "agenda", lambda settings: settings.mail, {"embedded": _open_embedded_agenda, "graph": _open_graph_agenda}
)
DIRECTORY = Port(
    "directory",
    directory_name,
    {
        "embedded": _open_embedded_directory,
        "entra": _open_entra_directory,
        "graph": _open_graph_directory,
    },
)


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
        with database_problems():
            services = await _open(opening, now)
        yield services, opening


async def _open(opening: Opening, now: Callable[[], datetime]) -> Services:
    settings, database = opening.settings, await opening.database("liaison")
    return Services(
        settings=settings,
        database=database,
        crm=await opening.port(CRM),
        mail=await opening.port(MAIL),
        agenda=await opening.port(AGENDA),
        directory=await opening.port(DIRECTORY),
        workflows=Workflows(data_dir=settings.data_dir, database_url=settings.database_url),
        news=News(database),
        now=now,
        clock=opening.now,
        keys=opening.keys(),
    )


async def upgrade_databases(settings: Settings, now: Callable[[], datetime]) -> None:
    """Bring every database that the connectors of the settings have to its newest schema."""
    async with AsyncExitStack() as stack:
        opening = Opening(settings, now, stack)
        with database_problems():
            for name in databases_of(settings):
                await opening.database(name)


async def rotate_secrets(settings: Settings, now: Callable[[], datetime]) -> int:
    """Seal all secrets at rest with the newest key; how many were sealed with an older one."""
    from connectors.entra.vault import Vault

    async with AsyncExitStack() as stack:
        opening = Opening(settings, now, stack)
        with database_problems():
            return await Vault(await opening.database("liaison"), opening.keys(), now).rotate()
