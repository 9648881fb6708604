"""How a request arrived: hosts and addresses as headers write them, read strictly or not at all."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from aiohttp import web
from aiohttp.web_request import BaseRequest
from multidict import CIMultiDict

from insights.settings import Network

Address = IPv4Address | IPv6Address
LONGEST_NAME = 253
PORTS = range(1, 65536)
DEFAULT_PORTS = {"http": 80, "https": 443}
AUTHORITY = re.compile(
    r"(\[[0-9a-f:.]+\]|[0-9a-z_-]{1,63}(?:\.[0-9a-z_-]{1,63})*)(?::([0-9]{1,5}))?", re.ASCII | re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Host:
    """A name or address, lower case, IPv6 without brackets; `port` None = the scheme's own."""

    name: str
    port: int | None = None

    def __str__(self) -> str:
        name = f"[{self.name}]" if ":" in self.name else self.name
        return name if self.port is None else f"{name}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can be meant."""
        address = read_address(self.name)
        return address.is_loopback if address else self.name == "localhost"

    def place(self, scheme: str) -> tuple[str, int | None]:
        """Name and port that are reached under a scheme."""
        return self.name, self.port or DEFAULT_PORTS.get(scheme)


@dataclass(frozen=True, slots=True)
class Arrival:
    """What we believe of a request: the host and scheme that were asked, and whether it was passed on."""

    host: Host
    scheme: str
    is_forwarded: bool


ARRIVAL = web.RequestKey("arrival", Arrival)


def read_host(text: str) -> Host | None:
    """`name`, `name:port`, `[v6]:port`; None for all else: userinfo, paths, zones, dots at the end …"""
    found = AUTHORITY.fullmatch(text)
    if found is None:
        return None
    name, port = found[1].lower(), int(found[2]) if found[2] else None
    if len(name) > LONGEST_NAME or (port is not None and port not in PORTS):
        return None
    if not name.startswith("["):
        return Host(name, port)
    address = read_address(name[1:-1])
    return Host(str(address), port) if address and ":" in name else None


def read_address(text: str | None) -> Address | None:
    """An IP address, one of IPv4 that is written as IPv6 as what it is; None for anything else."""
    try:
        address = ip_address(text or "")
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def read_hop(text: str) -> Address | None:
    """A hop of `X-Forwarded-For`, with or without port; None for `unknown`, `_hidden` and what is none."""
    text = text.strip()
    host = read_host(text)
    return read_address(text) or (read_address(host.name) if host else None)


def copy_headers(request: BaseRequest, *, without: Collection[str]) -> CIMultiDict[str]:
    """The headers but some, to clone a request with; bytes that are no text would break that, so they go."""
    headers = CIMultiDict(
        (name, value.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
        for name, value in request.headers.items()
    )
    for name in without:
        headers.popall(name, None)
    return headers


def is_in(remote: str | None, networks: tuple[Network, ...]) -> bool:
    """Whether an address lies in one of the networks."""
    address = read_address(remote)
    return address is not None and any(
        address.version == network.version and address in network for network in networks
    )
