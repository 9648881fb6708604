"""Whether a bearer token is one of Entra's for our API, and whose.

Rules as in Microsoft's "Access tokens in the Microsoft identity platform": RS256 by a published key that
belongs to the issuer, issuer of an allowed tenant (v1.0 or v2.0 form), our API as audience, our scope, and
times within a minute. A stranger is not told which of them fails.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from re import fullmatch
from typing import Any
from urllib.parse import urlsplit

import jwt
import structlog

from insights.errors import NotSignedIn, Unavailable
from insights.published_keys import PublishedKeys
from insights.settings import GUID

SCOPE = "access_as_user"
"""What the registration exposes. Nested app auth, the dialog, Office's and Teams' own tokens all carry it."""
SKEW = 60
MOST_KNOWN = 2048
V1_ISSUERS = {"login.partner.microsoftonline.cn": "https://sts.chinacloudapi.cn"}
V1_ISSUER = "https://sts.windows.net"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A genuine token: object id and tenant of the account (lower case), and its end (seconds since 1970)."""

    object_id: str
    tenant_id: str
    expires: float


class _RefusedError(Exception):
    """Why a token is not believed: for our log, without anything of the token."""


class AccessTokens:
    """Validates access tokens with the published keys."""

    def __init__(
        self,
        keys: PublishedKeys,
        *,
        authority: str,
        tenants: Sequence[str],
        client_id: str,
        now: Callable[[], datetime],
    ) -> None:
        self._keys, self._now = keys, now
        self._client_id = client_id.lower()
        v1 = V1_ISSUERS.get(urlsplit(authority).hostname or "", V1_ISSUER)
        self._tenants = {f"{authority}/{tenant}/v2.0": tenant for tenant in tenants}
        self._tenants |= {f"{v1}/{tenant}/": tenant for tenant in tenants}
        self._authority = authority
        self._known: OrderedDict[str, tuple[SignedIn, int]] = OrderedDict()

    async def read(self, token: str) -> SignedIn:
        """Who a token proves; raises NotSignedIn, and Unavailable where no key could be had yet."""
        try:
            return await self._read(token)
        except _RefusedError as refusal:
            log.info("token refused", reason=str(refusal))
            raise NotSignedIn("bad_token.identify") from None

    async def _read(self, token: str) -> SignedIn:
        """The pane sends the same token for an hour: until it ends, or keys change, one look is enough."""
        signed_in, generation = self._known.get(token, (None, -1))
        if (
            signed_in
            and generation == self._keys.generation
            and self._now().timestamp() < signed_in.expires + SKEW
        ):
            return signed_in
        signed_in = await self._validate(token)
        self._known[token] = (signed_in, self._keys.generation)
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return signed_in

    async def _validate(self, token: str) -> SignedIn:
        found = await self._keys.find(_key_id(token))
        if found is None and self._keys.is_empty:
            raise Unavailable("no_entra_keys")
        if found is None:
            raise _RefusedError("unknown key")
        claims = _verify(token, found.key)
        tenant = self._require_issuer(claims, found.about)
        self._require_audience(claims.get("aud"))
        _require_scope(claims)
        return SignedIn(_object_id(claims), tenant, self._require_time(claims))

    def _require_issuer(self, claims: Mapping[str, Any], about: Mapping[str, Any]) -> str:
        """The tenant; the key has to be published for it: one cloud's don't vouch for another's people."""
        issuer = claims.get("iss")
        tenant = self._tenants.get(issuer) if isinstance(issuer, str) else None
        if tenant is None or str(claims.get("tid")).lower() != tenant:
            raise _RefusedError("tenant not allowed")
        template = about.get("issuer", f"{self._authority}/{{tenantid}}/v2.0")
        if self._tenants.get(str(template).replace("{tenantid}", tenant)) != tenant:
            raise _RefusedError("key of another issuer")
        return tenant

    def _require_audience(self, audience: object) -> None:
        """Our client id, or an `api://` address that ends with it (Teams asks for `api://host/botid-id`)."""
        name = audience.lower() if isinstance(audience, str) else ""
        ours = {self._client_id, f"botid-{self._client_id}"}
        if name != self._client_id and not (name.startswith("api://") and name.rpartition("/")[2] in ours):
            raise _RefusedError("other audience")

    def _require_time(self, claims: Mapping[str, Any]) -> float:
        now, expires = self._now().timestamp(), _instant(claims, "exp")
        if now >= expires + SKEW:
            raise _RefusedError("expired")
        for name in ("nbf", "iat"):
            if name in claims and _instant(claims, name) > now + SKEW:
                raise _RefusedError("not valid yet")
        return expires


def _key_id(token: str) -> str:
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise _RefusedError("no token") from None
    key_id = header.get("kid")
    if header.get("alg") != "RS256" or not isinstance(key_id, str):
        raise _RefusedError("other signature")
    return key_id


def _verify(token: str, key: jwt.PyJWK) -> Mapping[str, Any]:
    """The claims, if the signature is right; times and names are compared by us, with our clock."""
    options: Any = {f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}
    try:
        claims: Mapping[str, Any] = jwt.decode(token, key, algorithms=["RS256"], options=options)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise _RefusedError("bad signature") from None
    return claims


def _require_scope(claims: Mapping[str, Any]) -> None:
    """Tokens of applications carry no scope: nobody has signed in with them."""
    scopes = claims.get("scp")
    if not isinstance(scopes, str) or SCOPE not in scopes.split():
        raise _RefusedError("scope missing")


def _object_id(claims: Mapping[str, Any]) -> str:
    object_id = claims.get("oid")
    if not isinstance(object_id, str) or not fullmatch(GUID, object_id):
        raise _RefusedError("no account")
    return object_id.lower()


def _instant(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
        raise _RefusedError("bad time")
    return float(value)
