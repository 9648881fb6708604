"""`requirements` and `consent` in Teams: the same as the API, for administrators, in their own chat."""

import json
from typing import Any

import pytest

from insights.services import Services
from tests.bot.conftest import Chat, texts

LARGEST = 25_000


async def test_an_administrator_sees_what_is_missing(chat: Chat) -> None:
    sent = await chat.say("root", "requirements")
    shown = texts(sent.card)
    assert shown[0] == "What Liaison needs"
    assert "Public address with https" in shown
    assert "LIAISON_PUBLIC_URL is not set." in shown
    assert "CRM online, not on-premises" in shown
    assert len(json.dumps(sent.card, ensure_ascii=False).encode()) < LARGEST


async def test_the_consent_card_says_why_there_is_no_link(chat: Chat) -> None:
    shown = texts((await chat.say("root", "consent")).card)
    assert shown[0] == "Permissions in Microsoft 365"
    assert any("LIAISON_ENTRA_CLIENT_ID" in text for text in shown)


async def test_the_link_is_the_button(chat: Chat, services: Services) -> None:
    changed = {
        "entra_client_id": "1fcd2a44-6a2c-4bd0-8b1e-3c1b3a6f9d10",
        "entra_tenants": ("72f988bf-86f1-41af-91ab-2d7cd011db47",),
        "public_url": "https://liaison.example",
    }
    object.__setattr__(services, "settings", services.settings.model_copy(update=changed))
    card = (await chat.say("root", "Consent")).card
    links = [part for part in _parts(card) if part.get("type") == "Action.OpenUrl"]
    [link] = links
    assert link["url"].startswith("https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/")


@pytest.mark.parametrize("word", ["requirements", "consent"])
async def test_a_seller_is_refused(chat: Chat, word: str) -> None:
    assert any("for administrators" in text for text in texts((await chat.say("ann", word)).card))


def _parts(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, dict):
        return [node, *(part for child in node.values() for part in _parts(child))]
    return [part for child in node for part in _parts(child)] if isinstance(node, list) else []
