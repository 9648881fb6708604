"""The looks that need no connector: at settings, folders and our own database. None changes anything."""

import asyncio
import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, func, select

from insights.choices import ORGANIZATION
from insights.errors import Problem, Unavailable
from insights.migrate import REVISIONS, is_newest
from insights.model import MET, Finding, MailboxState
from insights.requirements.setup import Part, Setup
from insights.tables import choices, conversations, tracks

PATIENCE = timedelta(minutes=10)
"""How long an email may wait for its tracking before something must be wrong."""
LEAST_FREE = 1024**3
GEOLITE2 = "GeoLite2*.mmdb"
GEOLITE2_MARK = b"\xab\xcd\xefMaxMind.com"
GEOLITE2_TAIL = 128 * 1024
"""The mark of such a file stands somewhere in its last 128 KiB."""
T = TypeVar("T")


def opened(setup: Setup, part: Part, value: T | None) -> T:
    """A part of the setup; raises the Problem that hindered it."""
    if value is None:
        raise setup.problems.get(part) or Unavailable("It was not opened", "nothing is known about it")
    return value


async def look_at_database(setup: Setup) -> Finding:
    """It answers, at the schema of this version."""
    try:
        database = opened(setup, "database", setup.database)
        is_ready = await is_newest(database, REVISIONS)
    except Problem as problem:
        return _missing(problem)
    return MET if is_ready else Finding("not met", "its schema is of another version of Liaison")


async def look_at_crm(setup: Setup) -> Finding:
    """It answers who it is."""
    try:
        await opened(setup, "crm", setup.crm).organization_id()
    except Problem as problem:
        return _missing(problem)
    return MET


async def look_at_mail(setup: Setup) -> Finding:
    """It could be opened; whether it answers, its connector says."""
    try:
        opened(setup, "mail", setup.mail)
    except Problem as problem:
        return _missing(problem)
    return MET


def _missing(problem: Problem) -> Finding:
    return Finding("not met", problem.why or problem.what)


async def look_at_jobs(setup: Setup) -> Finding:
    """Jobs run in this process, and nothing has waited for them too long."""
    database = opened(setup, "database", setup.database)
    waiting = await database.read(_count_waiting, setup.now() - PATIENCE)
    if waiting:
        return Finding("not met", f"{waiting} emails have waited for their tracking for over ten minutes")
    if setup.workflows is not None and not setup.workflows.is_ready:
        return Finding("not met", "they have not started yet in this server")
    return MET


def _count_waiting(connection: Connection, before: datetime) -> int:
    waiting = (tracks.c.state == "pending") & (tracks.c.changed_at < before)
    return connection.execute(select(func.count()).where(waiting)).scalar_one()


async def look_at_keys(setup: Setup) -> Finding:
    """There is a key to sign with, and nobody else on this machine can read it."""
    if setup.settings.secret_keys:
        return MET
    return await asyncio.to_thread(_look_at_key_files, setup.settings.data_dir / "keys")


def _look_at_key_files(folder: Path) -> Finding:
    try:
        files = list(folder.glob("*.key"))
        is_open = os.name == "posix" and any(file.stat().st_mode & 0o077 for file in files)
    except OSError as error:
        return Finding("not met", f"the folder keys cannot be read: {type(error).__name__}")
    if not files:
        return Finding("not met", "there is none yet")
    return Finding("not met", "other accounts of this machine may read it") if is_open else MET


async def look_at_public_url(setup: Setup) -> Finding:
    """The address people use is set, and it is https."""
    if not setup.settings.public_url:
        return Finding("not met", "LIAISON_PUBLIC_URL is not set")
    if not setup.settings.public_url.startswith("https://"):
        return Finding("not met", "LIAISON_PUBLIC_URL is not an https address")
    return MET


async def look_at_bot(setup: Setup) -> Finding:
    """The bot's registration is set, whole."""
    settings = setup.settings
    has_secret = settings.microsoft_app_type == "UserAssignedMSI" or settings.microsoft_app_password
    needs_tenant = settings.microsoft_app_type != "MultiTenant"
    missing = ["MicrosoftAppId"] * (not settings.microsoft_app_id)
    if settings.microsoft_app_id:
        missing += ["MicrosoftAppPassword"] * (not has_secret)
        missing += ["MicrosoftAppTenantId"] * (needs_tenant and not settings.microsoft_app_tenant_id)
        missing += ["LIAISON_ENTRA_TENANTS"] * (not settings.tenant_ids)
    return Finding("not met", f"{' and '.join(missing)} not set") if missing else MET


async def look_at_teams_app(setup: Setup) -> Finding:
    """Those who use Liaison can be written to in Teams; who never used it cannot be known."""
    database = opened(setup, "database", setup.database)
    reachable, others = await database.read(_count_reachable)
    if not reachable:
        return Finding("not met", "nobody has added Liaison in Teams yet, so nobody can be written to")
    if others:
        return Finding("unknown", f"{others} who use Liaison in Outlook have not added it in Teams")
    return MET


def _count_reachable(connection: Connection) -> tuple[int, int]:
    reachable = select(conversations.c.user_id)
    users = (
        select(tracks.c.user_id)
        .union(select(choices.c.owner).where(choices.c.owner != ORGANIZATION))
        .subquery()
    )
    others = select(func.count()).select_from(users).where(users.c.user_id.not_in(reachable))
    count = connection.execute(select(func.count()).select_from(conversations)).scalar_one()
    return count, connection.execute(others).scalar_one()


async def look_at_synchronisation(setup: Setup) -> Finding:
    """The CRM synchronises the mailbox by itself."""
    state = await _mailbox_state(setup)
    if state.synchronisation == "server":
        return MET
    how = "as a forward mailbox" if state.synchronisation == "forward" else "not at all"
    return Finding("not met", f"the mailbox that was tried is synchronised {how}")


async def look_at_approval(setup: Setup) -> Finding:
    """The CRM's mailbox row is approved, tested and enabled."""
    state = await _mailbox_state(setup)
    if not state.approved:
        return Finding("not met", "the mailbox that was tried is not approved")
    return MET if state.tested else Finding("not met", "the mailbox that was tried is not tested and enabled")


async def _mailbox_state(setup: Setup) -> MailboxState:
    crm = opened(setup, "crm", setup.crm)
    if setup.user is None:
        raise nobody_known()
    return await crm.mailbox_state(setup.user.id)


def nobody_known() -> Problem:
    """What a look answers that needs somebody's mailbox or sign-in and has none."""
    return Unavailable("It was not tried", "it takes somebody's mailbox, and nobody was named")


async def look_at_attachments_place(setup: Setup) -> Finding:
    """Files can be kept under the data directory."""
    return await asyncio.to_thread(_look_at_disk, setup.settings.data_dir)


def _look_at_disk(data_dir: Path) -> Finding:
    folder = data_dir / "files"
    place = folder if folder.exists() else data_dir
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return Finding("not met", "the data directory is not there, or the server may not write into it")
    if shutil.disk_usage(place).free < LEAST_FREE:
        return Finding("not met", "less than 1 GB is free on its disk")
    return MET


async def look_at_places(setup: Setup) -> Finding:
    """A GeoLite2 file lies in the data directory, and is one."""
    return await asyncio.to_thread(_look_at_geolite2, setup.settings.data_dir)


def _look_at_geolite2(data_dir: Path) -> Finding:
    files = sorted(data_dir.glob(GEOLITE2))
    if not files:
        return Finding("not met", "there is none, so places of opens stay unknown")
    return MET if all(map(_is_geolite2, files)) else Finding("not met", "the file is broken or another kind")


def _is_geolite2(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - GEOLITE2_TAIL))
        return GEOLITE2_MARK in file.read()
