"""The running server as a whole: its table of URLs, one error shape, the order of checks, start and stop."""

import asyncio
import contextlib
import io
import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiohttp import ClientResponse, web
from pytest_aiohttp import AiohttpClient

import app
import urls
from addin.http import SERVICES, Answer, Call, Route, Visit, add_routes
from addin.problems import ProblemDetails
from connectors.embedded.directory import EmbeddedDirectory
from connectors.registry import open_stores
from insights.errors import Unavailable
from insights.features import change_features
from insights.settings import Settings
from insights.views import FeaturesBody, FeatureSwitches
from tests.conftest import Client
from tests.flows.liaison import Liaison
from tests.mails import own_mailbox

TokenFor = Callable[[str], str]
JSON = {"Content-Type": "application/json"}
V1 = [route for route in urls.ROUTES if route.path.startswith("/api/v1")]


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}"


def path_of(route: Route) -> str:
    return route.path.format(table="contact", id="ana", email_id="unknown")


async def read_problem(response: ClientResponse, status: int) -> dict[str, Any]:
    """The problem details of an answer, after checking that they are ones."""
    text = await response.text()
    assert response.status == status, text
    assert response.content_type == "application/problem+json"
    problem: dict[str, Any] = json.loads(text)
    assert set(problem) == {"type", "title", "status", "detail", "code"}
    assert problem["status"] == status
    assert all(problem[name] for name in problem)
    assert response.headers["X-Request-ID"]
    return problem


async def turn_on(client: Client) -> None:
    services = client.app[SERVICES]
    root = await services.crm.user("root")
    assert root
    body = FeaturesBody(accept_terms=True, features=FeatureSwitches(auto_capture="on"))
    await change_features(services, root, body)


async def test_every_route_has_one_error_shape_and_checks_in_order(
    client: Client, token_for: TokenFor
) -> None:
    """401 before 403 before 404 before 400: each request is wrong in every way that comes later."""
    await turn_on(client)

    async def ask_wrongly(route: Route, user: str = "") -> ClientResponse:
        headers = {"Authorization": f"Bearer {token_for(user)}"} if user else {}
        headers |= JSON
        wrong = {"limit": "no", "days": "no"}
        return await client.request(route.method, path_of(route), params=wrong, data=b"{no", headers=headers)

    for route in V1:
        anonymous = await ask_wrongly(route)
        assert anonymous.headers["WWW-Authenticate"] == "Bearer"
        await read_problem(anonymous, 401)
        if route.gate == "admin":
            assert (await read_problem(await ask_wrongly(route, "bob"), 403))["code"] == "not_admin"
        if "body" in route.parameters:
            assert (await read_problem(await ask_wrongly(route, "root"), 400))["code"] == "bad_json"
        elif "query" in route.parameters:
            assert (await read_problem(await ask_wrongly(route, "root"), 400))["code"] == "bad_query"
        elif "email_id" in route.parameters:
            await read_problem(await ask_wrongly(route, "root"), 404)


async def test_a_feature_that_is_off_is_told_before_anything_is_read(
    client: Client, token_for: TokenFor
) -> None:
    featured = [route for route in V1 if route.feature]
    assert featured
    for route in featured:
        headers = {"Authorization": f"Bearer {token_for('ann')}"}
        response = await client.request(route.method, path_of(route), headers=headers, data=b"{no")
        assert (await read_problem(response, 403))["code"] == "feature_off", name_of(route)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "Bearer",
        "Bearer é.b.c",
        "Bearer \udcaf.b.c",
        "Basic YW5uOmFubg==",
        "Bearer a.b.c",
        "Bearer {expired}",
    ],
)
async def test_tokens_that_prove_nothing(client: Client, token_for: TokenFor, token: str) -> None:
    directory = client.app[SERVICES].directory
    assert isinstance(directory, EmbeddedDirectory)
    expired = directory.issue_token("ann", hours=-1)
    headers = {"Authorization": token.format(expired=expired)} if token else {}
    problem = await read_problem(await client.get("/api/v1/me", headers=headers), 401)
    assert "ann" not in problem["detail"].lower()
    good = await client.get("/api/v1/me", headers={"Authorization": f"Bearer {token_for('ann')}"})
    assert (await good.json())["user"]["name"] == "Ann Beebe"
    unknown = {"Authorization": f"Bearer {token_for('nobody')}"}
    assert (await read_problem(await client.get("/api/v1/me", headers=unknown), 401))[
        "code"
    ] == "unknown_user"


async def test_aiohttps_own_refusals_are_problems_too(client: Client, token_for: TokenFor) -> None:
    await read_problem(await client.get("/nowhere"), 404)
    refused = await client.delete("/api/v1/me")
    await read_problem(refused, 405)
    assert refused.headers["Allow"] == "GET"
    headers = {"Authorization": f"Bearer {token_for('ann')}"}
    large = io.BytesIO(b'{"q": "' + b"x" * (1024 * 1024) + b'"}')
    assert (
        await read_problem(await client.post("/api/v1/records/lookup", headers=headers, data=large), 413)
    )["code"] == "too_large"
    fits = await client.post("/api/v1/records/lookup", headers=headers, json={"q": "Ana"})
    assert [item["name"] for item in (await fits.json())["items"]] == ["Ana Silva"]


async def test_limits_cursors_and_empty_parameters(client: Client, token_for: TokenFor) -> None:
    headers = {"Authorization": f"Bearer {token_for('ann')}"}

    async def ask(**query: str) -> ClientResponse:
        return await client.get("/api/v1/records", headers=headers, params=query)

    for limit in ("0", "201", "-1", "x", "1.5"):
        assert (await read_problem(await ask(limit=limit), 400))["code"] == "bad_query"
    await read_problem(await ask(cursor="not one of ours"), 400)
    await read_problem(await ask(table="nope"), 400)
    assert (await read_problem(await ask(q="a\0b"), 400))["code"] == "bad_query"
    everything = await (await ask(limit="", cursor="", q="", table="")).json()
    assert everything["next"] is None
    found: list[Any] = []
    page: dict[str, Any] = {"next": ""}
    while page["next"] is not None:
        page = await (await ask(limit="1", cursor=page["next"])).json()
        assert len(page["items"]) == 1
        found += page["items"]
    assert found == everything["items"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"q": "\\ud800"}', "bad_json"),
        (b'{"q": "\xff"}', "bad_json"),
        (b'{"q": NaN}', "bad_json"),
        (b"[" * 100_000, "bad_json"),
        (b"[]", "bad_body"),
        (b"null", "bad_body"),
        (b'{"limit": "5"}', "bad_body"),
        (b'{"limit": 1e400}', "bad_body"),
        (b'{"unknown": 1}', "bad_body"),
        (b'{"q": "a\\u0000"}', "bad_body"),
        (b'{"cursor": "\xc3\xa9"}', "bad_cursor"),
    ],
)
async def test_bodies_that_are_none(client: Client, token_for: TokenFor, body: bytes, code: str) -> None:
    headers = JSON | {"Authorization": f"Bearer {token_for('ann')}"}
    response = await client.post("/api/v1/records/lookup", headers=headers, data=body)
    assert (await read_problem(response, 400))["code"] == code


async def test_what_nobody_foresaw_is_told_without_details(
    settings: Settings, aiohttp_client: AiohttpClient
) -> None:
    async def fail(_visit: Visit) -> Answer:
        raise ValueError("ana@fabrikam.example wrote: secret")

    server = app.create_app(settings)
    add_routes(server, (Route("GET", "/fail", fail, "public"),))
    client = await aiohttp_client(server)
    response = await client.get("/fail")
    problem = await read_problem(response, 500)
    assert "secret" not in problem["detail"]
    assert response.headers["X-Request-ID"] in problem["detail"]
    assert (await client.get("/healthz")).status == 200


async def test_requests_in_flight_are_finished_and_streams_end(
    settings: Settings, aiohttp_client: AiohttpClient
) -> None:
    started, may_end = asyncio.Event(), asyncio.Event()

    async def slow(_visit: Visit) -> web.Response:
        started.set()
        await may_end.wait()
        return web.Response(text="done")

    server = app.create_app(settings)
    add_routes(server, (Route("GET", "/slow", slow, "public"),))
    client = await aiohttp_client(server)
    directory = server[SERVICES].directory
    assert isinstance(directory, EmbeddedDirectory)
    token = directory.issue_token("ann")
    stream = await client.get("/api/v1/events", headers={"Authorization": f"Bearer {token}"})
    answer = asyncio.create_task(client.get("/slow"))
    await started.wait()
    stopping = asyncio.create_task(client.server.close())
    await asyncio.sleep(0.1)
    assert not answer.done()
    may_end.set()
    response = await answer
    assert await response.text() == "done"
    await asyncio.wait_for(stopping, 20)
    with contextlib.suppress(ConnectionError):
        assert (await stream.content.read()).startswith(b": open\n\n")


def test_handlers_and_rows_agree() -> None:
    """A row's handler takes a call where users are let in, a visit where anybody is; rows are unique."""
    routes = urls.routes(is_demo=True)
    assert len({name_of(route) for route in routes}) == len(routes)
    for route in routes:
        first = next(iter(route.handler.__annotations__.values()))
        assert first is (Call if route.gate in {"user", "admin"} else Visit), name_of(route)
        for placeholder in ("table", "id", "email_id", "file", "name"):
            in_path = f"{{{placeholder}}}" in route.path or f"{{{placeholder}:" in route.path
            assert in_path == (placeholder in route.parameters), name_of(route)


async def test_the_openapi_document_describes_every_answer(client: Client) -> None:
    document = await (await client.get("/api/openapi.json")).json()
    schemas = document["components"]["schemas"]
    described = set()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            described.add(f"{method.upper()} {path}")
            for answer in operation["responses"].values():
                for media in answer["content"].values():
                    name = media["schema"]["$ref"].rpartition("/")[2]
                    assert schemas[name]["properties"], f"{method} {path}: {name}"
            assert operation["responses"]["default"]["content"].keys() == {"application/problem+json"}
    assert described == {name_of(route) for route in urls.ROUTES if route.answers}
    assert schemas["ProblemDetails"]["properties"].keys() == ProblemDetails.model_fields.keys()


@pytest.mark.slow("asks a server a thousand things by chance")
async def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    """Requests made up from the document: no 5xx, no answer that departs from its schema."""
    from tests.flows.liaison import COMPANY, letter

    installation = Liaison(tmp_path)
    installation.import_crm(COMPANY)
    installation.import_mail("root@ours.example", [letter(number) for number in range(5)])
    async with installation:
        await installation.turn_on("auto_capture")
        command = [
            *(str(Path(sys.executable).with_name("schemathesis")), "run"),
            f"{installation.url}/api/openapi.json",
            *("--header", f"Authorization: Bearer {installation.token('root')}"),
            *("--exclude-operation-id", "change_features"),
            *("--checks", "not_a_server_error,status_code_conformance,content_type_conformance"),
            *("--checks", "response_headers_conformance,response_schema_conformance"),
            *(
                "--phases",
                "examples,coverage,fuzzing",
                "--max-examples",
                "15",
                "--seed",
                "1",
                "--workers",
                "2",
            ),
        ]
        found = await asyncio.to_thread(
            subprocess.run, command, cwd=tmp_path, capture_output=True, text=True, check=False
        )
    assert found.returncode == 0, found.stdout[-6000:] + found.stderr[-2000:]
    assert '"status": 500' not in installation.log.read_text()


async def test_a_server_on_all_interfaces_greets_with_an_address_to_open(settings: Settings) -> None:
    greeted: list[str] = []

    def greet(address: str, *, is_demo: bool) -> None:
        greeted.append(address)
        signal.raise_signal(signal.SIGTERM)

    await app.serve(settings, host="0.0.0.0", port=0, is_demo=False, greet=greet)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", greeted[0])


async def test_a_server_that_answers_has_its_mail_readers_ready_before_a_mail_is_opened(
    tmp_path: Path,
) -> None:
    async with Liaison(tmp_path) as installation:
        server = next(
            each for each in psutil.Process().children() if str(installation.data) in each.cmdline()
        )
        async with asyncio.timeout(60):
            while not any("spawn_main" in " ".join(each.cmdline()) for each in server.children()):
                await asyncio.sleep(0.05)


async def test_a_warming_that_fails_harms_nobody() -> None:
    done: list[str] = []

    async def fail() -> None:
        raise Unavailable("mail_parser_down")

    async def warm() -> None:
        done.append("warmed")

    await app.warm_up([fail, warm])
    assert done == ["warmed"]


async def test_connectors_are_warmed_when_the_server_says_so_and_not_before(settings: Settings) -> None:
    async with open_stores(settings, app.utc_now) as (services, stores):
        assert len(stores.warm_ups) == 1
        before = set(psutil.Process().children())
        assert await services.mail.version(own_mailbox("ann@ours.example"))
        assert set(psutil.Process().children()) == before
        await app.warm_up(stores.warm_ups)
        assert set(psutil.Process().children()) > before
