"""Signing in from Teams: the card that asks, the token Teams hands in, the page's code, signing out.

The mailbox here opens only to who has signed in, as Graph's does; tokens are the directory's to judge.
"""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bot.bot import open_bot
from bot.signing_in import LOGIN_REQUEST, OAUTH_CARD, PRECONDITION_FAILED
from connectors.embedded.directory import EmbeddedDirectory
from connectors.embedded.mail.mail import EmbeddedMail
from insights import features
from insights.errors import NotSignedIn, SignInNeeded
from insights.model import Identity, Mailbox, MailQuery, Message, User
from insights.services import Services
from insights.sign_in_codes import GOOD_FOR, issue_code
from insights.views import FeaturesBody, FeatureSwitches
from tests.bot.conftest import BASE_URL, Chat, buttons, texts
from tests.flows.liaison import OBJECT_IDS
from tests.standins.connector import ConnectorStandin, Sent

CLAIMS = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'
CLIENT_ID = "1fcd2a44-6a2c-4bd0-8b1e-3c1b3a6f9d10"


@dataclass
class Doors:
    """Who has signed in, and from whom more is asked than a token."""

    signed_in: set[str] = field(default_factory=set)
    challenged: set[str] = field(default_factory=set)


class Directory(EmbeddedDirectory):
    """Takes `token of NAME`."""

    doors: Doors

    async def identify(self, token: str) -> Identity:
        name = token.removeprefix("token of ")
        if name not in OBJECT_IDS:
            raise NotSignedIn("bad_token.signed_in")
        if name not in self.doors.challenged:
            self.doors.signed_in.add(OBJECT_IDS[name])
        return Identity(object_id=OBJECT_IDS[name])

    async def sign_out(self, user: User) -> bool:
        was_in = user.object_id in self.doors.signed_in
        self.doors.signed_in.discard(user.object_id)
        return was_in


class LockedMail(EmbeddedMail):
    """Opens to who has signed in."""

    doors: Doors

    def _require(self, mailbox: Mailbox) -> None:
        if mailbox.reader.object_id not in self.doors.signed_in:
            raise SignInNeeded("interaction_required.once_more", claims=CLAIMS)

    async def search(self, mailbox: Mailbox, query: MailQuery) -> Sequence[Message]:
        self._require(mailbox)
        return await super().search(mailbox, query)

    async def find(self, mailbox: Mailbox, email_ids: Sequence[str], *, listed_only: bool = False) -> Any:
        self._require(mailbox)
        return await super().find(mailbox, email_ids, listed_only=listed_only)


@pytest.fixture
def doors() -> Doors:
    return Doors()


@pytest.fixture
async def chat(services: Services, connector: ConnectorStandin, doors: Doors) -> AsyncIterator[Chat]:
    root = await services.crm.user("root")
    assert root
    body = FeaturesBody(accept_terms=True, features=FeatureSwitches(auto_capture="on"))
    await features.change_features(services, root, body)
    assert isinstance(services.mail, EmbeddedMail)
    assert isinstance(services.directory, EmbeddedDirectory)
    services.mail.__class__, services.directory.__class__ = LockedMail, Directory
    services.mail.doors = services.directory.doors = doors  # type: ignore[attr-defined]
    settings = services.settings.model_copy(update={"entra_client_id": CLIENT_ID, "public_url": BASE_URL})
    async with open_bot(replace(services, settings=settings), is_local=True) as bot:
        yield Chat(bot, connector)


def asked(sent: Sent) -> dict[str, Any]:
    """The content of a card that asks to sign in."""
    [attachment] = sent.body["attachments"]
    assert attachment["contentType"] == OAUTH_CARD
    content: dict[str, Any] = attachment["content"]
    return content


def handed_in(content: dict[str, Any], token: str) -> dict[str, Any]:
    """What Teams hands in for the card."""
    return {"id": content["tokenExchangeResource"]["id"], "connectionName": "liaison", "token": token}


async def ask(chat: Chat) -> dict[str, Any]:
    return asked(await chat.say("ann", "untracked Fabrikam"))


async def test_teams_signs_in_silently_and_the_question_is_answered_once(chat: Chat) -> None:
    content = await ask(chat)
    assert content["tokenExchangeResource"]["uri"] == f"api://liaison.example/botid-{CLIENT_ID}"
    [button] = content["buttons"]
    assert button["type"] == "signin"
    assert button["value"].startswith(f"{BASE_URL}/addin/sign-in?for=teams&claims=%7B%22access_token")
    value = handed_in(content, "token of ann")
    assert await chat.invoke("ann", "signin/tokenExchange", value) == (200, {})
    assert "Delivery 1" in texts(chat.connector.last("a:ann").card)
    assert await chat.invoke("ann", "signin/tokenExchange", value) == (200, {})  # her other device
    assert len(chat.connector.chats["a:ann"]) == 2
    assert "Delivery 1" in texts((await chat.say("ann", "untracked")).card)


@pytest.mark.parametrize("token", ["token of bob", "garbage"])
async def test_a_token_that_is_not_the_senders_sends_them_to_the_page(
    chat: Chat, token: str, doors: Doors
) -> None:
    status, body = await chat.invoke("ann", "signin/tokenExchange", handed_in(await ask(chat), token))
    assert (status, body["failureDetail"]) == (412, "bad_token")
    assert OBJECT_IDS["ann"] not in doors.signed_in
    assert len(chat.connector.chats["a:ann"]) == 1


async def test_a_token_that_does_not_suffice_is_no_loop(chat: Chat, doors: Doors) -> None:
    doors.challenged.add("ann")
    value = handed_in(await ask(chat), "token of ann")
    status, body = await chat.invoke("ann", "signin/tokenExchange", value)
    assert (status, body["failureDetail"]) == (412, "interaction_required")
    assert len(chat.connector.chats["a:ann"]) == 1


@pytest.mark.parametrize(
    "value",
    [None, {}, {"id": 1, "token": "x"}, {"id": "x", "token": ""}, {"id": "x.=", "token": "token of ann"}],
)
async def test_odd_exchanges_are_refused_or_harmless(chat: Chat, value: object) -> None:
    status, _ = await chat.invoke("ann", "signin/tokenExchange", value)
    assert status in {200, 400}


async def test_the_code_of_our_page_signs_in_its_owner_and_nobody_else(
    chat: Chat, services: Services
) -> None:
    now = services.now()
    good = issue_code(services.keys, OBJECT_IDS["ann"], now)
    late = issue_code(services.keys, OBJECT_IDS["ann"], now - 2 * GOOD_FOR)
    foreign = issue_code(["k" * 40], OBJECT_IDS["ann"], now)
    for user, code in (
        ("bob", good),
        ("ann", late),
        ("ann", foreign),
        ("ann", "CancelledByUser"),
        ("ann", 7),
        ("eve", good),
    ):
        assert (await chat.invoke(user, "signin/verifyState", {"state": code}))[0] == 412
    assert (await chat.invoke("ann", "signin/verifyState", {"state": good}))[0] == 200
    assert "You are signed in." in texts(chat.connector.last("a:ann").card)


async def test_a_button_asks_and_is_pressed_again_with_the_token(chat: Chat, doors: Doors) -> None:
    doors.signed_in.add(OBJECT_IDS["ann"])
    sent = await chat.say("ann", "untracked")
    doors.signed_in.clear()
    button = buttons(sent.card, "track")[0]
    action = {"action": {"type": "Action.Execute", "verb": button["verb"], "data": button["data"]}}
    activity = chat.activity(
        "ann", type="invoke", name="adaptiveCard/action", value=action, replyToId=sent.id
    )
    status, answer = await chat.receive(activity)
    assert (status, answer["statusCode"], answer["type"]) == (200, 401, LOGIN_REQUEST)
    for token, expected in (("token of bob", PRECONDITION_FAILED), ("token of ann", None)):
        activity["value"] = action | {"authentication": handed_in(answer["value"], token)}
        _, again = await chat.receive(json.loads(json.dumps(activity)))
        assert again["type"] == (expected or "application/vnd.microsoft.card.adaptive")
    assert any("Tracking pending" in text or "Tracked by" in text for text in texts(again["value"]))


async def test_signing_out_closes_the_mailbox_again(chat: Chat, doors: Doors) -> None:
    doors.signed_in.add(OBJECT_IDS["ann"])
    assert "Delivery 1" in texts((await chat.say("ann", "untracked")).card)
    assert any("signed out" in text for text in texts((await chat.say("ann", "signout")).card))
    assert asked(await chat.say("ann", "untracked Fabrikam"))["connectionName"] == "liaison"
    assert any("holds no sign-in" in text for text in texts((await chat.say("ann", "signout")).card))
