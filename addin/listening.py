"""The port: taken before anything starts, opened when all is ready, each connection within its limits."""

import asyncio
import os
import socket
from ipaddress import ip_address

from aiohttp import web

from addin.connections import Connections
from addin.headers import common_headers
from addin.limits import LIMITS
from addin.observe import METRICS
from addin.protocol import Protocol
from insights.errors import Unavailable
from insights.settings import Settings


def bind(host: str, port: int) -> socket.socket:
    """A socket that holds the port but does not listen yet: nobody is refused halfway through a start."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise _port_problem(host, port, error) from None
    try:
        if os.name == "posix":  # on Windows the option would let two servers share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise _port_problem(host, port, error) from None
    return listener


async def listen(
    app: web.Application, runner: web.AppRunner, listener: socket.socket, settings: Settings
) -> asyncio.Server:
    """Let callers in, each connection within the application's limits."""
    loop, manager = asyncio.get_running_loop(), runner.server
    if manager is None:
        raise RuntimeError("the runner is not set up")
    connections = Connections(app[LIMITS], settings.trusted_proxies, app[METRICS])
    headers = common_headers(is_https=settings.public_url.startswith("https://"))
    return await loop.create_server(
        lambda: Protocol(manager, loop=loop, connections=connections, headers=headers),
        sock=listener,
        backlog=1024,
    )


def _port_problem(host: str, port: int, error: OSError) -> Unavailable:
    return Unavailable(
        "no_port", host=host, port=port, cause=(error.strerror or type(error).__name__).lower()
    )


def address_of(listener: socket.socket) -> str:
    """Where a browser on this machine finds it; "all interfaces" is no address that could be opened."""
    host, port = listener.getsockname()[:2]
    if ip_address(host).is_unspecified:
        host = "::1" if ":" in host else "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
