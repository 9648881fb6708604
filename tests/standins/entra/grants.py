"""The grants of the token endpoint: code, refresh token, the application itself, on behalf of somebody."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from tests.standins.entra.clients import find_application, require_proof
from tests.standins.entra.directory import API_SCOPE, Application, Person, Tenant, is_own_name
from tests.standins.entra.errors import Refusal, policy_claims
from tests.standins.entra.signing import LIFETIME, Keys, Mint
from tests.standins.entra.state import CODE_SECONDS, REFRESH_SECONDS, Grant, Records

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
OIDC = {"openid", "profile", "offline_access", "email"}


@dataclass(frozen=True, slots=True)
class Asked:
    """The resource and the scopes that a request names, without those of OpenID Connect."""

    resource: str
    scopes: tuple[str, ...]

    @property
    def is_default(self) -> bool:
        """Whether everything granted is asked for."""
        return self.scopes == (".default",)


def read_scope(scope: str) -> Asked | None:
    """`https://resource/scope …` of one resource, None where only OpenID Connect's are named."""
    named = [part for part in scope.split() if part not in OIDC]
    if not named:
        return None
    resources = {part.rpartition("/")[0] for part in named}
    if len(resources) != 1 or "" in resources:
        raise Refusal(70011)
    return Asked(resources.pop(), tuple(part.rpartition("/")[2] for part in named))


class TokenEndpoint:
    """Answers one form with one body; raises Refusal."""

    def __init__(self, tenant: Tenant, keys: Keys, mint: Mint, records: Records) -> None:
        self._tenant, self._keys, self._mint, self._records = tenant, keys, mint, records
        self._grants: dict[str, Callable[[Application, Mapping[str, str], str], dict[str, Any]]] = {
            "authorization_code": self._redeem_code,
            "refresh_token": self._refresh,
            "client_credentials": self._for_application,
            JWT_BEARER: self._on_behalf_of,
        }

    def answer(self, form: Mapping[str, str], *, endpoint: str, origin: str) -> dict[str, Any]:
        """The body for a form; `origin` is the page it comes from, "" for a server."""
        application = find_application(self._tenant, form)
        grant = self._grants.get(form.get("grant_type", ""))
        if grant is None:
            raise Refusal(70003)
        if not origin:
            require_proof(self._tenant, self._keys, application, form, endpoint)
        return grant(application, form, origin)

    def _redeem_code(self, application: Application, form: Mapping[str, str], origin: str) -> dict[str, Any]:
        code = form.get("code", "")
        if code in self._records.redeemed:
            raise Refusal(54005)
        grant = self._records.codes.pop(code, None)
        if grant is None or self._tenant.now() > grant.issued_at + CODE_SECONDS:
            raise Refusal(70008)
        self._records.redeemed.add(code)
        if grant.app_id != application.app_id or grant.redirect_uri != form.get("redirect_uri"):
            raise Refusal(70008)
        if not origin:
            raise Refusal(9002327)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != grant.challenge:
            raise Refusal(501481)
        return self._tokens(application, grant, form.get("scope") or grant.scope)

    def _refresh(self, application: Application, form: Mapping[str, str], _origin: str) -> dict[str, Any]:
        grant = self._records.refresh_tokens.get(form.get("refresh_token", ""))
        if grant is None or grant.app_id != application.app_id:
            raise Refusal(70008)
        if self._tenant.now() > grant.issued_at + REFRESH_SECONDS:
            raise Refusal(70008)
        self._require_good_standing(grant.object_id, grant.issued_at)
        return self._tokens(application, grant, form.get("scope") or grant.scope)

    def _on_behalf_of(self, application: Application, form: Mapping[str, str], _: str) -> dict[str, Any]:
        if form.get("requested_token_use") != "on_behalf_of" or not form.get("assertion"):
            raise Refusal(900144)
        try:
            claims = self._keys.read(form["assertion"], application.names, self._tenant.now())
        except jwt.InvalidAudienceError:
            raise Refusal(500131) from None
        except jwt.ExpiredSignatureError:
            raise Refusal(500133) from None
        except jwt.InvalidTokenError:
            raise Refusal(50013) from None
        object_id = claims["oid"]
        self._require_good_standing(object_id, claims["iat"])
        is_strong = claims["uti"] in self._records.strong
        grant = Grant(application.app_id, object_id, self._tenant.now(), is_strong)
        return self._tokens(application, grant, form.get("scope", ""))

    def _for_application(self, application: Application, form: Mapping[str, str], _: str) -> dict[str, Any]:
        asked = read_scope(form.get("scope", ""))
        if asked is None or not asked.is_default:
            raise Refusal(70011)
        self._require_known(asked.resource)
        token = self._mint.access_token(
            asked.resource,
            client_id=application.app_id,
            roles=application.roles.get(asked.resource, []),
        )
        return {
            "token_type": "Bearer",
            "expires_in": LIFETIME,
            "ext_expires_in": LIFETIME,
            "access_token": token,
        }

    def _tokens(self, application: Application, grant: Grant, scope: str) -> dict[str, Any]:
        person = self._tenant.people[grant.object_id]
        asked = read_scope(scope)
        body: dict[str, Any] = {
            "token_type": "Bearer",
            "scope": scope,
            "client_info": self._mint.client_info(person),
        }
        if "openid" in scope.split():
            body["id_token"] = self._mint.id_token(application, person, grant.nonce)
        if asked:
            body |= {"access_token": self._access(application, person, grant, asked)}
            body |= {"expires_in": LIFETIME, "ext_expires_in": LIFETIME}
        if "offline_access" in scope.split():
            fresh = Grant(
                application.app_id,
                person.object_id,
                self._tenant.now(),
                grant.is_strong,
                scope,
                is_browser=grant.is_browser,
            )
            body["refresh_token"] = self._records.remember(self._records.refresh_tokens, fresh)
        return body

    def _access(self, application: Application, person: Person, grant: Grant, asked: Asked) -> str:
        self._require_known(asked.resource)
        own = is_own_name(application, asked.resource)
        if not own:
            self._require_policy(grant)
        version = application.token_version if own else 2
        audience = application.app_id if own and version == 2 else asked.resource
        token = self._mint.access_token(
            audience,
            client_id=application.app_id,
            person=person,
            scopes=" ".join([API_SCOPE] if own else self._consented(application, grant, asked)),
            version=version,
        )
        if grant.is_strong:
            self._records.strong.add(jwt.decode(token, options={"verify_signature": False})["uti"])
        return token

    def _consented(self, application: Application, grant: Grant, asked: Asked) -> list[str]:
        given = application.delegated.get(asked.resource, [])
        missing = not asked.is_default and not set(asked.scopes) <= set(given)
        if not given or missing or grant.object_id in self._records.without_consent:
            raise Refusal(65001)
        return given

    def _require_known(self, resource: str) -> None:
        if not self._tenant.knows(resource):
            raise Refusal(500011)

    def _require_policy(self, grant: Grant) -> None:
        policy = self._records.policies.get(grant.object_id)
        if policy and not grant.is_strong:
            raise Refusal(50076, claims=policy_claims(policy))

    def _require_good_standing(self, object_id: str, issued_at: float) -> None:
        if object_id in self._records.disabled or object_id not in self._tenant.people:
            raise Refusal(50057)
        if issued_at <= self._records.revoked.get(object_id, float("-inf")):
            raise Refusal(50173)
