"""Writes the pictures of docs/cards.md: `python -m tests.cards.pictures`, or `make cards`."""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.cards.renderer import Renderer, Theme, open_renderer
from tests.cards.samples import SAMPLES
from tests.conftest import TESTDATA
from tests.e2e.conftest import CHROMIUM, QUIET

FOLDER = Path(__file__).parents[2] / "docs" / "cards"
WIDTH = 420
NARROW = 320
IN_DARK = ("untracked", "untracked-states", "settings", "notice-error")
AT_NARROW = ("untracked", "help", "settings")


def picture_names() -> dict[str, tuple[str, Theme, int]]:
    """File name → (sample, theme, width in pixels) of every picture."""
    names: dict[str, tuple[str, Theme, int]] = {f"{name}.png": (name, "light", WIDTH) for name in SAMPLES}
    names |= {f"{name}-dark.png": (name, "dark", WIDTH) for name in IN_DARK}
    return names | {f"{name}-narrow.png": (name, "light", NARROW) for name in AT_NARROW}


def write_pictures(renderer: Renderer, folder: Path) -> None:
    """Draw every picture, and leave no other in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    names = picture_names()
    for old in folder.glob("*.png"):
        if old.name not in names:
            old.unlink()
    for name, (sample, theme, width) in names.items():
        renderer.draw(SAMPLES[sample].card, theme, width)
        (folder / name).write_bytes(renderer.picture())


def main() -> None:
    """Write the pictures into the folder given, else into docs/cards/."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        with open_renderer(browser, TESTDATA, scale=1.5) as renderer:
            write_pictures(renderer, folder)
        browser.close()


if __name__ == "__main__":
    main()
