"""Those who write to a bot: so many turns, eight in flight; prints the seconds of all and of each as JSON."""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import aiohttp

IN_FLIGHT = 8
TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
TOKEN = "LIAISON_BENCHMARK_TOKEN"
"""Variable that holds the bearer token."""


def object_id(seller: int) -> str:
    """The Entra object id of a seller."""
    return f"00000000-0000-4000-8000-{seller:012}"


async def call(url: str, channel: str, turns: int, token: str) -> dict[str, Any]:
    """`turns` messages; each of the eight sellers writes the next one when the last was answered."""
    left = iter(range(turns))
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with aiohttp.ClientSession(headers=headers) as session:
        start = time.perf_counter()
        sellers = (_write(session, url, channel, seller, left) for seller in range(IN_FLIGHT))
        taken = await asyncio.gather(*sellers)
        return {"seconds": time.perf_counter() - start, "taken": [each for some in taken for each in some]}


async def _write(
    session: aiohttp.ClientSession, url: str, channel: str, seller: int, left: Iterator[int]
) -> list[float]:
    taken = []
    for _ in left:
        start = time.perf_counter()
        async with session.post(f"{url}/api/messages", json=_message(channel, seller)) as answer:
            await answer.read()
            if answer.status not in {200, 201, 202}:
                raise RuntimeError(f"the bot answered {answer.status}: {await answer.text()}")
        taken.append(time.perf_counter() - start)
    return taken


def _message(channel: str, seller: int) -> dict[str, Any]:
    """What Teams sends when a seller writes `untracked` in the own chat with the bot."""
    tenant = {"id": TENANT}
    return {
        "type": "message",
        "id": str(uuid4()),
        "timestamp": "2026-11-20T09:30:00.123Z",
        "serviceUrl": channel,
        "channelId": "msteams",
        "from": {"id": f"29:seller-{seller}", "name": f"Seller {seller}", "aadObjectId": object_id(seller)},
        "conversation": {"conversationType": "personal", "tenantId": tenant["id"], "id": f"a:chat-{seller}"},
        "recipient": {"id": "28:bot", "name": "Liaison"},
        "text": "untracked",
        "textFormat": "plain",
        "locale": "en-US",
        "entities": [{"locale": "en-US", "country": "US", "platform": "Web", "type": "clientInfo"}],
        "channelData": {"tenant": tenant},
    }


def main() -> None:
    """Call and print."""
    parser = argparse.ArgumentParser()
    for name in ("url", "channel"):
        parser.add_argument(name)
    parser.add_argument("turns", type=int)
    given = parser.parse_args()
    result = asyncio.run(call(given.url, given.channel, given.turns, os.environ.get(TOKEN, "")))
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
