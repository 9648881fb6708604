"""`$batch`: several reads in one round trip, as multipart/mixed (OData 4.0, part 1, 11.7)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

MOST_PARTS = 1000
CRLF = b"\r\n"
BOUNDARY = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)
STATUS = re.compile(rb"HTTP/[\d.]+ (\d{3})")


@dataclass(frozen=True, slots=True)
class Part:
    """One answer of a batch."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def write_batch(addresses: Sequence[str], headers: Mapping[str, str]) -> tuple[str, bytes]:
    """(Content-Type, body) of a batch of GETs to absolute addresses, each with the same headers."""
    boundary = f"batch_{uuid4().hex}"
    written = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    parts = [
        f"--{boundary}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        f"GET {address} HTTP/1.1\r\n{written}\r\n"
        for address in addresses
    ]
    body = "".join(parts) + f"--{boundary}--\r\n"
    return f"multipart/mixed; boundary={boundary}", body.encode("ascii")


def read_batch(content_type: str, body: bytes) -> list[Part]:
    """The answers in the order of the requests; raises ValueError for a body that was cut off."""
    found = BOUNDARY.search(content_type)
    if not found:
        raise ValueError("an answer to a batch without a boundary")
    mark = b"--" + found[1].strip().encode("ascii")
    pieces = (CRLF + body).split(CRLF + mark)
    if not pieces[-1].startswith(b"--"):
        raise ValueError("the end of the batch is missing")
    return [_read_part(piece) for piece in pieces[1:-1]]


def _read_part(piece: bytes) -> Part:
    _, _, http = piece.partition(CRLF + CRLF)
    head, _, body = http.partition(CRLF + CRLF)
    first, *lines = head.split(CRLF)
    status = STATUS.match(first)
    if not status:
        raise ValueError("a part of the batch is no HTTP answer")
    pairs = (line.decode("latin-1").partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return Part(int(status[1]), headers, body)
