"""A plain HTTP client with one token, for tests that look at what is on the wire."""

import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from tests.standins.graph.server import GraphStandin


@dataclass
class Reply:
    """An answer with its body read."""

    status: int
    headers: dict[str, str]
    content: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.content)

    @property
    def error(self) -> tuple[int, str]:
        """(Status, code) of a refusal."""
        return self.status, self.json()["error"]["code"]

    @property
    def value(self) -> list[Any]:
        """The items of a collection."""
        assert self.status == 200, self.content
        return list(self.json()["value"])


@dataclass
class Client:
    """Speaks to a stand-in as whoever the token stands for."""

    session: aiohttp.ClientSession
    url: str
    token: str

    async def call(
        self,
        method: str,
        path: str,
        given: Any = None,
        *,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        data: bytes | None = None,
    ) -> Reply:
        """One request; `path` may be a whole link from an answer."""
        url = URL(path if path.startswith("http") else self.url + path, encoded=True)
        headers = {"Authorization": f"Bearer {self.token}"} | (headers or {})
        async with self.session.request(
            method,
            url.update_query(query or {}),
            json=given,
            data=None if data is None else io.BytesIO(data),
            headers=headers,
        ) as answer:
            return Reply(answer.status, dict(answer.headers), await answer.read())

    async def get(self, path: str, **query: str) -> Reply:
        """GET with query options; `_` in a name's place stands for `$`."""
        return await self.call(
            "GET", path, query={name.replace("_", "$", 1): text for name, text in query.items()}
        )

    async def post(self, path: str, given: Any = None, **headers: str) -> Reply:
        """POST of JSON."""
        return await self.call("POST", path, {} if given is None else given, headers=headers)


@asynccontextmanager
async def client_of(graph: GraphStandin, user: str | None, scopes: str) -> AsyncIterator[Client]:
    """A client with a new token."""
    async with aiohttp.ClientSession() as session:
        yield Client(session, graph.url, graph.issue(user, scopes))
