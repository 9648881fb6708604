"""A bare client of the Web API, on the stand-in filled with the small organisation."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from tests.contracts.crm_world import METADATA, NOW, WORLD, uid
from tests.standins.dataverse import DataverseStandin, entra_id, running_dataverse

EVERYTHING = 'odata.include-annotations="*"'


@dataclass
class Answer:
    """A status with the JSON that came with it."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> str:
        """The error's code, "" for no error."""
        return str(self.body["error"]["code"]) if isinstance(self.body, dict) and "error" in self.body else ""

    @property
    def message(self) -> str:
        """The error's message."""
        return str(self.body["error"]["message"])

    @property
    def value(self) -> list[dict[str, Any]]:
        """The rows of a list."""
        assert self.status == 200, self.body
        found: list[dict[str, Any]] = self.body["value"]
        return found

    def names(self, column: str = "name") -> list[str]:
        """One column of the rows of a list."""
        return [row[column] for row in self.value]


@dataclass
class WebApi:
    """Requests to a stand-in, as the application user or as one of the small organisation."""

    standin: DataverseStandin
    session: ClientSession

    async def __call__(
        self, method: str, path: str, body: object = None, *, who: str = "", prefer: str = "", **headers: str
    ) -> Answer:
        sent = {
            "Authorization": "Bearer t",
            **{name.replace("_", "-"): text for name, text in headers.items()},
        }
        if who:
            sent["CallerObjectId"] = entra_id(uid(who))
        if prefer:
            sent["Prefer"] = prefer
        url = path if path.startswith("http") else f"{self.standin.url}/api/data/v9.2/{path}"
        content = None if body is None else BytesIO(json.dumps(body).encode())
        sent["Content-Type"] = "application/json"
        async with self.session.request(method, url, data=content, headers=sent) as answer:
            is_json = answer.content_type == "application/json"
            read = await answer.json() if is_json else (await answer.text())
            return Answer(answer.status, read, dict(answer.headers))

    async def get(self, path: str, **more: str) -> Answer:
        """Read."""
        return await self("GET", path, **more)

    async def made(self, path: str, body: object, **more: str) -> str:
        """Create a row; its id."""
        answer = await self("POST", path, body, **more)
        assert answer.status == 204, answer.body
        return answer.headers["OData-EntityId"].rpartition("(")[2].rstrip(")")


@asynccontextmanager
async def opened(testdata: Path, **options: Any) -> AsyncIterator[WebApi]:
    """A stand-in with the small organisation, and a client of it."""
    async with (
        running_dataverse(testdata, now=lambda: NOW, **options) as standin,
        ClientSession() as session,
    ):
        standin.fill(WORLD, METADATA)
        yield WebApi(standin, session)
