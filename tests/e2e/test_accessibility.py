"""Themes, narrow panes, right-to-left, and axe's WCAG rules on each view."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, expect

from tests.e2e.mailbox import Person
from tests.e2e.pane import open_demo, pane_frame, pane_of

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NARROWEST = 320


def faults(frame: Any) -> list[str]:
    """What axe finds in this frame alone, one line per rule with the first element."""
    frame.evaluate(AXE.read_text())
    found = frame.evaluate("(tags) => axe.run(document, { runOnly: tags, iframes: false })", RULES)[
        "violations"
    ]
    return [f"{rule['id']}: {rule['nodes'][0]['html']}" for rule in found]


def show_mail(pane: FrameLocator) -> None:
    expect(pane.locator(".entry").first).to_be_visible()


def show_preferences(pane: FrameLocator) -> None:
    pane.get_by_role("button", name="Preferences").click()
    expect(pane.get_by_role("switch")).to_be_visible()


def show_question(pane: FrameLocator) -> None:
    pane.get_by_role("button", name="Track", exact=True).click()
    pane.get_by_role("button", name="Untrack").click()
    expect(pane.get_by_role("button", name="Keep it")).to_be_focused()


def show_search(pane: FrameLocator) -> None:
    pane.get_by_role("button", name="Search another record").click()
    pane.get_by_role("searchbox").fill("a")
    expect(pane.get_by_role("search").get_by_role("listitem").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("show", [show_mail, show_search, show_question, show_preferences])
@pytest.mark.slow("axe looks at every element twice")
def test_axe_finds_nothing(
    browser: Browser,
    demo_url: str,
    alex: Person,
    scheme: Literal["light", "dark"],
    show: Callable[[FrameLocator], None],
) -> None:
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": 1440, "height": 1600}, bypass_csp=True
    )
    page = open_demo(context, demo_url, alex, alex.untracked()[0])
    expect(pane_of(page).get_by_role("button", name="Track", exact=True)).to_be_visible()
    show(pane_of(page))
    page.wait_for_timeout(300)  # colours fade
    assert faults(pane_frame(page)) == []
    assert faults(page.main_frame) == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/docs/", "/docs/operator.md", "/docs/permissions.md", "/nowhere"])
def test_plain_pages_are_readable_and_fit(
    browser: Browser, demo_url: str, path: str, scheme: Literal["light", "dark"]
) -> None:
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": NARROWEST, "height": 700}, bypass_csp=True
    )
    page = context.new_page()
    page.goto(f"{demo_url}{path}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert faults(page.main_frame) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


def test_the_home_page_keeps_its_button_on_one_line(browser: Browser, demo_url: str) -> None:
    for width in (NARROWEST, 480, 560, 1000):
        context = browser.new_context(viewport={"width": width, "height": 700})
        page = context.new_page()
        page.goto(demo_url)
        box = page.get_by_role("link", name="Open the demo mailbox").bounding_box()
        assert box
        assert box["height"] < 40, f"at {width} px"
        context.close()


def test_without_a_copy_or_a_match_axe_finds_nothing(
    browser: Browser, demo_url: str, alex: Person, adele: Person
) -> None:
    context = browser.new_context(viewport={"width": NARROWEST, "height": 700}, bypass_csp=True)
    copies = {message["id"] for message in adele.messages()}
    message = next(
        message
        for message in alex.messages()
        if message["id"] not in copies and not alex.look_up(message)["suggestions"]
    )
    page = open_demo(context, demo_url, alex, message)
    expect(pane_of(page).get_by_role("button", name="Choose a record")).to_be_visible()
    assert faults(pane_frame(page)) == []
    page.get_by_role("combobox").select_option(adele.id)
    expect(page.get_by_text("has no copy of this email")).to_be_visible()
    assert faults(page.main_frame) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


def test_nothing_is_cut_off_at_320_px(browser: Browser, demo_url: str, alex: Person) -> None:
    context = browser.new_context(viewport={"width": NARROWEST, "height": 700})
    page = open_demo(context, demo_url, alex, alex.untracked()[0])
    show_mail(pane_of(page))
    assert pane_frame(page).evaluate("innerWidth") <= NARROWEST
    for frame in (page.main_frame, pane_frame(page)):
        assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
    button = pane_of(page).get_by_role("button", name="Track", exact=True).bounding_box()
    assert button
    assert button["x"] + button["width"] <= NARROWEST
    context.close()


def test_high_contrast_keeps_borders_and_states(browser: Browser, demo_url: str, alex: Person) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, forced_colors="active")
    page = open_demo(context, demo_url, alex, alex.untracked()[0])
    show_mail(pane_of(page))
    entry = pane_of(page).locator(".entry.untracked").first
    assert entry.evaluate("(each) => getComputedStyle(each).borderTopStyle") == "dotted"
    track = pane_of(page).get_by_role("button", name="Track", exact=True)
    colours = track.evaluate(
        "(each) => [getComputedStyle(each).color, getComputedStyle(each).backgroundColor]"
    )
    assert colours[0] != colours[1]
    context.close()


def test_what_closes_gives_the_focus_back(context: BrowserContext, demo_url: str, alex: Person) -> None:
    message = next(message for message in alex.messages() if alex.look_up(message)["unknown"])
    address = alex.look_up(message)["unknown"][0]
    page = open_demo(context, demo_url, alex, message)
    pane = pane_of(page)

    add = pane.get_by_role("button", name=f"Add {address} to the CRM")
    add.press("Enter")
    expect(pane.get_by_label("First name")).to_be_focused()
    pane.get_by_role("form").get_by_role("button", name="Cancel").press("Enter")
    expect(add).to_be_focused()

    search = pane.get_by_role("button", name="Other record", exact=True)
    search.press("Enter")
    expect(pane.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Escape")
    expect(search).to_be_focused()

    preferences = pane.get_by_role("button", name="Preferences")
    preferences.press("Enter")
    expect(pane.get_by_role("heading", name="Preferences")).to_be_focused()
    pane.get_by_role("button", name="Back").press("Enter")
    expect(preferences).to_be_focused()


@pytest.mark.parametrize("height", [600, 900])
def test_the_foot_hides_no_focused_control(
    browser: Browser, demo_url: str, alex: Person, height: int
) -> None:
    context = browser.new_context(viewport={"width": 380, "height": height})
    page = open_demo(context, demo_url, alex, alex.untracked()[0])
    show_mail(pane_of(page))
    pane_of(page).get_by_role("button", name="Preferences").focus()
    for _ in range(8):
        page.keyboard.press("Tab")
        hidden = pane_frame(page).evaluate(
            """() => {
                const foot = document.querySelector(".card-foot");
                const control = document.activeElement;
                if (control.getAttribute("role") === "tabpanel" || foot.contains(control)) return "";
                const [one, other] = [control, foot].map((each) => each.getBoundingClientRect());
                return one.top < other.bottom && one.bottom > other.top ? control.outerHTML : "";
            }"""
        )
        assert hidden == ""
    context.close()
