"""Each way in which the HTTP API refuses a request, by status and code."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from insights import features
from insights.capture.tables import tracks
from insights.capture.tracking import track
from insights.capture.views import TrackBody
from insights.mail.identity import email_id
from insights.model import TrackState
from insights.services import Services
from insights.views import FeaturesBody, FeatureSwitches
from tests.conftest import Client
from tests.problems import codes_made

ROOT = Path(__file__).parents[1]
V1 = "/api/v1"
Untrack = Callable[[str], Awaitable[tuple[int, str]]]
MINE, BOBS = "{1}", "{bobs}"
"""Ids of emails: of one that Ann holds, of one that Bob alone holds."""


@dataclass(frozen=True)
class Refused:
    """A request and how it is refused; `user` None = nobody is signed in."""

    status: int
    code: str
    method: str
    path: str
    user: str | None = "ann"
    body: Any = None
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    is_off: bool = False


BOBS_ID = "<bobs@mail.example>"
JSON = {"Content-Type": "application/json"}
REGARDING = {"table": "contact", "id": "ana"}
PERSON = {"table": "contact", "first_name": "A", "last_name": "B", "email": "new@fabrikam.example"}
REFUSALS = (
    Refused(401, "no_token", "GET", f"{V1}/me", user=None),
    Refused(401, "no_token", "GET", f"{V1}/me", user=None, headers={"Authorization": "Basic YTpi"}),
    Refused(401, "bad_token", "GET", f"{V1}/me", user=None, headers={"Authorization": "Bearer x.y.z"}),
    Refused(401, "bad_token", "GET", f"{V1}/me", user="late"),
    Refused(401, "unknown_user", "GET", f"{V1}/me", user="nobody"),
    Refused(401, "no_metrics_token", "GET", "/metrics", user=None, headers={"X-Forwarded-For": "192.0.2.1"}),
    Refused(403, "not_admin", "GET", f"{V1}/admin/features"),
    Refused(403, "not_admin", "PUT", f"{V1}/admin/features", body={}),
    Refused(403, "feature_off", "POST", f"{V1}/emails/{MINE}/track", body={}, is_off=True),
    Refused(403, "foreign_origin", "POST", f"{V1}/records/lookup", body={}, headers={"Origin": "https://a.b"}),
    Refused(404, "not_found", "GET", f"{V1}/nothing"),
    Refused(404, "not_found", "GET", f"{V1}/records/contact/{'x' * 300}"),
    Refused(404, "record_not_found", "GET", f"{V1}/records/contact/none"),
    Refused(404, "record_not_found", "GET", f"{V1}/records/systemuser/bob"),
    Refused(404, "record_not_found", "GET", f"{V1}/records/role/admin/activities"),
    Refused(404, "record_not_found", "POST", f"{V1}/emails/{MINE}/track",
            body={"regarding": {"table": "systemuser", "id": "bob"}}),
    Refused(404, "no_such_email", "GET", f"{V1}/emails", query={"internet_message_id": BOBS_ID}),
    Refused(404, "no_such_email", "POST", f"{V1}/emails/{BOBS}/track", body={}),
    Refused(404, "no_such_email", "POST", f"{V1}/emails/{BOBS}/untrack"),
    Refused(404, "no_such_email", "POST", f"{V1}/emails/{BOBS}/retry"),
    Refused(404, "no_such_email", "PUT", f"{V1}/emails/{BOBS}/regarding", body={"regarding": None}),
    Refused(404, "no_such_email", "POST", f"{V1}/emails/{BOBS}/links", body={"record": REGARDING}),
    Refused(404, "no_mailbox", "POST", f"{V1}/emails/lookup",
            body={"internet_message_id": BOBS_ID, "mailbox": "bob@ours.example"}),
    Refused(405, "method_not_allowed", "DELETE", f"{V1}/me"),
    Refused(400, "bad_query", "GET", f"{V1}/emails"),
    Refused(400, "bad_query", "GET", f"{V1}/records", query={"limit": "0"}),
    Refused(400, "bad_table", "GET", f"{V1}/records", query={"table": "role"}),
    Refused(400, "bad_cursor", "GET", f"{V1}/records/contact/ana/activities", query={"cursor": "x"}),
    Refused(400, "bad_cursor", "GET", f"{V1}/emails/failures", query={"cursor": "x"}),
    Refused(400, "bad_cursor", "GET", f"{V1}/records", query={"cursor": "x"}),
    Refused(400, "bad_cursor", "GET", f"{V1}/admin/audit", user="root", query={"cursor": "x"}),
    Refused(400, "bad_body", "POST", f"{V1}/emails/lookup", body={}),
    Refused(400, "bad_body", "PUT", f"{V1}/preferences", body={"auto_capture": "yes"}),
    Refused(400, "bad_json", "POST", f"{V1}/emails/lookup", raw=b"{", headers=JSON),
    Refused(400, "bad_address", "POST", f"{V1}/records", body=PERSON | {"email": "nobody"}),
    Refused(400, "bad_attachment", "POST", f"{V1}/emails/{MINE}/track", body={"attachments": ["none"]}),
    Refused(400, "bad_encoding", "POST", f"{V1}/emails/lookup", raw=b"no deflate",
            headers={"Content-Type": "application/json", "Content-Encoding": "deflate"}),
    Refused(415, "not_json", "POST", f"{V1}/emails/lookup", raw=b"{}",
            headers={"Content-Type": "text/plain"}),
    Refused(413, "too_large", "POST", f"{V1}/emails/lookup", raw=b"x" * 1_100_000, headers=JSON),
    Refused(400, "bad_host", "GET", "/", user=None, headers={"Host": "127.0.0.1:1:1"}),
    Refused(409, "terms_not_accepted", "PUT", f"{V1}/admin/features", user="root",
            body={"features": {"who_knows_whom": "on"}}, is_off=True),
    Refused(409, "already_known", "POST", f"{V1}/records", body=PERSON | {"email": "Ana@Fabrikam.example"}),
    Refused(409, "not_failed", "POST", f"{V1}/emails/{MINE}/retry"),
    Refused(409, "untracked", "PUT", f"{V1}/emails/{MINE}/regarding", body={"regarding": REGARDING}),
    Refused(409, "untracked", "POST", f"{V1}/emails/{MINE}/links", body={"record": REGARDING}),
    Refused(503, "no_bot", "POST", "/api/messages", user=None, raw=b"{}",
            headers={"Content-Type": "application/json"}),
)  # fmt: skip
ELSEWHERE = {
    "marked_private": "tests/test_kept_out.py",
    "labelled": "tests/test_kept_out.py",
    "encrypted": "tests/test_kept_out.py",
    "mailbox_not_synchronised": "tests/flows/test_mailbox_states.py",
    "forward_mailbox": "tests/flows/test_mailbox_states.py",
    "mailbox_not_approved": "tests/flows/test_mailbox_states.py",
    "mailbox_not_tested": "tests/flows/test_mailbox_states.py",
    "changed_meanwhile": "tests/insights/test_choices.py",
    "no_privilege": "tests/insights/test_gate.py",
    "feature_unavailable": "tests/insights/test_requirements.py",
    "slow_body": "tests/addin/test_connections.py",
    "unknown_encoding": "tests/addin/test_bodies.py",
}
"""Codes whose state takes more than a request to bring about, and where it is."""
MODULES = ("insights/access.py", "insights/audit.py", "insights/features.py", "insights/people.py",
           "insights/choices.py", "insights/versions.py", "insights/records.py", "insights/timelines.py",
           "insights/capture", "addin/auth.py", "addin/bodies.py", "addin/http.py",
           "addin/origins.py")  # fmt: skip


@pytest.mark.parametrize("refused", REFUSALS, ids=lambda each: f"{each.code} {each.method} {each.path}"[:70])
async def test_refused(
    client: Client, services: Services, token_for: Callable[..., str], refused: Refused
) -> None:
    if not refused.is_off:
        root = await services.crm.user("root")
        assert root
        switches = FeaturesBody(accept_terms=True, features=FeatureSwitches(auto_capture="on"))
        await features.change_features(services, root, switches)
    organization_id = await services.crm.organization_id()
    path = refused.path
    for name in ("1", "bobs"):
        path = path.replace(f"{{{name}}}", email_id(organization_id, f"<{name}@mail.example>"))
    headers = dict(refused.headers)
    if refused.user:
        hours = (-1,) if refused.user == "late" else ()
        headers["Authorization"] = f"Bearer {token_for(refused.user, *hours)}"
    given: dict[str, Any] = (
        {"data": BytesIO(refused.raw)} if refused.raw is not None else {"json": refused.body}
    )
    async with client.request(
        refused.method, path, params=refused.query, headers=headers, **given
    ) as response:
        problem = await response.json(content_type="application/problem+json")
        assert (response.status, problem["status"], problem["code"]) == (
            refused.status,
            refused.status,
            refused.code,
        )
        assert problem["title"]
        assert problem["detail"]
        assert ("WWW-Authenticate" in response.headers) == (refused.status == 401)
    changed = await services.database.read(lambda connection: connection.execute(tracks.select()).all())
    assert changed == []


@pytest.fixture
async def untrack(client: Client, services: Services, token_for: Callable[[str], str]) -> Untrack:
    """Presses *Untrack* on the email that Ann and Bob both hold: (status, code); auto capture is on."""
    root = await services.crm.user("root")
    assert root
    switches = FeaturesBody(accept_terms=True, features=FeatureSwitches(auto_capture="on"))
    await features.change_features(services, root, switches)
    path = f"{V1}/emails/{await shared_id(services)}/untrack"

    async def press(user: str) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {token_for(user)}"}
        async with client.post(path, headers=headers) as response:
            return response.status, (await response.json(content_type=None)).get("code", "")

    return press


async def shared_id(services: Services) -> str:
    return email_id(await services.crm.organization_id(), "<3@mail.example>")


async def states(services: Services) -> list[tuple[str, str]]:
    rows = await services.database.read(lambda connection: connection.execute(tracks.select()).all())
    return [(row.user_id, row.state) for row in rows]


async def press_track(services: Services, name: str) -> None:
    user = await services.crm.user(name)
    assert user
    await track(services, user, await shared_id(services), TrackBody(regarding=None))


async def test_only_who_tracked_an_email_takes_it_back(services: Services, untrack: Untrack) -> None:
    await services.workflows.wait_ready()
    await press_track(services, "ann")
    while await states(services) != [("ann", TrackState.TRACKED)]:
        assert (await untrack("bob"))[0] == 409  # whenever he tries while it is on its way
    assert await untrack("bob") == (409, "tracked_by_other")
    await press_track(services, "bob")
    assert await untrack("ann") == (409, "others_added")
    assert (await untrack("bob"))[0] == 200
    assert (await untrack("ann"))[0] == 200


@pytest.mark.parametrize("state", [TrackState.PENDING, TrackState.FAILED])
async def test_nobody_takes_back_what_another_is_about_to_track(
    services: Services, untrack: Untrack, state: TrackState
) -> None:
    now = services.now()
    row = {"email_id": await shared_id(services), "state": state, "user_id": "ann", "attempt": 1}
    pressed = tracks.insert().values(**row, requested_at=now, changed_at=now)
    await services.database.write(lambda connection: connection.execute(pressed))
    assert await untrack("bob") == ((409, "pending") if state is TrackState.PENDING else (200, ""))
    assert await states(services) == [("ann", state)]
    assert await untrack("ann") == ((409, "pending") if state is TrackState.PENDING else (200, ""))


def test_every_code_of_the_api_is_here() -> None:
    found: set[str] = set()
    for module in MODULES:
        place = ROOT / module
        for path in place.rglob("*.py") if place.is_dir() else [place]:
            found |= codes_made(path)
    told = {refused.code for refused in REFUSALS} | {"pending", "tracked_by_other", "others_added"}
    assert found - told - set(ELSEWHERE) == set()
    for code, name in ELSEWHERE.items():
        assert f'"{code}"' in (ROOT / name).read_text(), code
