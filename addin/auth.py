"""Who asks: the bearer token of a request as a CRM user. Tokens stand in the header only, never in a URL."""

from hmac import compare_digest

from aiohttp import web

from addin.arrivals import ARRIVAL, read_address
from insights.errors import NotSignedIn
from insights.model import User
from insights.people import identify
from insights.services import Services
from insights.settings import Settings


def read_authorization(request: web.Request) -> str:
    """The Authorization header; "" where it holds what no token and no scheme holds."""
    given = request.headers.get("Authorization", "")
    return given if given.isascii() else ""


def read_token(request: web.Request) -> str:
    """The bearer token of the Authorization header; raises NotSignedIn."""
    scheme, _, token = read_authorization(request).partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn("no_token")
    return token.strip()


async def read_user(request: web.Request, services: Services) -> User:
    """The user whose token the request carries; raises NotSignedIn."""
    return await identify(services, read_token(request))


def require_metrics_reader(request: web.Request, settings: Settings) -> None:
    """Raise NotSignedIn unless the reader is on this machine or knows the metrics token."""
    if _is_local(request):
        return
    authorization = request.headers.get("Authorization", "")
    given = authorization.removeprefix("Bearer ").encode("utf-8", "surrogateescape")
    if not settings.metrics_token or not compare_digest(given, settings.metrics_token.encode()):
        raise NotSignedIn("no_metrics_token")


def _is_local(request: web.Request) -> bool:
    """Whether a process on this machine asks for itself, by a name that means this machine.

    Whoever stands behind a proxy is not local, nor is a page whose name was made to mean this machine.
    """
    address, arrival = read_address(request.remote), request[ARRIVAL]
    is_here = address is not None and address.is_loopback
    return is_here and arrival.host.is_loopback and not arrival.is_forwarded
