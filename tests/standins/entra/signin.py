"""The sign-in page: a list of the people, PKCE, and the way back as a fragment or query."""

import html
import json
from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp import web

from tests.standins.entra.directory import Application, Tenant
from tests.standins.entra.errors import Refusal
from tests.standins.entra.signing import Mint
from tests.standins.entra.state import Grant, Records

COOKIE = "ESTSAUTH"
PAGE = """<!doctype html><html lang="en"><title>Sign in to your account</title>
<main><h1>Pick an account</h1><ul>{people}</ul>
<form method="post"><input type="hidden" name="refused" value="1"><button>Back</button></form>
</main></html>"""
PERSON = """<li><form method="post"><input type="hidden" name="object_id" value="{object_id}">
<button>{name} ({address})</button></form></li>"""


class SignInPage:
    """Answers `/oauth2/v2.0/authorize`, GET with the page and POST with the way back."""

    def __init__(self, tenant: Tenant, mint: Mint, records: Records) -> None:
        self._tenant, self._mint, self._records = tenant, mint, records

    async def show(self, request: web.Request) -> web.Response:
        """The people to choose from; with `prompt=none` the one signed in already, or an error."""
        application = self._require_valid(request.query)
        signed_in = request.cookies.get(COOKIE, "")
        if request.query.get("prompt") == "none":
            needs_policy = signed_in in self._records.policies and request.query.get("claims")
            if signed_in not in self._tenant.people or needs_policy:
                return self._return(
                    request.query, {"error": "login_required", "error_description": "AADSTS50058"}
                )
            return self._return(request.query, self._success(application, request.query, signed_in))
        people = "".join(
            PERSON.format(
                object_id=one.object_id, name=html.escape(one.name), address=html.escape(one.address)
            )
            for one in self._tenant.people.values()
        )
        return web.Response(text=PAGE.format(people=people), content_type="text/html")

    async def choose(self, request: web.Request) -> web.Response:
        """Somebody has chosen an account, or gone back."""
        application = self._require_valid(request.query)
        form = await request.post()
        object_id = str(form.get("object_id", ""))
        if object_id not in self._tenant.people:
            refusal = Refusal(65004)
            return self._return(
                request.query, {"error": refusal.error, "error_description": refusal.description}
            )
        answer = self._return(request.query, self._success(application, request.query, object_id))
        answer.set_cookie(COOKIE, object_id, secure=True, httponly=True, samesite="None")
        return answer

    def _success(self, application: Application, query: Mapping[str, str], object_id: str) -> dict[str, str]:
        policy = self._records.policies.get(object_id)
        grant = Grant(
            application.app_id,
            object_id,
            self._tenant.now(),
            is_strong=bool(policy) and policy in _asked_policies(query.get("claims", "")),
            scope=query.get("scope", ""),
            redirect_uri=query["redirect_uri"],
            challenge=query["code_challenge"],
            nonce=query.get("nonce", ""),
            is_browser=True,
        )
        return {
            "code": self._records.remember(self._records.codes, grant),
            "client_info": self._mint.client_info(self._tenant.people[object_id]),
            "session_state": object_id,
        }

    def _require_valid(self, query: Mapping[str, str]) -> Application:
        application = self._tenant.applications.get(query.get("client_id", ""))
        if application is None:
            raise Refusal(700016)
        if query.get("redirect_uri") not in application.redirect_uris:
            raise Refusal(50011)
        is_pkce = query.get("code_challenge_method") == "S256" and query.get("code_challenge")
        if query.get("response_type") != "code" or not is_pkce:
            raise Refusal(900144)
        return application

    def _return(self, query: Mapping[str, str], values: Mapping[str, str]) -> web.Response:
        state = {"state": query["state"]} if "state" in query else {}
        separator = "?" if query.get("response_mode") == "query" else "#"
        location = f"{query['redirect_uri']}{separator}{urlencode({**values, **state})}"
        return web.Response(status=302, headers={"Location": location, "Cache-Control": "no-store"})


def _asked_policies(claims: str) -> list[str]:
    """The policies that a claims request wants to see satisfied."""
    try:
        asked = json.loads(claims or "{}")
    except ValueError:
        raise Refusal(900144) from None
    values = asked.get("access_token", {}).get("capolids", {}).get("values", [])
    return [str(value) for value in values]
