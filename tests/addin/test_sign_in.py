"""What the pages are told of Entra, and how a refusal asks for another sign-in."""

import json
import re
from base64 import urlsafe_b64decode

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp import AiohttpClient

from addin.pages import read_surroundings
from addin.problems import translate_errors
from app import create_app
from insights.errors import SignInNeeded
from insights.settings import Settings
from tests.conftest import Client

CLIENT_ID = "1fcd2a44-6a2c-4bd0-8b1e-3c1b3a6f9d10"
TENANTS = ("8d1b3c5a-0f2e-4a6b-9c7d-1e2f3a4b5c6d", "99999999-0f2e-4a6b-9c7d-1e2f3a4b5c6d")
CLAIMS = '{"access_token":{"capolids":{"essential":true,"values":["é?>~"]}}}'


def with_entra(settings: Settings) -> Settings:
    given = {"entra_tenants": TENANTS[:1], "entra_client_id": CLIENT_ID, "entra_secret": "a secret of ours"}
    return settings.model_copy(update=given)


@pytest.fixture
async def entra_client(settings: Settings, aiohttp_client: AiohttpClient) -> Client:
    """The small company's server with Entra; nobody asks Entra itself here."""
    return await aiohttp_client(create_app(with_entra(settings)))


async def test_pages_know_where_to_sign_in_and_nothing_secret(entra_client: Client) -> None:
    for path in ("/addin/pane", "/tab", "/addin/sign-in"):
        text = await (await entra_client.get(path)).text()
        assert f'data-entra-authority="https://login.microsoftonline.com/{TENANTS[0]}"' in text
        assert f'data-entra-client="{CLIENT_ID}"' in text
        assert f'data-entra-scope="api://{CLIENT_ID}/access_as_user"' in text
        assert "a secret of ours" not in text
        for named in set(re.findall(r'(?:href|src)="(/[^"]+)"', text)):
            assert (await entra_client.get(named)).status in {200, 503}, named
    assert 'data-sign-in="ready"' in await (await entra_client.get("/addin/pane")).text()
    assert "It is ready for Outlook" in await (await entra_client.get("/")).text()


async def test_only_the_sign_in_page_may_ask_entra_and_nobody_may_frame_it(entra_client: Client) -> None:
    policies = {
        path: (await entra_client.get(path)).headers["Content-Security-Policy"]
        for path in ("/addin/pane", "/tab", "/", "/addin/sign-in")
    }
    asking = [path for path, policy in policies.items() if "login.microsoftonline.com" in policy]
    assert asking == ["/addin/sign-in"]
    assert "connect-src 'self' https://login.microsoftonline.com;" in policies["/addin/sign-in"]
    assert "frame-ancestors 'none'" in policies["/addin/sign-in"]
    script = await entra_client.get("/static/vendor/@azure/msal-browser/lib/msal-browser.min.js")
    assert script.status == 200


async def test_without_entra_there_is_no_sign_in_page(client: Client) -> None:
    assert (await client.get("/addin/sign-in")).status == 404
    assert "data-entra" not in await (await client.get("/addin/pane")).text()


def test_the_scope_has_the_name_that_teams_wants(settings: Settings) -> None:
    given = with_entra(settings).model_copy(update={"public_url": "https://liaison.example"})
    facts = read_surroundings(given).entra
    assert facts
    assert facts.scope == f"api://liaison.example/botid-{CLIENT_ID}/access_as_user"


def test_with_several_tenants_entra_finds_out_whose_people_come(settings: Settings) -> None:
    surroundings = read_surroundings(with_entra(settings).model_copy(update={"entra_tenants": TENANTS}))
    assert surroundings.entra
    assert surroundings.entra.authority == "https://login.microsoftonline.com/organizations"


@pytest.mark.parametrize(
    ("code", "claims", "error"),
    [
        ("interaction_required.one_more_step", CLAIMS, "insufficient_claims"),
        ("signed_out.withdrawn", "", "interaction_required"),
    ],
)
async def test_a_needed_sign_in_says_which(
    aiohttp_client: AiohttpClient, code: str, claims: str, error: str
) -> None:
    async def ask(_: web.Request) -> web.StreamResponse:
        raise SignInNeeded(code, claims=claims)

    app = web.Application(middlewares=[translate_errors])
    app.router.add_get("/", ask)
    client: TestClient[web.Request, web.Application] = await aiohttp_client(app)
    response = await client.get("/")
    assert response.status == 401
    challenge = response.headers["WWW-Authenticate"]
    assert challenge.startswith(f'Bearer error="{error}"')
    details = await response.json()
    assert details["code"] == code.partition(".")[0]
    assert details["detail"] == SignInNeeded(code).detail
    assert "capolids" not in json.dumps(details)
    found = re.search(r'claims="([\w=-]+)"', challenge)
    assert (urlsafe_b64decode(found[1]).decode() if found else "") == claims


async def test_a_stranger_is_told_nothing_but_to_sign_in(entra_client: Client) -> None:
    response = await entra_client.get("/api/v1/me", headers={"Authorization": "Bearer a.b.c"})
    assert response.status == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert (await response.json())["code"] == "bad_token"
