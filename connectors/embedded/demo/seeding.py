"""Puts the fictional organisation into the databases of a server that runs as a demo."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime

from connectors.embedded.agenda.store import calendar_keys
from connectors.embedded.crm.importing import import_rows
from connectors.embedded.crm.users import all_users
from connectors.embedded.demo.calendars import put_agendas
from connectors.embedded.demo.mime import write_mime
from connectors.embedded.demo.moving import move_mail, move_rows, read_day, write_day
from connectors.embedded.demo.newest import SELLER
from connectors.embedded.demo.organization import Organization, make_organization
from connectors.embedded.demo.people import US
from connectors.embedded.mail.reads import mailbox_keys
from connectors.embedded.mail.shares import share_mailbox
from connectors.embedded.mail.store import insert_parsed
from insights.capture import promotion
from insights.capture.tracking import track
from insights.capture.tracks import select_tracks
from insights.capture.views import TrackBody
from insights.database import Database
from insights.errors import Conflict, Unavailable
from insights.features import FEATURES, change_features
from insights.mail.addresses import mailbox_key
from insights.mail.identity import email_id
from insights.mail.parsing.parsed import ParsedMessage
from insights.mail.parsing.worker import parse
from insights.model import User
from insights.services import Services
from insights.views import FeaturesBody, FeatureSwitches

ADMINISTRATOR = "meganb"
AWAY = "isaiah"
"""Whose mailbox the seller looks after."""


async def seed(services: Services) -> None:
    """Seed the organisation once, features on; at later starts move its days so that today is today."""
    settings, now = services.settings, services.now()
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    organization_id = await services.crm.organization_id()
    async with AsyncExitStack() as stack:
        crm, mail = (
            Database(name, data_dir=settings.data_dir, url=settings.database_url)
            for name in ("crm", "mailbox")
        )
        for database in (crm, mail):
            stack.push_async_callback(database.close)
        written_for = await crm.read(read_day)
        if written_for == today.date():
            return
        if written_for is None:
            await _require_nobody_else(crm, mail)
        organization = await asyncio.to_thread(make_organization, organization_id, today)
        if written_for is None:
            await _fill(crm, mail, organization, organization_id, now)
            await enable_everything(services)
            failed = [letter.message_id for letter in organization.letters if letter.has_failed]
            await fail_to_track(services, [email_id(organization_id, each) for each in failed])
            # Last, so that a start that was interrupted is made up for by the next.
            await crm.write(write_day, today.date())
        else:
            await mail.write(move_mail, organization_id, organization.letters)
            await put_agendas(mail, organization.agendas, now)
            await crm.write(move_rows, today.date(), now)
        await mail.write(share_mailbox, US[AWAY].email, [US[SELLER].email])


async def _require_nobody_else(crm: Database, mail: Database) -> None:
    """Raise Conflict where the data directory is somebody's: in a demo anybody signs in as anyone."""
    ours = {mailbox_key(person.email) for person in US.values()}
    theirs = {mailbox_key(each.email) for each in await crm.read(all_users)}
    mailboxes = await mail.read(mailbox_keys) | await mail.read(calendar_keys)
    if theirs - ours or mailboxes - ours:
        raise Conflict("not_a_demo")


async def enable_everything(services: Services) -> None:
    """Accept the terms and turn every feature on, as the administrator would; each with its audit row."""
    administrator = await _require_user(services, ADMINISTRATOR)
    switches = FeatureSwitches.model_validate({feature.name: "on" for feature in FEATURES})
    await change_features(services, administrator, FeaturesBody(accept_terms=True, features=switches))


async def fail_to_track(services: Services, email_ids: Sequence[str]) -> None:
    """What the seller's presses of *Track* came to while the CRM was away; *Retry* finds it back."""
    seller = await _require_user(services, SELLER)
    flow = promotion.workflow(lambda: services)
    for each in email_ids:
        await track(services, seller, each, TrackBody())
        pressed = await services.database.read(select_tracks, [each])
        await flow.failed(pressed[each].key, "unavailable")


async def _require_user(services: Services, key: str) -> User:
    user = await services.crm.user(US[key].email)
    if user is None:
        raise Unavailable("no_demo_user", email=US[key].email)
    return user


async def _fill(
    crm: Database, mail: Database, organization: Organization, organization_id: str, now: datetime
) -> None:
    metadata = {"value": list(organization.definitions)}
    await import_rows(crm, organization.rows, metadata=metadata, now=now)
    parsed = await asyncio.to_thread(_parse, organization)
    for mailbox, letters in organization.mailboxes().items():
        copies = (parsed[letter.message_id] for letter in letters)
        await insert_parsed(mail, organization_id, mailbox, copies, now=now)
    await put_agendas(mail, organization.agendas, now)


def _parse(organization: Organization) -> dict[str, ParsedMessage]:
    """Every letter by its Message-ID, parsed once though it lies in several mailboxes.

    Mail from outside is parsed behind walls, in worker processes; these letters are our own.
    """
    found = (parse(write_mime(letter)) for letter in organization.letters)
    return {message.internet_message_id: message for message in found if isinstance(message, ParsedMessage)}
