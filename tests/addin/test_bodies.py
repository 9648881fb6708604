"""Bodies that are packed, or said to be."""

import asyncio
import gzip
import json
import zlib

import pytest

import app
from addin.http import SERVICES
from connectors.embedded.directory import EmbeddedDirectory
from insights.settings import Settings
from tests.wire import Reply, Wire, listening, read_reply

ASKED = b'{"q": "Ana"}'
BOMB = b'{"q": "' + b" " * 50_000_000 + b'"}'
BROKEN = {"bad_encoding"}


CASES = [
    ("gzip", gzip.compress(ASKED), 200, {""}),
    ("deflate", zlib.compress(ASKED), 200, {""}),
    ("identity", b"\xef\xbb\xbf" + ASKED, 200, {""}),
    ("identity", ASKED, 200, {""}),
    ("deflate", zlib.compress(ASKED, wbits=-15), 200, {""}),
    ("deflate", b"\xff\xfe\xfd\xfc", 400, BROKEN),
    ("gzip", b"\xff\xfe\xfd\xfc", 400, BROKEN),
    *[("gzip", gzip.compress(ASKED)[:-cut], 400, BROKEN) for cut in (1, 5, 8, 9, 12, 25)],
    *[("deflate", zlib.compress(ASKED)[:-cut], 400, BROKEN) for cut in (1, 4, 6)],
    ("gzip", gzip.compress(ASKED) + b"more", 400, BROKEN),
    ("gzip", gzip.compress(ASKED)[:-8] + bytes(8), 400, BROKEN),
    ("br", ASKED, 415, {"unknown_encoding"}),
    ("zstd", ASKED, 415, {"unknown_encoding"}),
    ("gzip", gzip.compress(BOMB), 413, {"too_large"}),
    ("deflate", zlib.compress(BOMB), 413, {"too_large"}),
    ("wonders", ASKED, 415, {"unknown_encoding"}),
    ("gzip, gzip", gzip.compress(gzip.compress(ASKED)), 415, {"unknown_encoding"}),
]


@pytest.mark.parametrize("is_split", [True, False])
async def test_packed_bodies(settings: Settings, is_split: bool) -> None:
    server = app.create_app(settings)
    async with listening(server, settings) as wire:
        directory = server[SERVICES].directory
        assert isinstance(directory, EmbeddedDirectory)
        token = directory.issue_token("ann")
        for encoding, body, status, codes in CASES:
            reply = await post(wire, token, encoding, body, is_split)
            assert reply.status == status, (encoding, body[:9])
            assert json.loads(reply.body).get("code", "") in codes
        assert (await wire.ask("GET", "/healthz")).status == 200


async def post(wire: Wire, token: str, encoding: str, body: bytes, is_split: bool) -> Reply:
    lines = [
        "POST /api/v1/records/lookup HTTP/1.1",
        "Host: localhost",
        "Connection: close",
        f"Authorization: Bearer {token}",
        "Content-Type: application/json",
        f"Content-Encoding: {encoding}",
        f"Content-Length: {len(body)}",
    ]
    head = "\r\n".join([*lines, "", ""]).encode()
    if not is_split:
        return await wire.send(head + body)
    reader, writer = await wire.connect()
    writer.write(head)
    await asyncio.sleep(0.05)
    writer.write(body)
    try:
        return await read_reply(reader)
    finally:
        writer.close()
