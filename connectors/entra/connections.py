"""MSAL's way out: pooled connections with a time limit; what Entra says about itself is asked once a day."""

import time
from typing import Any

KEPT = 24 * 3600.0
MOST = 64


class Connections:
    """What MSAL calls an `http_client`, for any number of its clients in any number of threads."""

    def __init__(self) -> None:
        from requests.adapters import HTTPAdapter

        from connectors.sessions import CarefulSession

        self._session = CarefulSession()
        adapter = HTTPAdapter(pool_maxsize=16, max_retries=1)
        self._session.mount("https://", adapter)
        self._kept: dict[str, tuple[Any, float]] = {}

    def get(self, url: str, **given: Any) -> Any:
        """Metadata of a tenant, kept if it came well."""
        answer, good_until = self._kept.get(url, (None, 0.0))
        if answer is None or time.monotonic() >= good_until:
            answer = self._session.get(url, **given)
            if answer.ok and len(self._kept) < MOST:
                self._kept[url] = (answer, time.monotonic() + KEPT)
        return answer

    def post(self, url: str, **given: Any) -> Any:
        """A question for a token."""
        return self._session.post(url, **given)

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()
