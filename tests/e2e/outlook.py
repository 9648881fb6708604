"""Outlook without our demo around it: a browser that stays here, Office.js, the bridge of nested app auth."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Request, Route

from tests.e2e.pane import PATIENCE_MS
from tests.standins.entra import API_SCOPE, APP_ID, TENANT, EntraStandin, Person

OFFICE_JS = "https://appsforoffice.microsoft.com/lib/1/hosted/office.js"
BRIDGE = """
const listeners = [];
window.nestedAppAuthBridge = {
  addEventListener: (_, listener) => listeners.push(listener),
  removeEventListener: () => {},
  postMessage: async (message) => {
    const answer = await window.askBridge(message);
    for (const listener of listeners) listener(answer);
  },
};
"""

Answer = Callable[[dict[str, Any]], dict[str, Any]]


@contextmanager
def open_outlook(browser: Browser, *ours: str, **options: Any) -> Iterator[BrowserContext]:
    """A browser in which a stand-in answers for Office.js; it asks only what is ours, and no script fails."""
    context = browser.new_context(ignore_https_errors=True, **options)
    context.set_default_timeout(PATIENCE_MS)
    strangers: list[str] = []
    errors: list[str] = []
    context.on("weberror", lambda caught: errors.append(str(caught.error)))

    def refuse(route: Route, request: Request) -> None:
        strangers.append(request.url)
        route.abort()

    context.route(lambda address: not address.startswith((*ours, "data:", "blob:")), refuse)
    context.route(OFFICE_JS, lambda route: route.fulfill(path=Path(__file__).parent / "office_host.js"))
    try:
        yield context
    finally:
        for page in context.pages:
            page.unroute_all(behavior="ignoreErrors")
        context.unroute_all(behavior="ignoreErrors")
        context.close()
    assert (strangers, errors) == ([], [])


class Bridge:
    """What Outlook puts into the page for nested app auth; `answer` decides on each request for a token."""

    def __init__(self, context: BrowserContext, answer: Answer) -> None:
        self.requests: list[dict[str, Any]] = []
        self._answer = answer
        context.expose_function("askBridge", self._take)
        context.add_init_script(BRIDGE)

    def asked(self, method: str) -> list[dict[str, Any]]:
        """The parameters of the requests of a kind."""
        return [one["tokenParams"] for one in self.requests if one["method"] == method]

    def _take(self, message: str) -> str:
        request = json.loads(message)
        self.requests.append(request)
        envelope = {"messageType": "NestedAppAuthResponse", "requestId": request["requestId"]}
        if request["method"] == "GetInitContext":
            init = {"capabilities": {}, "sdkName": "standin", "sdkVersion": "1"}
            return json.dumps(envelope | {"success": True, "initContext": init})
        return json.dumps(envelope | self._answer(request))


def signed_in(
    entra: EntraStandin,
    person: Person,
    *,
    is_strong: bool = False,
    scope: str = f"api://{APP_ID}/{API_SCOPE}",
) -> dict[str, Any]:
    """The bridge's answer with somebody's token."""
    application = entra.tenant.applications[APP_ID]
    return {
        "success": True,
        "token": {
            "access_token": entra.sign_in(person, is_strong=is_strong),
            "expires_in": 3900,
            "id_token": entra.mint.id_token(application, person, ""),
            "properties": None,
            "scope": scope,
        },
        "account": {
            "homeAccountId": f"{person.object_id}.{TENANT}",
            "environment": entra.authority.removeprefix("https://"),
            "tenantId": TENANT,
            "username": person.address,
            "localAccountId": person.object_id,
        },
    }


def refused(status: str) -> dict[str, Any]:
    """The bridge's answer without one."""
    return {"success": False, "error": {"status": status, "code": "", "description": "no"}}
