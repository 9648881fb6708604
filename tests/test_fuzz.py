"""Bytes of every kind over every URL of the table: never a failure of ours, always one shape of answer.

Schemathesis (tests/test_app.py) makes requests that keep to the OpenAPI document; these keep to nothing.
"""

import base64
import gzip
import json
import re
import zlib

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as tuned
from hypothesis import strategies as st

import app
import urls
from addin.http import SERVICES, Route
from addin.limits import Limits
from connectors.embedded.directory import EmbeddedDirectory
from insights.features import change_features
from insights.services import Services
from insights.settings import Settings
from insights.views import FeaturesBody, FeatureSwitches
from tests.addin.test_headers import check
from tests.wire import Reply, listening

ROUTES = [route for route in urls.routes(is_demo=True) if route.path != "/api/v1/events"]
ROUNDS = 400
Made = tuple[Route, list[str], bytes]
"""A row of the table, the lines of a request that is somehow about it, its body."""
TOKEN = "TOKEN"
"""Stands for the administrator's."""
SHAPES = ("application/problem+json", "text/html")

HOSTS = st.sampled_from(
    [
        "localhost",
        "localhost",
        "127.0.0.1:80",
        "[::1]",
        "[::1]x",
        "localhost:abc",
        "127.0.0.1:6401:1",
        "evil.example",
    ]
) | st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=12)
JUNK = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=30)
TIMES = ["9999-12-31T23:59:59-10:00", "0001-01-01T00:00:00+10:00", "0001-01-01", "2026-01-01T00:00:00Z", "x"]
HEADERS = st.lists(
    st.sampled_from(
        [
            *(
                "Expect: 100-continue",
                "Expect: wonders",
                "Range: bytes=9-1",
                "Range: bytes=99999999-",
                "Range: x",
            ),
            *('If-Match: "x"', "If-None-Match: *", "If-Modified-Since: Fri, 31 Dec 9999 23:59:59 -2359"),
            *("If-Modified-Since: x", "If-Unmodified-Since: Mon, 01 Jan 0001 00:00:00 +2359"),
            *(
                "Origin: https://evil.example",
                "Origin: null",
                "Origin: http://localhost",
                "Sec-Fetch-Site: cross-site",
            ),
            *("Sec-Fetch-Mode: navigate", "Accept-Language: \xff;q=x", "Accept-Language: " + "de," * 500),
            *(
                "X-Forwarded-For: 1.2.3.4:5",
                "X-Forwarded-Host: [::1]x",
                "X-Forwarded-Proto: gopher",
                "Via: x",
            ),
            *("Forwarded: for=_x", "Host: two", "Cookie: \xff=;;", "Accept-Encoding: gzip;q=x, br, \xff"),
            *(
                "Content-Encoding: deflate",
                "Content-Encoding: gzip",
                "Content-Encoding: br",
                "Content-Encoding: x",
            ),
            *(
                "Content-Type: text/plain",
                "Content-Type: application/json; charset=utf-16",
                "Content-Type: \xff",
            ),
            *("Content-Type: multipart/form-data", "Transfer-Encoding: chunked", "Transfer-Encoding: gzip"),
            *(
                "Content-Length: -1",
                "Content-Length: 99999999999999999999",
                "Content-Length: 3",
                "Content-Length: 0",
            ),
            *(
                "Upgrade: websocket",
                "Connection: upgrade",
                "Connection: keep-alive",
                "Authorization: Basic \xff",
            ),
        ]
    )
    | st.builds(
        "{}: {}".format, st.sampled_from(["Authorization", "X-Any", "Accept", "Origin", "Referer"]), JUNK
    ),
    max_size=4,
)
PARTS = [
    *(
        "ana",
        "contact",
        "boot.js",
        "operator.md",
        "a" * 300,
        "a" * 5000,
        "%00",
        "%2F",
        "..",
        "%2e%2e",
        "%5c..",
    ),
    *(
        "",
        ".",
        "boot.js/",
        "operator.md/",
        "//",
        "%FF",
        "%ed%a0%80",
        "%F0%9F%98%80",
        "%",
        "%zz",
        "~",
        ";",
        "*",
    ),
    *(
        "..%2f..%2fapp.py",
        ".git",
        "icons",
        "icons/64.png",
        "lit-html/lit-html.js/",
        "%0d%0aX-Own:%201",
        "con",
    ),
]
TAILS = st.sampled_from(["", "", "", "/", "//", "?", "#x", "?cursor=", "%00", "/..", "?a=%00", "?limit=1e9"])
METHODS = st.sampled_from(
    ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT", "BREW", "get"]
)
CURSORS = [
    *(base64.urlsafe_b64encode(f"{at} x".encode()).decode().rstrip("=") for at in TIMES),
    *(
        base64.urlsafe_b64encode(json.dumps(given).encode()).decode()
        for given in ([1e400, "", "", ""], [10**40])
    ),
    base64.urlsafe_b64encode(b'[0, "\\ud800", "contact", "\\u0000"]').decode(),
    base64.urlsafe_b64encode(b"[" * 700).decode(),
    *(
        "9" * 18,
        "9" * 30,
        "-1",
        "%D9%A1",
        "%FF",
        "%00",
        "9223372036854775807.ff",
        "0." + "0" * 32,
        "a" * 2000,
    ),
]
BODIES = [
    *(
        b"",
        b"{}",
        b"{no",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"\0",
        b"[" * 5000,
        b'{"q": "\\ud800"}',
        b'{"user": "root"}',
    ),
    *(
        zlib.compress(b"{}"),
        zlib.compress(b"{}")[:-4],
        gzip.compress(b"{}"),
        gzip.compress(b'"' + b" " * 9_000_000),
    ),
    *(
        b"5\r\n{}\r\n0\r\n\r\n",
        b"zz\r\n",
        b"2\r\n{}\r\n0\r\n\r\n",
        b'{"type": "message", "serviceUrl": "http://[::1]x"}',
    ),
]


async def turn_on(services: Services) -> None:
    root = await services.crm.user("root")
    assert root
    body = FeaturesBody(accept_terms=True, features=FeatureSwitches(auto_capture="on"))
    await change_features(services, root, body)


@st.composite
def requests(draw: st.DrawFn) -> Made:
    """Mostly as it should be, with something odd somewhere."""
    route = draw(st.sampled_from(ROUTES))
    path = route.path
    while "{" in path:
        before, _, rest = path.partition("{")
        path = before + draw(st.sampled_from(PARTS)) + rest.partition("}")[2]
    if draw(st.booleans()) and "query" in route.parameters:
        path += f"?cursor={draw(st.sampled_from(CURSORS))}&days=36500"
    else:
        path += draw(TAILS)
    if draw(st.integers(0, 19)) == 0:
        path = (
            draw(st.sampled_from(["http://localhost", "http://[::1]x", "https://evil.example:x", "*"])) + path
        )
    method = draw(st.just(route.method) | st.just(route.method) | METHODS)
    body = (
        draw(st.sampled_from(BODIES))
        if method not in {"GET", "HEAD"} or draw(st.integers(0, 9)) == 0
        else b""
    )
    headers = draw(HEADERS)
    if draw(st.integers(0, 9)):
        headers.append("Content-Type: application/json")
    if draw(st.integers(0, 3)):
        headers.append(f"Authorization: Bearer {TOKEN}")
    if body and not any(line.startswith(("Content-Length", "Transfer-Encoding")) for line in headers):
        headers.append(f"Content-Length: {len(body)}")
    return route, [f"{method} {path} HTTP/1.1", f"Host: {draw(HOSTS)}", *headers], body


def one_by_one() -> list[Made]:
    """Each odd cursor, path and packing where it matters, and all else as it should be."""
    usual = ["Host: localhost", f"Authorization: Bearer {TOKEN}", "Content-Type: application/json"]
    found: list[Made] = []
    for route in ROUTES:
        path = re.sub(r"{[^}]*}", "contact", route.path)
        if "query" in route.parameters:
            found += [
                (route, [f"{route.method} {path}?cursor={odd} HTTP/1.1", *usual], b"") for odd in CURSORS
            ]
        if "{" in route.path:
            odd_paths = [odd.join(re.split(r"{[^}]*}", route.path)) for odd in PARTS]
            found += [(route, [f"{route.method} {odd} HTTP/1.1", *usual], b"") for odd in odd_paths]
        if route.method != "GET":
            packings = [
                (packing, body) for packing in ("deflate", "gzip", "br", "x") for body in BODIES if body
            ]
            found += [
                (
                    route,
                    [
                        f"{route.method} {path} HTTP/1.1",
                        *usual,
                        f"Content-Encoding: {packing}",
                        f"Content-Length: {len(body)}",
                    ],
                    body,
                )
                for packing, body in packings[::7]  # each packing meets some of the bodies
            ]
    return found


def make_requests() -> list[Made]:
    """The same ones each time; made before the server runs, whose threads disturb the dice."""
    found: list[Made] = []

    @tuned(
        max_examples=ROUNDS,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(made=requests())
    def collect(made: Made) -> None:
        found.append(made)

    collect()
    return found


async def test_nothing_that_is_sent_makes_the_server_fail(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than most: several hundred requests, some of which the server waits for."""

    async def leave_as_it_is(_services: Services) -> None:
        """The company is there already."""

    monkeypatch.setattr("connectors.embedded.demo.seed", leave_as_it_is)
    seen: set[int] = set()
    made = make_requests()
    server = app.create_app(settings, is_demo=True, limits=Limits(body=0.1))
    async with listening(server, settings) as wire:
        services = server[SERVICES]
        await turn_on(services)
        assert isinstance(services.directory, EmbeddedDirectory)
        token = services.directory.issue_token("root")
        for route, lines, body in [*one_by_one(), *made]:
            head = "\r\n".join([*lines, "Connection: close", "", ""]).replace(TOKEN, token)
            reply = await wire.send(head.encode("latin-1") + body)
            seen.add(reply.status)
            judge(route, lines, body, reply)
    assert seen >= {200, 400, 401, 403, 404, 405, 415, 417, 421}, "they reach what they are about"


def judge(route: Route, lines: list[str], body: bytes, reply: Reply) -> None:
    """Answered, not by a failure of ours, in one of two shapes, with the headers of every answer."""
    sent = (lines, body[:60], reply)
    assert 200 <= reply.status < 500 or reply.status in route.refusals, sent
    check(reply.headers)
    if reply.status >= 400 and reply.body:
        assert reply.headers["Content-Type"].partition(";")[0] in SHAPES, sent
    assert not [name for name in reply.headers if name.lower().startswith("access-control-")], sent
    assert "X-Own" not in reply.headers, sent
