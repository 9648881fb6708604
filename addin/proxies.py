"""The door: whom we believe about where a request comes from and which host it was sent to."""

import re

from aiohttp import HttpVersion10, HttpVersion11, web
from aiohttp.typedefs import Handler, Middleware

from addin.arrivals import ARRIVAL, DEFAULT_PORTS, Arrival, Host, copy_headers, is_in, read_hop, read_host
from addin.problems import refuse
from insights.errors import Invalid
from insights.settings import Network

FORWARDED = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host")
OF_ASKERS = re.compile(
    r"host|user-agent|accept(?:-\w+)?|authorization|cache-control|connection|content-(?:type|length)|cookie|dnt"
    r"|if-\S+|origin|pragma|priority|purpose|range|referer|sec-\S+|te|upgrade-insecure-requests"
    r"|x-prometheus-\S+",
    re.IGNORECASE,
)
"""Headers of who asks for itself, a browser or scraper. There are too many names of what proxies add to know
them all, so with any other one the caller is not who holds the connection."""
KNOWN_VERSIONS = (HttpVersion10, HttpVersion11)
UNKNOWN = ""
"""The address of a caller whom no proxy that we believe could name."""


def believe_proxies(networks: tuple[Network, ...]) -> Middleware:
    """Let in what names a host; only from these networks take address, scheme, host of `X-Forwarded-*`."""

    @web.middleware
    async def enter(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.version not in KNOWN_VERSIONS:
            return refuse(request, 505, "http_version")
        is_forwarded = not all(map(OF_ASKERS.fullmatch, request.headers))
        arrival = Arrival(_read_host(request), request.scheme, is_forwarded)
        remote = request.remote or UNKNOWN
        is_believed = is_in(remote, networks)
        if is_believed:
            arrival, remote = _read_forwarded(request, arrival), _client(request, networks)
        # Kept before cloning, so that both know it: an answer is finished with the first of the two.
        request[ARRIVAL] = arrival
        if is_believed or not _is_path(request.raw_path):
            headers = copy_headers(request, without=FORWARDED if is_believed else ())
            headers["Host"] = str(arrival.host)
            request = request.clone(
                rel_url=str(request.rel_url) or "/",
                headers=headers,
                remote=remote,
                scheme=arrival.scheme,
                host=str(arrival.host),
            )
        return await handler(request)

    return enter


@web.middleware
async def require_loopback_host(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse other Host headers: a page elsewhere that renames itself to 127.0.0.1 gets nothing."""
    if request[ARRIVAL].host.is_loopback:
        return await handler(request)
    return refuse(request, 421, "wrong_host")


def _read_host(request: web.Request) -> Host:
    """The host that is asked for; where the address names one, the header counts for nothing but is sound."""
    host = _require_host(request.headers.get("Host", request.host))
    return host if _is_path(request.raw_path) else _require_host(request.url.raw_authority)


def _is_path(target: str) -> bool:
    return target.startswith("/") or target == "*"


def _require_host(text: str) -> Host:
    host = read_host(text)
    if host is None:
        raise Invalid("bad_host")
    return host


def _read_forwarded(request: web.Request, arrival: Arrival) -> Arrival:
    """What the nearest proxy says was asked of it."""
    host, scheme = _last(request, "X-Forwarded-Host"), _last(request, "X-Forwarded-Proto")
    return Arrival(
        _require_host(host) if host else arrival.host,
        scheme if scheme in DEFAULT_PORTS else arrival.scheme,
        arrival.is_forwarded,
    )


def _client(request: web.Request, networks: tuple[Network, ...]) -> str:
    """The last address in the chain that is no trusted proxy itself; UNKNOWN where that is no address."""
    hops = [hop for value in request.headers.getall("X-Forwarded-For", []) for hop in value.split(",")]
    client = request.remote or UNKNOWN
    for hop in reversed(hops):
        address = read_hop(hop)
        if address is None:
            return UNKNOWN
        client = str(address)
        if not is_in(client, networks):
            break
    return client


def _last(request: web.Request, name: str) -> str:
    """What the nearest proxy wrote: the last value of a header that each appends to."""
    values = request.headers.getall(name, [])
    return values[-1].rpartition(",")[2].strip() if values else ""
