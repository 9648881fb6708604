"""A stand-in for the Bot Connector: chats that keep what a bot sent, with faults on demand.

Paths and bodies are those of Microsoft's ConnectorAPI; an activity that is none of its schema is a 400.
"""

import argparse
import asyncio
import json
import sys
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

CARD = "application/vnd.microsoft.card.adaptive"


@dataclass
class Sent:
    """An activity as it stands in a chat now, and how often it was replaced."""

    id: str
    conversation_id: str
    body: dict[str, Any]
    updates: int = 0

    @property
    def card(self) -> dict[str, Any]:
        """Its Adaptive Card."""
        [attachment] = self.body["attachments"]
        assert attachment["contentType"] == CARD
        card: dict[str, Any] = attachment["content"]
        return card

    @property
    def text(self) -> str:
        """Its plain text."""
        return str(self.body.get("text", ""))


@dataclass
class ConnectorStandin:
    """Chats by id; `faults` are (status, headers) to answer the next requests with."""

    url: str = ""
    chats: dict[str, list[Sent]] = field(default_factory=dict)
    members: dict[str, Mapping[str, str]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    """Members whose own chat cannot be opened: the app is not installed for them."""
    faults: deque[tuple[int, dict[str, str]]] = field(default_factory=deque)
    requests: list[tuple[str, str]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    is_open: asyncio.Event = field(default_factory=asyncio.Event)
    """While it is not set, what is sent waits for its answer, and for being taken."""

    count: int = 0

    def __post_init__(self) -> None:
        self.is_open.set()

    def last(self, conversation_id: str) -> Sent:
        """The newest activity of a chat."""
        return self.chats[conversation_id][-1]

    async def wait_for(self, found: Any, *, seconds: float = 20) -> None:
        """Until `found()` holds."""
        async with asyncio.timeout(seconds):
            while not found():
                self.changed.clear()
                await self.changed.wait()

    def app(self) -> web.Application:
        """The routes of the Connector that bots use."""
        app = web.Application(middlewares=[self._observe])
        base = "/v3/conversations"
        app.router.add_post(base, self._open)
        app.router.add_post(f"{base}/{{chat}}/activities", self._send)
        app.router.add_post(f"{base}/{{chat}}/activities/{{activity}}", self._send)
        app.router.add_put(f"{base}/{{chat}}/activities/{{activity}}", self._update)
        app.router.add_get(f"{base}/{{chat}}/members/{{member}}", self._member)
        return app

    @web.middleware
    async def _observe(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.requests.append((request.method, request.path))
        if self.faults:
            status, headers = self.faults.popleft()
            return web.json_response({"error": {"code": "Throttled"}}, status=status, headers=headers)
        answer: web.StreamResponse = await handler(request)
        self.changed.set()
        return answer

    async def _open(self, request: web.Request) -> web.Response:
        body = await request.json()
        [member] = body["members"]
        if member["id"] in self.refused:
            return web.json_response({"error": {"code": "BotNotInConversationRoster"}}, status=403)
        chat = f"own chat of {member['id']}"
        self.chats.setdefault(chat, [])
        return web.json_response({"id": chat}, status=201)

    async def _send(self, request: web.Request) -> web.Response:
        body, chat = await request.json(), request.match_info["chat"]
        if body.get("type") != "message" or not (body.get("text") or body.get("attachments")):
            return web.json_response({"error": {"code": "BadSyntax"}}, status=400)
        # Whoever sent it may be gone by then.
        sent = await asyncio.shield(asyncio.create_task(self._take(chat, body)))
        return web.json_response({"id": sent.id}, status=201)

    async def _take(self, chat: str, body: dict[str, Any]) -> Sent:
        await self.is_open.wait()
        self.count += 1
        sent = Sent(f"1:{self.count}", chat, body)
        self.chats.setdefault(chat, []).append(sent)
        return sent

    async def _update(self, request: web.Request) -> web.Response:
        body, chat = await request.json(), request.match_info["chat"]
        for sent in self.chats.get(chat, []):
            if sent.id == request.match_info["activity"]:
                sent.body, sent.updates = body, sent.updates + 1
                return web.json_response({"id": sent.id})
        return web.json_response({"error": {"code": "ActivityNotFound"}}, status=404)

    async def _member(self, request: web.Request) -> web.Response:
        member = self.members.get(request.match_info["member"])
        if member is None:
            return web.json_response({"error": {"code": "MemberNotFoundInConversation"}}, status=404)
        return web.json_response(member)


@asynccontextmanager
async def running_connector() -> AsyncIterator[ConnectorStandin]:
    """A stand-in that listens on loopback."""
    connector = ConnectorStandin()
    async with TestServer(connector.app()) as server:
        connector.url = str(server.make_url("/"))
        yield connector


async def _serve(port: int) -> None:
    """Serve until interrupted; what bots send is written to standard output, a line of JSON each."""
    connector = ConnectorStandin()
    async with TestServer(connector.app(), port=port) as server:
        connector.url = str(server.make_url("/"))
        sys.stdout.write(f"{connector.url}\n")
        told: dict[str, int] = {}
        while True:
            for chat, sent in connector.chats.items():
                for each in sent[told.get(chat, 0) :]:
                    sys.stdout.write(json.dumps({"chat": chat, "activity": each.body}) + "\n")
                told[chat] = len(sent)
            sys.stdout.flush()
            connector.changed.clear()
            await connector.changed.wait()


def main() -> None:
    """`python -m tests.standins.connector --port N`."""
    parser = argparse.ArgumentParser(prog="python -m tests.standins.connector", description=__doc__)
    parser.add_argument("--port", type=int, default=4040)
    try:
        asyncio.run(_serve(parser.parse_args().port))
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
