"""Whether a request really comes from the Bot Framework: the bearer token it carries.

Rules as in Microsoft's "Authentication with the Bot Connector API": RS256, the issuer, our app id as
audience, five minutes of clock skew, a key endorsed for the channel, and the `serviceurl` claim.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
import jwt
import structlog

from bot.activities import Incoming
from insights.errors import NotSignedIn
from insights.outside import read_address, read_all, read_json
from insights.published_keys import PublishedKeys
from insights.settings import BOT_OPEN_ID_METADATA
from insights.words import Said, say

ISSUER = "https://api.botframework.com"
SKEW = 300
KNOWN_SECONDS, MOST_KNOWN = 30.0, 63
"""How long a validated token needs no second look; the channel sends the same one for an hour."""

MOST_BYTES = 1_048_576
"""What metadata or keys may hold: in 2026 some forty keys with their channels, 60 KB."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Claims:
    """A genuine token: where it says the activity comes from, and for which channels its key is good."""

    service_url: str
    channels: frozenset[str]

    def require_match(self, incoming: Incoming) -> None:
        """Raise NotSignedIn unless the activity comes from there."""
        if incoming.channel_id not in self.channels:
            raise _refusal(say("why.key_token_not_endorsed_this"))
        claimed = read_address(self.service_url)
        if claimed is None or claimed != read_address(incoming.service_url):
            raise _refusal(say("why.token_another_service_url"))


class TokenValidator:
    """Validates tokens with the published keys, which are fetched when they are first needed."""

    def __init__(
        self,
        app_id: str,
        session: aiohttp.ClientSession,
        *,
        metadata: str = BOT_OPEN_ID_METADATA,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app_id = app_id
        self._session = session
        self._metadata = metadata
        self._clock = clock
        self._keys = PublishedKeys(self._fetch_keys, clock=clock)
        self._known: dict[str, tuple[Claims, float]] = {}
        self._known_generation = 0

    async def read_claims(self, authorization: str) -> Claims:
        """What the Bot Framework vouches for; raises NotSignedIn where it is not its token, or not for us."""
        known, good_until = self._known.get(authorization, (None, 0.0))
        if known and self._clock() < good_until:
            return known
        claims = await self._validate(authorization)
        if self._known_generation != self._keys.generation:
            self._known, self._known_generation = {}, self._keys.generation
        self._known = dict(list(self._known.items())[-MOST_KNOWN:])
        self._known[authorization] = (claims, self._clock() + KNOWN_SECONDS)
        return claims

    async def _validate(self, authorization: str) -> Claims:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _refusal(say("why.there_no_bearer_token"))
        key_id = self._key_id(token)
        found = await self._keys.find(key_id)
        if found is None:
            raise _refusal(say("why.token_signed_with_key_bot"))
        claims = self._claims(token, found.key)
        service_url = claims.get("serviceurl") or claims.get("serviceUrl")
        channels = frozenset(found.about.get("endorsements") or [])
        return Claims(service_url if isinstance(service_url, str) else "", channels)

    @staticmethod
    def _key_id(token: str) -> str:
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.InvalidTokenError, RecursionError):
            raise _refusal(say("why.token_none")) from None
        key_id = header.get("kid")
        if not isinstance(key_id, str) or header.get("alg") != "RS256":
            raise _refusal(say("why.token_not_signed_as_bot"))
        return key_id

    def _claims(self, token: str, key: jwt.PyJWK) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                audience=self._app_id,
                issuer=ISSUER,
                leeway=SKEW,
                options={"require": ["exp", "iss", "aud"]},
            )
        except (jwt.InvalidTokenError, RecursionError) as error:
            raise _refusal(say("why.token_not_valid", name=type(error).__name__)) from None
        return claims

    async def _fetch_keys(self) -> Sequence[Mapping[str, Any]] | None:
        try:
            address = read_address((await self._fetch(self._metadata))["jwks_uri"])
            if address is None or not address.is_safe:
                raise ValueError("the keys are said to be elsewhere")
            found = (await self._fetch(str(address)))["keys"]
        except (aiohttp.ClientError, TimeoutError, KeyError, TypeError, ValueError) as error:
            log.warning("the Bot Framework's keys could not be fetched", error=type(error).__name__)
            return None
        return found if isinstance(found, list) else None

    async def _fetch(self, url: str) -> Any:
        async with self._session.get(
            url, timeout=aiohttp.ClientTimeout(10), raise_for_status=True, allow_redirects=False
        ) as answer:
            return read_json(await read_all(answer.content.iter_chunked(65_536), MOST_BYTES))


def _refusal(why: Said) -> NotSignedIn:
    return NotSignedIn("bad_bot_token", why=why)
