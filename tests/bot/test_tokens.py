"""Who may call the bot: tokens of the Bot Framework, and nothing that looks like one."""

import asyncio
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from bot.activities import Account, Incoming
from bot.tokens import ISSUER, TokenValidator
from insights.errors import NotSignedIn

APP_ID = "0a1b2c3d-0000-4000-8000-000000000001"
SERVICE_URL = "https://smba.trafficmanager.example/emea/"
INCOMING = Incoming("message", SERVICE_URL, "msteams", "a:1", Account("29:ann"), Account("28:bot"))
KEYS = {name: generate_private_key(65537, 2048) for name in ("first", "second", "foreign")}


@dataclass
class Publisher:
    """The Bot Framework's metadata and keys."""

    url: str = ""
    published: dict[str, tuple[RSAPrivateKey, list[str]]] = field(default_factory=dict)
    fetched: int = 0
    is_down: bool = False

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/openidconfiguration", self._metadata)
        app.router.add_get("/keys", self._keys)
        return app

    async def _metadata(self, _: web.Request) -> web.Response:
        self.fetched += 1
        if self.is_down:
            return web.Response(status=500)
        return web.json_response({"jwks_uri": f"{self.url}keys"})

    async def _keys(self, _: web.Request) -> web.Response:
        keys = [
            {
                **jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True),
                "kid": name,
                "endorsements": channels,
            }
            for name, (key, channels) in self.published.items()
        ]
        return web.json_response({"keys": keys})


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    publisher = Publisher(published={"first": (KEYS["first"], ["msteams", "webchat"])})
    async with TestServer(publisher.app()) as server:
        publisher.url = str(server.make_url("/"))
        yield publisher


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def validator(publisher: Publisher, clock: Clock) -> AsyncIterator[TokenValidator]:
    async with aiohttp.ClientSession() as session:
        yield TokenValidator(APP_ID, session, metadata=f"{publisher.url}openidconfiguration", clock=clock)


def token(key: str = "first", *, kid: str | None = None, **claims: Any) -> str:
    now = int(time.time())
    good = {"iss": ISSUER, "aud": APP_ID, "serviceurl": SERVICE_URL, "nbf": now - 60, "exp": now + 600}
    given = {name: value for name, value in (good | claims).items() if value is not None}
    return "Bearer " + jwt.encode(given, KEYS[key], "RS256", headers={"kid": kid or key})


async def check(validator: TokenValidator, authorization: str, incoming: Incoming = INCOMING) -> None:
    """What the adapter does with a token and the activity it came with."""
    (await validator.read_claims(authorization)).require_match(incoming)


async def test_a_token_of_the_bot_framework(validator: TokenValidator, publisher: Publisher) -> None:
    for _ in range(3):
        await check(validator, token())
    await check(validator, token(serviceurl=SERVICE_URL.rstrip("/")))
    (await validator.read_claims(token(exp=int(time.time()) - 200))).require_match(
        INCOMING
    )  # within the clock skew
    assert publisher.fetched == 1


async def test_who_comes_while_the_keys_are_fetched_waits_for_them(
    validator: TokenValidator, publisher: Publisher, clock: Clock
) -> None:
    first = asyncio.create_task(check(validator, token()))
    while not publisher.fetched:
        await asyncio.sleep(0)
    clock.now += 1
    await asyncio.gather(first, *(check(validator, token()) for _ in range(3)))
    assert publisher.fetched == 1


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer a.b.c",
        "Bearer é",
        "Bearer " + b64encode(b'{"alg":' + b"[" * 100_000 + b"]" * 100_000 + b"}").decode() + ".e30.AA",
        "Basic YTpi",
        "Bearer " + jwt.encode({"iss": ISSUER, "aud": APP_ID}, "k" * 40, "HS256", headers={"kid": "first"}),
        "Bearer " + jwt.encode({"iss": ISSUER, "aud": APP_ID}, "", "none", headers={"kid": "first"}),
        token("foreign"),
        token("foreign", kid="first"),
        token(iss="https://sts.windows.net/x"),
        token(iss=None),
        token(aud="0a1b2c3d-0000-4000-8000-00000000dead"),
        token(exp=int(time.time()) - 400),
        token(exp=None),
        token(nbf=int(time.time()) + 40_000),
        token(serviceurl="https://attacker.example/"),
        token(serviceurl=None),
        token(serviceurl=["x"]),
    ],
)
async def test_anything_else_is_refused(validator: TokenValidator, authorization: str) -> None:
    with pytest.raises(NotSignedIn) as told:
        await check(validator, authorization)
    assert (told.value.status, told.value.code) == (401, "bad_bot_token")
    assert "eyJ" not in told.value.detail


async def test_a_key_for_another_channel_is_refused(validator: TokenValidator) -> None:
    with pytest.raises(NotSignedIn):
        (await validator.read_claims(token())).require_match(replace(INCOMING, channel_id="slack"))


async def test_keys_rotate_and_strangers_cannot_make_us_fetch(
    validator: TokenValidator, publisher: Publisher, clock: Clock
) -> None:
    await check(validator, token())
    publisher.published = {"second": (KEYS["second"], ["msteams"])}
    for number in range(5):
        with pytest.raises(NotSignedIn):
            await check(validator, token("foreign", kid=f"unknown {number}"))
    assert publisher.fetched == 1
    clock.now += 61
    await check(validator, token("second"))
    assert publisher.fetched == 2
    with pytest.raises(NotSignedIn):
        await check(validator, token("first"))
    clock.now += 24 * 3600 + 1
    publisher.is_down = True
    (await validator.read_claims(token("second"))).require_match(
        INCOMING
    )  # what was known stays good meanwhile
    assert publisher.fetched == 3
    publisher.is_down = False
    clock.now += 61
    publisher.published = {"first": (KEYS["first"], ["msteams"])}
    await check(validator, token("first"))
