"""The table of every URL: who may come in, which handler answers; rows of a capability come from its file."""

import asyncio
from collections.abc import Sequence
from importlib.metadata import version

from aiohttp import web

from addin import consent, demo, docs, events, files, health, pages
from addin.api import V1, admin, capture, people, preferences, records
from addin.auth import read_authorization
from addin.bodies import read_json
from addin.demo import DemoMailboxes, DemoMessages, DemoOpenMessage, DemoToken, DemoUsers
from addin.health import Health
from addin.http import Route, Visit
from bot.door import BotDoor

BOT = web.AppKey("bot", BotDoor)
VERSION = version("liaison")


async def describe_api(visit: Visit) -> web.Response:
    """The OpenAPI document of this very table."""
    from addin.openapi import describe_api as describe  # costs 0.2 s that only its readers should pay

    server = visit.services.settings.public_url or "/"
    body = await asyncio.to_thread(describe, ROUTES, VERSION, server)
    return web.Response(body=body, content_type="application/json")


async def receive_activity(visit: Visit) -> web.Response:
    """An activity of the Bot Framework; 503 where no bot is set up."""
    bot = await visit.request.app[BOT].take()
    raw = await read_json(visit.request)
    base_url = visit.services.settings.public_url or str(visit.request.url.origin())
    status, body = await bot.receive(raw, read_authorization(visit.request), base_url)
    return web.json_response(body, status=status) if body is not None else web.Response(status=status)


async def receive_notifications(visit: Visit) -> web.Response:
    """What Graph tells of mailboxes; the answer is the same whoever posts whatever."""
    from connectors.graph.notifications import receive

    request, services = visit.request, visit.services
    reply = await receive(services.database, services.now, request.query, await read_json(request))
    return web.Response(status=reply.status, text=reply.text, content_type="text/plain")


ROUTES: tuple[Route, ...] = (
    Route("POST", "/api/messages", receive_activity, "public"),
    Route("POST", "/api/graph/notifications", receive_notifications, "public"),
    Route("POST", "/api/graph/lifecycle", receive_notifications, "public"),
    Route("GET", "/healthz", health.read_health, "public", {200: Health}),
    Route("GET", "/readyz", health.read_readiness, "public", {200: Health}, refusals=(503,)),
    Route("GET", "/metrics", health.read_metrics, "metrics"),
    Route("GET", "/api/openapi.json", describe_api, "public"),
    *people.ROUTES,
    *records.ROUTES,
    *capture.ROUTES,
    Route("GET", f"{V1}/events", events.stream_changes, "user"),
    *preferences.ROUTES,
    *admin.ROUTES,
    Route("GET", "/", pages.show_home, "public"),
    Route("GET", "/consent", consent.show_consent, "public"),
    Route("GET", "/addin/pane", pages.show_pane, "public"),
    Route("GET", "/addin/sign-in", pages.show_sign_in, "public"),
    Route("GET", "/tab", pages.show_tab, "public"),
    Route("GET", "/t/{id}", pages.show_record, "public"),
    Route("GET", "/docs/", docs.show_docs, "public"),
    Route("GET", "/docs/{file:.+}", docs.show_doc, "public"),
    Route("GET", "/static/messages/{language}.json", files.send_texts, "public"),
    Route("GET", "/static/vendor/{file:.+}", files.send_vendor, "public"),
    Route("GET", "/static/{file:.+}", files.send_static, "public"),
)

DEMO_ROUTES: tuple[Route, ...] = (
    Route("GET", "/demo", pages.show_demo, "public"),
    Route("GET", "/demo/api/users", demo.list_users, "public", {200: DemoUsers}),
    Route("POST", "/demo/api/token", demo.make_token, "public", {200: DemoToken}, refusals=(404,)),
    Route("GET", "/demo/api/mailboxes", demo.list_mailboxes, "user", {200: DemoMailboxes}),
    Route("GET", "/demo/api/messages", demo.list_messages, "user", {200: DemoMessages}),
    Route("GET", "/demo/api/messages/{email_id}", demo.read_message, "user", {200: DemoOpenMessage}),
)


def routes(*, is_demo: bool) -> Sequence[Route]:
    """Every URL this server answers."""
    return ROUTES + DEMO_ROUTES if is_demo else ROUTES
