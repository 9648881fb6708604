"""Signing keys that rotate, and the tokens they sign."""

import base64
import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from tests.standins.entra.directory import Application, Person, Tenant

LIFETIME = 3900
V1_ISSUER = "https://sts.windows.net"


class Keys:
    """The keys of the service: the newest signs, all that are published verify."""

    def __init__(self) -> None:
        self.published: dict[str, RSAPrivateKey] = {}
        self.rotate()

    @property
    def newest(self) -> str:
        """The id of the key that signs."""
        return list(self.published)[-1]

    def rotate(self, *, keep: int = 1) -> str:
        """Sign with a new key from now on; of the older ones so many stay published."""
        older = list(self.published.items())[-keep:] if keep else []
        self.published = {**dict(older), uuid4().hex[:27]: generate_private_key(65537, 2048)}
        return self.newest

    def as_jwks(self, issuer: str) -> dict[str, Any]:
        """What is published; the issuer is a template for all tenants."""
        return {
            "keys": [
                {
                    **jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True),
                    "use": "sig",
                    "kid": name,
                    "x5t": name,
                    "issuer": issuer,
                }
                for name, key in self.published.items()
            ]
        }

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A token by the newest key."""
        headers = {"kid": self.newest, "x5t": self.newest}
        body = json.dumps(claims).encode()  # as they are, also those that PyJWT would not write
        return jwt.api_jws.encode(body, self.published[self.newest], "RS256", headers=headers)

    def read(self, token: str, audiences: set[str], now: float) -> dict[str, Any]:
        """The claims of a token of this service for one of the audiences; raises jwt.InvalidTokenError."""
        key = self.published.get(str(jwt.get_unverified_header(token).get("kid")))
        if key is None:
            raise jwt.InvalidSignatureError("unknown key")
        options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
        claims: dict[str, Any] = jwt.decode(
            token, key.public_key(), ["RS256"], audience=list(audiences), options=options
        )
        if not claims["nbf"] - 300 <= now < claims["exp"] + 300:
            raise jwt.ExpiredSignatureError("not within its valid time range")
        return claims


class Mint:
    """Makes the tokens of a tenant: shapes as in Microsoft's reference of access and ID token claims."""

    def __init__(self, tenant: Tenant, keys: Keys, authority: str) -> None:
        self._tenant, self._keys, self._authority = tenant, keys, authority

    @property
    def issuer(self) -> str:
        """The v2.0 issuer of the tenant."""
        return f"{self._authority}/{self._tenant.tenant_id}/v2.0"

    def access_token(
        self,
        audience: str,
        *,
        client_id: str,
        person: Person | None = None,
        scopes: str = "",
        roles: list[str] | None = None,
        version: int = 2,
        **changed: Any,
    ) -> str:
        """For a person with scopes, or for the application itself with roles; None leaves a claim out."""
        claims: dict[str, Any] = self._frame(audience, version)
        claims |= {"azp": client_id, "azpacr": "1"} if version == 2 else {"appid": client_id, "appidacr": "1"}
        if person is not None:
            name = "preferred_username" if version == 2 else "upn"
            claims |= {"oid": person.object_id, "sub": f"s-{person.object_id}", "name": person.name}
            claims |= {name: person.address, "scp": scopes}
        else:
            claims |= {
                "oid": f"sp-{client_id}",
                "sub": f"sp-{client_id}",
                "idtyp": "app",
                "roles": roles or [],
            }
        claims |= changed
        return self._keys.sign({name: value for name, value in claims.items() if value is not None})

    def id_token(self, application: Application, person: Person, nonce: str) -> str:
        """Who signed in, for the application."""
        claims = self._frame(application.app_id, 2) | {
            "oid": person.object_id,
            "sub": f"s-{person.object_id}",
            "name": person.name,
            "preferred_username": person.address,
        }
        return self._keys.sign(claims | ({"nonce": nonce} if nonce else {}))

    def client_info(self, person: Person) -> str:
        """`client_info` of a token answer, from which MSAL makes the account's id."""
        info = json.dumps({"uid": person.object_id, "utid": self._tenant.tenant_id}).encode()
        return base64.urlsafe_b64encode(info).rstrip(b"=").decode()

    def _frame(self, audience: str, version: int) -> dict[str, Any]:
        now = int(self._tenant.now())
        is_new = version == 2
        return {
            "aud": audience,
            "iss": self.issuer if is_new else f"{V1_ISSUER}/{self._tenant.tenant_id}/",
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME,
            "tid": self._tenant.tenant_id,
            "uti": uuid4().hex,
            "ver": "2.0" if is_new else "1.0",
        }
