"""`liaison serve`."""

import argparse
import asyncio
import sys
from functools import partial
from ipaddress import ip_address

from cli.command import Command, argument, port
from insights.errors import Invalid
from insights.settings import Settings

PATIENCE = 2.0
"""Seconds after which the start of the demo says that it is busy."""


def new_event_loop() -> asyncio.AbstractEventLoop:
    """An event loop; uvloop's where there is one, for it spares a tenth of the time of every answer."""
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()


async def _serve(arguments: argparse.Namespace, settings: Settings) -> None:
    if arguments.demo and not _is_loopback(arguments.host):
        raise Invalid("demo_not_local", host=arguments.host)
    if settings.microsoft_app_id and not settings.tenant_ids:
        raise Invalid("bad_setting.no_tenant")
    from addin.observe import set_up_logs
    from app import serve

    set_up_logs(settings.log_level, sys.stderr)
    words = "Preparing the demo; the first time takes a moment …"
    say = partial(print, words, file=sys.stderr, flush=True)
    waiting = asyncio.get_running_loop().call_later(PATIENCE, say) if arguments.demo else None

    def greet(address: str, *, is_demo: bool) -> None:
        if waiting:
            waiting.cancel()
        _greet(address, is_demo=is_demo)

    await serve(settings, host=arguments.host, port=arguments.port, is_demo=arguments.demo, greet=greet)


def _greet(address: str, *, is_demo: bool) -> None:
    first = ("/demo", "a mailbox to try it in: choose an email, press Track")
    if not is_demo:
        first = ("/docs/operator.md", "connect Outlook, import CRM rows and mail")
    places = (
        first,
        ("/docs/", "the documentation, for sellers, admins, operators and contributors"),
        ("/api/openapi.json", "everything the HTTP API does"),
    )
    print(f"Liaison is running at {address}/ (Ctrl+C stops it). Open next:")
    for path, what in places:
        print(f"  {address}{path:<20} {what}", flush=True)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


COMMANDS = (
    Command(
        "serve",
        "run the server",
        _serve,
        (
            argument("--demo", "a fictional organisation to try, on loopback only", action="store_true"),
            argument("--host", "address to listen on (default %(default)s)", default="127.0.0.1"),
            argument("--port", "port to listen on (default %(default)s)", type=port, default=3978),
        ),
    ),
)
