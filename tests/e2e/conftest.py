"""A real server with the demo's data, a real browser, and the demo's people as API clients.

Playwright's synchronous API keeps an event loop running, which other packages' async tests can't
stand: everything here lives and dies with this package.
"""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from email.message import EmailMessage
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, Request, Route, sync_playwright

from tests.e2e.mailbox import Person, read_people
from tests.e2e.playground import Playgrounds
from tests.ports import free_port

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 60
Deliver = Callable[..., None]
HoldCrm = Callable[[], AbstractContextManager[None]]
LIAISON = str(Path(sys.executable).parent / "liaison")


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the server ended: {log.read_text()[-2000:]}"
        try:
            with urlopen(f"{url}/readyz", timeout=2):
                return
        except (URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError(f"the server was not ready within {START_SECONDS} s")


def _serve(data: Path, *options: str) -> Iterator[str]:
    """The address of a server of its own; it must stop by itself when told to."""
    yield from run_server([LIAISON, "serve", *options], data, free_port())


def run_server(command: list[str], data: Path, port: int, **environment: str) -> Iterator[str]:
    """The same, started by a command with more of an environment."""
    url = f"http://127.0.0.1:{port}"
    log = data / "server.log"
    words = [*command, "--port", str(port), "--data", str(data)]
    with log.open("wb") as output:
        process = subprocess.Popen(words, stdout=output, stderr=output, env=os.environ | environment)
        try:
            _wait_until_ready(process, url, log)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=30)


@pytest.fixture(scope="package")
def demo_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo server's data directory."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="package")
def demo_url(demo_data: Path) -> Iterator[str]:
    """A server with the demo's organisation."""
    yield from _serve(demo_data, "--demo")


@pytest.fixture
def hold_crm(demo_data: Path) -> HoldCrm:
    """While it is held nobody writes into the CRM: what is being tracked stays pending, on any machine."""

    @contextmanager
    def hold() -> Iterator[None]:
        with closing(sqlite3.connect(demo_data / "crm.sqlite", isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")

    return hold


@pytest.fixture
def deliver(demo_url: str, demo_data: Path, tmp_path: Path) -> Deliver:
    """Puts a message into the mailboxes of demo people while their server runs."""

    def put(message: EmailMessage, *mailboxes: str) -> None:
        (tmp_path / "letters").mkdir(exist_ok=True)
        (tmp_path / "letters/letter.eml").write_bytes(bytes(message))
        for mailbox in mailboxes:
            command = [LIAISON, "import", "mail", str(tmp_path / "letters"), "--mailbox", mailbox]
            environment = os.environ | {"LIAISON_DATA_DIR": str(demo_data)}
            subprocess.run(command, env=environment, check=True, timeout=60, capture_output=True)

    return put


@pytest.fixture(scope="package")
def plain_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server as it starts with nothing set."""
    yield from _serve(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Playwright, for as long as this package's tests run."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Debian's Chromium."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
    yield browser
    browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh browser profile with room for list, mail and pane; it must not leave this machine."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    strangers: list[str] = []

    def refuse(route: Route, request: Request) -> None:
        strangers.append(request.url)
        route.abort()

    context.route(lambda url: not url.startswith(("http://127.0.0.1:", "data:", "blob:")), refuse)
    yield context
    # The pane looks again at any time, also while a test ends.
    for page in context.pages:
        page.unroute_all(behavior="ignoreErrors")
    context.unroute_all(behavior="ignoreErrors")
    context.close()
    assert strangers == []


@pytest.fixture
def teams_context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh browser profile; the Playground asks a CDN for its fonts and does without them."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.route(
        lambda url: not re.match(r"(http://localhost:|data:|blob:)", url), lambda route: route.abort()
    )
    yield context
    context.close()


@pytest.fixture(scope="package")
def people(playwright: Playwright, demo_url: str) -> Iterator[dict[str, Person]]:
    """The demo's people by first name, each signed in to the HTTP API."""
    clients = read_people(playwright, demo_url)
    yield {person.name.split()[0]: person for person in clients}
    for person in clients:
        person.close()


@pytest.fixture
def alex(people: dict[str, Person]) -> Person:
    """A seller."""
    return people["Alex"]


@pytest.fixture
def adele(people: dict[str, Person]) -> Person:
    """A colleague, who holds copies of some of Alex's mails."""
    return people["Adele"]


@pytest.fixture(scope="package")
def playground_of(
    demo_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Person], str]]:
    """The address of somebody's Agents Playground, started when first asked for."""
    with ExitStack() as stack:
        playgrounds = Playgrounds(f"{demo_url}/api/messages", tmp_path_factory.mktemp("playground"), stack)
        yield lambda person: playgrounds.url_of(person.email, free_port())
