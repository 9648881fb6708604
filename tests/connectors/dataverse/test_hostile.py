"""Answers that lie: links that lead away with the token, and answers without end or bottom."""

import gzip
import json
import tracemalloc
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from insights import outside
from insights.crm.conditions import Column
from insights.errors import Problem, Unavailable
from insights.outside import MOST_JSON
from tests.connectors.dataverse.test_resilience import ACCOUNTS, ALL, World, accounts, world
from tests.standins.dataverse.faults import Fault

pytestmark = pytest.mark.testdata
__all__ = ["world"]
JSON = {"Content-Type": "application/json; odata.metadata=minimal"}
MB = 1024 * 1024


@pytest.fixture
async def other() -> AsyncIterator[tuple[str, list[str]]]:
    """The address of a server that is not Dataverse, and what it was asked."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(f"{request.method} {request.path_qs}")
        return web.json_response({"value": []})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/"), asked


def lie(world: World, answer: object, status: int = 200, **headers: str) -> Fault:
    """From now on the service answers that."""
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    fault = Fault(status, body, JSON | headers, times=None)
    world.standin.faults.waiting.append(fault)
    return fault


LINKS = [
    "x:{other}/api/data/v9.2/accounts",
    "{other}/api/data/v9.2/accounts",
    "{base}@{host}/api/data/v9.2/accounts",
    "{base}.{host}/api/data/v9.2/accounts",
    "{base}/api/data/v9.2/../../../elsewhere",
    "{base}/api/data/v9.2/%2e%2e/v1/accounts",
    "{base}/api/data/v9.2/..%2faccounts",
    "{base}/api/data/v9.2",
    "{base}/api/data/v9.20/accounts",
    "{base}/accounts",
    "{base}/api/data/v9.2/accounts HTTP/1.1\r\nCallerObjectId: x",
    "{base}/api/data/v9.2/accounts#x",
    "accounts",
    "7",
]


@pytest.mark.parametrize("link", LINKS)
async def test_a_link_that_leads_away_is_not_followed(
    world: World, other: tuple[str, list[str]], link: str
) -> None:
    url, asked = other
    base = world.standin.url.rstrip("/")
    bent = link.format(other=url, host=url.removeprefix("http://"), base=base)
    fault = lie(world, {"value": [{"accountid": "a"}], "@odata.nextLink": bent})
    before = len(world.standin.requests)
    with pytest.raises(Unavailable):
        await world.crm.api.all_rows([ACCOUNTS], None, all_pages=True)
    assert len(world.standin.requests) == before + 1
    fault.times = 0
    fault = lie(world, {"value": [{"accountid": "a", "contacts": [], "contacts@odata.nextLink": bent}]})
    with pytest.raises(Unavailable):
        await world.crm.api.rows(ACCOUNTS, None)
    assert len(world.standin.requests) == before + 2
    assert asked == []
    fault.times = 0
    assert await accounts(world) == ALL


async def test_a_list_that_goes_on_without_end_is_given_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "MOST_PAGES", 7)
    again = f"{world.standin.url.rstrip('/')}/api/data/v9.2/accounts?$skiptoken=x"
    lie(world, {"value": [{"accountid": "a"}], "@odata.nextLink": again})
    before = len(world.standin.requests)
    with pytest.raises(Unavailable) as given_up:
        await world.crm.api.all_rows([ACCOUNTS], None, all_pages=True)
    assert (given_up.value.code, len(world.standin.requests) - before) == ("endless_list", 7)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("name", ["@odata.nextLink", "@odata.deltaLink"])
async def test_changes_are_not_read_on_elsewhere(
    world: World, other: tuple[str, list[str]], name: str, link: str
) -> None:
    url, asked = other
    first = await world.crm.changes("account", [Column("name")], None)
    base = world.standin.url.rstrip("/")
    bent = link.format(other=url, host=url.removeprefix("http://"), base=base)
    lie(world, {"value": [], name: bent})
    before = len(world.standin.requests)
    for cursor in (None, first.cursor):
        with pytest.raises(Unavailable):
            await world.crm.changes("account", [Column("name")], cursor)
    assert len(world.standin.requests) == before + 2
    assert asked == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_no_success_and_takes_no_token_along(
    world: World, other: tuple[str, list[str]], status: int
) -> None:
    url, asked = other
    fault = lie(world, {"value": []}, status, Location=f"{url}/api/data/v9.2/accounts")
    for method in ("GET", "POST", "PATCH", "DELETE"):
        with pytest.raises(Unavailable):
            await world.crm.api.send(method, "accounts", None, body={} if method != "GET" else None)
    assert asked == []
    fault.times = 0
    assert await accounts(world) == ALL


@pytest.mark.parametrize("packing", ["identity", "gzip"])
async def test_an_answer_without_end_is_given_up(world: World, packing: str) -> None:
    endless = b'{"value": [' + b'{"name": "a"},' * (300 * MB // 14) + b'{"name": "b"}]}'
    if packing == "gzip":
        endless = gzip.compress(endless, 1)
    fault = lie(world, endless, 200, **{"Content-Encoding": packing})
    before = len(world.standin.requests)
    tracemalloc.start()
    try:
        with pytest.raises(Unavailable):
            await world.crm.api.rows(ACCOUNTS, None)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(world.standin.requests) == before + 1  # asking again would bring as much again
    # The stand-in runs in this process too: what it sends unpacked counts as well.
    assert packing == "identity" or peak < 3 * MOST_JSON
    fault.times = 0
    assert await accounts(world) == ALL


@pytest.mark.parametrize("status", [200, 400])
async def test_an_answer_without_bottom_is_none(world: World, status: int) -> None:
    for deep in (b"[" * 100_000, b'{"value":' * 100_000, b'{"error":' * 100_000):
        fault = lie(world, deep, status)
        with pytest.raises(Problem):
            await world.crm.api.rows(ACCOUNTS, None)
        fault.times = 0
    fault = lie(world, b'{"value":[{"a":' + b'{"a":' * 300 + b"1" + b"}" * 300 + b"}]}")
    assert len(await world.crm.api.rows(ACCOUNTS, None)) == 1
    fault.times = 0
    assert await accounts(world) == ALL
