"""How much of the server a caller may hold: seconds for what it sends and takes, and connections."""

import sys
from dataclasses import dataclass

from aiohttp import web

from insights.settings import Settings


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds that a connection gets, and how many there may be."""

    head: float = 30
    """From connecting, or from the first byte of a further request, to the end of its headers."""
    body: float = 30
    """For a body within the usual bound."""
    stall: float = 30
    """Without taking a byte of what lies ready; an answer as a whole may take as long as it likes."""
    idle: float = 75
    """Between requests."""
    per_address: int = 200
    overall: int = 4000


LIMITS = web.AppKey("limits", Limits)


def read_limits(settings: Settings) -> Limits:
    """The limits of a server: no more connections than three quarters of the files it may open."""
    return Limits(
        per_address=settings.connections_per_address,
        overall=min(settings.connections, _open_files() * 3 // 4),
    )


def _open_files() -> int:
    if sys.platform == "win32":
        return sys.maxsize
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft
