"""From the consent link to Entra's way back, by HTTP: who made it is noted, once, and nobody can forge it."""

import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient
from pytest_aiohttp import AiohttpClient

from addin.http import SERVICES
from app import create_app
from connectors.embedded.crm.crm import EmbeddedCrm
from connectors.embedded.directory import EmbeddedDirectory
from insights.features import change_features
from insights.grants.state import LIFETIME, State, sign_state
from insights.scopes import permissions
from insights.settings import Settings
from insights.views import FeaturesBody, FeatureSwitches

Client = TestClient[web.Request, web.Application]
TENANT, APP = "72f988bf-86f1-41af-91ab-2d7cd011db47", "1fcd2a44-6a2c-4bd0-8b1e-3c1b3a6f9d10"
ENTRA = {"entra_client_id": APP, "entra_tenants": (TENANT,), "entra_secret": "s"}
PUBLIC = {"public_url": "https://liaison.example"}


class Site:
    """A server whose clock tests move."""

    def __init__(self, client: Client) -> None:
        self.client, self.services = client, client.app[SERVICES]
        crm = self.services.crm
        assert isinstance(crm, EmbeddedCrm)
        # People sign in with tokens of our own, whatever else Entra is set up for.
        self.directory = EmbeddedDirectory(crm._database, keys=self.services.keys, now=self.services.now)
        object.__setattr__(self.services, "directory", self.directory)

    def token(self, user: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.directory.issue_token(user)}"}

    async def read(self, path: str) -> Any:
        async with self.client.get(f"/api/v1/admin/{path}", headers=self.token("root")) as response:
            assert response.status == 200
            return await response.json()

    async def turn_on(self, *features: str) -> None:
        root = await self.services.crm.user("root")
        assert root
        switches = FeatureSwitches.model_validate(dict.fromkeys(features, "on"))
        await change_features(self.services, root, FeaturesBody(accept_terms=True, features=switches))

    async def come_back(self, state: str, method: str = "GET", **said: str) -> ClientResponse:
        params = {"admin_consent": "True", "state": state, **said}
        headers = {"Sec-Fetch-Mode": "navigate"}
        return await self.client.request(method, "/consent", params=params, headers=headers)

    async def trail(self) -> list[dict[str, Any]]:
        items = (await self.read("audit"))["items"]
        return [item for item in items if item["action"].startswith("consent")]


class Clock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


Open = Callable[..., Any]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def open_site(settings: Settings, aiohttp_client: AiohttpClient, clock: Clock) -> Open:
    async def start(**changed: Any) -> Site:
        return Site(await aiohttp_client(create_app(settings.model_copy(update=changed), now=clock)))

    return start


def query_of(link: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(link).query, strict_parsing=True).items()}


async def test_there_is_no_link_before_entra_and_an_address_are_set(open_site: Open) -> None:
    for changed, word in (({}, "LIAISON_ENTRA_CLIENT_ID"), (ENTRA, "LIAISON_PUBLIC_URL")):
        told = await (await open_site(**changed)).read("grants")
        assert told["link"] is None
        assert word in told["reason"]


async def test_the_link_asks_for_what_is_turned_on_and_nothing_else(open_site: Open) -> None:
    site = await open_site(**ENTRA, **PUBLIC)
    services = site.services
    object.__setattr__(services, "settings", services.settings.model_copy(update={"mail": "graph"}))

    async def asked() -> set[str]:
        told = await site.read("grants")
        parts = urlsplit(told["link"])
        assert (parts.netloc, parts.path) == ("login.microsoftonline.com", f"/{TENANT}/v2.0/adminconsent")
        query = query_of(told["link"])
        assert query["client_id"] == APP
        assert query["redirect_uri"] == "https://liaison.example/consent"
        scopes = query["scope"].split()
        graph = {scope.removeprefix("https://graph.microsoft.com/") for scope in scopes if "://" in scope}
        assert {scope for scope in scopes if "://" not in scope} == {"openid", "profile", "offline_access"}
        assert [item["permission"] for item in told["permissions"]] == permissions("delegated", features)
        assert all(item["why"] and item["state"] == "granted" for item in told["permissions"])
        return graph

    features: tuple[str, ...] = ()
    assert await asked() == {"User.Read"}
    await site.turn_on("auto_capture")
    features = ("auto_capture",)
    assert await asked() == {"User.Read", "Mail.Read", "Mail.Read.Shared"}
    await site.turn_on("email_engagement")
    features = ("auto_capture", "email_engagement")
    assert await asked() == set(permissions("delegated", features)) >= {"Mail.Send"}


async def test_a_granted_link_is_noted_once_with_who_made_it(open_site: Open, clock: Clock) -> None:
    site = await open_site(**ENTRA, **PUBLIC)
    told = await site.read("grants")
    assert told["used"] is None
    state = query_of(told["link"])["state"]
    assert "Rut" not in state
    clock.ahead = LIFETIME - timedelta(minutes=5)
    looked = await site.come_back(state, "HEAD", tenant=TENANT)
    assert looked.status == 200
    assert await site.trail() == [], "a mail scanner that only looks uses nothing"
    for _ in range(2):
        page = await site.come_back(state, tenant=TENANT)
        assert page.status == 200
        assert "Permissions granted" in await page.text()
        assert page.headers["Cache-Control"] == "no-store"
    [row] = await site.trail()
    assert (row["action"], row["user_name"]) == ("consent_granted", "Rut Olsen")
    used = (await site.read("grants"))["used"]
    assert (used["made_by"], used["is_granted"], used["error"]) == ("Rut Olsen", True, "")


async def test_a_refusal_is_told_and_noted_by_its_code_alone(open_site: Open) -> None:
    site = await open_site(**ENTRA, **PUBLIC)
    state = query_of((await site.read("grants"))["link"])["state"]
    said = "AADSTS65004: ann@ours.example <script>alert(1)</script> declined. Trace ID: 1"
    page = await site.come_back(state, error="consent_required", error_description=said)
    text = await page.text()
    assert page.status == 200
    assert "consent_required (AADSTS65004)" in text
    for secret in ("ann@", "alert(1)", "Trace"):
        assert secret not in text
    [row] = await site.trail()
    assert (row["action"], row["detail"]) == ("consent_refused", {"error": "consent_required (AADSTS65004)"})
    odd = await site.come_back(state, error="<b>x</b>")
    assert "&lt;b" not in await odd.text()
    # Opened once more and granted: that counts now.
    await site.come_back(state, tenant=TENANT)
    assert (await site.read("grants"))["used"]["is_granted"]


async def test_what_liaison_did_not_make_or_is_too_old_is_refused(open_site: Open, clock: Clock) -> None:
    site = await open_site(**ENTRA, **PUBLIC)
    state = query_of((await site.read("grants"))["link"])["state"]
    [key] = site.services.keys
    claims = jwt.decode(state, key, ["HS256"], audience="liaison-consent")
    assert claims["sub"] == "root"
    bearer = site.token("root")["Authorization"].removeprefix("Bearer ")
    foreign = sign_state(State("x", "root"), ["other" * 8], clock())
    unsigned = jwt.encode(claims, "", "none")
    for forged in (bearer, foreign, unsigned, state[:-3], "a.b.c", "x"):
        page = await site.come_back(forged, tenant=TENANT)
        assert page.status == 400, forged
        assert "not valid" in await page.text()
    other = await site.come_back(state, tenant="1fcd2a44-6a2c-4bd0-8b1e-3c1b3a6f9d11")
    assert other.status == 400
    assert (await site.client.get("/consent")).status == 400
    clock.ahead = LIFETIME + timedelta(minutes=1)
    assert (await site.come_back(state, tenant=TENANT)).status == 400
    assert await site.trail() == []
    async with site.client.get("/api/v1/me", headers={"Authorization": f"Bearer {state}"}) as response:
        assert response.status == 401, "a state is no token"


async def test_the_trail_of_a_link_can_only_grow(open_site: Open, settings: Settings) -> None:
    site = await open_site(**ENTRA, **PUBLIC)
    state = query_of((await site.read("grants"))["link"])["state"]
    await site.come_back(state, error="access_denied")
    await site.come_back(state, tenant=TENANT)
    path: Path = settings.data_dir / "liaison.sqlite"
    with sqlite3.connect(path) as database:
        rows = database.execute("SELECT action, subject FROM audit WHERE action LIKE 'consent%'").fetchall()
    database.close()
    assert [action for action, _ in rows] == ["consent_refused", "consent_granted"]
    assert all(re.fullmatch(r"microsoft 365 permissions, link [\w-]{16}", subject) for _, subject in rows)
