"""What pane and tab share: slices of the state, preferences that two pages change, capture that is off."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Page, expect

from addin.files import STATIC
from tests.e2e.mailbox import Person
from tests.e2e.pane import open_demo, pane_of
from tests.e2e.test_states import look_again
from tests.e2e.test_tab import open_tab

SWITCH = "Show email not tracked in the activities list"
ACTIONS = sorted(path.relative_to(STATIC).as_posix() for path in Path(STATIC / "actions").glob("*.js"))
JOIN = """async (addresses) => {
  const { joinSlices } = await import("/static/store.js");
  const modules = await Promise.all(addresses.map((address) => import(address)));
  return Object.keys(joinSlices({ ...modules }));
}"""


@pytest.fixture
def page(context: BrowserContext, plain_url: str) -> Page:
    """A page on which nothing has begun, to load modules into."""
    page = context.new_page()
    page.goto(f"{plain_url}/addin/pane")
    expect(page.get_by_role("status").first).to_be_visible()
    return page


def test_each_key_of_the_state_is_of_one_module(page: Page) -> None:
    addresses = [f"/static/{name}" for name in ACTIONS]
    assert {"timeline", "email", "preferences", "search", "user"} <= set(page.evaluate(JOIN, addresses))
    with pytest.raises(Exception, match=r'"timeline" is of both "1" and "2"'):
        page.evaluate(JOIN, ["/static/actions/user.js", *["/static/actions/timeline.js"] * 2])


def test_no_module_writes_what_no_slice_of_the_page_has(page: Page) -> None:
    write = """async (patch) => {
      const { createStore } = await import("/static/store.js");
      const store = createStore({ view: "home" });
      store.update(patch);
      return store.state.view;
    }"""
    assert page.evaluate(write, {"view": "failures"}) == "failures"
    with pytest.raises(Exception, match='no slice of this page has "veiw"'):
        page.evaluate(write, {"veiw": "failures"})


def in_pane(context: BrowserContext, url: str, person: Person) -> tuple[Page, FrameLocator | Page]:
    page = open_demo(context, url, person)
    return page, pane_of(page)


def in_tab(context: BrowserContext, url: str, person: Person) -> tuple[Page, FrameLocator | Page]:
    page = open_tab(context, url, person)
    return page, page


@pytest.fixture
def choosing(adele: Person) -> Iterator[Person]:
    """Somebody whose preferences are as they were afterwards."""
    yield adele
    adele.change("/api/v1/preferences", auto_capture=True, language="en")


@pytest.mark.parametrize("open_page", [in_pane, in_tab])
def test_what_another_page_changed_meanwhile_is_told_and_not_overwritten(
    context: BrowserContext,
    demo_url: str,
    choosing: Person,
    open_page: Callable[[BrowserContext, str, Person], tuple[Page, FrameLocator | Page]],
) -> None:
    views = [open_page(context, demo_url, choosing)[1] for _ in range(2)]
    for view in views:
        view.get_by_role("button", name="Preferences").click()
        expect(view.get_by_role("switch", name=SWITCH)).to_be_checked()
    one, other = views
    one.get_by_role("switch").uncheck()
    expect(one.locator("#announcer")).to_have_text("Saved")

    other.get_by_role("switch").click()
    alert = other.get_by_role("alert")
    expect(alert).to_contain_text("Your change was not saved")
    expect(alert).to_contain_text(f"“{SWITCH}” was turned off elsewhere meanwhile.")
    expect(alert.get_by_role("button")).to_have_count(0)
    expect(other.get_by_role("switch")).not_to_be_checked()

    other.get_by_role("switch").check()
    expect(other.locator("#announcer")).to_have_text("Saved")
    expect(alert).to_have_count(0)
    choosing.change("/api/v1/preferences", language="en")
    other.get_by_role("switch").uncheck()
    expect(alert).to_contain_text("Another of your preferences was changed elsewhere meanwhile.")
    expect(other.get_by_role("switch")).to_be_checked()


def test_changing_it_twice_in_a_row_is_no_conflict_with_oneself(
    context: BrowserContext, demo_url: str, choosing: Person
) -> None:
    _, tab = in_tab(context, demo_url, choosing)
    tab.get_by_role("button", name="Preferences").click()
    switch = tab.get_by_role("switch", name=SWITCH)
    expect(switch).to_be_checked()
    switch.evaluate("(each) => { each.click(); each.click(); each.click(); }")
    expect(tab.locator("#announcer")).to_have_text("Saved")
    expect(tab.get_by_role("alert")).to_have_count(0)
    expect(switch).not_to_be_checked()
    tab.get_by_role("button", name="Back").click()
    tab.get_by_role("button", name="Preferences").click()
    expect(switch).not_to_be_checked()


def test_show_it_in_the_timeline_tells_what_was_changed_meanwhile(
    context: BrowserContext, demo_url: str, choosing: Person
) -> None:
    message, _ = choosing.untracked()
    choosing.change("/api/v1/preferences", auto_capture=False)
    pane = pane_of(open_demo(context, demo_url, choosing, message))
    expect(pane.get_by_role("button", name="Show it")).to_be_visible()
    choosing.change("/api/v1/preferences", language="en")
    pane.get_by_role("button", name="Show it").click()
    expect(pane.get_by_role("alert")).to_contain_text("Another of your preferences was changed")
    pane.get_by_role("button", name="Show it").click()
    expect(pane.locator(".entry.untracked").first).to_be_visible()
    expect(pane.get_by_role("alert")).to_have_count(0)


@pytest.fixture
def capture_off(people: dict[str, Person]) -> Iterator[None]:
    """The organisation's auto capture is off, for as long as a test runs."""
    admin = people["Megan"]
    admin.change("/api/v1/admin/features", features={"auto_capture": "off"})
    yield
    admin.change("/api/v1/admin/features", features={"auto_capture": "on"})


def test_with_capture_off_it_says_so_and_still_who_wrote(
    context: BrowserContext, demo_url: str, alex: Person, request: pytest.FixtureRequest
) -> None:
    message, email = next(alex.known())
    known = email["matched"][0]["address"]
    request.getfixturevalue("capture_off")
    page = open_demo(context, demo_url, alex, message)
    pane = pane_of(page)
    expect(pane.get_by_role("region", name="People in this email")).to_contain_text(known)
    expect(pane.get_by_role("status").filter(has_text="Auto capture is not available")).to_be_visible()
    expect(pane.get_by_role("button", name="Track", exact=True)).to_have_count(0)
    look_again(page)
    expect(pane.get_by_role("alert")).to_have_count(0)
    pane.get_by_role("button", name="Preferences").click()
    expect(pane.get_by_role("main")).to_contain_text("Auto capture is not available")
    expect(pane.get_by_role("switch")).to_have_count(0)


def test_where_nobody_can_be_known_no_button_is_dead(context: BrowserContext, demo_url: str) -> None:
    context.route("**/static/demo/*.js", lambda route: route.abort())
    causes = {"/addin/pane": "Outlook's part of this page", "/tab": "talks to Teams did not load"}
    for path, cause in causes.items():
        page = context.new_page()
        page.goto(f"{demo_url}{path}")
        expect(page.get_by_role("alert")).to_contain_text(cause)
        expect(page.get_by_role("button")).to_have_count(1)
        context.unroute("**/static/demo/*.js")
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("alert").filter(has_text=cause)).to_have_count(0)
        context.route("**/static/demo/*.js", lambda route: route.abort())
