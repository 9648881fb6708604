"""A real installation: the `liaison` command, a server process, a data directory, HTTP."""

import asyncio
import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from email.message import EmailMessage
from email.utils import format_datetime
from io import StringIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

import cli
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("liaison")

OBJECT_IDS = {
    name: f"0b1ec7a0-0000-4000-8000-00000000000{number}" for number, name in enumerate(("ann", "bob", "root"))
}
USERS = [
    {
        "systemuserid": name,
        "fullname": full_name,
        "internalemailaddress": f"{name}@ours.example",
        "azureactivedirectoryobjectid": OBJECT_IDS[name],
    }
    for name, full_name in (("ann", "Ann Beebe"), ("bob", "Bob Kahn"), ("root", "Rut Olsen"))
]
ROLES = [
    {"roleid": "sales", "name": "Salesperson"},
    {"roleid": "admin", "name": "System Administrator"},
]
USER_ROLES = [
    {"systemuserid": "ann", "roleid": "sales"},
    {"systemuserid": "bob", "roleid": "sales"},
    {"systemuserid": "root", "roleid": "admin"},
]
COMPANY: dict[str, list[dict[str, str]]] = {
    "systemusers": USERS,
    "roles": ROLES,
    "systemuserroles": USER_ROLES,
    "accounts": [{"accountid": "fabrikam", "name": "Fabrikam", "primarycontactid": "ana"}],
    "contacts": [
        {
            "contactid": "ana",
            "fullname": "Ana Silva",
            "firstname": "Ana",
            "lastname": "Silva",
            "emailaddress1": "ana@fabrikam.example",
            "parentcustomerid": "fabrikam",
            "parentcustomeridtype": "account",
        }
    ],
}


class Liaison:
    """One installation in a folder; `async with` runs its server."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.data = folder / "var"
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "server.log"
        self.environment = os.environ | {"LIAISON_DATA_DIR": str(self.data)} | environment
        self._process: asyncio.subprocess.Process | None = None
        self._session: aiohttp.ClientSession | None = None
        self._tokens: dict[str, str] = {}

    def command(self, *words: str, code: int = 0) -> str:
        """Run `liaison …` in a process of its own to its end; its output, both streams."""
        done = subprocess.run(
            [COMMAND, *words],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=170,
            check=False,
        )
        output = done.stdout + done.stderr
        assert done.returncode == code, output
        assert "Traceback" not in output, output
        return output

    def _command_here(self, *words: str) -> str:
        """Run `liaison …` in a thread of this process, which spares a second of start-up; its output."""
        output = StringIO()
        with ThreadPoolExecutor(1) as thread, redirect_stdout(output):
            code = thread.submit(cli.main, [*words, "--data", str(self.data)]).result()
        assert code == 0, output.getvalue()
        return output.getvalue()

    def import_crm(self, tables: Mapping[str, Iterable[Mapping[str, str]]]) -> None:
        """Write CSV files and import them."""
        folder = self.folder / "crm"
        folder.mkdir(exist_ok=True)
        for name, given in tables.items():
            rows = list(given)
            columns = list(dict.fromkeys(column for row in rows for column in row))
            with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, columns)
                writer.writeheader()
                writer.writerows(rows)
        self._command_here("import", "crm", str(folder))

    def import_mail(self, mailbox: str, messages: Iterable[EmailMessage]) -> None:
        """Write .eml files and import them."""
        folder = self.folder / "mail" / mailbox
        folder.mkdir(parents=True, exist_ok=True)
        for number, message in enumerate(messages, start=len(list(folder.iterdir()))):
            (folder / f"{number}.eml").write_bytes(message.as_bytes())
        self._command_here("import", "mail", str(folder), "--mailbox", mailbox)

    async def start(self, *options: str) -> None:
        """Start the server and wait until it is ready."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(str(COMMAND), "serve", "--port", str(self.port), "--data", str(self.data), *options),
                env=self.environment,
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        self._session = self._session or aiohttp.ClientSession(self.url)
        async with asyncio.timeout(60):
            while not await self._is_ready():
                assert self._process.returncode is None, self.log.read_text()
                await asyncio.sleep(0.05)

    async def _is_ready(self) -> bool:
        assert self._session
        try:
            async with self._session.get("/readyz") as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False

    async def kill(self) -> None:
        """`kill -9`."""
        assert self._process
        self._process.kill()
        await self._process.wait()
        self._process = None

    async def stop(self) -> None:
        """Stop the server as a service manager would."""
        if self._process:
            self._process.terminate()
            async with asyncio.timeout(30):
                await self._process.wait()
            self._process = None
        if self._session:
            await self._session.close()
            self._session = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def token(self, user: str) -> str:
        """A bearer token for a user id or address."""
        if user not in self._tokens:
            self._tokens[user] = self._command_here("token", user).strip()
        return self._tokens[user]

    async def call(
        self, user: str, method: str, path: str, body: object = None, *, status: int = 200, **query: str
    ) -> Any:
        """A request of a user: the JSON answered, after checking its status."""
        assert self._session
        headers = {"Authorization": f"Bearer {self.token(user)}"}
        async with self._session.request(method, path, json=body, params=query, headers=headers) as response:
            text = await response.text()
            assert response.status == status, f"{method} {path}: {response.status} {text}"
            return json.loads(text)

    async def get(self, user: str, path: str, *, status: int = 200, **query: str) -> Any:
        """A GET of a user."""
        return await self.call(user, "GET", path, status=status, **query)

    async def post(self, user: str, path: str, body: object = None, *, status: int = 200) -> Any:
        """A POST of a user."""
        return await self.call(user, "POST", path, body or {}, status=status)

    async def turn_on(self, *features: str) -> None:
        """Accept the terms and turn features on, as the administrator."""
        body = {"accept_terms": True, "features": dict.fromkeys(features, "on")}
        await self.call("root", "PUT", "/api/v1/admin/features", body)

    async def timeline(self, user: str, table: str, record_id: str, **query: str) -> list[dict[str, Any]]:
        """All items of a record's timeline, page by page."""
        items: list[dict[str, Any]] = []
        while True:
            path = f"/api/v1/records/{table}/{record_id}/activities"
            page = await self.call(user, "GET", path, status=200, **query)
            items += page["items"]
            if page["next"] is None:
                return items
            query["cursor"] = page["next"]

    async def wait_for_state(
        self, user: str, message_ids: Sequence[str], state: str, *, seconds: float = 60
    ) -> list[dict[str, Any]]:
        """The items of these messages once all are in the state."""
        items: list[dict[str, Any]] = []
        try:
            async with asyncio.timeout(seconds):
                while True:
                    items = [
                        (await self.get(user, "/api/v1/emails", internet_message_id=message_id))["item"]
                        for message_id in message_ids
                    ]
                    if all(item["state"] == state for item in items):
                        return items
                    await asyncio.sleep(0.05)
        except TimeoutError:
            states = [(item["state"], item["failure"]) for item in items]
            raise AssertionError(f"not {state}: {states}\n{self.log.read_text()[-3000:]}") from None


def letter(
    number: int | str,
    *,
    sender: str = "Ana Silva <ana@fabrikam.example>",
    to: str = "ann@ours.example",
    subject: str = "",
    text: str = "Hello Ann,\n\nsee you soon.\n",
    at: Any = None,
    **headers: str,
) -> EmailMessage:
    """A message as a customer would send it; `<number@mail.example>` is its Message-ID."""
    from datetime import UTC, datetime

    message = EmailMessage()
    message["Message-ID"] = f"<{number}@mail.example>"
    message["From"], message["To"] = sender, to
    message["Subject"] = subject or f"Delivery {number}"
    message["Date"] = format_datetime(at or datetime.now(UTC))
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message
