"""The stand-in of Graph grants, throttles, fails and notifies as the service does."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.conftest import TESTDATA
from tests.mails import make_mail
from tests.standins.graph import GraphStandin, running_graph
from tests.standins.graph.access import Grant
from tests.standins.graph.client import Client, client_of

pytestmark = pytest.mark.testdata
ANN, BOB, ROOM = "ann@ours.example", "bob@ours.example", "sales@ours.example"
IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}


@pytest.fixture
async def graph() -> AsyncIterator[GraphStandin]:
    async with running_graph(TESTDATA) as running:
        running.add_user("ann-id", ANN, "Ann Lee")
        running.add_user("bob-id", BOB, "Bob Ray")
        running.add_user(None, ROOM, "Sales", is_shared_mailbox=True)
        running.add_user(None, "guest@else.example", "Guest", has_mailbox=False)
        yield running


@pytest.fixture
async def ann(graph: GraphStandin) -> AsyncIterator[Client]:
    async with client_of(graph, ANN, "Mail.ReadWrite Mail.ReadWrite.Shared User.Read") as client:
        yield client


async def test_tokens_and_scopes_decide(graph: GraphStandin, ann: Client) -> None:
    assert (await ann.get("/me/mailboxSettings")).error == (403, "ErrorAccessDenied")
    assert (await ann.get("/users")).error == (403, "Authorization_RequestDenied")
    ann.token = "x"
    assert (await ann.get("/me")).error == (401, "InvalidAuthenticationToken")
    ann.token = graph.issue(ANN, "Mail.Read", audience="api://liaison")
    assert (await ann.get("/me/messages")).error == (401, "InvalidAuthenticationToken")
    ann.token = graph.issue(ANN, "Mail.ReadBasic")
    stored = graph.deliver(ANN, make_mail(files={"a": b"a"}))
    basic = (await ann.get(f"/me/messages/{stored.id}")).json()
    assert {"subject", "from"} <= basic.keys()
    assert not {"body", "bodyPreview"} & basic.keys()
    assert (await ann.get(f"/me/messages/{stored.id}/attachments")).error == (403, "ErrorAccessDenied")
    assert (await ann.get(f"/me/messages/{stored.id}/$value")).error == (403, "ErrorAccessDenied")
    for query in (
        {"_select": "subject,body"},
        {"_select": "bodyPreview"},
        {"_select": "uniqueBody"},
        {"_expand": "attachments"},
        {"_expand": "singleValueExtendedProperties($filter=id eq 'Integer 0x0036')"},
        {"_filter": "bodyPreview eq 'x'"},
        {"_search": '"x"'},
    ):
        assert (await ann.get("/me/messages", **query)).error == (403, "ErrorAccessDenied"), query
    listed = (await ann.get("/me/messages", _select="internetMessageHeaders,isRead,parentFolderId")).value
    assert [set(each) >= {"internetMessageHeaders", "isRead"} for each in listed] == [True]

    async def prove(token: str) -> Grant | None:
        return Grant("bob-id", frozenset({"User.Read"})) if token == "bobs" else None

    graph.authenticate, ann.token = prove, "bobs"
    assert (await ann.get("/me")).json()["mail"] == BOB


async def test_mailboxes_of_others_need_to_be_shared(graph: GraphStandin, ann: Client) -> None:
    stored = graph.deliver(ROOM, make_mail())
    path = f"/users/{ROOM}/messages"
    assert (await ann.get(path)).error == (403, "ErrorAccessDenied")
    assert (await ann.get(f"{path}/{stored.id}")).error == (404, "ErrorItemNotFound")
    graph.share(ROOM, ANN)
    assert len((await ann.get(path)).value) == 1
    assert (await ann.get(f"/me/messages/{stored.id}")).error == (404, "ErrorItemNotFound")
    ann.token = graph.issue(ANN, "Mail.ReadWrite")
    assert (await ann.get(path)).error == (403, "ErrorAccessDenied")
    assert (await ann.get("/users/none@ours.example/messages")).error == (404, "ErrorInvalidUser")
    ann.token = graph.issue(None, "Mail.Read")
    assert (await ann.get("/users/guest@else.example/messages")).error == (404, "MailboxNotEnabledForRESTAPI")
    assert (await ann.get("/me/messages")).error == (400, "BadRequest")
    assert len((await ann.get(path)).value) == 1
    graph.application_mailboxes = {ANN}
    assert (await ann.get(path)).error == (403, "ErrorAccessDenied")
    assert (await ann.get("/users/ann-id/messages")).status == 200


async def test_four_requests_at_a_time_per_mailbox(graph: GraphStandin, ann: Client) -> None:
    graph.round_trip = 0.3
    answers = await asyncio.gather(*(ann.get("/me/messages") for _ in range(6)), ann.get("/me"))
    refused = [each.error for each in answers if each.status != 200]
    assert refused
    assert set(refused) == {(429, "ApplicationThrottled")}
    assert (await ann.get("/me/messages")).status == 200


def batch_of(*paths: str, **more: Any) -> dict[str, Any]:
    return {
        "requests": [{"id": str(at), "method": "GET", "url": path} | more for at, path in enumerate(paths)]
    }


async def run(ann: Client, given: dict[str, Any]) -> dict[str, Any]:
    answer = await ann.post("/$batch", given)
    assert answer.status == 200
    return {each["id"]: each for each in answer.json()["responses"]}


async def test_batches_answer_each_request(graph: GraphStandin, ann: Client) -> None:
    for number in range(3):
        graph.deliver(ANN, make_mail(f"<{number}@x.example>"))
    given = batch_of("/me/messages?$top=1", "me/messages/no id", "/me", headers=IMMUTABLE)
    body = {"method": "POST", "headers": {"content-type": "application/json"}, "body": {"subject": "New"}}
    given["requests"] += [{"id": "new", "url": "/me/messages", "dependsOn": ["0"]} | body]
    given["requests"] += [{"id": "after", "method": "GET", "url": "/me", "dependsOn": ["1"]}]
    given["requests"] += [
        {"id": "raw", "method": "GET", "url": f"/me/messages/{graph.mailbox(ANN).messages[0].id}/$value"}
    ]
    answers = await run(ann, given)
    assert {step: each["status"] for step, each in answers.items()} == {
        "0": 200,
        "1": 400,
        "2": 200,
        "new": 201,
        "after": 424,
        "raw": 200,
    }
    assert answers["0"]["body"]["value"][0]["id"] == graph.mailbox(ANN).messages[2].immutable_id
    assert b"Message-ID: <0@x.example>" in base64.b64decode(answers["raw"]["body"])
    assert (await ann.get(answers["0"]["body"]["@odata.nextLink"])).status == 200
    too_many = await ann.post("/$batch", batch_of(*["/me"] * 21))
    assert too_many.error == (400, "MaximumValueExceeded")
    assert (graph.round_trips, len(graph.requests)) == (3, 8)


async def test_wide_batches_are_throttled_one_by_one(graph: GraphStandin, ann: Client) -> None:
    wide = batch_of(*["/me/messages"] * 6, "/me")
    answers = await run(ann, wide)
    assert [answers[str(at)]["status"] for at in range(7)] == [200] * 4 + [429] * 2 + [200]
    assert answers["5"]["body"]["error"]["code"] == "ApplicationThrottled"
    for at in (4, 5):
        wide["requests"][at]["dependsOn"] = ["0"]
    assert {each["status"] for each in (await run(ann, wide)).values()} == {200}
    graph.wide_batches = "queued"
    assert {each["status"] for each in (await run(ann, batch_of(*["/me/messages"] * 20))).values()} == {200}


async def test_faults_come_as_scripted_and_go(graph: GraphStandin, ann: Client) -> None:
    graph.deliver(ANN, make_mail())
    graph.faults.throttle("/messages", times=2, retry_after=7)
    for _ in range(2):
        throttled = await ann.get("/me/messages")
        assert (throttled.error, throttled.headers["Retry-After"]) == ((429, "TooManyRequests"), "7")
    assert (await ann.get("/me/messages")).status == 200
    graph.faults.unavailable()
    assert (await ann.get("/me")).error == (503, "ServiceUnavailable")
    graph.faults.cut(r"/messages$", after=30)
    with pytest.raises(aiohttp.ClientPayloadError):
        await ann.get("/me/messages")
    graph.faults.slow(0.2)
    started = asyncio.get_running_loop().time()
    assert (await ann.get("/me")).status == 200
    assert asyncio.get_running_loop().time() - started >= 0.2
    graph.faults.throttle("/messages", inner=True, retry_after=3)
    answers = await run(ann, batch_of("/me/messages", "/me/messages"))
    assert [answers[at]["status"] for at in "01"] == [429, 200]
    assert answers["0"]["headers"]["Retry-After"] == "3"


async def test_consent_and_conditional_access_come_and_go(graph: GraphStandin, ann: Client) -> None:
    graph.faults.demand(ANN)
    refused = await ann.get("/me/messages")
    assert refused.error == (401, "InvalidAuthenticationToken")
    challenge = refused.headers["WWW-Authenticate"]
    assert 'error="insufficient_claims"' in challenge
    claims = challenge.partition('claims="')[2].partition('"')[0]
    assert "nbf" in json.loads(base64.b64decode(claims))["access_token"]
    graph.faults.satisfy(ANN)
    assert (await ann.get("/me/messages")).status == 200
    graph.faults.revoke(ANN, "Mail.ReadWrite", "Mail.ReadWrite.Shared")
    assert (await ann.get("/me/messages")).error == (403, "ErrorAccessDenied")
    graph.faults.revoke(ANN)
    assert (await ann.get("/me")).error == (401, "InvalidAuthenticationToken")
    graph.faults.grant_again(ANN)
    assert (await ann.get("/me/messages")).status == 200


async def test_moved_mailboxes_come_back_with_other_ids(graph: GraphStandin, ann: Client) -> None:
    stored = graph.deliver(ANN, make_mail())
    old, immutable = stored.id, stored.immutable_id
    link = (await ann.get("/me/mailFolders/inbox/messages/delta")).json()["@odata.deltaLink"]
    graph.faults.begin_mailbox_move(ANN)
    assert (await ann.get("/me/messages")).status == 503
    graph.faults.begin_mailbox_move(ANN, is_away=True)
    assert (await ann.get("/me/messages")).error == (404, "MailboxNotEnabledForRESTAPI")
    graph.faults.end_mailbox_move(ANN)
    assert (await ann.get(f"/me/messages/{old}")).error == (404, "ErrorItemNotFound")
    assert (await ann.get(f"/me/messages/{immutable}")).status == 200
    assert (await ann.get(link)).error == (410, "SyncStateNotFound")
    graph.faults.end_mailbox_move(ANN, is_archive=True)
    assert (await ann.get(f"/me/messages/{immutable}")).error == (404, "ErrorItemNotFound")


class Hook:
    """Our own notification endpoint, with what it was told."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.status = 202
        self.echo = True
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        if "validationToken" in request.query:
            return web.Response(text=request.query["validationToken"] if self.echo else "no")
        if self.status < 300 or request.path == "/lifecycle":
            self.told += (await request.json())["value"]
            return web.Response(status=202)
        return web.Response(status=self.status)


@asynccontextmanager
async def running_hook() -> AsyncIterator[Hook]:
    hook, app = Hook(), web.Application()
    app.router.add_post("/{kind}", hook.answer)
    async with TestServer(app) as server:
        hook.url = str(server.make_url("/"))
        yield hook


def subscription(hook: Hook, **more: Any) -> dict[str, Any]:
    return {
        "changeType": "created,updated",
        "notificationUrl": f"{hook.url}notify",
        "lifecycleNotificationUrl": f"{hook.url}lifecycle",
        "resource": "me/mailFolders('Inbox')/messages",
        "expirationDateTime": "2999-01-01T00:00:00.0000000Z",
        "clientState": "secret",
    } | more


async def test_subscriptions_tell_of_changes_until_they_end(graph: GraphStandin, ann: Client) -> None:
    async with running_hook() as hook:
        made = await ann.call("POST", "/subscriptions", subscription(hook), headers=IMMUTABLE)
        assert made.status == 201
        path = f"/subscriptions/{made.json()['id']}"
        ends_at = datetime.fromisoformat(made.json()["expirationDateTime"])
        assert ends_at <= datetime.now(UTC) + timedelta(days=7)
        stored = graph.deliver(ANN, make_mail())
        graph.deliver(ANN, make_mail("<sent@x.example>"), "sentitems")
        await graph.settle()
        [told] = hook.told
        assert (told["changeType"], told["clientState"]) == ("created", "secret")
        assert told["resourceData"]["id"] == stored.immutable_id
        assert told["resource"] == f"Users/ann-id/Messages/{stored.immutable_id}"
        later = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        renewed = await ann.call("PATCH", path, {"expirationDateTime": later})
        assert renewed.json()["expirationDateTime"] == later
        assert len((await ann.get("/subscriptions")).value) == 1
        graph.now = lambda: datetime.now(UTC) + timedelta(hours=2)
        graph.deliver(ANN, make_mail("<late@x.example>"))
        await graph.settle()
        assert len(hook.told) == 1
        assert (await ann.get(path)).error == (404, "ResourceNotFound")


async def test_notifications_get_lost_and_lifecycle_events_say_so(graph: GraphStandin, ann: Client) -> None:
    graph.notifications.retry_seconds = 0
    async with running_hook() as hook:
        made = (await ann.post("/subscriptions", subscription(hook))).json()
        path = f"/subscriptions/{made['id']}"
        graph.notifications.loses = True
        graph.deliver(ANN, make_mail("<lost@x.example>"))
        graph.notifications.loses = False
        hook.status = 503
        graph.deliver(ANN, make_mail("<refused@x.example>"))
        await graph.settle()
        assert [each["lifecycleEvent"] for each in hook.told] == ["missed"]
        assert graph.notifications.lost == 2
        hook.status = 202
        graph.lifecycle("reauthorizationRequired", ANN)
        graph.deliver(ANN, make_mail("<paused@x.example>"))
        assert (await ann.post(f"{path}/reauthorize")).status == 204
        graph.deliver(ANN, make_mail("<again@x.example>"))
        graph.faults.revoke(ANN)
        await graph.settle()
        told = [each.get("lifecycleEvent") or each["changeType"] for each in hook.told]
        assert told == ["missed", "reauthorizationRequired", "created", "subscriptionRemoved"]
        graph.faults.grant_again(ANN)
        assert (await ann.get(path)).error == (404, "ResourceNotFound")


async def test_subscriptions_are_refused_as_by_the_service(graph: GraphStandin, ann: Client) -> None:
    async with running_hook() as hook:
        for more, error in (
            ({"colour": 1}, (400, "InvalidRequest")),
            ({"changeType": "read"}, (400, "InvalidRequest")),
            ({"expirationDateTime": "2001-01-01T00:00:00Z"}, (400, "InvalidRequest")),
            ({"notificationUrl": "http://else.example/x"}, (400, "InvalidRequest")),
            ({"resource": "me/letters"}, (400, "ExtensionError")),
            ({"resource": f"users/{BOB}/messages"}, (403, "ExtensionError")),
            ({"notificationUrl": "http://127.0.0.1:9/none"}, (400, "ValidationError")),
        ):
            assert (await ann.post("/subscriptions", subscription(hook, **more))).error == error, more
        hook.echo = False
        assert (await ann.post("/subscriptions", subscription(hook))).error == (400, "ValidationError")
    assert graph.subscriptions == {}
