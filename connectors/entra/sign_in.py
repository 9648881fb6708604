"""Who signs in; the token that proves it is kept in memory, to be exchanged for tokens of our own."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from connectors.entra.validation import AccessTokens
from insights.model import Identity

MOST = 20_000
"""Accounts whose newest token is kept; the one not seen for longest goes first."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """The newest access token with which an account came to us."""

    token: str = field(repr=False)
    tenant_id: str
    expires: float


class Assertions:
    """The newest token of each account, until it runs out; in memory only."""

    def __init__(self, now: Callable[[], datetime], *, most: int = MOST) -> None:
        self._now, self._most = now, most
        self._kept: OrderedDict[str, Assertion] = OrderedDict()

    def remember(self, object_id: str, assertion: Assertion) -> None:
        """Keep a token in place of an older one."""
        self._kept[object_id] = assertion
        self._kept.move_to_end(object_id)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def find(self, object_id: str) -> Assertion | None:
        """The token that can still be exchanged, or None."""
        kept = self._kept.get(object_id)
        if kept and self._now().timestamp() >= kept.expires:
            del self._kept[object_id]
            return None
        return kept

    def forget(self, object_id: str) -> bool:
        """Keep nothing of the account; whether there was anything."""
        return self._kept.pop(object_id, None) is not None


class SignIn:
    """What a Directory needs of Entra: whom a bearer token proves."""

    def __init__(self, tokens: AccessTokens, assertions: Assertions) -> None:
        self._tokens, self._assertions = tokens, assertions

    async def identify(self, token: str) -> Identity:
        """The account a token proves; raises NotSignedIn without saying why, Unavailable."""
        proven = await self._tokens.read(token)
        self._assertions.remember(proven.object_id, Assertion(token, proven.tenant_id, proven.expires))
        return Identity(object_id=proven.object_id)
