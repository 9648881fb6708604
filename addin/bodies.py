"""Request bodies: read in time, in bounds, and only where they are what the route reads."""

import asyncio
import zlib
from codecs import BOM_UTF8

from aiohttp import web

from addin.limits import LIMITS
from insights.errors import Invalid, TooSlow, Unsupported

MAX_BODY = 1024 * 1024
"""Bytes of a body, unpacked."""
WINDOWS = {"gzip": (31,), "deflate": (15, -15)}
"""What zlib is told of a packing; what calls itself deflate has its header or has not."""
ENCODINGS = {"", "identity", *WINDOWS}
CHARSETS = {"utf-8", "utf8", "us-ascii"}


async def read_body(request: web.Request, seconds: float | None = None) -> bytes:
    """The whole body, unpacked; raises Unsupported, Invalid or TooSlow, and aiohttp's refusal of more."""
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ENCODINGS:
        raise Unsupported("unknown_encoding")
    try:
        async with asyncio.timeout(seconds or request.app[LIMITS].body):
            body = await request.read()
    except web.RequestPayloadError:
        raise _bad_encoding() from None
    except TimeoutError:
        raise TooSlow("slow_body") from None

    is_packed = encoding in WINDOWS and getattr(request.protocol, "leaves_packed", False)
    return unpack(body, encoding) if body and is_packed else body


def unpack(body: bytes, encoding: str) -> bytes:
    """A body that came as gzip or deflate; raises Invalid for one that is not whole, 413 for a large one."""
    for window in WINDOWS[encoding]:
        unpacking = zlib.decompressobj(wbits=window)
        try:
            unpacked = unpacking.decompress(body, MAX_BODY + 1)
        except zlib.error:
            continue
        if len(unpacked) > MAX_BODY:
            raise web.HTTPRequestEntityTooLarge(MAX_BODY, len(unpacked))
        if unpacking.eof and not unpacking.unused_data:
            return unpacked
    raise _bad_encoding()


def _bad_encoding() -> Invalid:
    return Invalid("bad_encoding")


async def read_json(request: web.Request) -> bytes:
    """The body of a route that reads JSON, b"" for none; raises Unsupported for a body of another type.

    A page of another origin can send a body of a few types without asking first; JSON is none of them.
    """
    raw = (await read_body(request)).removeprefix(BOM_UTF8).strip()
    charset = (request.charset or "utf-8").lower()
    if raw and (request.content_type != "application/json" or charset not in CHARSETS):
        raise Unsupported("not_json")
    return raw
