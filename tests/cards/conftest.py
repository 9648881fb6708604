"""A browser for this package alone: Playwright's synchronous API disturbs other packages' async tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.cards.renderer import Renderer, open_renderer
from tests.e2e.conftest import CHROMIUM, QUIET


@pytest.fixture(scope="package")
def renderer(testdata: Path) -> Iterator[Renderer]:
    """Draws cards in Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        with open_renderer(browser, testdata) as renderer:
            yield renderer
        browser.close()
