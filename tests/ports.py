"""Ports for servers of tests: of each worker its own, and none that the system hands out by itself."""

import os
import socket
from itertools import count

FIRST, OF_EACH, LAST = 12_000, 4_000, 32_000
"""Below 32768, where Linux begins to give ports to whoever connects."""
_numbers = count(os.getpid() % OF_EACH)


def free_port() -> int:
    """A port on which nobody listens, and that no other worker takes until a server has."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = FIRST + worker * OF_EACH % (LAST - FIRST)
    for _ in range(OF_EACH):
        port = first + next(_numbers) % OF_EACH
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise RuntimeError("no port is free")
