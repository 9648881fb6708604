"""What tests do with the pages: open the demo at a mail, reach into the pane."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, Frame, FrameLocator, Locator, Page, expect

from tests.e2e.mailbox import Person

PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)


def open_demo(
    context: BrowserContext, url: str, person: Person, message: dict[str, Any] | None = None
) -> Page:
    """The demo as `person`, at `message`; a script error on any page fails the test."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("pageerror", _fail)
    email = f"&email={message['id']}" if message else ""
    page.goto(f"{url}/demo#person={person.id}{email}")
    return page


def _fail(error: Exception) -> None:
    raise AssertionError(f"script error on the page: {error}")


def pane_of(page: Page) -> FrameLocator:
    """The pane in the demo's frame."""
    return page.frame_locator('iframe[title="Liaison pane"]')


def card_of(page: Page) -> Locator:
    """The pane's card of the open email."""
    return pane_of(page).get_by_role("region", name="This email", exact=True)


def pane_frame(page: Page) -> Frame:
    """The pane's frame, to run scripts in."""
    return next(frame for frame in page.frames if frame.url.endswith("/addin/pane"))


def hear(page: Page) -> Callable[[], list[str]]:
    """Listen as a screen reader does, from now on: everything the pane has said, however short it stood."""
    frame = pane_frame(page)
    frame.evaluate(
        """() => {
          const announcer = document.getElementById("announcer");
          window.heard = [];
          new MutationObserver(() => window.heard.push(announcer.textContent)).observe(
            announcer, { childList: true, characterData: true, subtree: true });
        }"""
    )

    def heard() -> list[str]:
        texts: list[str] = frame.evaluate("window.heard")
        return texts

    return heard
