"""Every word that pane and tab show is of the catalogues and fits, a third longer and from right to left."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, FrameLocator, Page, expect

from insights import pseudo
from insights.words import read_words
from tests.e2e.mailbox import Person
from tests.e2e.pane import PATIENCE_MS, open_demo, pane_frame
from tests.e2e.test_accessibility import NARROWEST
from tests.e2e.test_tab import open_tab, path_of

LOOK = (Path(__file__).parents[1] / "words.js").read_text(encoding="utf-8")
said = read_words(pseudo.LANGUAGE)


class Looks:
    """What is wrong with each view that was looked at, by its name."""

    def __init__(self) -> None:
        self.wrong: dict[str, Any] = {}

    def at(self, name: str, frame: Frame) -> None:
        found = frame.evaluate(LOOK)
        assert frame.evaluate("document.documentElement.dir") == "rtl"
        if found["strangers"] or found["cut"] or found["wide"] > 0:
            self.wrong[name] = found


@pytest.fixture
def looks() -> Iterator[Looks]:
    looks = Looks()
    yield looks
    assert looks.wrong == {}


@pytest.fixture
def narrow(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that asks for the language which nobody speaks, as narrow as it gets."""
    headers = {"Accept-Language": pseudo.LANGUAGE}
    context = browser.new_context(viewport={"width": NARROWEST, "height": 900}, extra_http_headers=headers)
    yield context
    context.close()


def pane_of(page: Page) -> FrameLocator:
    return page.frame_locator(f'iframe[title="{said("demo.pane")}"]')


def button(place: FrameLocator | Page, key: str, **values: str) -> Any:
    return place.get_by_role("button", name=said(key, **values), exact=True).first


def test_the_pane(narrow: BrowserContext, demo_url: str, alex: Person, looks: Looks) -> None:
    message = next(each for each in alex.untracked() if alex.look_up(each)["suggestions"])
    page = open_demo(narrow, demo_url, alex, message)
    pane = pane_of(page)
    expect(pane.locator(".entry").first).to_be_visible()
    frame = pane_frame(page)
    looks.at("mail", frame)
    button(pane, "preferences.title").click()
    expect(pane.get_by_role("switch")).to_be_visible()
    looks.at("preferences", frame)
    button(pane, "back").click()
    button(pane, "regarding.search").click()
    pane.get_by_role("searchbox").fill("a")
    expect(pane.get_by_role("search").get_by_role("listitem").first).to_be_visible()
    looks.at("search", frame)
    page.keyboard.press("Escape")
    button(pane, "track").click()
    button(pane, "untrack").click()
    expect(button(pane, "untrack.keep")).to_be_focused()
    looks.at("question", frame)


def test_from_right_to_left_the_pane_is_mirrored(narrow: BrowserContext, demo_url: str, alex: Person) -> None:
    page = open_demo(narrow, demo_url, alex, alex.untracked()[0])
    pane = pane_of(page)
    expect(button(pane, "track")).to_be_visible()
    text = pane.locator(".person .text").first.bounding_box()
    avatar = pane.locator(".person fluent-avatar, .person > .symbol").first.bounding_box()
    assert text
    assert avatar
    assert avatar["x"] > text["x"]


def test_a_sender_whom_nobody_knows(
    narrow: BrowserContext, demo_url: str, alex: Person, looks: Looks
) -> None:
    message = next(message for message in alex.messages() if alex.look_up(message)["unknown"])
    page = open_demo(narrow, demo_url, alex, message)
    pane = pane_of(page)
    add = said("who.add_name", address=alex.look_up(message)["unknown"][0])
    pane.get_by_role("button", name=add).click()
    expect(pane.get_by_role("form")).to_be_visible()
    looks.at("form", pane_frame(page))


def test_the_tab(narrow: BrowserContext, demo_url: str, alex: Person, looks: Looks) -> None:
    _, email = alex.untracked_in_timeline()
    record = email["suggestions"][0]["record"]
    page = open_tab(narrow, demo_url, alex)
    page.get_by_role("searchbox").fill(record["name"])
    expect(page.get_by_role("search").get_by_role("listitem").first).to_be_visible(timeout=PATIENCE_MS)
    looks.at("search", page.main_frame)
    page = open_tab(narrow, demo_url, alex, path_of(record))
    expect(page.locator(".entry").first).to_be_visible()
    looks.at("record", page.main_frame)


@pytest.mark.parametrize("path", ["/", "/nowhere"])
def test_a_plain_page(narrow: BrowserContext, demo_url: str, path: str, looks: Looks) -> None:
    page = narrow.new_page()
    page.goto(f"{demo_url}{path}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    looks.at(path, page.main_frame)
