"""Every route × every role × the feature on and off, against the matrix of docs/permissions.md."""

import ast
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path

import pytest
from aiohttp import ClientTimeout, web
from aiohttp.test_utils import TestClient, TestServer

from insights import audit, choices, features
from insights.capture import emails, failures, filing, tracking
from insights.capture.untracked import list_untracked, read_listed
from insights.capture.views import TrackBody
from insights.errors import NotAllowed
from insights.grants.link import read_grants
from insights.model import RecordRef, User
from insights.requirements.examining import read_requirements
from insights.services import Services
from insights.views import (
    ChoicesBody,
    FeaturesBody,
    FeatureSwitches,
    OrganizationChoices,
    PreferencesBody,
)

Client = TestClient[web.Request, web.Application]
ROOT = Path(__file__).parents[1]
INSIGHTS, MATRIX = ROOT / "insights", ROOT / "docs" / "permissions.md"
ROUTES = re.findall(r"^\| `(\w+) (/\S+)` \| (\w+) \| (\w*) ?\|$", MATRIX.read_text(), re.MULTILINE)
ROLES = {"nobody": None, "seller": "ann", "administrator": "root"}
FILLED = {"{table}": "contact", "{id}": "nobody", "{email_id}": "none", "{name}": "none", "{file:.+}": "none"}
REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


def expected(gate: str, feature: str, role: str, *, is_on: bool) -> HTTPStatus | None:
    """The refusal that the matrix asks for, None where the caller may go on."""
    if gate in {"public", "metrics"}:  # the test is this machine
        return None
    if role == "nobody":
        return HTTPStatus.UNAUTHORIZED
    if gate == "admin" and role != "administrator":
        return HTTPStatus.FORBIDDEN
    return HTTPStatus.FORBIDDEN if feature and not is_on else None


async def switch(services: Services, *, is_on: bool) -> None:
    root = await services.crm.user("root")
    assert root
    switches = FeatureSwitches(auto_capture="on" if is_on else "off")
    await features.change_features(services, root, FeaturesBody(accept_terms=True, features=switches))


@pytest.mark.parametrize("is_on", [True, False], ids=["on", "off"])
@pytest.mark.parametrize("role", ROLES)
async def test_the_matrix(
    client: Client, services: Services, token_for: Callable[[str], str], role: str, *, is_on: bool
) -> None:
    assert len(ROUTES) > 30
    user = ROLES[role]
    headers = {"Authorization": f"Bearer {token_for(user)}"} if user else {}
    wrong = []
    for method, template, gate, feature in ROUTES:
        await switch(services, is_on=is_on)
        path = template
        for name, value in FILLED.items():
            path = path.replace(name, value)
        if path.startswith("/demo"):
            continue
        # An empty body is valid for some and wrong for others: what counts is that rights come first.
        async with client.request(
            method, path, headers=headers, json={} if method != "GET" else None, timeout=ClientTimeout(10)
        ) as response:
            refusal = expected(gate, feature, role, is_on=is_on)
            status = HTTPStatus(response.status)
            if refusal is None and status in REFUSED:
                wrong.append(f"{method} {template}: {status} instead of an answer")
            if refusal is not None and status is not refusal:
                wrong.append(f"{method} {template}: {status} instead of {refusal}")
    assert not wrong


async def test_the_demos_own_routes_are_not_there_without_it(client: Client) -> None:
    assert isinstance(client.server, TestServer)
    for method, template, _, _ in ROUTES:
        if template.startswith("/demo"):
            async with client.request(method, template.replace("{email_id}", "x")) as response:
                assert response.status == HTTPStatus.NOT_FOUND


GUARDED: dict[str, Callable[[Services, User], Awaitable[object]]] = {
    "open_email": lambda services, user: emails.open_email(services, user, "<1@mail.example>"),
    "track": lambda services, user: tracking.track(services, user, "x", TrackBody()),
    "retry": lambda services, user: tracking.retry(services, user, "x"),
    "untrack": lambda services, user: tracking.untrack(services, user, "x"),
    "set_regarding": lambda services, user: filing.set_regarding(services, user, "x", None),
    "link_record": lambda services, user: filing.link_record(
        services, user, "x", RecordRef("contact", "ana")
    ),
    "list_untracked": lambda services, user: list_untracked(services, user, None),
    "read_listed": lambda services, user: read_listed(services, user, None, []),
    "list_failures": lambda services, user: failures.list_failures(services, user, cursor=None, limit=5),
    "read_failure": lambda services, user: failures.read_failure(services, user, "none"),
    "change_preferences": lambda services, user: choices.change_preferences(
        services, user, PreferencesBody(auto_capture=True)
    ),
    "read_choices": choices.read_choices,
    "change_choices": lambda services, user: choices.change_choices(
        services, user, ChoicesBody(choices=OrganizationChoices())
    ),
    "read_features": features.read_features,
    "read_terms": features.read_terms,
    "change_features": lambda services, user: features.change_features(services, user, FeaturesBody()),
    "read_audit": lambda services, user: audit.read_audit(services, user, cursor=None, limit=5),
    "read_requirements": read_requirements,
    "read_grants": read_grants,
}


INSIDE = {"_list": {"list_untracked"}, "_file": {"set_regarding", "link_record"}}
"""Functions that ask for the use-cases that call them."""


def test_every_use_case_that_asks_is_tried_without_the_right() -> None:
    asking: set[str] = set()
    for path in INSIGHTS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.AsyncFunctionDef) and "access.require(" in ast.unparse(node):
                asking |= INSIDE.get(node.name, {node.name})
    assert asking == set(GUARDED)


@pytest.mark.parametrize("name", GUARDED)
async def test_a_use_case_asks_for_itself_whoever_calls_it(services: Services, name: str) -> None:
    ann = await services.crm.user("ann")
    assert ann
    with pytest.raises(NotAllowed) as refusal:
        await GUARDED[name](services, ann)
    assert refusal.value.code in {"feature_off", "not_admin"}
