"""Pages of other origins change nothing here: a browser says where a request was made, and we look."""

from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from addin.arrivals import ARRIVAL, DEFAULT_PORTS, read_host
from insights.errors import NotAllowed

READING = ("GET", "HEAD")
OWN_SITES = frozenset(("", "none", "same-origin"))
"""What `Sec-Fetch-Site` may say; it is absent where no browser asks."""


def require_own_origin(public_url: str) -> Middleware:
    """Refuse what would change something and comes from a page of another origin than ours."""

    @web.middleware
    async def refuse_foreign(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method not in READING and not _is_own(request, public_url):
            raise NotAllowed("foreign_origin")
        return await handler(request)

    return refuse_foreign


def _is_own(request: web.Request, public_url: str) -> bool:
    """Whether all that a browser says of the asking page fits us; programs say nothing."""
    if not OWN_SITES.issuperset(request.headers.getall("Sec-Fetch-Site", [])):
        return False
    return all(_is_ours(origin, request, public_url) for origin in request.headers.getall("Origin", []))


def _is_ours(origin: str, request: web.Request, public_url: str) -> bool:
    """Whether an origin is the public address, or that of the host asked for, by whichever scheme.

    The scheme may differ: a proxy that we were not told about ends HTTPS without a word.
    """
    scheme, _, authority = origin.partition("://")
    host = read_host(authority)
    if host is None or scheme not in DEFAULT_PORTS:
        return False
    own = [request[ARRIVAL].host.place(scheme)]
    public = urlsplit(public_url)
    public_host = read_host(public.netloc)
    if public_host and public.scheme == scheme:
        own.append(public_host.place(scheme))
    return host.place(scheme) in own
