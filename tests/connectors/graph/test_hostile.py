"""Answers that lie: links that lead away with the token, and answers without end or bottom."""

import gzip
import json
import re
import tracemalloc
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from connectors.graph import changes
from connectors.graph.agenda import GraphAgenda
from connectors.graph.answers import Answer
from connectors.graph.calls import Call
from connectors.graph.changes import State
from connectors.graph.files import FileReader
from connectors.graph.pace import Budget
from connectors.graph.sending import GraphSender, OutgoingMail
from insights import outside
from insights.errors import Problem, Unavailable
from insights.model import MailQuery
from insights.outside import MOST_JSON
from tests.connectors.graph.tenant import ANN, Tenant, mailbox_of
from tests.mails import AT, make_mail
from tests.standins.graph.errors import GraphError
from tests.standins.graph.faults import Fault

pytestmark = pytest.mark.testdata
ANNS = mailbox_of(ANN)
QUERY = MailQuery(["ana@fabrikam.example"])
ANYTHING = re.compile("")
MB = 1024 * 1024


@dataclass
class Other:
    """A server that is not Graph, and what it was asked."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.path_qs}")
        self.tokens += request.headers.getall("Authorization", [])
        async for _ in request.content.iter_any():
            pass  # what is left unread is waited for at the end
        return web.json_response({"value": []}, status=201)


@pytest.fixture
async def other() -> AsyncIterator[Other]:
    other, app = Other(), web.Application()
    app.router.add_route("*", "/{path:.*}", other.answer)
    async with TestServer(app) as server:
        other.url = str(server.make_url("")).rstrip("/")
        yield other


def linking(link: str, name: str = "@odata.nextLink") -> Callable[[bytes], bytes]:
    """Makes every list of an answer go on at `link`."""

    def bend(content: bytes) -> bytes:
        answer = json.loads(content)
        for body in [answer, *(each.get("body") for each in answer.get("responses", ()))]:
            if isinstance(body, dict) and "value" in body:
                body.pop("@odata.nextLink", None)
                body[name] = link
        return json.dumps(answer).encode()

    return bend


def lie(tenant: Tenant, bend: Callable[[bytes], bytes], **headers: str) -> Fault:
    """From now on every answer is bent."""
    fault = Fault(ANYTHING, times=None, inner=False, bend=bend, headers=headers)
    return tenant.graph.faults.add(fault)


LINKS = [
    "x:{other}/v1.0/me",
    "x:{other}",
    "{other}/v1.0/users/a/messages",
    "HTTP://{host}/v1.0/users",
    "//{host}/v1.0/users",
    "{base}@{host}/v1.0/users",
    "{base}.{host}/v1.0/users",
    "{base}\\@{host}/v1.0/users",
    "http://ann:pw@{graph}/v1.0/users",
    "{base}/v1.0/../../beta/users",
    "{base}/v1.0/%2e%2e/beta/users",
    "{base}/v1.0/..%2fbeta/users",
    "{base}/beta/v1.0/users",
    "{base}/v1.0",
    "{base}/v1.0x/users",
    "{base}/v1.0/users#/v1.0/",
    "{base}/v1.0/users\r\nX: y",
    "https://{graph}/v1.0/users",
    "/v1.0/users",
    "7",
]


async def test_a_list_that_goes_on_without_end_is_given_up(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "MOST_PAGES", 7)
    lie(tenant, linking(f"{tenant.graph.url}/users/{ANNS.reader.object_id}/todo/lists?$skiptoken=x"))
    tenant.graph.requests.clear()
    with pytest.raises(Unavailable) as given_up:
        await GraphAgenda(tenant.client).tasks(ANNS)
    assert (given_up.value.code, tenant.graph.round_trips) == ("endless_list", 7)


@pytest.mark.parametrize("link", LINKS)
async def test_a_link_that_leads_away_is_not_followed(tenant: Tenant, other: Other, link: str) -> None:
    tenant.graph.deliver(ANN, make_mail())
    base = tenant.graph.url.removesuffix("/v1.0")
    host, graph = other.url.removeprefix("http://"), base.removeprefix("http://")
    bent = link.format(other=other.url, host=host, base=base, graph=graph)
    fault = lie(tenant, linking(bent))
    for read in (
        lambda: tenant.mail.search(ANNS, QUERY),
        lambda: tenant.mail.find_by_message_id(ANNS, "<nobody@fabrikam.example>"),
        lambda: tenant.mail.changes(ANNS, None),
        lambda: tenant.mail.headers(ANNS, AT, AT + timedelta(days=1)),
    ):
        tenant.graph.requests.clear()
        with pytest.raises(Unavailable) as told:
            await read()
        assert told.value.code == "mail_elsewhere"
        assert tenant.graph.round_trips == 1  # nor is it asked below our own root
    assert other.asked == []
    tenant.graph.faults.waiting.remove(fault)
    assert len(await tenant.mail.search(ANNS, QUERY)) == 1


@pytest.mark.parametrize("link", ["{other}/v1.0/x?$deltatoken=1", "x:{other}?$deltatoken=1"])
async def test_a_delta_that_goes_on_elsewhere_is_not_kept(tenant: Tenant, other: Other, link: str) -> None:
    from connectors.graph.delta import look

    bent = link.format(other=other.url)
    lie(tenant, linking(bent, "@odata.deltaLink"))
    for read in (
        lambda: look(tenant.client, ANNS, "", tenant.now(), tenant.now(), Budget(8)),
        lambda: tenant.mail.changes(ANNS, None),
    ):
        with pytest.raises(Unavailable) as told:
            await read()
        assert told.value.code == "mail_elsewhere"
    assert other.asked == []


def test_a_delta_that_goes_on_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MOST_PAGES", 7)
    state = State(None, is_anew=False)
    state.enter(["inbox"], is_first=False)
    call, root = Call("GET", "/users/ann/mailFolders/inbox/messages/delta"), "https://graph.example/v1.0"
    more = Answer(200, json={"value": [{"id": "1"}], "@odata.nextLink": f"{root}/x?$skiptoken=1"}, root=root)
    for _ in range(7):
        assert state.take("inbox", call, more) == ["1"]
    with pytest.raises(Unavailable) as told:
        state.take("inbox", call, more)
    assert told.value.code == "mail_too_long"
    end = Answer(200, json={"value": [], "@odata.deltaLink": f"{root}/x?$deltatoken=1"}, root=root)
    assert state.take("inbox", call, end) == []
    assert (state.due, state.folders["inbox"].query) == ({}, "$deltatoken=1")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_takes_no_token_along(tenant: Tenant, other: Other, status: int) -> None:
    tenant.graph.deliver(ANN, make_mail())
    for where in (f"{other.url}/v1.0/me", f"{tenant.graph.url}/me"):
        error = GraphError(status, "Moved", "Elsewhere", {"Location": where})
        fault = tenant.graph.faults.add(Fault(ANYTHING, None, False, error))
        with pytest.raises(Unavailable):
            await tenant.mail.search(ANNS, QUERY)
        tenant.graph.faults.waiting.remove(fault)
    assert other.asked == []
    assert len(await tenant.mail.search(ANNS, QUERY)) == 1


async def _attach(tenant: Tenant, upload_url: str) -> None:
    """Attach a file that is large enough for an upload session, whose address is said to be that."""

    def bend(content: bytes) -> bytes:
        return re.sub(rb'"uploadUrl": "[^"]*"', json.dumps({"uploadUrl": upload_url}).encode()[1:-1], content)

    sender = GraphSender(tenant.client)
    draft = await sender.create_draft(ANNS, OutgoingMail("Offer", "<p>Hello</p>", ["x@y.example"]))
    tenant.graph.faults.add(Fault(re.compile("createUploadSession"), None, False, bend=bend))
    await sender.attach(ANNS, draft, "offer.pdf", "application/pdf", b"x" * (4 * MB))


async def test_an_upload_goes_elsewhere_without_the_token(tenant: Tenant, other: Other) -> None:
    await _attach(tenant, f"{other.url}/upload?authtoken=1")
    assert other.asked == ["PUT /upload?authtoken=1"]
    assert other.tokens == []


@pytest.mark.parametrize(
    "url", ["http://elsewhere.example/up", "x:{other}/", "{other}/a/../b", "/v1.0/me", ""]
)
async def test_an_upload_goes_to_no_address_that_is_unsafe(tenant: Tenant, other: Other, url: str) -> None:
    with pytest.raises(Unavailable) as told:
        await _attach(tenant, url.format(other=other.url))
    assert told.value.code == "mail_elsewhere"
    assert other.asked == []


@pytest.fixture(scope="module")
def endless() -> Mapping[str, bytes]:
    """300 MB of rows, and the same packed, by `Content-Encoding`."""
    plain = b'{"value": [' + b'{"id": "a"},' * (300 * MB // 12) + b'{"id": "b"}]}'
    packed = gzip.compress(plain, 1)
    return {"identity": plain, "gzip": packed, "gzip, gzip": gzip.compress(packed, 1), "deflate": packed}


@pytest.mark.parametrize("encoding", ["identity", "gzip", "gzip, gzip", "deflate"])
async def test_an_answer_without_end_is_given_up(
    tenant: Tenant, endless: Mapping[str, bytes], encoding: str
) -> None:
    tenant.graph.deliver(ANN, make_mail())
    fault = lie(tenant, lambda _: endless[encoding], **{"Content-Encoding": encoding})
    tracemalloc.start()
    try:
        with pytest.raises(Unavailable) as told:
            await tenant.mail.search(ANNS, QUERY)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    was_asked_for = encoding in {"identity", "gzip"}
    assert told.value.code == ("mail_too_long" if was_asked_for else "mail_unreachable")
    # The stand-in runs in this process too: what it sends unpacked counts as well.
    assert encoding == "identity" or peak < 3 * MOST_JSON
    tenant.graph.faults.waiting.remove(fault)
    assert len(await tenant.mail.search(ANNS, QUERY)) == 1


@pytest.mark.parametrize("deep", [b"[" * 100_000, b'{"value":' * 100_000, b'{"value":[' * 900 + b"]}" * 900])
async def test_an_answer_without_bottom_is_none(tenant: Tenant, deep: bytes) -> None:
    tenant.graph.deliver(ANN, make_mail())
    fault = lie(tenant, lambda _: deep)
    with pytest.raises(Problem):
        await FileReader(tenant.client).attachment(ANNS, "x", "y")
    tenant.graph.faults.waiting.remove(fault)
    assert len(await tenant.mail.search(ANNS, QUERY)) == 1


async def test_a_packed_answer_is_read(tenant: Tenant) -> None:
    tenant.graph.deliver(ANN, make_mail())

    def pack(content: bytes) -> bytes:
        return gzip.compress(content + b" " * (3 * MB))

    lie(tenant, pack, **{"Content-Encoding": "gzip"})
    assert len(await tenant.mail.search(ANNS, QUERY)) == 1
