"""What cannot be tracked says why, stays listed, can be tried again; a bad file never loses the rest."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from connectors.embedded.mail.importing import import_messages
from connectors.embedded.mail.shares import share_mailbox
from connectors.registry import open_stores
from insights import features, work
from insights.capture import promotion, tracking
from insights.capture.failures import list_failures
from insights.capture.timeline import read_timeline
from insights.capture.tracks import claim, select_tracks
from insights.capture.views import Item
from insights.mail.identity import email_id
from insights.model import RecordRef, TrackState, User
from insights.services import Services
from insights.settings import Settings
from insights.views import FeaturesBody, FeatureSwitches
from tests.flows.liaison import Liaison, letter

LOST = "<lost@mail.example>"


async def test_files_have_their_own_outcome(liaison: Liaison) -> None:
    message = letter(1)
    message.add_attachment(b"a,b", maintype="text", subtype="csv", filename="prices.csv")
    message.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="setup.exe")
    message.add_attachment(b"x" * 6_000_000, maintype="application", subtype="pdf", filename="plan.pdf")
    liaison.import_mail("ann@ours.example", [message])
    [item] = await liaison.timeline("ann", "contact", "ana")
    await liaison.post("ann", f"/api/v1/emails/{item['id']}/track", {"regarding": None}, status=202)
    [tracked] = await liaison.wait_for_state("ann", ["<1@mail.example>"], "tracked")
    files = {file["name"]: file for file in tracked["attachments"]}
    assert {name: file["state"] for name, file in files.items()} == {
        "prices.csv": "tracked",
        "setup.exe": "failed",
        "plan.pdf": "failed",
    }
    assert "type of file" in files["setup.exe"]["cause"]
    assert "larger" in files["plan.pdf"]["cause"]


async def seller(services: Services) -> User:
    """Ann, with auto capture on."""
    root, ann = await services.crm.user("root"), await services.crm.user("ann")
    assert root
    assert ann
    switches = FeatureSwitches(auto_capture="on")
    await features.change_features(services, root, FeaturesBody(accept_terms=True, features=switches))
    return ann


async def press(services: Services, user: User, message_id: str, mailbox: str | None = None) -> str:
    """A press whose server died before anything else happened."""
    key = email_id(await services.crm.organization_id(), message_id)
    await services.database.write(
        claim,
        email_id=key,
        user_id=user.id,
        mailbox=mailbox,
        regarding=RecordRef("account", "fabrikam"),
        attachment_ids=[],
        now=services.now(),
    )
    return key


async def settle(services: Services, key: str) -> TrackState:
    """The state in which an attempt ends."""
    async with asyncio.timeout(60):
        while True:
            row = (await services.database.read(select_tracks, [key]))[key]
            if row.state is not TrackState.PENDING:
                return row.state
            await asyncio.sleep(0.05)


async def failures(services: Services, user: User) -> list[Item]:
    return (await list_failures(services, user, cursor=None, limit=50)).items


@pytest.mark.parametrize("shared", [None, "support@ours.example"])
async def test_a_mail_that_left_the_mailbox_fails_and_is_tracked_when_it_is_back(
    settings: Settings, shared: str | None
) -> None:
    from app import utc_now

    async with open_stores(settings, utc_now) as (services, stores), work.running(services):
        ann = await seller(services)
        await services.workflows.wait_ready()
        key = await press(services, ann, LOST, shared)
        await promotion.start_pending(services)
        assert await settle(services, key) is TrackState.FAILED
        [failed] = await failures(services, ann)
        assert failed.failure
        assert ("no longer shared" if shared else "no longer in your mailbox") in str(failed.failure.cause)
        assert failed.subject == ""
        organization_id = await services.crm.organization_id()
        await import_messages(
            await stores.database("mailbox"),
            organization_id,
            [letter("lost", subject="Found again").as_bytes()],
            shared or ann.email,
            now=services.now(),
        )
        if shared:
            await (await stores.database("mailbox")).write(share_mailbox, shared, [ann.email])
        assert [(item.subject, item.may) for item in await failures(services, ann)] == [
            ("Found again", ["retry"])
        ]
        pressed = await tracking.retry(services, ann, key)
        assert pressed.state in {TrackState.PENDING, TrackState.TRACKED}
        assert await settle(services, key) is TrackState.TRACKED
        assert await failures(services, ann) == []
        ref = RecordRef("account", "fabrikam")
        page = await read_timeline(services, ann, ref, days=30, cursor=None, limit=50)
        assert [item.subject for item in page.items if item.state is TrackState.TRACKED] == ["Found again"]


async def test_failures_are_listed_for_90_days(settings: Settings) -> None:
    from app import utc_now

    async with open_stores(settings, utc_now) as (services, _):
        ann = await seller(services)
        async with work.running(services):
            await services.workflows.wait_ready()
            key = await press(services, ann, LOST)
            await promotion.start_pending(services)
            await settle(services, key)
        now = services.now()
        for days, listed in ((89, 1), (91, 0)):
            then = now + timedelta(days=days)
            later = replace(services, now=partial(datetime.fromtimestamp, then.timestamp(), UTC))
            assert len(await failures(later, ann)) == listed
            outcomes = await work.run_due(later)
            assert {each.kind: each.count for each in outcomes}["failures"] == 1 - listed
        assert await failures(services, ann) == []


async def test_the_sweep_goes_on_with_what_nobody_owes_any_more(settings: Settings) -> None:
    from app import utc_now

    async with open_stores(settings, utc_now) as (services, _), work.running(services):
        ann = await seller(services)
        await services.workflows.wait_ready()
        key = await press(services, ann, "<1@mail.example>")
        assert await promotion.sweep_strays(services) == 0
        now = services.now()
        later = replace(services, clock=lambda: now + timedelta(minutes=2))
        assert await promotion.sweep_strays(later) == 1
        assert await settle(services, key) is TrackState.TRACKED
        # Its workflow has ended, and yet the row is pending, as after a restored backup: a new attempt.
        user = await services.crm.user("ann")
        assert user
        await services.crm.delete_email(user, key)
        await services.database.write(
            lambda connection: connection.exec_driver_sql("UPDATE tracks SET state = 'pending'")
        )
        assert await promotion.sweep_strays(later) == 1
        assert await settle(services, key) is TrackState.TRACKED
