"""The connections that are open, and by whom."""

from collections import Counter
from http import HTTPStatus
from ipaddress import IPv6Address, ip_network

from addin.arrivals import is_in, read_address
from addin.limits import Limits
from addin.observe import Metrics
from insights.settings import Network

SITE = 64
"""Bits of an IPv6 address that one caller shares; the rest it may choose as it likes."""


class Connections:
    """Counts connections by caller; those of trusted proxies are many callers' and count as a whole only."""

    def __init__(self, limits: Limits, proxies: tuple[Network, ...], metrics: Metrics) -> None:
        self.limits = limits
        self._proxies = proxies
        self._metrics = metrics
        self._open = 0
        self._by_caller = Counter[str]()

    def is_proxy(self, remote: str) -> bool:
        """Whether a trusted proxy holds the connection."""
        return is_in(remote, self._proxies)

    def enter(self, remote: str) -> HTTPStatus | None:
        """Count a connection, or the status with which it is refused because there are too many."""
        caller = self._caller(remote)
        refusal = None
        if self._open >= self.limits.overall:
            refusal = HTTPStatus.SERVICE_UNAVAILABLE
        elif caller and self._by_caller[caller] >= self.limits.per_address:
            refusal = HTTPStatus.TOO_MANY_REQUESTS
        if refusal:
            self.note("refused")
            return refusal
        self._open += 1
        if caller:
            self._by_caller[caller] += 1
        return None

    def leave(self, remote: str) -> None:
        """Count out what `enter` counted."""
        caller = self._caller(remote)
        self._open -= 1
        if caller:
            self._by_caller[caller] -= 1
            if not self._by_caller[caller]:
                del self._by_caller[caller]

    def note(self, why: str) -> None:
        """Count a connection that we ended: `refused`, `slow` or `stalled`."""
        self._metrics.ended.labels(why).inc()

    def _caller(self, remote: str) -> str:
        """Who is counted together; "" = nobody, for it is a proxy."""
        if self.is_proxy(remote):
            return ""
        address = read_address(remote)
        if isinstance(address, IPv6Address) and not address.is_loopback:
            return str(ip_network((int(address), SITE), strict=False))
        return str(address or remote)
