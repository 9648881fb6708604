"""Mail that is marked private, labelled or encrypted is in no list, no count and no track, on any surface."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp import AiohttpClient

from addin.http import SERVICES
from app import create_app
from bot.bot import open_bot
from connectors.embedded.directory import EmbeddedDirectory
from connectors.embedded.mail.importing import import_messages
from connectors.registry import open_stores
from insights import features
from insights.capture import emails, failures, tracking
from insights.capture.tables import tracks
from insights.capture.tracks import select_tracks
from insights.capture.untracked import list_untracked, read_listed
from insights.capture.views import TrackBody
from insights.errors import Conflict, Incomplete, Unavailable
from insights.mail.identity import email_id
from insights.model import RecordRef, TrackState, User
from insights.services import Services
from insights.settings import Settings
from insights.views import FeaturesBody, FeatureSwitches, Ref
from tests.bot.conftest import Chat, texts
from tests.flows.liaison import letter
from tests.standins.connector import running_connector

WORDS = "Zanzibar plans"
OPEN, KEPT = "<open@mail.example>", "<kept@mail.example>"
ANA = RecordRef("contact", "ana")
LABEL = "MSIP_Label_0A1B2C3D-0000-4000-8000-000000000001_Enabled=True;"


def private(message: EmailMessage) -> None:
    message["Sensitivity"] = "Private"


def confidential(message: EmailMessage) -> None:
    message["Sensitivity"] = "Company-Confidential"


def labelled(message: EmailMessage) -> None:
    message["msip_labels"] = LABEL


def encrypted(message: EmailMessage) -> None:
    message.replace_header("Content-Type", 'application/pkcs7-mime; smime-type="enveloped-data"')


def protected(message: EmailMessage) -> None:
    message["Content-Class"] = "rpmsg.message"


KINDS: dict[Callable[[EmailMessage], None], str] = {
    private: "marked_private",
    confidential: "marked_private",
    labelled: "labelled",
    encrypted: "encrypted",
    protected: "encrypted",
}


@dataclass
class World:
    """The small company's server; in a conversation of Ann's is an open mail and one that is kept out."""

    client: TestClient[web.Request, web.Application]
    services: Services
    ann: User
    own_id: str
    code: str

    async def get(self, path: str, **query: str) -> Any:
        directory = self.services.directory
        assert isinstance(directory, EmbeddedDirectory)
        headers = {"Authorization": f"Bearer {directory.issue_token('ann')}"}
        async with self.client.get(f"/api/v1/{path}", params=query, headers=headers) as response:
            assert response.status == 200
            return await response.json()

    async def states(self) -> dict[str, TrackState]:
        return {row.email_id: row.state for row in (await self._tracks()).values()}

    async def _tracks(self) -> dict[str, Any]:
        organization_id = await self.services.crm.organization_id()
        ids = [email_id(organization_id, name) for name in (OPEN, KEPT)]
        return await self.services.database.read(select_tracks, ids)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
async def world(request: pytest.FixtureRequest, settings: Settings, aiohttp_client: AiohttpClient) -> World:
    now = datetime.now(UTC)
    kept = letter("kept", subject=WORDS, at=now, In_Reply_To=OPEN)
    request.param(kept)
    async with open_stores(settings, lambda: now) as (services, stores):
        organization_id = await services.crm.organization_id()
        raws = [letter("open", subject="An open word", at=now).as_bytes(), kept.as_bytes()]
        mailbox = await stores.database("mailbox")
        await import_messages(mailbox, organization_id, raws, "ann@ours.example", now=now)
        bobs = letter("kept", subject=WORDS, at=now).as_bytes()  # his copy carries no mark
        await import_messages(mailbox, organization_id, [bobs], "bob@ours.example", now=now)
    client = await aiohttp_client(create_app(settings))
    services = client.app[SERVICES]
    root, ann = await services.crm.user("root"), await services.crm.user("ann")
    assert root
    assert ann
    body = FeaturesBody(accept_terms=True, features=FeatureSwitches(auto_capture="on"))
    await features.change_features(services, root, body)
    return World(client, services, ann, email_id(organization_id, KEPT), KINDS[request.param])


async def test_no_list_shows_it(world: World) -> None:
    services, ann = world.services, world.ann
    timeline = await world.get("records/contact/ana/activities")
    subjects = [item["subject"] for item in timeline["items"]]
    assert "An open word" in subjects
    assert WORDS not in subjects
    for ref in (None, ANA):
        listed = await list_untracked(services, ann, ref, limit=50)
        subjects = [row.item.subject for row in listed.rows]
        assert "An open word" in subjects
        assert WORDS not in subjects


async def test_a_list_that_the_mailbox_cuts_short_does_not_show_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = world.services.mail
    search = type(mail).search

    async def cut_short(given: Any, *asked: Any) -> None:
        raise Incomplete(Unavailable("mail_busy"), await search(given, *asked))

    monkeypatch.setattr(type(mail), "search", cut_short)
    timeline = await world.get("records/contact/ana/activities")
    assert "Some of your emails are missing" in timeline["notice"]
    subjects = [item["subject"] for item in timeline["items"]]
    assert "An open word" in subjects
    assert WORDS not in subjects


async def test_the_bot_shows_it_in_no_chat(world: World) -> None:
    async with running_connector() as connector, open_bot(world.services, is_local=True) as bot:
        chat = Chat(bot, connector)
        for text in ("untracked", "untracked Ana Silva", "untracked ana@fabrikam.example"):
            said = texts((await chat.say("ann", text)).card)
            assert any("An open word" in words for words in said)
            assert not any(WORDS in words for words in said)


async def test_the_pane_says_why_and_offers_no_track(world: World) -> None:
    opened = await world.get("emails", internet_message_id=KEPT)
    assert opened["item"]["may"] == []
    assert opened["conversation"] == 0
    assert opened["notice"].startswith("This email stays private")
    other = await world.get("emails", internet_message_id=OPEN)
    assert (other["item"]["may"], other["conversation"]) == (["track"], 1)


async def test_it_is_never_tracked(world: World) -> None:
    services, ann = world.services, world.ann
    body = TrackBody(regarding=Ref(table="contact", id="ana"))
    with pytest.raises(Conflict) as refused:
        await tracking.track(services, ann, world.own_id, body)
    assert refused.value.code == world.code
    await tracking.track(
        services, ann, await id_of(services, OPEN), body.model_copy(update={"conversation": True})
    )
    assert set(await world.states()) == {await id_of(services, OPEN)}


async def test_what_a_colleague_tracked_is_on_the_timeline_as_a_row_of_the_crm(world: World) -> None:
    services = world.services
    bob = await services.crm.user("bob")
    assert bob
    body = TrackBody(regarding=Ref(table="contact", id="ana"))
    await tracking.track(services, bob, world.own_id, body)
    async with asyncio.timeout(30):
        while set((await world.states()).values()) != {TrackState.TRACKED}:
            await asyncio.sleep(0.02)
    timeline = await world.get("records/contact/ana/activities")
    [item] = [item for item in timeline["items"] if item["subject"] == WORDS]
    assert (item["state"], item["email_activity_id"]) == ("tracked", world.own_id)


async def test_one_that_was_kept_out_after_it_failed_is_not_tried_again(world: World) -> None:
    services, now = world.services, world.services.now()
    failed = tracks.insert().values(
        email_id=world.own_id, state=TrackState.FAILED, user_id="ann", attempt=1, requested_at=now,
        changed_at=now, cause="unavailable",
    )  # fmt: skip
    await services.database.write(lambda connection: connection.execute(failed))
    with pytest.raises(Conflict) as refused:
        await tracking.retry(services, world.ann, world.own_id)
    assert refused.value.code == world.code
    listed = await failures.list_failures(services, world.ann, cursor=None, limit=5)
    assert [item.may for item in listed.items] == [[]]
    shown = await read_listed(services, world.ann, None, [world.own_id])
    assert [row.item.may for row in shown.rows] == [[]]
    opened = await emails.open_email(services, world.ann, KEPT)
    assert opened.item.may == []


async def id_of(services: Services, name: str) -> str:
    return email_id(await services.crm.organization_id(), name)
