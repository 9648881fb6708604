"""Signing in with Entra from the pane: nested app auth, Office's own token, dialog; refused, challenged."""

import base64
import csv
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.e2e.conftest import LIAISON, _serve
from tests.e2e.outlook import Bridge, open_outlook, refused, signed_in
from tests.e2e.pane import PATIENCE_MS
from tests.flows.liaison import COMPANY, OBJECT_IDS, letter
from tests.standins.entra import APP_ID, TENANT, Application, EntraStandin, Person, serving_entra

ANN = Person(OBJECT_IDS["ann"], "Ann Beebe", "ann@ours.example")
ROOT = Person(OBJECT_IDS["root"], "Rut Olsen", "root@ours.example")
POLICY = "9ab03e19-ed42-4168-b6b7-7001fb3e933a"
CLAIMS = json.dumps({"access_token": {"capolids": {"essential": True, "values": [POLICY]}}})


@pytest.fixture(scope="module")
def entra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EntraStandin]:
    """Entra, with the small company's people."""
    ca_file = tmp_path_factory.mktemp("entra") / "ca.pem"
    with serving_entra(ca_file) as standin, pytest.MonkeyPatch.context() as patch:
        standin.tenant.people = {one.object_id: one for one in (ANN, ROOT)}
        standin.register(Application(secrets={"a secret"}))
        patch.setenv("SSL_CERT_FILE", str(ca_file))
        patch.setenv("REQUESTS_CA_BUNDLE", str(ca_file))
        patch.setenv("LIAISON_ENTRA_AUTHORITY", standin.authority)
        patch.setenv("LIAISON_ENTRA_TENANTS", TENANT)
        patch.setenv("LIAISON_ENTRA_CLIENT_ID", APP_ID)
        patch.setenv("LIAISON_ENTRA_SECRET", "a secret")
        yield standin


def _fill(data: Path) -> None:
    """The small company's CRM and one mail, imported as an operator does."""
    environment = os.environ | {"LIAISON_DATA_DIR": str(data)}
    tables, letters = data / "tables", data / "letters"
    for folder in (tables, letters):
        folder.mkdir()
    for name, rows in COMPANY.items():
        with (tables / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(dict.fromkeys(key for row in rows for key in row)))
            writer.writeheader()
            writer.writerows(rows)
    (letters / "1.eml").write_bytes(bytes(letter(1)))
    for words in (["crm", str(tables)], ["mail", str(letters), "--mailbox", ANN.address]):
        command = [LIAISON, "import", *words]
        subprocess.run(command, env=environment, check=True, timeout=120, capture_output=True)


@pytest.fixture(scope="module")
def url(entra: EntraStandin, tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[str]:
    """A server whose people sign in with Entra; auto capture is on."""
    data = tmp_path_factory.mktemp("company")
    _fill(data)
    for address in _serve(data):
        entra.tenant.applications[APP_ID].redirect_uris = {f"{address}/addin/sign-in"}
        with browser.new_context() as context:
            answer = context.request.put(
                f"{address}/api/v1/admin/features",
                headers={"Authorization": f"Bearer {entra.sign_in(ROOT)}"},
                data={"accept_terms": True, "features": {"auto_capture": "on"}},
            )
            assert answer.ok, answer.text()
        yield address


@pytest.fixture
def outlook(browser: Browser, url: str, entra: EntraStandin) -> Iterator[BrowserContext]:
    """A browser in which a stand-in answers for Office.js; it never leaves this machine."""
    entra.records.requests.clear()
    entra.records.policies.clear()
    with open_outlook(browser, url, entra.authority) as context:
        yield context


def open_pane(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.goto(f"{url}/addin/pane")
    return page


def open_with_dialog(context: BrowserContext, url: str, *, patience_ms: float = 0) -> tuple[Page, Page]:
    page = context.new_page()
    with page.expect_popup(timeout=patience_ms or PATIENCE_MS) as opened:
        page.goto(f"{url}/addin/pane")
    return page, opened.value


def expect_email(page: Page) -> None:
    expect(page.get_by_role("region", name="This email", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Track", exact=True)).to_be_visible()


def expect_signed_in(page: Page) -> None:
    expect_email(page)
    page.get_by_role("button", name="Preferences").click()
    expect(page.get_by_text("Signed in as Ann Beebe, ann@ours.example")).to_be_visible()


def expect_nothing_kept(page: Page) -> None:
    """No token is in any storage, and there is no cookie of ours."""
    kept = page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])")
    assert "eyJ" not in kept
    assert json.loads(kept)[2] == ""


def test_nested_app_auth_signs_in_without_a_word(
    outlook: BrowserContext, url: str, entra: EntraStandin
) -> None:
    bridge = Bridge(outlook, lambda _: signed_in(entra, ANN))
    page = open_pane(outlook, url)
    expect_signed_in(page)
    [asked] = bridge.asked("GetToken")
    assert f"api://{APP_ID}/access_as_user" in asked["scope"]
    assert asked["clientId"] == APP_ID
    assert bridge.asked("GetTokenPopup") == []
    assert entra.records.counted("/authorize") == 0
    expect_nothing_kept(page)


def test_offices_own_token_where_there_is_no_nested_app_auth(
    outlook: BrowserContext, url: str, entra: EntraStandin
) -> None:
    outlook.expose_function("officeToken", lambda _: entra.sign_in(ANN, version=1))
    expect_signed_in(open_pane(outlook, url))
    assert entra.records.counted("/authorize") == 0


def test_the_dialog_where_there_is_neither(outlook: BrowserContext, url: str, entra: EntraStandin) -> None:
    page, dialog = open_with_dialog(outlook, url)
    dialog.get_by_role("button", name="Ann Beebe").click()
    expect_signed_in(page)
    assert dialog.is_closed()
    assert entra.records.counted("/token", "authorization_code") == 1
    expect_nothing_kept(page)


def test_refused_in_the_dialog_and_asked_again_only_on_a_click(
    outlook: BrowserContext, url: str, entra: EntraStandin
) -> None:
    page, dialog = open_with_dialog(outlook, url)
    dialog.get_by_role("button", name="Back").click()
    line = page.get_by_role("alert").filter(has_text="You are not signed in")
    expect(line).to_contain_text("choose your work account")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(3000)  # longer than the event stream's first pauses
    shown = [query for path, query in entra.records.requests if path.endswith("/authorize") and query]
    assert len([query for query in shown if "state=" in query]) == 1, "asked once, and then no more"
    with page.expect_popup() as again:
        line.get_by_role("button", name="Try again").click()
    again.value.get_by_role("button", name="Ann Beebe").click()
    expect_email(page)


def test_refused_by_nested_app_auth_and_asked_again_only_on_a_click(
    outlook: BrowserContext, url: str, entra: EntraStandin
) -> None:
    answers = {"GetToken": refused("USER_INTERACTION_REQUIRED"), "GetTokenPopup": refused("USER_CANCEL")}
    bridge = Bridge(outlook, lambda request: answers[request["method"]])
    page = open_pane(outlook, url)
    line = page.get_by_role("alert").filter(has_text="You are not signed in")
    expect(line).to_contain_text("choose your work account")
    page.wait_for_timeout(3000)
    assert len(bridge.asked("GetTokenPopup")) == 1
    answers["GetTokenPopup"] = signed_in(entra, ANN)
    line.get_by_role("button", name="Try again").click()
    expect_email(page)
    assert len(bridge.asked("GetTokenPopup")) == 2


NO_BRIDGE = ("DISABLED", "NESTED_APP_AUTH_UNAVAILABLE", "PERSISTENT_ERROR", "ACCOUNT_UNAVAILABLE")


@pytest.mark.parametrize("status", NO_BRIDGE)
def test_offices_own_token_where_nobody_is_behind_the_bridge(
    outlook: BrowserContext, url: str, entra: EntraStandin, status: str
) -> None:
    bridge = Bridge(outlook, lambda _: refused(status))
    outlook.expose_function("officeToken", lambda _: entra.sign_in(ANN, version=1))
    expect_signed_in(open_pane(outlook, url))
    assert (len(bridge.asked("GetToken")), bridge.asked("GetTokenPopup")) == (1, [])
    assert entra.records.counted("/authorize") == 0


def test_the_dialog_where_the_bridge_asks_and_fails(
    outlook: BrowserContext, url: str, entra: EntraStandin
) -> None:
    answers = {
        "GetToken": refused("USER_INTERACTION_REQUIRED"),
        "GetTokenPopup": refused("NESTED_APP_AUTH_UNAVAILABLE"),
    }
    bridge = Bridge(outlook, lambda request: answers[request["method"]])
    page, dialog = open_with_dialog(outlook, url)
    dialog.get_by_role("button", name="Ann Beebe").click()
    expect_signed_in(page)
    assert len(bridge.asked("GetTokenPopup")) == 1
    expect_nothing_kept(page)


@pytest.mark.parametrize("broken", ["throw new Error('no host')", "undefined"])
@pytest.mark.slow("a bridge that is mute is waited for")
def test_the_dialog_where_the_bridge_itself_is_broken(
    outlook: BrowserContext, url: str, entra: EntraStandin, broken: str
) -> None:
    outlook.add_init_script(
        "window.nestedAppAuthBridge = {addEventListener() {}, removeEventListener() {}, "
        f"postMessage() {{ {broken} }}}};"
    )
    page, dialog = open_with_dialog(outlook, url, patience_ms=60_000)  # one that is mute is waited for
    dialog.get_by_role("button", name="Ann Beebe").click()
    expect_signed_in(page)


def test_refused_in_the_dialog_behind_a_bridge_that_fails_ends_in_a_line(
    outlook: BrowserContext, url: str, entra: EntraStandin
) -> None:
    bridge = Bridge(outlook, lambda _: refused("DISABLED"))
    page, dialog = open_with_dialog(outlook, url)
    dialog.get_by_role("button", name="Back").click()
    line = page.get_by_role("alert").filter(has_text="You are not signed in")
    expect(line).to_contain_text("choose your work account")
    page.wait_for_timeout(3000)
    shown = [query for path, query in entra.records.requests if path.endswith("/authorize") and query]
    assert len([query for query in shown if "state=" in query]) == 1, "asked once, and then no more"
    assert bridge.asked("GetTokenPopup") == []


def challenge(route: Route) -> None:
    """The API's answer when Entra wants to see more, as addin/problems.py writes it."""
    claims = base64.urlsafe_b64encode(CLAIMS.encode()).decode()
    headers = {"WWW-Authenticate": f'Bearer error="insufficient_claims", claims="{claims}"'}
    body = {"title": "Sign in first", "detail": "Entra asks for more", "code": "interaction_required"}
    route.fulfill(status=401, headers=headers, content_type="application/problem+json", json=body)


def test_a_claims_challenge_is_answered_once(outlook: BrowserContext, url: str, entra: EntraStandin) -> None:
    def answer(request: dict[str, Any]) -> dict[str, Any]:
        has_claims = bool(json.loads(request["tokenParams"].get("claims") or "{}").get("access_token"))
        if request["method"] == "GetToken" and has_claims:
            return refused("USER_INTERACTION_REQUIRED")
        return signed_in(entra, ANN, is_strong=has_claims)

    bridge = Bridge(outlook, answer)
    challenged: list[str] = []

    def once(route: Route) -> None:
        token = route.request.headers["authorization"]
        if challenged and token != challenged[0]:
            route.continue_()
        else:
            challenged.append(token)
            challenge(route)

    outlook.route("**/api/v1/**", once)
    expect_signed_in(open_pane(outlook, url))
    [asked] = bridge.asked("GetTokenPopup")
    assert json.loads(asked["claims"])["access_token"] == json.loads(CLAIMS)["access_token"]
    assert len(set(challenged)) == 1


def test_a_challenge_that_nothing_satisfies_ends_in_a_line(
    outlook: BrowserContext, url: str, entra: EntraStandin
) -> None:
    bridge = Bridge(outlook, lambda _: signed_in(entra, ANN))
    asked: list[str] = []

    def always(route: Route) -> None:
        asked.append(route.request.url)
        challenge(route)

    outlook.route("**/api/v1/emails/lookup", always)
    page = open_pane(outlook, url)
    expect(page.get_by_role("alert").first).to_contain_text("Entra asks for more")
    page.wait_for_timeout(2000)
    assert len(asked) == 2, "the request, and once more with the claims"
    assert len(bridge.asked("GetToken")) <= 3


def test_the_bots_dialog_tells_teams_a_code_and_no_token(
    outlook: BrowserContext, url: str, entra: EntraStandin
) -> None:
    teams_js = "**/MicrosoftTeams.min.js"
    outlook.route(teams_js, lambda route: route.fulfill(path=Path(__file__).parent / "teams_host.js"))
    entra.records.policies[ANN.object_id] = POLICY
    page = outlook.new_page()
    page.goto(f"{url}/addin/sign-in?for=teams&claims={quote(CLAIMS)}")
    page.get_by_role("button", name="Ann Beebe").click()
    expect(page).to_have_title("told")
    told = page.evaluate("window.told.result")
    headers = {"Authorization": f"Bearer {told}"}
    assert told
    assert outlook.request.get(f"{url}/api/v1/me", headers=headers).status == 401, "it opens nothing"
    [asked] = [query for path, query in entra.records.requests if path.endswith("/authorize") and query]
    assert POLICY in asked
    expect_nothing_kept(page)
