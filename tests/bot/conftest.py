"""The small company's bot in this process, talking to a Connector stand-in on loopback."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from bot.bot import Bot, open_bot
from insights import features
from insights.services import Services
from insights.views import FeaturesBody, FeatureSwitches
from tests.flows.liaison import OBJECT_IDS
from tests.standins.connector import CARD, ConnectorStandin, Sent, running_connector

BASE_URL = "https://liaison.example"


@dataclass
class Chat:
    """Somebody's client: writes to the bot and presses the buttons of its cards."""

    bot: Bot
    connector: ConnectorStandin
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def activity(self, user: str, **fields: Any) -> dict[str, Any]:
        """An activity as Teams sends it from a user's own chat, `fields` over it."""
        return {
            "type": "message",
            "id": f"{next(self.numbers)}",
            "channelId": "msteams",
            "serviceUrl": self.connector.url,
            "locale": "en-GB",
            "from": {"id": f"29:{user}", "name": user, "aadObjectId": OBJECT_IDS.get(user, "")},
            "recipient": {"id": "28:bot", "name": "Liaison"},
            "conversation": {"id": f"a:{user}", "conversationType": "personal", "tenantId": "t"},
        } | fields

    async def receive(self, activity: object) -> tuple[int, Any]:
        """Hand an activity to the bot."""
        return await self.bot.receive(json.dumps(activity).encode(), "", BASE_URL)

    async def say(self, user: str, text: str, **fields: Any) -> Sent:
        """Write something; what stands in the own chat as the answer."""
        await self.receive(self.activity(user, text=text, **fields))
        return self.connector.last(f"a:{user}")

    async def press(self, user: str, sent: Sent, button: dict[str, Any], **inputs: Any) -> Any:
        """Press a button of a card; the JSON of the answer."""
        action = {"type": "Action.Execute", "verb": button["verb"], "data": button["data"] | inputs}
        status, answer = await self.invoke(user, "adaptiveCard/action", {"action": action}, replyToId=sent.id)
        assert status == 200
        if answer["type"] == CARD:  # the client shows it in place of the card
            sent.body["attachments"][0]["content"] = answer["value"]
        return answer

    async def invoke(self, user: str, name: str, value: object, **fields: Any) -> tuple[int, Any]:
        """An invoke of that name."""
        return await self.receive(self.activity(user, type="invoke", name=name, value=value, **fields))


def buttons(card: Any, verb: str) -> list[dict[str, Any]]:
    """The Action.Execute buttons of a card with this verb, fallbacks left out."""
    found: list[dict[str, Any]] = []
    if isinstance(card, dict):
        if card.get("type") == "Action.Execute" and card.get("verb") == verb:
            found.append(card)
        for name, part in card.items():
            if name != "fallback":
                found += buttons(part, verb)
    elif isinstance(card, list):
        for part in card:
            found += buttons(part, verb)
    return found


def texts(card: Any) -> list[str]:
    """Everything written on a card, in order."""
    if isinstance(card, dict):
        own = [card["text"]] if isinstance(card.get("text"), str) else []
        return own + [text for name, part in card.items() if name != "fallback" for text in texts(part)]
    return [text for part in card for text in texts(part)] if isinstance(card, list) else []


@pytest.fixture
async def connector() -> AsyncIterator[ConnectorStandin]:
    """Teams, as far as a bot sees it."""
    async with running_connector() as connector:
        yield connector


@pytest.fixture
async def chat(services: Services, connector: ConnectorStandin) -> AsyncIterator[Chat]:
    """The clients of the company's people; auto capture is on."""
    root = await services.crm.user("root")
    assert root
    body = FeaturesBody(accept_terms=True, features=FeatureSwitches(auto_capture="on"))
    await features.change_features(services, root, body)
    async with open_bot(services, is_local=True) as bot:
        yield Chat(bot, connector)
