"""Opens an installation only as far as that changes nothing, for `liaison doctor`.

A database that is missing or of another version is left as it is: what needs it is then unknown, and
why. What cannot be reached keeps the rest from nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from connectors.registry import CRMS, DIRECTORIES, MAILS, Opening, database_revisions, directory_name
from insights.errors import NotFound, Problem, Unavailable
from insights.features import TERMS
from insights.gate import features_in_use
from insights.migrate import is_newest
from insights.model import User
from insights.ports import Crm, Directory, Mail
from insights.requirements.setup import Part, Setup
from insights.settings import Settings
from insights.tables import acceptances

PATIENCE = 15.0
"""Seconds that a part may take to open."""
T = TypeVar("T")


@asynccontextmanager
async def open_setup(settings: Settings, now: Callable[[], datetime], user: str = "") -> AsyncIterator[Setup]:
    """What there is; `user` is an address or id, else the administrator who accepted the terms is tried.

    Raises NotFound for a user whom the CRM does not know.
    """
    async with AsyncExitStack() as stack:
        opening = Opening(settings, now, stack)
        problems: dict[Part, Problem] = {}
        database = await _attempt("database", _ready(opening, "liaison"), problems)
        crm = await _attempt("crm", _open_crm(opening), problems)
        yield Setup(
            settings=settings,
            now=now,
            user=await _find_user(opening, user, crm, is_known=database is not None),
            database=opening.databases.get("liaison") if database is not None else None,
            crm=crm,
            mail=await _attempt("mail", _open_mail(opening, crm, problems), problems),
            directory=await _attempt("directory", _open_directory(opening, crm, problems), problems),
            problems=problems,
        )


async def _attempt(part: Part, opened: Awaitable[T], problems: dict[Part, Problem]) -> T | None:
    try:
        async with asyncio.timeout(PATIENCE):
            return await opened
    except Problem as problem:
        problems[part] = problem
    except TimeoutError:
        problems[part] = Unavailable("not_opened.no_answer", patience=f"{PATIENCE:g}")
    except (SQLAlchemyError, OSError) as error:  # a driver's own words may quote addresses and passwords
        problems[part] = Unavailable("not_opened.failed", name=type(error.__cause__ or error).__name__)
    return None


async def _ready(opening: Opening, name: str) -> bool:
    """Open a database that is there at this version's schema; raises Unavailable for any other."""
    settings = opening.settings
    if not settings.database_url and not (settings.data_dir / f"{name}.sqlite").is_file():
        raise Unavailable("not_opened.no_file", name=name)
    if not await is_newest(opening.database(name), database_revisions()[name]):
        raise Unavailable("not_opened.other_schema", name=name)
    return True


async def _require_own(opening: Opening) -> None:
    """What a connector to another service needs of us: a database for its tokens, and a key to seal them."""
    await _ready(opening, "liaison")
    settings = opening.settings
    if not settings.secret_keys and not any((settings.data_dir / "keys").glob("*.key")):
        raise Unavailable("not_opened.no_key")


async def _open_crm(opening: Opening) -> Crm:
    if opening.settings.crm == "embedded":
        await _ready(opening, "crm")
    else:
        await _require_own(opening)
    return await CRMS[opening.settings.crm](opening)


async def _open_mail(opening: Opening, crm: Crm | None, problems: dict[Part, Problem]) -> Mail:
    if crm is None:
        raise Unavailable("not_opened.no_crm", why=problems["crm"].cause)
    if opening.settings.mail == "embedded":
        await _ready(opening, "mailbox")
    else:
        await _require_own(opening)
    return await MAILS[opening.settings.mail](opening, crm)


async def _open_directory(opening: Opening, crm: Crm | None, problems: dict[Part, Problem]) -> Directory:
    if crm is None:
        raise Unavailable("not_opened.no_crm", why=problems["crm"].cause)
    if opening.settings.mail == "embedded":
        await _ready(opening, "crm")
    elif opening.settings.mail == "graph" and "following" not in opening.shared:
        raise Unavailable("not_opened.no_mail")
    await _require_own(opening)
    return await DIRECTORIES[directory_name(opening.settings)](opening, crm)


async def _find_user(opening: Opening, name: str, crm: Crm | None, *, is_known: bool) -> User | None:
    if crm is None:
        return None
    if name:
        return await _require_user(crm, name)
    if not is_known:
        return None
    accepted_by_id = await opening.database("liaison").read(_last_acceptance)
    return await _attempt("crm", crm.user(accepted_by_id), {}) if accepted_by_id else None


async def _require_user(crm: Crm, name: str) -> User:
    user = await crm.user(name)
    if user is None:
        raise NotFound("unknown_user.doctor")
    return user


def _last_acceptance(connection: Connection) -> str | None:
    query = select(acceptances.c.accepted_by_id).where(acceptances.c.text == TERMS)
    found: str | None = connection.execute(query.order_by(acceptances.c.accepted_at.desc()).limit(1)).scalar()
    return found


async def read_features_on(settings: Settings, now: Callable[[], datetime]) -> set[str]:
    """The features turned on in an installation; raises Unavailable where its database is not ready."""
    async with AsyncExitStack() as stack:
        opening = Opening(settings, now, stack)
        problems: dict[Part, Problem] = {}
        if await _attempt("database", _ready(opening, "liaison"), problems) is None:
            raise Unavailable("no_database.features", why=problems["database"].cause)
        return await opening.database("liaison").read(features_in_use)
