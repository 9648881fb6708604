"""Keys that an identity provider publishes and rotates (RFC 7517), kept in memory; fetched by the caller."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt

KEPT = 24 * 3600.0
BETWEEN_REFRESHES = 60.0
BETWEEN_FIRST_TRIES = 2.0
"""Seconds: keys are fetched anew each day, and at most once a minute for a key nobody knows."""

Fetch = Callable[[], Awaitable[Sequence[Mapping[str, Any]] | None]]
"""The published keys as JSON Web Keys, None where they cannot be had now."""


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A public RSA key, and what else is published with it (`issuer`, `endorsements` …)."""

    key: jwt.PyJWK
    about: Mapping[str, Any]


class PublishedKeys:
    """Finds keys by id; however many ask for an unknown one, it is looked for once a minute."""

    def __init__(self, fetch: Fetch, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self._clock = fetch, clock
        self._keys: Mapping[str, PublishedKey] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._lock = asyncio.Lock()
        self.generation = 0
        """Goes up with every successful fetch: what was believed before may need another look."""

    @property
    def is_empty(self) -> bool:
        """Whether no key could ever be had: then nothing can be said about any token."""
        return not self._keys

    async def find(self, key_id: str) -> PublishedKey | None:
        """The key, None where the provider does not publish it; those known stay while it is away."""
        now = self._clock()
        is_old = now - self._fetched_at > KEPT or key_id not in self._keys
        if is_old and now - self._tried_at > (BETWEEN_REFRESHES if self._keys else BETWEEN_FIRST_TRIES):
            await self._refresh(now)
        return self._keys.get(key_id)

    async def _refresh(self, asked_at: float) -> None:
        async with self._lock:
            if self._tried_at >= asked_at:
                return
            try:
                found = await self._fetch()
                if found is not None:
                    self._keys = dict(pair for about in found if (pair := _read(about)))
                    self._fetched_at = self._clock()
                    self.generation += 1
            finally:
                self._tried_at = self._clock()  # not earlier: who asks meanwhile waits for these keys


def _read(about: Mapping[str, Any]) -> tuple[str, PublishedKey] | None:
    """A published RSA key by its id; None for another kind, or one that is damaged."""
    try:
        if about["kty"] != "RSA":
            return None
        return str(about["kid"]), PublishedKey(jwt.PyJWK(dict(about), "RS256"), about)
    except (jwt.PyJWTError, KeyError, TypeError, ValueError):
        return None
