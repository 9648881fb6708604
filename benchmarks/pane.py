"""First useful paint of the pane on the demo, by the page's own mark, in a real browser."""

import asyncio
import os
import shutil
import tempfile
from pathlib import Path

from playwright.async_api import Frame, async_playwright

from benchmarks.measure import Figure, percentile
from benchmarks.server import running, wait_for

TIMES = 15
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


async def _useful_at(frame: Frame) -> float:
    """The mark's milliseconds; the page's security policy lets no function wait for it in there."""
    async with asyncio.timeout(30):
        while True:
            marked = await frame.evaluate("performance.getEntriesByName('liaison:useful')[0]?.startTime")
            if marked is not None:
                return float(marked)
            await asyncio.sleep(0.05)


async def measure() -> list[Figure]:
    """Milliseconds from navigation to the mark, every time with an empty cache."""
    with tempfile.TemporaryDirectory(prefix="liaison-bench") as folder:
        async with running(Path(folder), "--demo") as server, async_playwright() as playwright:
            await wait_for(f"{server.url}/readyz")
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            taken = []
            for _ in range(TIMES):
                context = await browser.new_context()
                page = await context.new_page()
                await page.goto(f"{server.url}/demo")
                handle = await page.wait_for_selector("iframe[src*='/addin/pane']")
                frame = await handle.content_frame() if handle else None
                if frame is None:
                    raise RuntimeError("the demo shows no pane")
                taken.append(await _useful_at(frame))
                await context.close()
            await browser.close()
    return [Figure("pane, first useful paint p50", percentile(taken, 0.5), "ms", 1000)]
