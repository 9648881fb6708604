"""A server as it really listens, and HTTP by hand: what no client library would send."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from multidict import CIMultiDict

from addin.listening import bind, listen
from insights.settings import Settings

PATIENCE = 20
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Reply:
    """What came back until the server closed, or hung up without a word: status 0."""

    status: int
    headers: CIMultiDict[str]
    body: bytes


class Wire:
    """Connections to a server that listens on a port of its own."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def connect(self) -> Connection:
        """A connection on which nothing was sent yet."""
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def send(self, *chunks: bytes) -> Reply:
        """Send bytes on a connection of their own; the answer."""
        reader, writer = await self.connect()
        try:
            writer.writelines(chunks)
            return await read_reply(reader)
        finally:
            writer.close()

    async def ask(
        self, method: str, path: str, *headers: str, body: bytes = b"", host: str = "localhost"
    ) -> Reply:
        """A request with these header lines."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close", *headers]
        if body and not any(line.lower().startswith("content-length") for line in headers):
            lines.append(f"Content-Length: {len(body)}")
        return await self.send("\r\n".join([*lines, "", ""]).encode("latin-1"), body)


async def read_reply(reader: asyncio.StreamReader) -> Reply:
    """An answer up to its end, which is that of the connection."""
    raw = bytearray()
    async with asyncio.timeout(PATIENCE):
        try:
            while chunk := await reader.read(65536):
                raw += chunk
        except ConnectionError:  # it was cut off, perhaps behind a whole answer
            pass
    _, _, final = bytes(raw).rpartition(CONTINUE)
    head, _, body = final.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = CIMultiDict((name, value.strip()) for name, _, value in (line.partition(":") for line in lines))
    return Reply(int(first.split()[1]) if first else 0, headers, body)


@asynccontextmanager
async def listening(app: web.Application, settings: Settings) -> AsyncIterator[Wire]:
    """The application behind the protocol that it has in production."""
    runner = web.AppRunner(app, shutdown_timeout=1)
    with bind("127.0.0.1", 0) as listener:
        await runner.setup()
        try:
            server = await listen(app, runner, listener, settings)
            yield Wire(listener.getsockname()[1])
            server.close()
        finally:
            await runner.cleanup()
