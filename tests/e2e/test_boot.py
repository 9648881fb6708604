"""What pane and tab share: slices of the state, and what they tell where little is to be had."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from addin.pages import STATIC
from tests.e2e.mailbox import Person
from tests.e2e.pane import open_demo, pane_of
from tests.e2e.test_states import look_again

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
