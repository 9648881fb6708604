"""An Entra that lies: redirects that would take a secret along, answers without end, keys from elsewhere."""

import asyncio
import gzip
import json
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from connectors.entra.connections import Connections
from connectors.entra.keys import published_by
from connectors.sessions import CarefulSession

MB = 1024 * 1024
TENANT = "11111111-2222-4333-8444-555555555555"
ENDLESS = b'{"keys": [], "access_token": "' + b"a" * (8 * MB) + b'"}'


@dataclass
class Liar:
    """A server whose answers a test writes, by the end of their path; and what it was asked."""

    url: str = ""
    answers: dict[str, Callable[[], web.Response]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        for ending, answer in self.answers.items():
            if request.path.endswith(ending):
                return answer()
        return web.json_response({}, status=404)


@pytest.fixture
async def liar() -> AsyncIterator[Liar]:
    liar, app = Liar(), web.Application()
    app.router.add_route("*", "/{path:.*}", liar.answer)
    async with TestServer(app) as server:
        liar.url = str(server.make_url("")).rstrip("/")
        yield liar


def packed() -> web.Response:
    return web.Response(body=gzip.compress(ENDLESS), headers={"Content-Encoding": "gzip"})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("verb", ["get", "post"])
async def test_no_redirect_takes_a_secret_along(liar: Liar, status: int, verb: str) -> None:
    liar.answers["/token"] = lambda: web.Response(status=status, headers={"Location": f"{liar.url}/other"})
    given = {"data": {"client_secret": "s"}} if verb == "post" else {}
    for client in (Connections(), CarefulSession()):
        liar.asked.clear()
        with pytest.raises(OSError, match="redirect"):
            await asyncio.to_thread(getattr(client, verb), f"{liar.url}/token", **given)
        assert liar.asked == ["/token"]
        client.close()


@pytest.mark.parametrize("answer", [lambda: web.Response(body=ENDLESS), packed], ids=["plain", "packed"])
async def test_no_answer_with_a_token_is_endless(liar: Liar, answer: Callable[[], web.Response]) -> None:
    liar.answers |= {"/token": answer, "/well": lambda: web.json_response({"access_token": "good"})}
    for client in (Connections(), CarefulSession()):
        with pytest.raises(ValueError, match="more than"):
            await asyncio.to_thread(client.post, f"{liar.url}/token", data={})
        good = await asyncio.to_thread(client.post, f"{liar.url}/well", data={})
        assert (good.status_code, json.loads(good.text)) == (200, {"access_token": "good"})
        good.raise_for_status()
        client.close()


@pytest.mark.parametrize(
    "keys",
    [
        "ftp://{host}/keys", "x:{url}/keys", "http://elsewhere.example/keys", "{url}@elsewhere.example/keys",
        "{url}/a/../keys", "", "7",
    ],
)  # fmt: skip
async def test_keys_come_from_nowhere_unsafe(liar: Liar, keys: str) -> None:
    bent = keys.format(url=liar.url, host=liar.url.removeprefix("http://"))
    liar.answers |= {
        "openid-configuration": lambda: web.json_response({"jwks_uri": bent}),
        "/keys": lambda: web.json_response({"keys": []}),
    }
    fetch = published_by(liar.url, TENANT, ssl.create_default_context())
    assert await fetch() is None
    assert liar.asked == [f"/{TENANT}/v2.0/.well-known/openid-configuration"]
    bent = f"{liar.url}/keys"
    assert await fetch() == []


@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.Response(body=ENDLESS),
        packed,
        lambda: web.Response(body=b"[" * 100_000),
        lambda: web.Response(status=302, headers={"Location": "/good/keys"}),
    ],
    ids=["endless", "packed", "deep", "redirect"],
)
async def test_published_keys_have_an_end_and_a_bottom(
    liar: Liar, answer: Callable[[], web.Response]
) -> None:
    liar.answers |= {
        "openid-configuration": lambda: web.json_response({"jwks_uri": f"{liar.url}/keys"}),
        "/good/keys": lambda: web.json_response({"keys": []}),
        "/keys": answer,
    }
    fetch = published_by(liar.url, TENANT, ssl.create_default_context())
    assert await fetch() is None
    liar.answers["/keys"] = liar.answers["/good/keys"]
    assert await fetch() == []
