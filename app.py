"""Puts the server together: the middlewares around the table of URLs, start and stop."""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from functools import partial
from typing import cast

import structlog
from aiohttp import web

from addin.bodies import MAX_BODY
from addin.demo import SHARED_MAILBOXES, TOKEN_MAKER, SharedMailboxes, TokenMaker
from addin.events import STOPPING
from addin.headers import dress
from addin.http import SERVICES, add_routes
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
from insights.capture import changes, tracks
from insights.errors import Problem
from insights.services import Services
from insights.settings import Settings
from insights.work import Due
from urls import BOT, routes

log = structlog.get_logger(__name__)
WARM_UPS = web.AppKey("warm_ups", Sequence[Callable[[], Awaitable[None]]])
DUE = work.DUE + chats_due.DUE
OVERHEARD = {tracks.NEWS: changes.overhear}
"""Of which news others hear, too, than who is told: kind → who of those who listen."""
LOOKS = ((changes.MAILBOX_EVERY_SECONDS, changes.MailboxLook),)
"""What is looked after for all who listen, and how often."""
GARBAGE = 10_000
"""New objects after which the collector looks: a request makes thousands, nearly all gone by themselves."""
GRACE = 20.0
"""Seconds that requests in flight may take to end when the server stops."""

# In the demo the page around the pane plays the mail client, a stand-in plays Teams; both hand out tokens.
DEMO_SURROUNDINGS = Surroundings(
    office="/static/demo/office.js", teams="/static/demo/teams.js", can_sign_in=True, has_demo=True
)


def utc_now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)


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
            for kind, overhear in OVERHEARD.items():
                services.news.let_overhear(kind, partial(overhear, services))
            for seconds, look in LOOKS:
                services.news.let_look(seconds, look(services))
            async with work.running(services):
                worker = asyncio.create_task(_work(services, app[BOT], stack, stores.due))
                try:
                    yield
                finally:
                    worker.cancel()
                    await asyncio.gather(worker, return_exceptions=True)

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
