"""What msal asks Entra with: no redirect takes a secret along, no answer is endless or waited for long."""

from io import BytesIO
from typing import Any

import requests
from typing_extensions import override

from insights.outside import TooLong

SECONDS = 10
MOST_BYTES, PIECE = 1_048_576, 65_536
"""Answers with a token take some thousand bytes, a tenant's metadata and keys some ten thousand."""


class CarefulSession(requests.Session):
    """Fails with a `requests` exception or TooLong, which are an OSError and a ValueError."""

    def __init__(self) -> None:
        super().__init__()
        self.max_redirects = 0
        self.hooks["response"] = [_bounded]

    @override
    def request(self, *args: Any, **given: Any) -> requests.Response:
        return super().request(*args, **{"timeout": SECONDS, **given, "stream": True})


def _bounded(answer: requests.Response, *_: object, **__: object) -> requests.Response:
    """The same answer, read as far as it may be long."""
    found = bytearray()
    with answer:
        for piece in answer.iter_content(PIECE):
            found += piece
            if len(found) > MOST_BYTES:
                raise TooLong(f"more than {MOST_BYTES} bytes")
    whole = requests.Response()
    whole.status_code, whole.reason, whole.url = answer.status_code, answer.reason, answer.url
    whole.headers, whole.encoding, whole.request = answer.headers, answer.encoding, answer.request
    whole.raw = BytesIO(found)
    return whole
