"""Two people with nearly the same address: by no route, command or verb gets one the mail of the other."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from aiohttp import ClientTimeout, web
from aiohttp.test_utils import TestClient
from pytest_aiohttp import AiohttpClient

import cli
import urls
from addin.http import SERVICES
from app import create_app
from bot.actions import VERBS
from bot.bot import open_bot
from bot.commands import BY_WORD
from connectors.embedded.crm.importing import import_rows
from connectors.embedded.directory import EmbeddedDirectory
from connectors.embedded.mail.importing import import_messages, mailbox_warning
from connectors.registry import open_services, open_stores
from insights import features
from insights.capture.tables import tracks
from insights.mail.identity import email_id
from insights.model import Mailbox, TrackState
from insights.services import Services
from insights.settings import Settings
from insights.views import FeaturesBody, FeatureSwitches
from tests.bot.conftest import Chat, buttons
from tests.flows.liaison import letter
from tests.standins.connector import running_connector

VICTIM, TWIN = "victim", "twin"
PAIRS = {
    "plus": ("vera@ours.example", "vera+ext@ours.example"),
    "plus, the other way": ("vera+ext@ours.example", "vera@ours.example"),
    "dots": ("vera.lind@ours.example", "veralind@ours.example"),
    "domain in its other form": ("vera@bücher.example", "vera@xn--bcher-kva.example"),
    "trailing dot": ("vera@ours.example", "vera@ours.example."),
    "sharp s": ("vera.weiß@ours.example", "vera.weiss@ours.example"),
    "Kelvin sign": ("kate@ours.example", "\u212aate@ours.example"),
    "subdomain": ("vera@ours.example", "vera@mail.ours.example"),
}
SECRET = "Zanzibar"
ONE, FAILED = "<secret@mail.example>", "<failed@mail.example>"
OBJECT_IDS = {
    name: f"0b1ec7a0-0000-4000-8000-0000000000a{number}" for number, name in enumerate((VICTIM, TWIN))
}
ENDLESS = {"/api/v1/events"}


@dataclass
class World:
    """The running installation, and what the twin knows of the victim."""

    client: TestClient[web.Request, web.Application]
    services: Services
    settings: Settings
    victim: str
    twin: str
    email_ids: tuple[str, str]

    def token(self, user: str) -> str:
        directory = self.services.directory
        assert isinstance(directory, EmbeddedDirectory)
        return directory.issue_token(user)


@pytest.fixture
async def world(request: pytest.FixtureRequest, settings: Settings, aiohttp_client: AiohttpClient) -> World:
    addresses = PAIRS[request.param]
    now = datetime.now(UTC)
    people = [
        {
            "systemuserid": name,
            "fullname": name.title(),
            "internalemailaddress": address,
            "azureactivedirectoryobjectid": OBJECT_IDS[name],
        }
        for name, address in zip((VICTIM, TWIN), addresses, strict=True)
    ]
    async with open_stores(settings, lambda: now) as (services, stores):
        await import_rows(await stores.database("crm"), {"systemusers": people}, now=now)
        organization_id = await services.crm.organization_id()
        raws = [
            letter("secret", to=addresses[0], subject=f"{SECRET} plans", text=f"{SECRET} it is\n").as_bytes(),
            letter("failed", to=addresses[0], subject=f"{SECRET} failed", References=ONE).as_bytes(),
        ]
        mailbox = await stores.database("mailbox")
        await import_messages(mailbox, organization_id, raws, addresses[0], now=now)
        email_ids = (email_id(organization_id, ONE), email_id(organization_id, FAILED))
        failed = tracks.insert().values(
            email_id=email_ids[1], state=TrackState.FAILED, user_id=VICTIM, attempt=1, requested_at=now,
            changed_at=now, cause="unexpected",
        )  # fmt: skip
        await services.database.write(lambda connection: connection.execute(failed))
    client = await aiohttp_client(create_app(settings))
    services = client.app[SERVICES]
    root = await services.crm.user("root")
    assert root
    switches = FeaturesBody(accept_terms=True, features=FeatureSwitches(auto_capture="on"))
    await features.change_features(services, root, switches)
    return World(client, services, settings, *addresses, email_ids)


def bodies(world: World) -> Mapping[str, list[dict[str, Any]]]:
    """What the twin sends to each route that takes a body: all that names the victim's mail."""
    regarding = {"table": "contact", "id": "ana"}
    mailboxes: list[dict[str, Any]] = [{}, {"mailbox": world.victim}, {"mailbox": world.twin}]
    track = [{"regarding": regarding, "conversation": True, **mailbox} for mailbox in mailboxes]
    return {
        "/api/v1/emails/lookup": [
            {"internet_message_id": name, **mailbox} for name in (ONE, FAILED) for mailbox in mailboxes
        ],
        "/api/v1/emails/{email_id}/track": track,
        "/api/v1/emails/{email_id}/untrack": [{}],
        "/api/v1/emails/{email_id}/retry": [{}],
        "/api/v1/emails/{email_id}/regarding": [{"regarding": regarding}],
        "/api/v1/emails/{email_id}/links": [{"record": regarding}],
        "/api/v1/records/lookup": [{"email": world.victim}, {"q": SECRET}, {"q": world.victim}],
        "/api/v1/records": [{"table": "lead", "first_name": "V", "last_name": "Lind", "email": world.victim}],
        "/api/v1/preferences": [{"auto_capture": True}],
        "/api/v1/sign-in-codes": [{}],
    }


def queries(world: World) -> list[dict[str, str]]:
    named = [{"internet_message_id": name} for name in (ONE, FAILED)]
    others = [{"mailbox": world.victim}, {"mailbox": world.twin}, {"email": world.victim}, {"q": SECRET}]
    return [{}, *named, *({**name, **other} for name in named for other in others), *others]


async def ask_everything(world: World, user: str) -> None:
    """Send to every route what somebody nosy would send; none of it shows or moves the victim's mail."""
    own = {"Authorization": f"Bearer {world.token(user)}"}
    sent, asked = bodies(world), 0
    gated = [
        route for route in urls.routes(is_demo=False) if route.gate == "user" and route.path not in ENDLESS
    ]
    takes_body = {route.path for route in gated if route.method != "GET"}
    assert takes_body == set(sent), "a new route: say what somebody nosy would send to it"
    for route in gated:
        for own_id in world.email_ids:
            path = route.path.format(email_id=own_id, table="contact", id="ana")
            given = queries(world) if route.method == "GET" else [{}]
            for query in given:
                for body in [None] if route.method == "GET" else sent[route.path]:
                    async with world.client.request(
                        route.method, path, params=query, json=body, headers=own, timeout=ClientTimeout(20)
                    ) as response:
                        text, asked = await response.text(), asked + 1
                        assert SECRET not in text, (route.path, query, body)
                        is_about_mail = route.path.startswith("/api/v1/emails")
                        if is_about_mail and not route.path.endswith("failures"):
                            assert response.status in {400, 404}, (route.path, query, body, text)
    assert asked > 100
    await require_untouched(world)


async def require_untouched(world: World) -> None:
    """The victim finds both emails as they were."""
    mine = {"Authorization": f"Bearer {world.token(VICTIM)}"}
    for name, state in ((ONE, "untracked"), (FAILED, "failed")):
        params = {"internet_message_id": name}
        async with world.client.get("/api/v1/emails", params=params, headers=mine) as response:
            found = await response.json()
            assert (found["item"]["state"], SECRET in found["item"]["subject"]) == (state, True)


@pytest.mark.parametrize("world", PAIRS, indirect=True)
async def test_no_route_shows_or_moves_the_others_mail(world: World) -> None:
    await ask_everything(world, TWIN)


@pytest.mark.parametrize("world", ["plus"], indirect=True)
async def test_an_administrator_sees_no_more_of_it(world: World) -> None:
    await ask_everything(world, "root")
    headers = {"Authorization": f"Bearer {world.token('root')}"}
    read = [route for route in urls.ROUTES if (route.gate, route.method) == ("admin", "GET")]
    assert len(read) >= 5
    for route in read:
        async with world.client.get(route.path, headers=headers) as response:
            text = await response.text()
            assert response.status == 200
            assert SECRET not in text
            assert not [message_id for message_id in (ONE, FAILED) if message_id in text]


@pytest.mark.parametrize("world", ["plus", "plus, the other way"], indirect=True)
async def test_no_command_and_no_button_shows_or_moves_it(world: World) -> None:
    async with running_connector() as connector, open_bot(world.services, is_local=True) as bot:
        chat = Chat(bot, connector)

        def account(name: str) -> dict[str, Any]:
            return {"id": f"29:{name}", "name": name, "aadObjectId": OBJECT_IDS[name]}

        shown = await chat.say(VICTIM, "untracked", **{"from": account(VICTIM)})
        assert SECRET in json.dumps(shown.body)
        listing_id, _, _ = buttons(shown.card, "track")[0]["data"]["id"].partition("/")
        own_chat = f"a:{TWIN}"
        for word in BY_WORD:
            for argument in ("", world.victim, "Fabrikam", "ana@fabrikam.example"):
                await chat.say(TWIN, f"{word} {argument}", **{"from": account(TWIN)})
        for verb in VERBS:
            for carried in (listing_id, *(f"{listing_id}/{each}" for each in world.email_ids), "contact:ana"):
                action = {"type": "Action.Execute", "verb": verb, "data": {"id": carried}}
                activity = chat.activity(
                    TWIN,
                    type="invoke",
                    name="adaptiveCard/action",
                    value={"action": action},
                    replyToId=shown.id,
                    **{"from": account(TWIN)},
                )
                status, answer = await chat.receive(activity)
                assert status < 500
                assert SECRET not in json.dumps(answer), (verb, carried)
        assert len(connector.chats[own_chat]) >= 4 * len(BY_WORD)
        assert SECRET not in json.dumps([sent.body for sent in connector.chats[own_chat]])
    rows = await world.services.database.read(
        lambda connection: {row.email_id: row.state for row in connection.execute(tracks.select())}
    )
    assert rows == {world.email_ids[1]: TrackState.FAILED}


@pytest.mark.parametrize("world", PAIRS, indirect=True)
async def test_ports_and_the_command_line_tell_them_apart(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    crm, mail = world.services.crm, world.services.mail
    for name, address in ((VICTIM, world.victim), (TWIN, world.twin)):
        user = await crm.user(address)
        assert user
        assert user.id == name
        assert await mailbox_warning(crm, address, address) == ""
        held = await mail.find(user.mailbox, list(world.email_ids))
        assert len(held) == (2 if name == VICTIM else 0)
    twin = await crm.user(TWIN)
    assert twin
    with pytest.raises(Exception, match="mailbox"):
        await mail.find(Mailbox(world.victim, twin), list(world.email_ids))
    await world.client.close()
    monkeypatch.setenv("LIAISON_DATABASE_URL", "")
    capsys.readouterr()
    for name, address in ((VICTIM, world.victim), (TWIN, world.twin)):
        code = await asyncio.to_thread(cli.main, ["token", address, "--data", str(world.settings.data_dir)])
        token = capsys.readouterr().out.strip()
        assert code == 0
        assert jwt.decode(token, options={"verify_signature": False})["sub"] == name


async def test_one_address_in_two_cases_signs_nobody_in(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    people = [
        {"systemuserid": name, "fullname": name, "internalemailaddress": address}
        for name, address in ((VICTIM, "vera@ours.example"), (TWIN, "Vera@OURS.example"))
    ]
    now = datetime.now(UTC)
    async with open_stores(settings, lambda: now) as (_, stores):
        await import_rows(await stores.database("crm"), {"systemusers": people}, now=now)
    async with open_services(settings, lambda: now) as services:
        assert await services.crm.user("vera@ours.example") is None
        found = await services.crm.user(TWIN)
        assert found
    assert capsys.readouterr().err == ""
