"""Whom we believe about where a request comes from and which host it was sent to."""

from ipaddress import ip_address

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from multidict import CIMultiDict

from addin.problems import describe, respond
from insights.settings import Network

FORWARDED = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host")


def believe_proxies(networks: tuple[Network, ...]) -> Middleware:
    """Take address, scheme and host from `X-Forwarded-*`, but only from these networks."""

    @web.middleware
    async def unwrap(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not _is_in(request.remote, networks):
            return await handler(request)
        headers = CIMultiDict(request.headers)
        for name in FORWARDED:
            headers.popall(name, None)
        host = _last(request, "X-Forwarded-Host") or request.host
        headers["Host"] = host
        scheme = _last(request, "X-Forwarded-Proto")
        return await handler(
            request.clone(
                headers=headers,
                remote=_client(request, networks),
                scheme=scheme if scheme in {"http", "https"} else request.scheme,
                host=host,
            )
        )

    return unwrap


@web.middleware
async def require_loopback_host(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse other Host headers: a page elsewhere that renames itself to 127.0.0.1 gets nothing."""
    if _is_loopback(request.host):
        return await handler(request)
    detail = "The demo answers on this machine only · the Host header names another · open http://localhost"
    return respond(request, describe(421, "wrong_host", "Wrong host", detail))


def _client(request: web.Request, networks: tuple[Network, ...]) -> str:
    """The last address in the chain that is no trusted proxy itself."""
    hops = [
        hop.strip() for value in request.headers.getall("X-Forwarded-For", []) for hop in value.split(",")
    ]
    client = request.remote or ""
    for hop in reversed(hops):
        address = hop.removeprefix("[").partition("]")[0] if hop.startswith("[") else hop
        if not _is_address(address):
            break
        client = address
        if not _is_in(client, networks):
            break
    return client


def _last(request: web.Request, name: str) -> str:
    """What the nearest proxy wrote: the last value of a header that each appends to."""
    values = request.headers.getall(name, [])
    return values[-1].rpartition(",")[2].strip() if values else ""


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_in(remote: str | None, networks: tuple[Network, ...]) -> bool:
    if not networks or remote is None or not _is_address(remote):
        return False
    address = ip_address(remote)
    return any(address.version == network.version and address in network for network in networks)


def _is_loopback(host: str) -> bool:
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return name.lower() == "localhost" or (_is_address(name) and ip_address(name).is_loopback)
