"""The looks that need no connector: at settings, folders and our own database. None changes anything."""

import asyncio
import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, func, select

from insights.capture.tables import tracks
from insights.choices import ORGANIZATION
from insights.errors import Problem, Unavailable
from insights.migrate import REVISIONS, is_newest
from insights.model import MET, Finding, MailboxState
from insights.requirements.setup import Part, Setup
from insights.tables import choices, conversations
from insights.words import say

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
        raise setup.problems.get(part) or Unavailable("not_opened.unknown")
    return value


async def look_at_database(setup: Setup) -> Finding:
    """It answers, at the schema of this version."""
    try:
        database = opened(setup, "database", setup.database)
        is_ready = await is_newest(database, REVISIONS)
    except Problem as problem:
        return _missing(problem)
    return MET if is_ready else Finding("not met", say("why.schema_another_version_liaison"))


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
    return Finding("not met", problem.cause)


async def look_at_jobs(setup: Setup) -> Finding:
    """Jobs run in this process, and nothing has waited for them too long."""
    database = opened(setup, "database", setup.database)
    waiting = await database.read(_count_waiting, setup.now() - PATIENCE)
    if waiting:
        return Finding("not met", say("why.emails_have_waited_their_tracking", count=waiting))
    if setup.workflows is not None and not setup.workflows.is_ready:
        return Finding("not met", say("why.they_have_not_started_yet"))
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
        return Finding("not met", say("why.folder_keys_cannot_read", name=type(error).__name__))
    if not files:
        return Finding("not met", say("why.there_none_yet"))
    return Finding("not met", say("why.other_accounts_this_machine_may")) if is_open else MET


async def look_at_public_url(setup: Setup) -> Finding:
    """The address people use is set, and it is https."""
    if not setup.settings.public_url:
        return Finding("not met", say("why.liaison_public_url_not_set"))
    if not setup.settings.public_url.startswith("https://"):
        return Finding("not met", say("why.liaison_public_url_not_https"))
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
    return Finding("not met", say("why.not_set", missing=" and ".join(missing))) if missing else MET


async def look_at_teams_app(setup: Setup) -> Finding:
    """Those who use Liaison can be written to in Teams; who never used it cannot be known."""
    database = opened(setup, "database", setup.database)
    reachable, others = await database.read(_count_reachable)
    if not reachable:
        return Finding("not met", say("why.nobody_has_added_liaison_teams"))
    if others:
        return Finding("unknown", say("why.who_use_liaison_outlook_have", count=others))
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
    return Finding("not met", say("why.mailbox_tried_synchronised", how=how))


async def look_at_approval(setup: Setup) -> Finding:
    """The CRM's mailbox row is approved, tested and enabled."""
    state = await _mailbox_state(setup)
    if not state.approved:
        return Finding("not met", say("why.mailbox_tried_not_approved"))
    return MET if state.tested else Finding("not met", say("why.mailbox_tried_not_tested_enabled"))


async def _mailbox_state(setup: Setup) -> MailboxState:
    crm = opened(setup, "crm", setup.crm)
    if setup.user is None:
        raise nobody_known()
    return await crm.mailbox_state(setup.user.id)


def nobody_known() -> Problem:
    """What a look answers that needs somebody's mailbox or sign-in and has none."""
    return Unavailable("not_tried.nobody")


async def look_at_attachments_place(setup: Setup) -> Finding:
    """Files can be kept under the data directory."""
    return await asyncio.to_thread(_look_at_disk, setup.settings.data_dir)


def _look_at_disk(data_dir: Path) -> Finding:
    folder = data_dir / "files"
    place = folder if folder.exists() else data_dir
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return Finding("not met", say("why.data_directory_not_there_server"))
    if shutil.disk_usage(place).free < LEAST_FREE:
        return Finding("not met", say("why.less_than_1_gb_free"))
    return MET


async def look_at_places(setup: Setup) -> Finding:
    """A GeoLite2 file lies in the data directory, and is one."""
    return await asyncio.to_thread(_look_at_geolite2, setup.settings.data_dir)


def _look_at_geolite2(data_dir: Path) -> Finding:
    files = sorted(data_dir.glob(GEOLITE2))
    if not files:
        return Finding("not met", say("why.there_none_so_places_opens"))
    return MET if all(map(_is_geolite2, files)) else Finding("not met", say("why.file_broken_another_kind"))


def _is_geolite2(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - GEOLITE2_TAIL))
        return GEOLITE2_MARK in file.read()
