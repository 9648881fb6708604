"""Refusals as Entra words them: OAuth error, AADSTS number, and what goes with it."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from aiohttp import web

INVALID_CLIENT = "invalid_client"
# number: (error, suberror, text)
KNOWN = {
    50011: (
        "invalid_request",
        "",
        "The redirect URI specified in the request does not match those configured",
    ),
    50013: ("invalid_grant", "", "Assertion failed signature validation."),
    50057: ("invalid_grant", "", "The user account is disabled."),
    50076: (
        "interaction_required",
        "basic_action",
        "Due to a configuration change made by your administrator, or because you moved to a new location, "
        "you must use multi-factor authentication to access the resource.",
    ),
    50173: (
        "invalid_grant",
        "bad_token",
        "The provided grant has expired due to it being revoked, a fresh auth token is needed. "
        "The user might have changed or reset their password.",
    ),
    54005: (
        "invalid_grant",
        "",
        "OAuth2 Authorization code was already redeemed, please retry with a new one.",
    ),
    65001: (
        "invalid_grant",
        "consent_required",
        "The user or administrator has not consented to use the application. "
        "Send an interactive authorization request for this user and resource.",
    ),
    65004: ("access_denied", "", "User declined to consent to access the app."),
    70003: ("unsupported_grant_type", "", "The app requested an unsupported grant type."),
    70008: (
        "invalid_grant",
        "token_expired",
        "The provided authorization code or refresh token has expired.",
    ),
    70011: ("invalid_scope", "", "The provided request must include a 'scope' input parameter."),
    90002: ("invalid_request", "", "Tenant not found. Check to make sure you have the correct tenant ID."),
    500011: ("invalid_resource", "", "The resource principal was not found in the tenant."),
    500131: (
        "invalid_grant",
        "",
        "Assertion audience does not match the Client app presenting the assertion.",
    ),
    500133: ("invalid_grant", "", "Assertion is not within its valid time range."),
    501481: (
        "invalid_grant",
        "",
        "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
    ),
    700016: ("unauthorized_client", "", "Application was not found in the directory."),
    700027: (
        INVALID_CLIENT,
        "",
        "The certificate with identifier used to sign the client assertion is not registered on application.",
    ),
    700213: (
        INVALID_CLIENT,
        "",
        "No matching federated identity record found for presented assertion subject.",
    ),
    900144: ("invalid_request", "", "The request body must contain the following parameter."),
    7000215: (INVALID_CLIENT, "", "Invalid client secret provided."),
    7000218: (
        INVALID_CLIENT,
        "",
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    ),
    9002327: (
        "invalid_request",
        "",
        "Tokens issued for the 'Single-Page Application' client-type may only be redeemed "
        "via cross-origin requests.",
    ),
}


@dataclass
class Refusal(Exception):
    """A request that Entra turns down; `claims` (JSON) say what the next sign-in has to show."""

    number: int
    claims: str = ""
    trace_id: str = field(default_factory=lambda: str(uuid4()))

    @property
    def error(self) -> str:
        """The OAuth error."""
        return KNOWN[self.number][0]

    @property
    def description(self) -> str:
        """One line, as Entra writes it."""
        stamp = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%SZ}"
        trace = f"Trace ID: {self.trace_id} Correlation ID: {self.trace_id} Timestamp: {stamp}"
        return f"AADSTS{self.number}: {KNOWN[self.number][2]} {trace}"

    def respond(self) -> web.Response:
        """The answer of the token endpoint."""
        error, suberror, _ = KNOWN[self.number]
        body: dict[str, object] = {
            "error": error,
            "error_description": self.description,
            "error_codes": [self.number],
            "timestamp": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%SZ}",
            "trace_id": self.trace_id,
            "correlation_id": self.trace_id,
            "error_uri": f"https://login.microsoftonline.com/error?code={self.number}",
        }
        if suberror:
            body["suberror"] = suberror
        if self.claims:
            body["claims"] = self.claims
        status = 401 if error == INVALID_CLIENT else 400
        return web.json_response(body, status=status, headers={"Cache-Control": "no-store"})


def policy_claims(policy_id: str) -> str:
    """The claims challenge of a conditional access policy."""
    return json.dumps({"access_token": {"capolids": {"essential": True, "values": [policy_id]}}})
