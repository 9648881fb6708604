"""Opens an installation only as far as that changes nothing, for `liaison doctor`.

A database that is missing or of another version is left as it is: what needs it is then unknown, and
why. What cannot be reached keeps the rest from nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from connectors.databases import database_revisions
from connectors.opening import Opening
from connectors.registry import CRM, DIRECTORY, MAIL
from insights.database import Database
from insights.errors import NotFound, Problem, Unavailable
from insights.features import TERMS
from insights.gate import features_in_use
from insights.migrate import is_newest
from insights.model import User
from insights.ports import Crm
from insights.requirements.setup import Part, Setup
from insights.settings import Settings
from insights.tables import acceptances

PATIENCE = 15.0
"""Seconds that a part may take to open."""
T = TypeVar("T")


class Inspection(Opening):
    """Opens only what is there already: makes no database, brings none up to date, makes no key."""

    async def database(self, name: str) -> Database:
        """A database that is there at this version's schema; raises Unavailable for any other."""
        settings = self.settings
        if not settings.database_url and not (settings.data_dir / f"{name}.sqlite").is_file():
            raise Unavailable("not_opened.no_file", name=name)
        return await super().database(name)

    async def prepare(self, database: Database) -> None:
        """Leave it as it is; raises Unavailable where it is of another version."""
        if not await is_newest(database, database_revisions()[database.name]):
            raise Unavailable("not_opened.other_schema", name=database.name)

    def keys(self) -> tuple[str, ...]:
        """The operator's keys; raises Unavailable where there is none yet."""
        settings = self.settings
        if not settings.secret_keys and not any((settings.data_dir / "keys").glob("*.key")):
            raise Unavailable("not_opened.no_key")
        return super().keys()


@asynccontextmanager
async def open_setup(settings: Settings, now: Callable[[], datetime], user: str = "") -> AsyncIterator[Setup]:
    """What there is; `user` is an address or id, else the administrator who accepted the terms is tried.

    Raises NotFound for a user whom the CRM does not know.
    """
    async with AsyncExitStack() as stack:
        opening = Inspection(settings, now, stack)
        problems: dict[Part, Problem] = {}
        database = await _attempt("database", opening.database("liaison"), problems)
        crm = await _attempt("crm", opening.port(CRM), problems)
        yield Setup(
            settings=settings,
            now=now,
            user=await _find_user(database, user, crm),
            database=database,
            crm=crm,
            mail=await _attempt("mail", opening.port(MAIL), problems),
            directory=await _attempt("directory", opening.port(DIRECTORY), problems),
            problems=problems,
        )


async def _attempt(part: Part, opened: Awaitable[T], problems: dict[Part, Problem]) -> T | None:
    try:
        async with asyncio.timeout(PATIENCE):
            return await opened
    except Problem as problem:
        problems[part] = _of_another(problem, problems)
    except TimeoutError:
        problems[part] = Unavailable("not_opened.no_answer", patience=f"{PATIENCE:g}")
    except (SQLAlchemyError, OSError) as error:  # a driver's own words may quote addresses and passwords
        problems[part] = Unavailable("not_opened.failed", name=type(error.__cause__ or error).__name__)
    return None


def _of_another(problem: Problem, problems: Mapping[Part, Problem]) -> Problem:
    """The problem, or that another part has it and is needed."""
    if problem is problems.get("crm"):
        return Unavailable("not_opened.no_crm", why=problem.cause)
    return problem


async def _find_user(database: Database | None, name: str, crm: Crm | None) -> User | None:
    if crm is None:
        return None
    if name:
        return await _require_user(crm, name)
    if database is None:
        return None
    accepted_by_id = await database.read(_last_acceptance)
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
        problems: dict[Part, Problem] = {}
        opening = Inspection(settings, now, stack)
        database = await _attempt("database", opening.database("liaison"), problems)
        if database is None:
            raise Unavailable("no_database.features", why=problems["database"].cause)
        return await database.read(features_in_use)
