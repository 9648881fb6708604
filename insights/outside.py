"""What others send us, read with care: addresses, answers of any length, JSON of any depth.

Two programs that read one text differently are how a request ends up elsewhere. So an address that is not
ours is never passed on: it is taken apart, refused where it could be read in two ways, and put together anew.
"""

import json
import re
from collections.abc import AsyncIterable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Any
from urllib.parse import quote

from insights.errors import Unavailable

MOST_PAGES = 1000
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
PORTS = {"http": 80, "https": 443}
WHOLE = re.compile(
    r"(?P<scheme>https?)://(?:\[(?P<six>[0-9a-f:]{2,45})\]|(?P<host>[0-9a-z.-]{1,253}))(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]+))?",
    re.IGNORECASE,
)
LABEL = re.compile(r"[0-9a-z](?:[0-9a-z-]{0,61}[0-9a-z])?")
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""A last label that makes browsers and resolvers read the whole name as an IPv4 address, however short."""
PATH = re.compile(r"(?:/[0-9A-Za-z!$&'()*+,;=:@._~-]*(?:%[0-9A-Fa-f]{2}[0-9A-Za-z!$&'()*+,;=:@._~-]*)*)*")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
IN_QUERY = "!$&'()*+,/:;=?@[]{}|~%"
"""What stays as it is in a query, where nothing that follows can be taken for a host or path."""
SLASH = re.compile(r"/|%2f|%5c", re.IGNORECASE)
DOTS = re.compile(r"(?:\.|%2e){1,2}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WebAddress:
    """An http or https address from parsed parts; `str()` puts it together, without a slash at its end."""

    scheme: str
    host: str
    port: int
    path: str = ""
    query: str = ""

    @property
    def origin(self) -> str:
        """Scheme, host and port; the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == PORTS[self.scheme] else f":{self.port}")

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this machine, by the three names that mean nothing else."""
        return self.host in LOOPBACK

    @property
    def is_safe(self) -> bool:
        """Whether nobody can listen: https, or on this machine."""
        return self.scheme == "https" or self.is_loopback

    @property
    def is_plain(self) -> bool:
        """Whether it is a base to put paths below: no query, nothing encoded, no empty part."""
        return not self.query and "%" not in self.path and "//" not in f"{self.path}/"

    def below(self, root: "WebAddress") -> str | None:
        """What follows `root` and its slash, with the query; None for an address that is elsewhere."""
        if self.origin != root.origin or not self.path.startswith(f"{root.path}/"):
            return None
        return str(self).removeprefix(f"{root}/")

    def __str__(self) -> str:
        return self.origin + self.path + (f"?{self.query}" if self.query else "")


def read_address(text: str) -> WebAddress | None:
    """The address a text is; None where it is none, or could be read in two ways."""
    found = WHOLE.fullmatch(text)
    if found is None:
        return None
    scheme = found["scheme"].lower()
    host = _six(found["six"]) if found["six"] else _host(found["host"].lower())
    port = int(found["port"]) if found["port"] else PORTS[scheme]
    path, query = found["path"] or "", found["query"] or ""
    if not host or not 0 < port < 65536 or not _is_path(path) or CONTROL.search(query):
        return None
    return WebAddress(
        scheme, host, port, path.removesuffix("/"), quote(query, safe=IN_QUERY, errors="replace")
    )


def _six(text: str) -> str:
    """An IPv6 address as it is usually written, "" for none; one that hides an IPv4 address is none."""
    try:
        address = IPv6Address(text)
    except AddressValueError:
        return ""
    hides = address.ipv4_mapped or address.sixtofour or address.teredo
    return "" if hides or address.is_unspecified else str(address)


def _host(text: str) -> str:
    """A name or IPv4 address in its one usual form, "" for anything else."""
    *_, last = labels = text.split(".")
    if not all(LABEL.fullmatch(label) for label in labels):
        return ""
    if not NUMBER.fullmatch(last):
        return text
    try:
        address = IPv4Address(text)
    except AddressValueError:
        return ""
    return "" if address.is_unspecified else text


def _is_path(path: str) -> bool:
    """Whether nobody on the way can take it for another path."""
    return bool(PATH.fullmatch(path)) and not any(DOTS.fullmatch(part) for part in SLASH.split(path))


MOST_JSON = 32 * 1024 * 1024
"""Bytes of one answer with rows, unpacked. The largest that are true hold some thousand rows: 1,000 messages
of 4 KB each with their files, or 5,000 rows of a CRM of 2 KB; read, they take three times their length."""


class TooLong(ValueError):
    """An answer that is longer than anything true could be."""


async def read_all(pieces: AsyncIterable[bytes], most: int) -> bytes:
    """The pieces as one; raises TooLong as soon as there are more than `most` bytes."""
    found = bytearray()
    async for piece in pieces:
        found += piece
        if len(found) > most:
            raise TooLong(f"more than {most} bytes")
    return bytes(found)


def read_json(raw: bytes | str) -> Any:
    """What a JSON text says; raises ValueError where it is none, or nested deeper than can be read."""
    try:
        return json.loads(raw)
    except RecursionError:
        raise ValueError("nested too deep") from None


def require_end(page: int, sender: str) -> None:
    """Raise Unavailable for a page of a list that goes on for so long that it has no end."""
    if page > MOST_PAGES:
        raise Unavailable("endless_list", sender=sender, most_pages=MOST_PAGES)
