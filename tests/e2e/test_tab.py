"""The tab in Teams: find a record, read its timeline, *Track*; its links; Teams around it or missing."""

import re
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from tests.e2e.mailbox import Person
from tests.e2e.pane import PATIENCE_MS
from tests.e2e.teams import open_in_teams, serve_teams_js
from tests.e2e.test_accessibility import NARROWEST, faults

Json = dict[str, Any]


def as_person(person: Person) -> str:
    """Whom one is in the demo, as addresses say it."""
    return f"#person={person.id}"


def open_tab(context: BrowserContext, url: str, person: Person | None, path: str = "/tab") -> Page:
    """The tab as `person`; a script error fails the test."""

    def fail(error: Exception) -> None:
        raise AssertionError(f"script error on the page: {error}")

    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("pageerror", fail)
    page.goto(f"{url}{path}{as_person(person) if person else ''}")
    return page


def find(page: Page, record: Json) -> Locator:
    """Search for a record; its line among the results."""
    page.get_by_role("searchbox", name="Name or email address").fill(record["name"])
    return page.get_by_role("search").locator(f'[data-opens="record:{record["table"]}:{record["id"]}"]')


def path_of(record: Json) -> str:
    return f"/t/{record['table']}:{record['id']}"


@pytest.fixture
def private_mail(alex: Person) -> tuple[Json, Json]:
    """A mail that Alex may track, and the record whose timeline shows it."""
    message, email = alex.untracked_in_timeline()
    return message, email["suggestions"][0]["record"]


def test_a_record_is_found_and_a_mail_of_its_timeline_tracked(
    context: BrowserContext, demo_url: str, alex: Person, private_mail: tuple[Json, Json]
) -> None:
    message, record = private_mail
    page = open_tab(context, demo_url, None)
    page.get_by_role("button", name=alex.name).click()
    expect(page.get_by_role("combobox", name="Signed in as")).to_have_value(alex.id)
    expect(page.get_by_role("heading", name="Liaison", level=1)).to_be_visible()

    find(page, record).click()
    expect(page.get_by_role("heading", name=record["name"], level=2)).to_be_focused()
    expect(page).to_have_url(f"{demo_url}{path_of(record)}{as_person(alex)}")
    expect(page).to_have_title(f"{record['name']} – Liaison")
    timeline = page.get_by_role("region", name="Timeline")
    expect(timeline).to_contain_text(
        re.compile(r"\d+ (people|person) will be able to see what you track here")
    )
    track = timeline.get_by_role("button", name=f"Track: {message['subject']}", exact=True)
    count = track.count()
    tracked = timeline.locator(".entry.tracked").filter(has_text="Tracked by you")
    before = tracked.count()
    expect(timeline.locator(".entry.untracked").first).to_contain_text("Private")
    track.first.click()
    expect(tracked).to_have_count(before + 1)
    expect(track).to_have_count(count - 1)
    expect(page.locator("#announcer")).to_contain_text("Track")

    page.reload()
    expect(page.get_by_role("heading", name=record["name"], level=2)).to_be_visible()
    expect(tracked).to_have_count(before + 1)


def test_what_a_colleague_tracks_appears_by_itself(
    context: BrowserContext, demo_url: str, alex: Person, adele: Person, private_mail: tuple[Json, Json]
) -> None:
    message, record = private_mail
    page = open_tab(context, demo_url, adele, path_of(record))
    expect(page.get_by_role("heading", name=record["name"], level=2)).to_be_visible()
    told = page.locator(".entry.tracked").filter(has_text=f"tracked by {alex.name}")
    expect(page.locator("#timeline .skeleton")).to_have_count(0)
    before = told.count()
    alex.track(message, record)
    expect(told).to_have_count(before + 1)


def test_back_and_forward_go_between_records(context: BrowserContext, demo_url: str, alex: Person) -> None:
    page = open_tab(context, demo_url, alex)
    names = [page.locator(".result .name").nth(at).inner_text() for at in (0, 1)]
    for name in names:
        page.locator(".result").filter(has_text=name).first.click()
        expect(page.get_by_role("heading", name=name, level=2)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name=names[0], level=2)).to_be_visible()
    page.go_back()
    expect(page).to_have_url(f"{demo_url}/tab{as_person(alex)}")
    expect(page.get_by_text("Choose a record to see its timeline")).to_be_visible()
    page.go_forward()
    expect(page.get_by_role("heading", name=names[0], level=2)).to_be_visible()


@pytest.mark.parametrize(
    "id_", ["account:nobody", "nonsense", "no_table:1", "a%20b:1", "%FF:%FF", "x:" + "y" * 900]
)
def test_a_link_to_nothing_says_what_to_do(
    context: BrowserContext, demo_url: str, alex: Person, id_: str
) -> None:
    page = open_tab(context, demo_url, alex, f"/t/{id_}")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("This record was not found")
    expect(alert).to_contain_text("Ask whoever gave you the link, or find another record.")
    page.locator(".result").first.click()
    expect(alert).to_have_count(0)
    expect(page.locator("#record-title")).to_be_visible()


def test_the_keyboard_is_enough(context: BrowserContext, demo_url: str, alex: Person) -> None:
    page = open_tab(context, demo_url, alex)
    box = page.get_by_role("searchbox")
    results = page.locator(".result")
    expect(results.nth(2)).to_be_visible()
    box.focus()
    page.keyboard.press("ArrowDown")
    expect(results.first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(results.nth(1)).to_be_focused()
    name = results.nth(1).locator(".name").inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=name, level=2)).to_be_focused()
    expect(results.nth(1)).to_have_attribute("aria-current", "true")
    results.first.focus()
    page.keyboard.press("ArrowUp")
    expect(box).to_be_focused()
    page.keyboard.type("zzqq")
    expect(page.get_by_text("Nothing found for “zzqq”.")).to_be_visible()
    expect(page.locator("#announcer")).to_have_text("0 records")
    page.keyboard.press("Escape")
    expect(results.first).to_be_visible()
    first = results.first.locator(".name").inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=first, level=2)).to_be_focused()
    preferences = page.get_by_role("button", name="Preferences")
    preferences.press("Enter")
    expect(page.get_by_role("heading", name="Preferences")).to_be_focused()
    page.get_by_role("button", name="Back").press("Enter")
    expect(preferences).to_be_focused()


def test_more_records_are_one_button_away(context: BrowserContext, demo_url: str, alex: Person) -> None:
    page = open_tab(context, demo_url, alex)
    expect(page.get_by_text("The first 50 records")).to_be_visible()
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".result")).to_have_count(100)


def test_what_failed_is_a_line_and_comes_again(context: BrowserContext, demo_url: str, alex: Person) -> None:
    def refuse(route: Route) -> None:
        route.abort()

    context.route("**/api/v1/records/lookup", refuse)
    page = open_tab(context, demo_url, alex)
    line = page.get_by_role("search").get_by_role("alert")
    expect(line).to_contain_text("The server does not answer")
    context.unroute("**/api/v1/records/lookup")
    line.get_by_role("button", name="Try again").click()
    expect(page.locator(".result").first).to_be_visible()
    expect(line).to_have_count(0)


def test_without_sign_in_it_says_who_sets_it_up(context: BrowserContext, plain_url: str) -> None:
    for path in ("/tab", "/t/account:1"):
        page = open_tab(context, plain_url, None, path)
        expect(page.get_by_role("status")).to_contain_text(["Sign-in is not set up", ""])
        assert page.get_by_role("link", name="How to set it up").get_attribute("href") == "/docs/operator.md"
        page.close()


@pytest.fixture
def token(demo_url: str, context: BrowserContext, alex: Person) -> str:
    answer = context.request.post(f"{demo_url}/demo/api/token", data={"user": alex.id})
    return str(answer.json()["token"])


def test_teams_gives_token_and_theme(
    context: BrowserContext, demo_url: str, token: str, private_mail: tuple[Json, Json]
) -> None:
    _, record = private_mail
    page, tab = open_in_teams(context, f"{demo_url}{path_of(record)}", token=token, theme="dark")
    expect(tab.get_by_role("heading", name=record["name"], level=2)).to_be_visible()
    theme = tab.locator("html")
    expect(theme).to_have_attribute("data-theme", "dark")
    page.evaluate("say('themeChange', ['contrast'])")
    expect(theme).to_have_attribute("data-theme", "contrast")
    page.evaluate("say('themeChange', ['default'])")
    expect(theme).to_have_attribute("data-theme", "light")
    assert "appInitialization.success" in page.evaluate("told")
    assert context.cookies() == []


def test_it_keeps_nothing_in_the_browser_and_changes_person(
    context: BrowserContext, demo_url: str, alex: Person, adele: Person
) -> None:
    page = open_tab(context, demo_url, alex)
    page.locator(".result").first.click()
    page.get_by_role("combobox", name="Signed in as").select_option(adele.id)
    page.get_by_role("button", name="Preferences").click()
    expect(page.get_by_text(f"Signed in as {adele.name}, {adele.email}")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("combobox", name="Signed in as")).to_have_value(alex.id)
    assert context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    page.get_by_role("link", name="Demo mailbox").click()
    expect(page.get_by_role("combobox", name="Mailbox of")).to_have_value(alex.id)
    page.get_by_role("link", name="Records tab").click()
    expect(page.get_by_role("combobox", name="Signed in as")).to_have_value(alex.id)


def test_teams_without_a_token_is_told(context: BrowserContext, demo_url: str) -> None:
    _, tab = open_in_teams(context, f"{demo_url}/tab", theme="default")
    expect(tab.get_by_role("alert")).to_contain_text("You are not signed in")
    expect(tab.get_by_role("alert")).to_contain_text("Sign in to Teams again")


def test_outside_teams_it_says_where_it_belongs(context: BrowserContext, demo_url: str) -> None:
    serve_teams_js(context)
    page = open_tab(context, demo_url, None)
    expect(page.get_by_role("alert")).to_contain_text("Open this page from Teams")


def test_a_silent_frame_is_told_after_a_while(context: BrowserContext, demo_url: str) -> None:
    context.clock.install()
    _, tab = open_in_teams(context, f"{demo_url}/tab", isMute=True)
    expect(tab.locator(".skeleton")).to_be_visible()
    tab.wait_for_function("window.microsoftTeams")
    expect(tab.get_by_role("alert")).to_have_count(0)
    context.clock.fast_forward(10_000)
    expect(tab.get_by_role("alert")).to_contain_text("Teams does not answer")


def test_the_stand_in_has_the_names_of_the_real_one(
    context: BrowserContext, demo_url: str, alex: Person
) -> None:
    names = """() => Object.fromEntries(["app", "authentication"].map((part) =>
        [part, Object.entries(window.microsoftTeams[part]).filter(([, each]) => typeof each === "function")
            .map(([name]) => name)]))"""
    page = open_tab(context, demo_url, alex)
    page.wait_for_function("window.microsoftTeams")
    ours = page.evaluate(names)
    serve_teams_js(context)
    page.goto(f"{demo_url}/tab")
    page.wait_for_function("window.microsoftTeams")
    real = page.evaluate(names)
    assert [name for part in ours for name in ours[part] if name not in real[part]] == []
    assert ours["authentication"] == ["getAuthToken"]


@pytest.mark.parametrize("width", [NARROWEST, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_cut_off(
    browser: Browser, demo_url: str, alex: Person, scheme: Literal["light", "dark"], width: int
) -> None:
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True
    )
    page = open_tab(context, demo_url, None)

    def check() -> None:
        page.wait_for_timeout(300)  # colours fade
        assert faults(page.main_frame) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    expect(page.get_by_role("heading", name="Who do you want to be?")).to_be_visible()
    check()
    page.get_by_role("button", name=alex.name).click()
    page.get_by_role("searchbox").fill(alex.correspondent())
    expect(page.locator(".result")).not_to_have_count(50)
    check()
    page.locator(".result").first.click()
    expect(page.locator(".entry").first).to_be_visible()
    check()
    if width == NARROWEST:
        expect(page.get_by_role("searchbox")).not_to_be_visible()
        page.get_by_role("button", name="All records").press("Enter")
        expect(page.locator(".result").first).to_be_focused()
    page.evaluate("document.documentElement.dataset.theme = 'contrast'")
    page.locator(".result").first.click()
    expect(page.locator(".entry").first).to_be_visible()
    check()
    page.goto(f"{demo_url}/t/account:nobody{as_person(alex)}")
    expect(page.get_by_role("alert")).to_be_visible()
    check()
    context.close()


def test_right_to_left_mirrors(context: BrowserContext, demo_url: str, alex: Person) -> None:
    def turn(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace('dir="ltr"', 'dir="rtl"'))

    context.route("**/tab*", turn)
    page = open_tab(context, demo_url, alex)
    page.locator(".result").first.click()
    expect(page.locator("#record-title")).to_be_visible()
    finder, record = (page.locator(name).bounding_box() for name in (".finder", ".record"))
    assert finder
    assert record
    assert finder["x"] > record["x"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_page_is_painted_before_teams_answers(context: BrowserContext, demo_url: str) -> None:
    context.route("**/static/demo/teams.js", lambda _route: None)  # never answered
    page = context.new_page()
    page.goto(f"{demo_url}/tab", wait_until="commit")
    expect(page.get_by_role("heading", name="Liaison")).to_be_visible()
    expect(page.locator(".skeleton")).to_be_visible()
