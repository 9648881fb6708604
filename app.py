"""Puts the server together: the table of every URL, the middlewares, start and stop."""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import cast

import structlog
from aiohttp import web

from addin import api, consent, demo, docs, events, health, pages
from addin.auth import read_authorization
from addin.bodies import MAX_BODY, read_json
from addin.demo import (
    SHARED_MAILBOXES,
    TOKEN_MAKER,
    DemoMailboxes,
    DemoMessages,
    DemoOpenMessage,
    DemoToken,
    DemoUsers,
    SharedMailboxes,
    TokenMaker,
)
from addin.events import STOPPING
from addin.headers import dress
from addin.health import Health
from addin.http import SERVICES, Route, Visit, add_routes
from addin.limits import LIMITS, Limits, read_limits
from addin.listening import address_of, bind, listen
from addin.observe import METRICS, Metrics, mark, observe, report_loop_failure
from addin.origins import require_own_origin
from addin.pages import SURROUNDINGS, Surroundings, read_surroundings
from addin.problems import translate_errors
from addin.proxies import believe_proxies, require_loopback_host
from bot import due as chats_due
from bot.door import BotDoor
from connectors.registry import open_stores
from insights import work
from insights.capture import changes, promotion, tracks
from insights.capture.views import Item, OpenEmail, Timeline
from insights.errors import Problem
from insights.services import Services
from insights.settings import Settings
from insights.views import (
    AuditPage,
    ChoicesView,
    FeaturesView,
    Grants,
    Me,
    Preferences,
    RecordDetail,
    RecordItem,
    RecordPage,
    RequirementList,
    SignInCode,
    Terms,
)
from insights.work import Due

log = structlog.get_logger(__name__)
VERSION = version("liaison")
V1 = "/api/v1"
RECORD, EMAIL = f"{V1}/records/{{table}}/{{id}}", f"{V1}/emails/{{email_id}}"
CAPTURE = "auto_capture"
BOT = web.AppKey("bot", BotDoor)
WARM_UPS = web.AppKey("warm_ups", Sequence[Callable[[], Awaitable[None]]])
DUE = work.DUE + chats_due.DUE
GARBAGE = 10_000
"""New objects after which the collector looks: a request makes thousands, nearly all gone by themselves."""
GRACE = 20.0
"""Seconds that requests in flight may take to end when the server stops."""


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
    Route("GET", f"{V1}/me", api.read_me, "user", {200: Me}),
    Route("POST", f"{V1}/sign-in-codes", api.make_sign_in_code, "user", {201: SignInCode}),
    Route("GET", f"{V1}/records", api.find_records, "user", {200: RecordPage}),
    Route("POST", f"{V1}/records", api.create_person, "user", {201: RecordItem}, refusals=(403, 404, 409)),
    Route("POST", f"{V1}/records/lookup", api.look_up_records, "user", {200: RecordPage}),
    Route("GET", RECORD, api.read_record, "user", {200: RecordDetail}),
    Route("GET", f"{RECORD}/activities", api.read_timeline, "user", {200: Timeline}),
    Route("GET", f"{V1}/emails", api.open_email, "user", {200: OpenEmail}, CAPTURE, (404,)),
    Route("POST", f"{V1}/emails/lookup", api.look_up_email, "user", {200: OpenEmail}, CAPTURE, (404,)),
    Route("GET", f"{V1}/emails/failures", api.list_failures, "user", {200: Timeline}, CAPTURE),
    Route("POST", f"{EMAIL}/track", api.track, "user", {200: Item, 202: Item}, CAPTURE, (409,)),
    Route("POST", f"{EMAIL}/untrack", api.untrack, "user", {200: Item}, CAPTURE, (409,)),
    Route("POST", f"{EMAIL}/retry", api.retry, "user", {200: Item}, CAPTURE, (409,)),
    Route("PUT", f"{EMAIL}/regarding", api.set_regarding, "user", {200: Item}, CAPTURE, (409,)),
    Route("POST", f"{EMAIL}/links", api.link_record, "user", {200: Item}, CAPTURE, (409,)),
    Route("GET", f"{V1}/events", events.stream_changes, "user"),
    Route("GET", f"{V1}/preferences", api.read_preferences, "user", {200: Preferences}),
    Route("PUT", f"{V1}/preferences", api.change_preferences, "user", {200: Preferences}, refusals=(403,)),
    Route("GET", f"{V1}/admin/features", api.read_features, "admin", {200: FeaturesView}),
    Route("PUT", f"{V1}/admin/features", api.change_features, "admin", {200: FeaturesView}, refusals=(409,)),
    Route("GET", f"{V1}/admin/choices", api.read_choices, "admin", {200: ChoicesView}),
    Route("PUT", f"{V1}/admin/choices", api.change_choices, "admin", {200: ChoicesView}),
    Route("GET", f"{V1}/admin/terms", api.read_terms, "admin", {200: Terms}),
    Route("GET", f"{V1}/admin/audit", api.read_audit, "admin", {200: AuditPage}),
    Route("GET", f"{V1}/admin/requirements", api.read_requirements, "admin", {200: RequirementList}),
    Route("GET", f"{V1}/admin/grants", api.read_grants, "admin", {200: Grants}),
    Route("GET", "/", pages.show_home, "public"),
    Route("GET", "/consent", consent.show_consent, "public"),
    Route("GET", "/addin/pane", pages.show_pane, "public"),
    Route("GET", "/addin/sign-in", pages.show_sign_in, "public"),
    Route("GET", "/tab", pages.show_tab, "public"),
    Route("GET", "/t/{id}", pages.show_record, "public"),
    Route("GET", "/docs/", docs.show_docs, "public"),
    Route("GET", "/docs/{file:.+}", docs.show_doc, "public"),
    Route("GET", "/static/messages/{language}.json", pages.send_texts, "public"),
    Route("GET", "/static/vendor/{file:.+}", pages.send_vendor, "public"),
    Route("GET", "/static/{file:.+}", pages.send_static, "public"),
)

DEMO_ROUTES: tuple[Route, ...] = (
    Route("GET", "/demo", pages.show_demo, "public"),
    Route("GET", "/demo/api/users", demo.list_users, "public", {200: DemoUsers}),
    Route("POST", "/demo/api/token", demo.make_token, "public", {200: DemoToken}, refusals=(404,)),
    Route("GET", "/demo/api/mailboxes", demo.list_mailboxes, "user", {200: DemoMailboxes}),
    Route("GET", "/demo/api/messages", demo.list_messages, "user", {200: DemoMessages}),
    Route("GET", "/demo/api/messages/{email_id}", demo.read_message, "user", {200: DemoOpenMessage}),
)

# In the demo the page around the pane plays the mail client, a stand-in plays Teams; both hand out tokens.
DEMO_SURROUNDINGS = Surroundings(
    office="/static/demo/office.js", teams="/static/demo/teams.js", can_sign_in=True, has_demo=True
)


def utc_now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)


def routes(*, is_demo: bool) -> Sequence[Route]:
    """Every URL this server answers."""
    return ROUTES + DEMO_ROUTES if is_demo else ROUTES


def create_app(
    settings: Settings,
    *,
    is_demo: bool = False,
    now: Callable[[], datetime] = utc_now,
    bot: BotDoor | None = None,
    limits: Limits | None = None,
) -> web.Application:
    """The server; databases are opened when it starts and closed when it stops.

    `bot` leads to another bot than the one that the settings describe, `limits` are others than theirs.
    """
    middlewares = [observe, translate_errors, believe_proxies(settings.trusted_proxies)]
    if is_demo:
        middlewares.append(require_loopback_host)
    middlewares.append(require_own_origin(settings.public_url))
    app = web.Application(middlewares=middlewares, client_max_size=MAX_BODY)
    app[METRICS] = Metrics()
    app[LIMITS] = limits or read_limits(settings)
    app[STOPPING] = asyncio.Event()
    app_id = settings.microsoft_app_id
    app[BOT] = bot or BotDoor(is_local=is_demo and not app_id, app_id=app_id, open_session=_open_session)
    app[SURROUNDINGS] = DEMO_SURROUNDINGS if is_demo else read_surroundings(settings)
    add_routes(app, tuple(routes(is_demo=is_demo)))
    app.cleanup_ctx.append(_running(settings, now, is_demo=is_demo))
    app.on_response_prepare.extend((mark, dress(settings.public_url)))
    app.on_shutdown.append(_end_streams)
    return app


def _open_session() -> object:
    from connectors.sessions import CarefulSession  # costs 0.2 s that only its users should pay

    return CarefulSession()


def _running(
    settings: Settings, now: Callable[[], datetime], *, is_demo: bool
) -> Callable[[web.Application], AsyncIterator[None]]:
    async def run(app: web.Application) -> AsyncIterator[None]:
        """Connectors and workers, from the start of the application to its end."""
        async with open_stores(settings, now) as (services, stores), AsyncExitStack() as stack:
            app[SERVICES], app[WARM_UPS] = services, stores.warm_ups
            if is_demo:
                from connectors.embedded.demo import seed

                await seed(services)
                app[TOKEN_MAKER] = cast(TokenMaker, services.directory)
                app[SHARED_MAILBOXES] = cast(SharedMailboxes, services.mail)
            services.news.let_overhear(tracks.NEWS, partial(changes.overhear, services))
            services.workflows.register(promotion.workflow(lambda: services))
            services.workflows.start()
            worker = asyncio.create_task(_work(services, app[BOT], stack, stores.due))
            try:
                yield
            finally:
                worker.cancel()
                await asyncio.gather(worker, return_exceptions=True)
                await services.workflows.stop()

    return run


async def _work(services: Services, bot: BotDoor, stack: AsyncExitStack, more_due: Sequence[Due]) -> None:
    """What a server does by itself, once jobs run."""
    await services.workflows.wait_ready()
    await bot.open(services, stack)
    # What the start has built stays: left to the collector, its rounds would stop requests for 50 ms.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE)
    await work.keep_running(services, (*DUE, *more_due))


async def _end_streams(app: web.Application) -> None:
    """Requests that never end by themselves end now; the others are waited for."""
    app[STOPPING].set()


async def serve(
    settings: Settings,
    *,
    host: str,
    port: int,
    is_demo: bool,
    greet: Callable[..., None],
    bot: BotDoor | None = None,
) -> None:
    """Answer requests until SIGINT or SIGTERM; those in flight are finished. `greet` is told the address."""
    stop = _stop_on_signals()
    asyncio.get_running_loop().set_exception_handler(report_loop_failure)
    with bind(host, port) as listener:
        app = create_app(settings, is_demo=is_demo, bot=bot)
        runner = web.AppRunner(app, shutdown_timeout=GRACE)
        try:
            await runner.setup()
            connections = await listen(app, runner, listener, settings)
            greet(address_of(listener), is_demo=is_demo)
            warming = asyncio.create_task(warm_up(app[WARM_UPS]))
            await stop.wait()
            connections.close()
            warming.cancel()
            with suppress(asyncio.CancelledError):
                await warming
        finally:
            await runner.cleanup()


async def warm_up(warm_ups: Sequence[Callable[[], Awaitable[None]]]) -> None:
    """Do once what somebody would wait for later; what fails is done when it is needed."""
    for warm in warm_ups:
        try:
            await warm()
        except Problem as problem:
            log.warning("a server was not warmed", code=problem.code)


def _stop_on_signals() -> asyncio.Event:
    """An event that the first SIGINT or SIGTERM sets."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    return stop
