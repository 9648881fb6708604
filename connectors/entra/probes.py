"""What Entra answers `liaison doctor`: whether it believes the registration."""

from collections.abc import Awaitable, Callable

from connectors.tokens import Tokens
from insights.errors import Unavailable
from insights.model import MET, Finding

Look = Callable[[], Awaitable[Finding]]


async def look_at_sign_in(tokens: Tokens, resource: str) -> Finding:
    """Entra hands the registration a token of its own; raises Unavailable where it does not answer."""
    try:
        await tokens.for_app(resource)
    except Unavailable as problem:
        if problem.code == "entra_refused":
            return Finding("not met", problem.cause)
        raise
    return MET
