"""Tokens that a service refused although they had not run out: withdrawn, so never to be handed out again."""

import json
from collections import OrderedDict
from typing import Any

MOST = 1024


class RefusedTokens:
    """The tokens refused last, in memory only; one forgotten here would be refused once more."""

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._tokens: OrderedDict[str, None] = OrderedDict()

    def add(self, token: str) -> None:
        """Remember a token; "" is none."""
        if token:
            self._tokens[token] = None
            self._tokens.move_to_end(token)
        while len(self._tokens) > self._most:
            self._tokens.popitem(last=False)

    def __contains__(self, token: object) -> bool:
        """Whether a token is one of them."""
        return token in self._tokens

    def sift(self, serialized: str) -> dict[str, dict[str, Any]]:
        """A serialised cache of MSAL as what it says, without these tokens."""
        kinds: dict[str, dict[str, Any]] = json.loads(serialized or "{}")
        return {
            kind: {name: entry for name, entry in entries.items() if entry.get("secret") not in self}
            for kind, entries in kinds.items()
        }

    def drop_from(self, cache: Any) -> None:
        """Take these tokens out of a cache of MSAL, which then counts as changed; may run in a thread."""
        kind = cache.CredentialType.ACCESS_TOKEN
        for entry in list(cache.search(kind)):
            if entry["secret"] in self:
                cache.remove_at(entry)
