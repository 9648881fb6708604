"""Talking to the Connector: within the limits of Teams, again where it asks for it, but not for ever."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import aiohttp
import pytest

from bot.connector import ATTEMPTS, Connector, Limits
from bot.credentials import AppCredentials, NoCredentials
from bot.trust import Trust
from insights.errors import NotAllowed, NotFound, Problem, Unavailable
from tests.standins.connector import ConnectorStandin

REACHES = Trust.local().reaches
HELLO = {"type": "message", "text": "Hello"}


async def test_a_busy_chat_waits_and_holds_up_nobody_else(connector: ConnectorStandin) -> None:
    async with aiohttp.ClientSession() as session:
        paced = Connector(session, NoCredentials(), Limits(overall=100, per_chat=2), REACHES)
        busy = [asyncio.create_task(paced.send(connector.url, "a", HELLO)) for _ in range(3)]
        await asyncio.gather(*busy[:2])
        await paced.send(connector.url, "b", HELLO)
        assert not busy[2].done()
        await busy[2]
    assert {chat: len(sent) for chat, sent in connector.chats.items()} == {"a": 3, "b": 1}


@pytest.mark.parametrize(
    "headers",
    [{}, {"Retry-After": "0"}, {"Retry-After": "soon"}, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}],
)
async def test_what_is_throttled_comes_again_but_not_for_ever(
    connector: ConnectorStandin, headers: dict[str, str]
) -> None:
    async with aiohttp.ClientSession() as session:
        quick = Connector(session, NoCredentials(), None, REACHES)
        connector.faults += [(429, headers), (503, headers)]
        assert await quick.send(connector.url, "a", HELLO)
        connector.faults += [(429, {"Retry-After": "0"})] * ATTEMPTS
        with pytest.raises(Unavailable):
            await quick.send(connector.url, "a", HELLO)
        assert not connector.faults
    assert len(connector.chats["a"]) == 1


async def test_no_try_comes_before_the_time_that_was_asked_for(connector: ConnectorStandin) -> None:
    async with aiohttp.ClientSession() as session:
        for seconds, least in ((1, 0.9), (3, 1.5)):  # a date has no fractions: 3 seconds ahead may be 2
            asked = str(seconds)
            if seconds > 1:
                asked = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
            connector.faults += [(429, {"Retry-After": asked})]
            before = time.monotonic()
            assert await Connector(session, NoCredentials(), None, REACHES).send(connector.url, "a", HELLO)
            assert time.monotonic() - before > least


@pytest.mark.parametrize(
    ("status", "problem", "code"),
    [
        (403, NotAllowed, "teams_refused"),
        (401, NotAllowed, "teams_refused"),
        (404, NotFound, "no_conversation"),
        (500, Unavailable, "no_teams"),
        (302, Unavailable, "no_teams"),
    ],
)
async def test_refusals_are_told_apart(
    connector: ConnectorStandin, status: int, problem: type[Problem], code: str
) -> None:
    async with aiohttp.ClientSession() as session:
        connector.faults.append((status, {"Location": "http://elsewhere.example/"}))
        with pytest.raises(problem) as told:
            await Connector(session, NoCredentials(), None, REACHES).send(connector.url, "a", HELLO)
        assert told.value.code == code
        with pytest.raises(Unavailable):
            await Connector(session, NoCredentials(), None, REACHES).send("http://127.0.0.1:9/", "a", HELLO)


async def test_the_apps_token_is_fetched_once_and_its_refusal_is_told() -> None:
    asked: list[int] = []

    def grant() -> dict[str, object]:
        asked.append(1)
        return {"access_token": "t", "expires_in": 3600}

    credentials = AppCredentials(grant)
    assert await asyncio.gather(*(credentials.token() for _ in range(5))) == ["t"] * 5
    assert len(asked) == 1

    def unreachable() -> dict[str, object]:
        raise OSError("secret host")

    for refuse in (unreachable, lambda: {"error": "invalid_client"}):
        with pytest.raises(Unavailable) as told:
            await AppCredentials(refuse).token()
        assert told.value.code == "no_bot_token"
        assert "secret" not in told.value.detail
