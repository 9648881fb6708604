"""Request bodies: read in time, in bounds, and only where they are what the route reads."""

import asyncio
from codecs import BOM_UTF8

from aiohttp import web

from addin.limits import LIMITS
from insights.errors import Invalid, TooSlow, Unsupported

MAX_BODY = 1024 * 1024
"""Bytes of a body, unpacked."""
ENCODINGS = {"", "identity", "gzip", "deflate"}
CHARSETS = {"utf-8", "utf8", "us-ascii"}


async def read_body(request: web.Request, seconds: float | None = None) -> bytes:
    """The whole body, unpacked; raises Unsupported, Invalid or TooSlow, and aiohttp's refusal of more."""
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ENCODINGS:
        raise Unsupported(
            "The request body is packed in a way that is not unpacked here",
            do="send it as it is, or with gzip or deflate",
            code="unknown_encoding",
        )
    try:
        async with asyncio.timeout(seconds or request.app[LIMITS].body):
            return await request.read()
    except web.RequestPayloadError:
        raise Invalid(
            "The request body cannot be read",
            "it is not packed as its headers say",
            "send it as it is, or pack it anew",
            code="bad_encoding",
        ) from None
    except TimeoutError:
        raise TooSlow(
            "The request body took too long",
            "it was not complete in time",
            "send it at once",
            code="slow_body",
        ) from None


async def read_json(request: web.Request) -> bytes:
    """The body of a route that reads JSON, b"" for none; raises Unsupported for a body of another type.

    A page of another origin can send a body of a few types without asking first; JSON is none of them.
    """
    raw = (await read_body(request)).removeprefix(BOM_UTF8).strip()
    charset = (request.charset or "utf-8").lower()
    if raw and (request.content_type != "application/json" or charset not in CHARSETS):
        raise Unsupported(
            "The request body is not JSON",
            "its content type is another",
            "send JSON in UTF-8 with Content-Type: application/json",
            code="not_json",
        )
    return raw
