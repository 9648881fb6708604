"""Whatever is posted to `/api/messages` gets a 2xx or a 4xx problem: real payloads, and bent ones."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.activities import read_activity
from bot.bot import open_bot
from insights.errors import Problem
from insights.services import Services
from tests.bot.conftest import BASE_URL, Chat
from tests.conftest import TESTDATA, Client
from tests.flows.liaison import OBJECT_IDS
from tests.standins.connector import ConnectorStandin

PAYLOADS = TESTDATA / "botframework" / "teams-activities.json"
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=5,
)


def payloads() -> list[dict[str, Any]]:
    """Teams activities from Microsoft's documentation."""
    return [entry["activity"] for entry in json.loads(PAYLOADS.read_text())]


def addressed(activity: dict[str, Any], connector: ConnectorStandin) -> dict[str, Any]:
    """The payload as one of ours could get it: from a user we know, through a channel on this machine."""
    sender = {**(activity.get("from") or {}), "aadObjectId": OBJECT_IDS["ann"]}
    return {**activity, "serviceUrl": connector.url, "from": sender}


@pytest.mark.testdata
async def test_every_documented_payload(chat: Chat, connector: ConnectorStandin) -> None:
    taken = refused = 0
    for activity in payloads():
        for given_activity in (activity, addressed(activity, connector)):
            try:
                status, _ = await chat.receive(given_activity)
                assert 200 <= status < 300 or 400 <= status < 500, activity
                taken += 1
            except Problem as problem:
                assert 400 <= problem.status < 500, (problem.detail, activity)
                refused += 1
    assert taken > 30
    assert refused > 60  # placeholders instead of a service URL, fragments without a type


@pytest.mark.testdata
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_bent_payloads_are_read_or_refused(data: st.DataObject) -> None:
    activity = data.draw(st.sampled_from(payloads()))
    bent = json.loads(json.dumps(activity) or "{}")
    for _ in range(data.draw(st.integers(1, 4))):
        holder = bent
        while True:
            if not isinstance(holder, dict) or not holder:
                break
            key = data.draw(st.sampled_from(sorted(holder)))
            if isinstance(holder[key], dict) and data.draw(st.booleans()):
                holder = holder[key]
                continue
            holder[key] = data.draw(JUNK)
            break
    try:
        incoming = read_activity(json.dumps(bent).encode())
    except Problem as problem:
        assert problem.status == 400
    else:
        assert incoming.type


@pytest.mark.testdata
async def test_bent_payloads_get_answers(chat: Chat, connector: ConnectorStandin) -> None:
    """Values of an invoke or message bent at random, seeded: no turn fails."""
    import random

    dice = random.Random(7)
    odd: list[Any] = [
        None,
        True,
        -1,
        1e300,
        "",
        "a" * 3000,
        [],
        [[]],
        {},
        {"id": []},
        {"action": 3},
        "🙂",
        {"data": {"id": {}}},
    ]
    shapes: list[dict[str, Any]] = [
        {
            "type": "invoke",
            "name": "adaptiveCard/action",
            "value": {"action": {"verb": "track", "data": {"id": "x/y"}}},
        },
        {
            "type": "invoke",
            "name": "composeExtension/query",
            "value": {"parameters": [{"name": "query", "value": "a"}]},
        },
        {"type": "invoke", "name": "composeExtension/queryLink", "value": {"url": "https://x"}},
        {"type": "message", "text": "", "value": {"verb": "say", "id": "help"}},
        {"type": "message", "text": "untracked"},
    ]
    for number in range(300):
        body = json.loads(json.dumps(dice.choice(shapes)))
        path: Any = body
        key = dice.choice([key for key in body if key != "type"])
        while isinstance(path[key], dict) and path[key] and dice.random() < 0.8:
            path = path[key]
            key = dice.choice(list(path))
        path[key] = dice.choice(odd)
        try:
            status, _ = await chat.receive(chat.activity("ann", id=f"bent {number}", **body))
        except Problem as problem:
            assert 400 <= problem.status < 500, (problem.detail, body)
        else:
            assert 200 <= status < 500, body


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b'{"type":"message"}', b'{"type":7}', b"[" * 10_000],
)
async def test_what_is_no_activity_is_told(services: Services, raw: bytes) -> None:
    async with open_bot(services, is_local=True) as bot:
        with pytest.raises(Problem) as told:
            await bot.receive(raw, "", BASE_URL)
        assert (told.value.status, told.value.code) == (400, "bad_activity")


async def test_without_an_app_id_there_is_no_bot(client: Client) -> None:
    answer = await client.post("/api/messages", json={"type": "message"})
    assert answer.status == 503
    assert (await answer.json())["code"] == "no_bot"
