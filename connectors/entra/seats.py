"""One MSAL client per account, with that account's tokens only; the row in the vault holds the same."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from connectors.entra.refused import RefusedTokens
from connectors.entra.sign_in import Assertion
from connectors.entra.vault import Sealed

GOOD_FOR = 300.0
"""Seconds a token that is handed out still holds at least, as in MSAL."""
Answer = Mapping[str, Any]


class Seat:
    """What is known of one account (or of the app itself); its methods that ask Entra run in a thread."""

    def __init__(self, tenant_id: str, make_app: Callable[[str, Any], Any], refused: RefusedTokens) -> None:
        import msal

        self.tenant_id = tenant_id
        self.lock = asyncio.Lock()
        self.sealed: bytes | None = None
        """The row this is the content of; None = not written yet."""
        self.cache = msal.SerializableTokenCache()
        self._make_app, self._app, self._refused = make_app, None, refused
        self._recent: dict[str, tuple[str, float]] = {}

    def recent(self, resource: str) -> str:
        """The token got last for the resource, "" where it no longer holds long enough or was refused."""
        token, good_until = self._recent.get(resource, ("", 0.0))
        return token if time.monotonic() < good_until and token not in self._refused else ""

    def keep(self, resource: str, answer: Answer) -> str:
        """Remember the token of an answer."""
        token = str(answer["access_token"])
        good_until = time.monotonic() + float(answer.get("expires_in", 0)) - GOOD_FOR
        self._recent[resource] = (token, good_until)
        return token

    def adopt(self, row: Sealed) -> None:
        """Take over what another process has written, without losing what is ours and newer."""
        self.sealed = row.sealed
        if row.content is not None:
            theirs = json.loads(row.content)["cache"]
            merged = _merge(self._refused.sift(theirs), self._refused.sift(self.cache.serialize()))
            self.cache.deserialize(json.dumps(merged))
            # Written again only with a change: two processes would never come to rest otherwise.
            self.cache.has_state_changed = merged != json.loads(theirs)

    def content(self) -> bytes:
        """What belongs into the row."""
        return json.dumps({"tenant_id": self.tenant_id, "cache": self.cache.serialize()}).encode()

    def acquire_for_user(
        self, object_id: str, assertion: Assertion | None, resource: str, claims: str
    ) -> Answer:
        """A token by the refresh token, else in exchange for the assertion; {} where there is neither."""
        scopes, challenge = [f"{resource}/.default"], claims or None
        self._refused.drop_from(self.cache)
        app, silent = self._client(), None
        for account in app.get_accounts():
            if account["home_account_id"].partition(".")[0].lower() == object_id:
                silent = app.acquire_token_silent_with_error(scopes, account, claims_challenge=challenge)
        if assertion is None or (silent and "access_token" in silent):
            return silent or {}
        answer: Answer = app.acquire_token_on_behalf_of(assertion.token, scopes, claims_challenge=challenge)
        return answer

    def acquire_for_app(self, resource: str, claims: str) -> Answer:
        """A token of the app itself, from the cache or by its credential."""
        self._refused.drop_from(self.cache)
        answer: Answer = self._client().acquire_token_for_client(
            [f"{resource}/.default"], claims_challenge=claims or None
        )
        return answer

    def _client(self) -> Any:
        if self._app is None:
            self._app = self._make_app(self.tenant_id, self.cache)
        return self._app


def tenant_of(row: Sealed | None) -> str:
    """The tenant that a row's account belongs to, "" for no row or one that no key opens."""
    return str(json.loads(row.content)["tenant_id"]) if row and row.content is not None else ""


Cache = dict[str, dict[str, Any]]
"""What MSAL's serialised cache says: entries by kind and name."""


def _merge(theirs: Cache, ours: Cache) -> Cache:
    """Two caches as one; of an entry that both have, the newer counts."""
    merged = {kind: dict(entries) for kind, entries in theirs.items()}
    for kind, entries in ours.items():
        known = merged.setdefault(kind, {})
        for name, entry in entries.items():
            if name not in known or _age(entry) >= _age(known[name]):
                known[name] = entry
    return merged


def _age(entry: Mapping[str, Any]) -> int:
    return int(entry.get("last_modification_time") or entry.get("cached_at") or 0)
