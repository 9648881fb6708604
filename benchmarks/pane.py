"""First useful paint of the pane on the demo, by the page's own mark, in a real browser."""

import os
import shutil
import tempfile
from pathlib import Path

from playwright.async_api import async_playwright

from benchmarks.measure import Figure, percentile
from benchmarks.server import running, wait_for

TIMES = 15
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


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
                mark = "performance.getEntriesByName('liaison:useful')[0]"
                await frame.wait_for_function(mark)
                taken.append(float(await frame.evaluate(f"{mark}.startTime")))
                await context.close()
            await browser.close()
    return [Figure("pane, first useful paint p50", percentile(taken, 0.5), "ms", 1000)]
