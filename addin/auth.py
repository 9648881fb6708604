"""Who asks: the bearer token of a request as a CRM user. Tokens stand in the header only, never in a URL."""

from hmac import compare_digest
from ipaddress import ip_address

from aiohttp import web

from insights.errors import NotSignedIn
from insights.model import User
from insights.people import identify
from insights.services import Services
from insights.settings import Settings


def read_token(request: web.Request) -> str:
    """The bearer token of the Authorization header; raises NotSignedIn."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn(
            "Nobody is signed in",
            "the request carries no bearer token",
            "send the header Authorization: Bearer …",
            code="no_token",
        )
    return token.strip()


async def read_user(request: web.Request, services: Services) -> User:
    """The user whose token the request carries; raises NotSignedIn."""
    return await identify(services, read_token(request))


def require_metrics_reader(request: web.Request, settings: Settings) -> None:
    """Raise NotSignedIn unless the reader is on this machine or knows the metrics token."""
    if _is_local(request):
        return
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
    if not settings.metrics_token or not compare_digest(given, settings.metrics_token.encode()):
        raise NotSignedIn(
            "Metrics are read on this machine, or with a token",
            "the request comes from elsewhere without the right one",
            "set LIAISON_METRICS_TOKEN and send it as a bearer token",
            code="no_metrics_token",
        )


def _is_local(request: web.Request) -> bool:
    """Whether a process on this machine asks for itself.

    A forwarding header that is still there came from a proxy we were not told to trust: whoever
    stands behind it is not local, though the proxy is.
    """
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return request.remote is not None and ip_address(request.remote).is_loopback
    except ValueError:
        return False
