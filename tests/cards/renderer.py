"""A browser page that draws Adaptive Cards with the npm renderer and Teams' host configurations."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Dialog, Page

from cards.elements import Card

Theme = Literal["light", "dark"]
HERE = Path(__file__).parent
NPM = HERE.parents[1] / "node_modules" / "adaptivecards" / "dist"
PAGE = '<!doctype html><html lang="en"><title>Card</title><body><div id="card"></div></body></html>'


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a card became: `complaints` of renderer and browser, and the texts as people see them."""

    complaints: list[str]
    markdown: list[str]
    """What the client was asked to read as Markdown."""
    runs: list[str]
    options: list[str]
    strangers: list[str]
    """Elements that no card of ours makes: links, pictures, bold by Markdown …"""
    width: int
    """By how many pixels the card is wider than its place."""


class Renderer:
    """Draws one card after the other."""

    def __init__(self, page: Page, host_configs: Path) -> None:
        self.page = page
        self._host_configs = host_configs
        self._said: list[str] = []
        page.on("console", lambda message: self._said.append(message.text))
        page.on("pageerror", lambda error: self._said.append(str(error)))
        page.on("dialog", self._refuse)
        page.set_content(PAGE)
        page.add_style_tag(path=HERE / "teams.css")
        page.add_script_tag(path=NPM / "adaptivecards.min.js")
        page.add_script_tag(path=HERE / "renderer.js")

    def _refuse(self, dialog: Dialog) -> None:
        self._said.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def draw(self, card: Card, theme: Theme = "light", width: int = 420) -> Drawn:
        """Show a card in a theme, so many pixels wide."""
        self._said.clear()
        config = json.loads((self._host_configs / f"microsoft-teams-{theme}.json").read_text())
        found: dict[str, Any] = self.page.evaluate(
            """([card, config, theme, width]) => {
              document.documentElement.dataset.theme = theme;
              document.getElementById("card").style.width = `${width}px`;
              return drawCard(card, config);
            }""",
            [card, config, theme, width],
        )
        return Drawn(**found | {"complaints": [*found["complaints"], *self._said]})

    def picture(self) -> bytes:
        """The card shown last, as PNG."""
        return self.page.locator("body").screenshot(animations="disabled")


@contextmanager
def open_renderer(browser: Browser, testdata: Path, *, scale: float = 1) -> Iterator[Renderer]:
    """A renderer in a page of its own, in UTC and English, that reaches nothing outside."""
    context = browser.new_context(
        viewport={"width": 700, "height": 900}, device_scale_factor=scale, timezone_id="UTC", locale="en-US"
    )
    context.route("**/*", lambda route: route.abort())
    yield Renderer(context.new_page(), testdata / "adaptivecards" / "host-configs")
    context.close()
