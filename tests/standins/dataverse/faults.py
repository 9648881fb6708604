"""Faults on demand: what a test scripts happens to the next requests that it is meant for."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

REQUESTS, TIME, CONCURRENT = "0x80072322", "0x80072321", "0x80072326"
LIMITS = {
    REQUESTS: "Number of requests exceeded the limit of 6000 over time window of 300 seconds.",
    TIME: "Combined execution time of incoming requests exceeded limit of 1,200,000 milliseconds over time "
    "window of 300 seconds. Decrease number of concurrent requests or reduce the duration of requests and "
    "try again later.",
    CONCURRENT: "Number of concurrent requests exceeded the limit of 52.",
}


@dataclass
class Fault:
    """What happens to requests whose method and path fit, `times` of them (None: until cleared)."""

    status: int = 0
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0
    cuts: bool = False
    """The connection breaks in the middle of the answer; what was asked for is done."""
    method: str = ""
    path: str = ""
    times: int | None = 1

    def fits(self, method: str, path: str) -> bool:
        """Whether this request is meant."""
        return self.times != 0 and self.method in {"", method} and self.path in path


@dataclass
class Faults:
    """The faults that wait, first come first served."""

    waiting: list[Fault] = field(default_factory=list)

    def throttle(
        self,
        *,
        seconds: int = 2,
        code: str = REQUESTS,
        times: int | None = 1,
        method: str = "",
        path: str = "",
    ) -> Fault:
        """Answer 429 with `Retry-After`, as a service-protection limit does."""
        error = {"error": {"code": code, "message": LIMITS[code]}}
        headers = {"Retry-After": str(seconds), "Content-Type": "application/json; odata.metadata=minimal"}
        return self._add(
            Fault(429, json.dumps(error).encode(), headers, method=method, path=path, times=times)
        )

    def unavailable(
        self, *, status: int = 503, times: int | None = 1, method: str = "", path: str = ""
    ) -> Fault:
        """Answer as a gateway does that finds nobody behind it."""
        body = b"<html><body><h1>Service Unavailable</h1></body></html>"
        headers = {"Content-Type": "text/html"}
        return self._add(Fault(status, body, headers, method=method, path=path, times=times))

    def slow(self, seconds: float, *, times: int | None = 1, method: str = "", path: str = "") -> Fault:
        """Answer late."""
        return self._add(Fault(seconds=seconds, method=method, path=path, times=times))

    def cut_off(self, *, times: int | None = 1, method: str = "", path: str = "") -> Fault:
        """Do what is asked, then break the connection in the middle of the answer."""
        return self._add(Fault(cuts=True, method=method, path=path, times=times))

    def clear(self) -> None:
        """All is well again."""
        self.waiting.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this request, None if it fares well."""
        for fault in self.waiting:
            if fault.fits(method, path):
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None

    def _add(self, fault: Fault) -> Fault:
        self.waiting.append(fault)
        return fault
