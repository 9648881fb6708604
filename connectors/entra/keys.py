"""Entra's published keys, fetched from where its metadata says."""

import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import aiohttp
import structlog

from insights.outside import read_address, read_all, read_json

log = structlog.get_logger(__name__)
SECONDS = 10
MOST_BYTES, PIECE = 1_048_576, 65_536
"""What metadata or keys may hold; a tenant's take 20 KB."""


def published_by(
    authority: str, tenant_id: str, trust: ssl.SSLContext
) -> Callable[[], Awaitable[Sequence[Mapping[str, Any]] | None]]:
    """A function that fetches the keys now; it gives None where they can't be had.

    A session of its own each time: that is once a day, or when the keys have changed.
    """
    metadata = f"{authority}/{tenant_id}/v2.0/.well-known/openid-configuration"

    async def fetch() -> Sequence[Mapping[str, Any]] | None:
        timeout = aiohttp.ClientTimeout(SECONDS)
        connector = aiohttp.TCPConnector(ssl=trust)
        try:
            async with aiohttp.ClientSession(
                connector=connector, timeout=timeout, trust_env=True, raise_for_status=True
            ) as session:
                address = read_address((await _read(session, metadata))["jwks_uri"])
                if address is None or not address.is_safe:
                    raise ValueError("the keys are said to be elsewhere")
                keys = (await _read(session, str(address)))["keys"]
        except (aiohttp.ClientError, TimeoutError, KeyError, TypeError, ValueError) as error:
            log.warning("Entra's keys could not be fetched", error=type(error).__name__)
            return None
        return [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else None

    return fetch


async def _read(session: aiohttp.ClientSession, address: str) -> Any:
    async with session.get(address, allow_redirects=False) as answer:
        return read_json(await read_all(answer.content.iter_chunked(PIECE), MOST_BYTES))
