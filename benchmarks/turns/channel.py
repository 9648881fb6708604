"""The channel: takes what bots send, counts it, and publishes the keys by which its callers sign."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

from aiohttp import web

from benchmarks.turns.listening import alive, read_port

KEYS = "LIAISON_BENCHMARK_KEYS"
"""Variable that holds the published keys, a JSON Web Key Set."""


def create_app(keys: dict[str, Any]) -> web.Application:
    """The Bot Connector's `POST …/activities`, `/metadata`, `/keys`, and `/counts` of what arrived."""
    counts: Counter[str] = Counter()

    async def take(request: web.Request) -> web.Response:
        activity = await request.json()
        counts["messages"] += 1
        for attachment in activity.get("attachments") or ():
            counts[f"cards of {count_rows(attachment['content'])} rows"] += 1
        return web.json_response({"id": f"{counts['messages']}"}, status=201)

    async def tell_metadata(request: web.Request) -> web.Response:
        return web.json_response({"jwks_uri": str(request.url.with_path("/keys"))})

    async def tell_keys(_: web.Request) -> web.Response:
        return web.json_response(keys)

    async def tell_counts(_: web.Request) -> web.Response:
        return web.json_response(counts)

    app = web.Application(client_max_size=2**24)
    app.router.add_post("/v3/conversations/{conversation}/activities", take)
    app.router.add_post("/v3/conversations/{conversation}/activities/{activity}", take)
    app.router.add_get("/healthz", alive)
    app.router.add_get("/metadata", tell_metadata)
    app.router.add_get("/keys", tell_keys)
    app.router.add_get("/counts", tell_counts)
    return app


def count_rows(card: object) -> int:
    """How many emails a card offers to track."""
    return len(set(_tracked_ids(card)))


def _tracked_ids(element: object) -> Iterator[str]:
    if isinstance(element, dict):
        if element.get("verb") == "track":
            yield element["data"]["id"]
        else:
            yield from _tracked_ids(list(element.values()))
    elif isinstance(element, list):
        for part in element:
            yield from _tracked_ids(part)


if __name__ == "__main__":
    app = create_app(json.loads(os.environ[KEYS]))
    web.run_app(app, host="127.0.0.1", port=read_port(), access_log=None)
