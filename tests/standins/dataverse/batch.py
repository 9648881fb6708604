"""`$batch`: requests one after the other, change sets all or nothing."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from uuid import uuid4

from multidict import CIMultiDict
from yarl import URL

from tests.standins.dataverse.errors import DataverseError
from tests.standins.dataverse.messages import Request, Response
from tests.standins.dataverse.service import answer, error_response

MOST_OPERATIONS = 1000
LONGEST_URL = 65_536
BOUNDARY = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)
ROOT = re.compile(r"(?:https?://[^/]+)?/api/data/v[\d.]+/|/")
REFERENCE = re.compile(r"\$(\w+)")


class _Rolled(Exception):
    """A change set failed: nothing of it stays."""


@dataclass
class Part:
    """A part of a multipart body."""

    headers: CIMultiDict[str]
    content: bytes

    @property
    def boundary(self) -> str:
        """The boundary of the parts inside, "" for a single request."""
        found = BOUNDARY.search(self.headers.get("Content-Type", ""))
        return found[1] if found else ""


def answer_batch(request: Request) -> Response:
    """The answers to all requests of a batch, or to those up to the first that fails."""
    try:
        parts = _parts(request)
    except DataverseError as error:
        return error_response(error)
    boundary = f"batchresponse_{uuid4()}"
    answers: list[bytes] = []
    status = 200
    for part in parts:
        failed = None
        if part.boundary:
            written, failed = _answer_change_set(request, part)
        else:
            response = answer(_inner(request, part, {}))
            written = _single(response)
            failed = response.status if response.status >= 400 else None
        answers.append(written)
        if failed and not request.preferences.continue_on_error:
            status = failed
            break
    body = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), written) for written in answers)
    headers = {"Content-Type": f"multipart/mixed; boundary={boundary}", "OData-Version": "4.0"}
    return Response(status, body + f"--{boundary}--\r\n".encode(), headers)


def _parts(request: Request) -> list[Part]:
    found = Part(request.headers, request.body)
    parts = list(split(found.content, found.boundary)) if found.boundary else []
    if not parts:
        raise DataverseError(400, "0x80060888", "The batch request has no boundary or no parts.")
    count = 0
    for part in parts:
        inner = list(split(part.content, part.boundary)) if part.boundary else [part]
        count += len(inner)
        for each in inner if part.boundary else ():
            if each.content.lstrip().startswith(b"GET"):
                raise DataverseError(400, "0x80060888", "GET requests are not allowed in a change set.")
            if "Content-ID" not in each.headers:
                raise DataverseError(
                    400, "0x80060888", "Content-ID header not present in a change set request."
                )
    if count > MOST_OPERATIONS:
        raise DataverseError(
            400, "0x80060888", f"Number of requests in the batch exceeds the maximum of {MOST_OPERATIONS}."
        )
    return parts


def split(body: bytes, boundary: str) -> Iterator[Part]:
    """The parts of a multipart body."""
    mark = b"--" + boundary.encode()
    for piece in re.split(rb"(?:\A|\r?\n)" + re.escape(mark), body)[1:]:
        if piece.startswith(b"--"):
            return
        head, _, content = _halves(piece.lstrip(b"\r\n"))
        yield Part(_headers(head), content)


def _halves(text: bytes) -> tuple[bytes, bytes, bytes]:
    found = re.search(rb"\r?\n\r?\n", text)
    return (text[: found.start()], found[0], text[found.end() :]) if found else (text, b"", b"")


def _headers(head: bytes) -> CIMultiDict[str]:
    lines = [line.partition(":") for line in head.decode("utf-8", "replace").splitlines() if ":" in line]
    return CIMultiDict((name.strip(), value.strip()) for name, _, value in lines)


def _inner(outer: Request, part: Part, made: Mapping[str, str]) -> Request:
    """The request inside a part; `$1` stands for what the part with that Content-ID made."""
    head, _, body = _halves(part.content.lstrip())
    first, _, rest = head.partition(b"\n")
    method, _, target = first.decode().strip().rpartition(" ")[0].partition(" ")

    def resolved(found: re.Match[str]) -> str:
        return made.get(found[1], found[0])

    address = URL(
        ROOT.sub("", target, count=1) if not target.startswith("$") else REFERENCE.sub(resolved, target)
    )
    if made:
        text = re.sub(r'"\$(\w+)"', lambda found: f'"/{made[found[1]]}"' if found[1] in made else found[0],
                      body.decode())  # fmt: skip
        body = text.encode()
    too_long = len(target) > LONGEST_URL
    return replace(
        outer,
        method=method,
        path="$too-long" if too_long else address.path.lstrip("/"),
        query=dict(address.query),
        headers=_headers(rest),
        body=body,
    )


def _answer_change_set(outer: Request, part: Part) -> tuple[bytes, int | None]:
    made: dict[str, str] = {}
    answers: list[tuple[str, Response]] = []
    store = outer.caller.organization.store
    try:
        with store.all_or_nothing():
            for each in split(part.content, part.boundary):
                content_id = each.headers["Content-ID"]
                response = answer(_inner(outer, each, made))
                answers.append((content_id, response))
                if response.status >= 400:
                    raise _Rolled
                address = response.headers.get("OData-EntityId", "")
                if address:
                    made[content_id] = address.removeprefix(outer.base)
    except _Rolled:
        content_id, failed = answers[-1]
        return _multipart([(content_id, failed)]), failed.status
    return _multipart(answers), None


def _multipart(answers: list[tuple[str, Response]]) -> bytes:
    boundary = f"changesetresponse_{uuid4()}"
    inside = b"".join(
        b"--%s\r\n%s\r\n" % (boundary.encode(), _single(response, content_id))
        for content_id, response in answers
    )
    return (
        f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n".encode()
        + inside
        + f"--{boundary}--\r\n".encode()
    )


def _single(response: Response, content_id: str = "") -> bytes:
    head = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id:
        head.append(f"Content-ID: {content_id}")
    reason = HTTPStatus(response.status).phrase
    inner = [
        f"HTTP/1.1 {response.status} {reason}",
        *(f"{name}: {value}" for name, value in response.headers.items()),
    ]
    return "\r\n".join([*head, "", *inner, "", ""]).encode() + response.body
