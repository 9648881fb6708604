"""What has been handed out and what goes wrong: codes, refresh tokens, sessions, scripted faults."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4

CODE_SECONDS, REFRESH_SECONDS = 600, 90 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Fault:
    """How the next requests to a path that ends so are answered; status 0 only waits."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0.0
    path: str = "/token"


@dataclass(frozen=True, slots=True)
class Grant:
    """A code or refresh token: whose it is, for which application, and since when."""

    app_id: str
    object_id: str
    issued_at: float
    is_strong: bool = False
    scope: str = ""
    redirect_uri: str = ""
    challenge: str = ""
    nonce: str = ""
    is_browser: bool = False


@dataclass
class Records:
    """Everything that changes while the stand-in runs."""

    codes: dict[str, Grant] = field(default_factory=dict)
    redeemed: set[str] = field(default_factory=set)
    refresh_tokens: dict[str, Grant] = field(default_factory=dict)
    strong: set[str] = field(default_factory=set)
    """Ids (`uti`) of tokens from a sign-in that satisfied the policy."""
    policies: dict[str, str] = field(default_factory=dict)
    """Conditional access: person → id of the policy that asks for more than a password."""
    revoked: dict[str, float] = field(default_factory=dict)
    """Person → the moment since when what was issued before counts no more."""
    without_consent: set[str] = field(default_factory=set)
    disabled: set[str] = field(default_factory=set)
    faults: deque[Fault] = field(default_factory=deque)
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Path and grant type (or query) of every request, in order."""

    def remember(self, kind: dict[str, Grant], grant: Grant) -> str:
        """A new code or refresh token for the grant."""
        token = uuid4().hex + uuid4().hex
        kind[token] = grant
        return token

    def counted(self, ending: str, about: str = "") -> int:
        """How many requests went to paths with this ending, of this grant type if one is given."""
        return sum(path.endswith(ending) and about in what for path, what in self.requests)
