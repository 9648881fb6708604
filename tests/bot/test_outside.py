"""What the Bot Framework answers us: keys and ids, which have an end, a bottom and a place."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.connector import Connector
from bot.credentials import NoCredentials
from bot.tokens import TokenValidator
from bot.trust import Trust
from insights.errors import NotSignedIn, Unavailable
from tests.bot.test_tokens import APP_ID, token

MB = 1024 * 1024
HELLO = {"type": "message", "text": "Hello"}
LONG = b'{"id": "' + b"1" * (8 * MB) + b'", "keys": []}'
ODD = {
    "long": lambda: web.Response(body=LONG),
    "deep": lambda: web.Response(body=b'{"id":' + b"[" * 100_000),
    "redirect": lambda: web.Response(status=302, headers={"Location": "/elsewhere"}),
}


@dataclass
class Liar:
    """A server whose answers a test writes, by path; and what it was asked."""

    url: str = ""
    answers: dict[str, Callable[[], web.Response]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        return self.answers.get(request.path, lambda: web.json_response({"id": "1", "keys": []}))()


@pytest.fixture
async def liar() -> AsyncIterator[Liar]:
    liar, app = Liar(), web.Application()
    app.router.add_route("*", "/{path:.*}", liar.answer)
    async with TestServer(app) as server:
        liar.url = str(server.make_url("")).rstrip("/")
        yield liar


@pytest.mark.parametrize("odd", ODD)
async def test_an_odd_answer_of_the_connector_is_none(liar: Liar, odd: str) -> None:
    path = "/v3/conversations/a/activities"
    async with aiohttp.ClientSession() as session:
        connector = Connector(session, NoCredentials(), None, Trust.local().reaches)
        liar.answers[path] = ODD[odd]
        with pytest.raises(Unavailable):
            await connector.send(liar.url, "a", HELLO)
        assert liar.asked == [path]
        del liar.answers[path]
        assert await connector.send(liar.url, "a", HELLO) == "1"


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("path", ["/metadata", "/keys"])
async def test_odd_keys_are_none(liar: Liar, path: str, odd: str) -> None:
    liar.answers["/metadata"] = lambda: web.json_response({"jwks_uri": f"{liar.url}/keys"})
    liar.answers[path] = ODD[odd]
    await require_unknown(liar)
    assert "/elsewhere" not in liar.asked


@pytest.mark.parametrize(
    "keys", ["x:{url}/keys", "http://elsewhere.example/", "{url}/a/../keys", "/keys", ""]
)
async def test_keys_come_from_nowhere_unsafe(liar: Liar, keys: str) -> None:
    liar.answers["/metadata"] = lambda: web.json_response({"jwks_uri": keys.format(url=liar.url)})
    await require_unknown(liar)
    assert liar.asked == ["/metadata"]


async def require_unknown(liar: Liar) -> None:
    """Nobody is believed by these keys."""
    async with aiohttp.ClientSession() as session:
        with pytest.raises(NotSignedIn):
            await TokenValidator(APP_ID, session, metadata=f"{liar.url}/metadata").read_claims(token())
