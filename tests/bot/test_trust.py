"""Whom the bot believes: addresses, channels and tenants that are ours, and nothing that looks like them."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from sqlalchemy import Connection, Table, func, select, update

from bot.bot import Bot, open_bot
from bot.credentials import NoCredentials
from bot.tokens import Claims
from insights.capture import tracking
from insights.capture.views import TrackBody
from insights.errors import NotAllowed, NotSignedIn, Problem
from insights.services import Services
from insights.tables import conversations, places
from tests.bot.conftest import BASE_URL, Chat, buttons
from tests.bot.test_tokens import APP_ID, INCOMING, KEYS, SERVICE_URL, Publisher, token
from tests.bot.test_turns import SUBJECTS, listed, states
from tests.flows.liaison import OBJECT_IDS

OURS = "72f988bf-86f1-41af-91ab-2d7cd011db47"
THEIRS = "99f988bf-86f1-41af-91ab-2d7cd011db47"


def own_chat(tenant: str | None, *, data: str | None = None) -> dict[str, Any]:
    """The fields of an activity that name a tenant: in the conversation, in what Teams adds."""
    conversation = {"id": "a:ann", "conversationType": "personal"}
    named = {"conversation": conversation | ({"tenantId": tenant} if tenant else {})}
    return named | ({"channelData": {"tenant": {"id": data}}} if data else {})


@pytest.mark.parametrize(
    "bent",
    [
        "{url}?", "{url}#", "{url}?x=", "{url}other?", "{origin}/other/path?a=b", "{origin}#/", "{origin}?",
        "{origin}/a/../b", "{origin}/a/%2e%2e/b", "{origin}/.", "{origin}/%2e", "{origin}/a%2fb",
        "{origin}//", "{origin}\\x", "{origin}/\t", "{origin}/\n", " {origin}", "{origin} ",
        "{origin}/\u00a0",
        "http://ann@127.0.0.1:{port}", "http://ann:pw@127.0.0.1:{port}", "http://@127.0.0.1:{port}",
        "http://elsewhere.example@127.0.0.1:{port}", "http://127.0.0.1:{port}@elsewhere.example",
        "http://127.1:{port}", "http://127.0.1:{port}", "http://2130706433:{port}", "http://0x7f.1:{port}",
        "http://0x7f000001:{port}", "http://0177.0.0.1:{port}", "http://127.0.0.01:{port}",
        "http://127.0.0.1.:{port}", "http://localhost.:{port}", "http://0.0.0.0:{port}", "http://0:{port}",
        "http://[::]:{port}", "http://[::ffff:127.0.0.1]:{port}", "http://[::ffff:7f00:1]:{port}",
        "http://[::1%25lo]:{port}", "http://127.0.0.2:{port}", "http://localhost.localdomain:{port}",
        "http://\u2460\u2461\u2466.0.0.1:{port}", "http://ｌocalhost:{port}", "http://localhost\u3002:{port}",
        "http://local\u00adhost:{port}", "http://xn--localhost-:{port}", "http://local%68ost:{port}",
        "http:/127.0.0.1:{port}", "http:127.0.0.1:{port}", "//127.0.0.1:{port}", "http://127.0.0.1:{port}:80",
        "http://127.0.0.1:", "http://127.0.0.1:0", "http://127.0.0.1:65536", "ws://127.0.0.1:{port}",
    ],
)  # fmt: skip
async def test_an_address_that_could_be_another_is_refused(chat: Chat, bent: str) -> None:
    origin = chat.connector.url.rstrip("/")
    url = bent.format(url=chat.connector.url, origin=origin, port=origin.rpartition(":")[2])
    with pytest.raises(Problem) as told:
        await chat.receive(chat.activity("ann", text="help") | {"serviceUrl": url})
    assert told.value.status in {400, 401}
    assert told.value.code in {"bad_activity", "bad_service_url"}
    assert chat.connector.requests == []


@pytest.mark.parametrize("spelling", ["{url}", "{origin}", "{capital}", "{named}"])
async def test_one_address_is_kept_in_one_spelling(chat: Chat, services: Services, spelling: str) -> None:
    origin = chat.connector.url.rstrip("/")
    url = spelling.format(
        url=chat.connector.url,
        origin=origin,
        capital=origin.replace("http", "HTTP"),
        named=origin.replace("127.0.0.1", "LocalHost"),
    )
    assert listed(await chat.say("ann", "untracked", serviceUrl=url)) == SUBJECTS
    expected = origin.replace("127.0.0.1", "localhost") if "named" in spelling else origin
    assert await kept_urls(services, conversations) == await kept_urls(services, places) == {expected}


async def kept_urls(services: Services, table: Table) -> set[str]:
    """The service URLs in a table."""
    query = select(table.c.service_url)
    return set(await services.database.read(lambda connection: connection.scalars(query).all()))


@pytest.mark.parametrize("part", ["..", ".", "..."])
async def test_an_id_of_dots_leads_nowhere(chat: Chat, part: str) -> None:
    chat_of_dots = {"conversation": {"id": part, "conversationType": "personal"}}
    await chat.receive(chat.activity("ann", text="help", **chat_of_dots))
    pressed = {"verb": "say", "id": "help"}
    await chat.receive(chat.activity("ann", value=pressed, replyToId=part))
    assert all(path.count("/") == 5 and "/../" not in path for _, path in chat.connector.requests)
    assert {path for _, path in chat.connector.requests} <= {"/v3/conversations/a:ann/activities/2"}


async def test_addresses_that_older_versions_kept_are_rebuilt_or_given_up(
    chat: Chat, services: Services
) -> None:
    sent = await chat.say("ann", "untracked")
    [first, *_] = buttons(sent.card, "track")
    bent = {"service_url": f"{chat.connector.url}other?"}
    await services.database.write(lambda c: c.execute(update(places).values(bent)))
    await services.database.write(lambda c: c.execute(update(conversations).values(bent)))
    async with open_bot(services, is_local=True) as bot:
        again, group = Chat(bot, chat.connector), {"id": "19:group", "conversationType": "groupChat"}
        await again.receive(again.activity("ann", text="help", id="in the group", conversation=group))
    assert chat.connector.last("own chat of 29:ann").card  # in a chat that was opened anew
    ann = await services.crm.user_by_object_id(OBJECT_IDS["ann"])
    assert ann
    await tracking.track(services, ann, first["data"]["id"].partition("/")[2], TrackBody())
    kept = select(func.count()).select_from(places).where(places.c.service_url.contains("?"))
    async with asyncio.timeout(60):
        while await services.database.read(lambda c: c.scalar(kept)):
            await asyncio.sleep(0.05)
    assert {path.split("/")[1] for _, path in chat.connector.requests} == {"v3"}


@pytest.mark.parametrize(
    ("claimed", "given"),
    [
        (SERVICE_URL, f"{SERVICE_URL}?"),
        (SERVICE_URL, SERVICE_URL.replace("emea", "amer")),
        (SERVICE_URL.replace("/emea", ":8443/emea"), SERVICE_URL),
        ("https://smba.trafficmanager.example/emea/../emea", SERVICE_URL),
        ("?", "?"),
        (SERVICE_URL.replace("https", "http"), SERVICE_URL),
    ],
)
def test_the_token_names_the_very_address(claimed: str, given: str) -> None:
    claims = Claims(claimed, frozenset({"msteams"}))
    with pytest.raises(NotSignedIn):
        claims.require_match(replace(INCOMING, service_url=given))
    same = SERVICE_URL.replace("smba", "SMBA").replace("example/", "example:443/")
    Claims(same, frozenset({"msteams"})).require_match(INCOMING)


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    published = {"first": (KEYS["first"], ["msteams", "webchat", "directline", "emulator"])}
    publisher = Publisher(published=published)
    async with TestServer(publisher.app()) as server:
        publisher.url = str(server.make_url("/"))
        yield publisher


def in_tenant(services: Services, publisher: Publisher, *tenants: str, **more: Any) -> Services:
    """The same with the settings of a real deployment."""
    given = {"microsoft_app_id": APP_ID, "bot_open_id_metadata": f"{publisher.url}openidconfiguration"}
    return replace(
        services, settings=services.settings.model_copy(update=given | {"entra_tenants": tenants} | more)
    )


async def hand_in(bot: Bot, chat: Chat, **fields: Any) -> tuple[int, Any]:
    """Post an activity with a genuine token for it."""
    activity = chat.activity("ann", **fields)
    return await bot.receive(
        json.dumps(activity).encode(), token(serviceurl=activity["serviceUrl"]), BASE_URL
    )


async def kept_chats(services: Services) -> int:
    """How many conversations are kept."""
    count = select(func.count()).select_from(conversations)
    return await services.database.read(lambda c: c.scalar(count)) or 0


@pytest.mark.parametrize("channel", ["directline", "webchat", "emulator"])
async def test_other_channels_prove_nobody(
    chat: Chat, services: Services, publisher: Publisher, channel: str
) -> None:
    asked = {"channelId": channel, **own_chat(OURS)}
    async with open_bot(
        in_tenant(services, publisher, OURS), is_local=False, credentials=NoCredentials()
    ) as bot:
        for fields in ({"text": "untracked"}, {"type": "invoke", "name": "signin/verifyState", "value": {}}):
            with pytest.raises(NotAllowed) as told:
                await hand_in(bot, chat, **asked, **fields)
            assert told.value.code == "foreign_channel"
        assert chat.connector.requests == []
        assert not await kept_chats(services)
        await hand_in(bot, chat, text="untracked", **own_chat(OURS))
    assert listed(chat.connector.last("a:ann")) == SUBJECTS


@pytest.mark.parametrize(
    "where", [own_chat(THEIRS), own_chat(None), own_chat(OURS, data=THEIRS), own_chat(None, data=THEIRS)]
)
async def test_other_tenants_are_told_and_nothing_is_shown_or_kept(
    chat: Chat, services: Services, publisher: Publisher, where: dict[str, Any]
) -> None:
    async with open_bot(
        in_tenant(services, publisher, OURS), is_local=False, credentials=NoCredentials()
    ) as bot:
        await hand_in(bot, chat, text="untracked", **where)
        assert "another" in chat.connector.last("a:ann").text
        added = {"membersAdded": [{"id": "28:bot"}]}
        for fields in (
            added | {"type": "conversationUpdate"},
            {"type": "installationUpdate", "action": "add"},
        ):
            await hand_in(bot, chat, **fields, **where)
        group = where | {"conversation": where["conversation"] | {"conversationType": "groupChat"}}
        await hand_in(bot, chat, text="untracked", **group)
        assert {sent.text for sent in chat.connector.chats["a:ann"]} == {chat.connector.last("a:ann").text}
        for name, value, told in (
            ("composeExtension/query", {"parameters": [{"name": "query", "value": "Fabrikam"}]}, "another"),
            ("composeExtension/queryLink", {"url": f"{BASE_URL}/t/account:fabrikam"}, "another"),
            ("adaptiveCard/action", {"action": {"verb": "say", "data": {"id": "untracked"}}}, "another"),
            ("signin/tokenExchange", {"id": "x.", "token": "t"}, "Forbidden"),
            ("signin/verifyState", {"state": "1"}, "Forbidden"),
        ):
            status, body = await hand_in(bot, chat, type="invoke", name=name, value=value, **where)
            assert told in json.dumps(body)
            if told == "Forbidden":
                assert (status, body["error"]["code"]) == (403, told)
                assert "another" in body["error"]["message"]
            assert "Fabrikam" not in json.dumps(body)
    assert not await kept_chats(services)
    assert set(chat.connector.chats) == {"a:ann"}


async def test_the_tenant_of_the_registration_is_ours_too(
    chat: Chat, services: Services, publisher: Publisher
) -> None:
    served = in_tenant(services, publisher, microsoft_app_tenant_id=OURS.upper())
    async with open_bot(served, is_local=False, credentials=NoCredentials()) as bot:
        await hand_in(bot, chat, text="untracked", **own_chat(OURS, data=OURS.upper()))
    assert listed(chat.connector.last("a:ann")) == SUBJECTS


@pytest.mark.parametrize(("tenant", "is_known"), [(OURS, True), (THEIRS, False), ("", False)])
async def test_the_roster_speaks_for_our_tenant_only(
    chat: Chat, services: Services, publisher: Publisher, tenant: str, is_known: bool
) -> None:
    member = {"id": "29:ann", "aadObjectId": OBJECT_IDS["ann"]}
    chat.connector.members["29:ann"] = member | ({"tenantId": tenant} if tenant else {})
    async with open_bot(
        in_tenant(services, publisher, OURS), is_local=False, credentials=NoCredentials()
    ) as bot:
        await hand_in(bot, chat, text="untracked", **own_chat(OURS), **{"from": {"id": "29:ann"}})
    sent = chat.connector.last("a:ann")
    assert listed(sent) == (SUBJECTS if is_known else set())
    assert is_known or "I do not know you yet" in states(sent)


async def test_foreign_chats_that_older_versions_kept_are_written_to_no_more(
    chat: Chat, services: Services, publisher: Publisher
) -> None:
    await chat.say("ann", "untracked")
    for foreign in ({"channel_id": "webchat", "tenant_id": OURS}, {"tenant_id": THEIRS}):
        older = update(conversations).values(foreign)
        await services.database.write(Connection.execute, older)
        served = in_tenant(services, publisher, OURS)
        async with open_bot(served, is_local=False, credentials=NoCredentials()) as bot:
            assert not await kept_chats(services)
            assert not await services.database.read(lambda c: c.execute(select(places)).all())
            await hand_in(bot, chat, text="untracked", **own_chat(OURS))
            assert await kept_chats(services) == 1
    assert await services.database.read(lambda c: c.execute(select(places)).all())
