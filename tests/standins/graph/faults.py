"""Faults on demand, and what happens to tokens and mailboxes from outside."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.standins.graph.access import Tokens
from tests.standins.graph.errors import GraphError
from tests.standins.graph.mailbox import Mailbox
from tests.standins.graph.users import User


@dataclass
class Fault:
    """What befalls the next `times` requests (None = all) whose "METHOD /path?query" matches `on`."""

    on: re.Pattern[str]
    times: int | None = 1
    inner: bool | None = None
    """Only requests inside a batch, only those outside, or both (None)."""
    error: GraphError | None = None
    delay: float = 0
    cut_after: int | None = None
    """Bytes of the body that arrive before the connection breaks."""
    bend: Callable[[bytes], bytes] | None = None
    """What becomes of the body, and `headers` beside it: an answer that lies."""
    headers: Mapping[str, str] = field(default_factory=dict)

    def takes(self, line: str, *, is_inner: bool) -> bool:
        """Whether it befalls this request; counts it if so."""
        if self.times == 0 or self.inner not in {None, is_inner} or not self.on.search(line):
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass
class Faults:
    """The faults that wait for their requests. `on` is a regular expression, "" for every request."""

    tokens: Tokens
    find_user: Callable[[str], User]
    removed: Callable[[User], object]
    """Told of a user whose subscriptions the service drops."""
    waiting: list[Fault] = field(default_factory=list)

    def add(self, fault: Fault) -> Fault:
        """Let a fault wait."""
        self.waiting.append(fault)
        return fault

    def throttle(
        self,
        on: str = "",
        *,
        times: int | None = 1,
        retry_after: float | str | None = 1,
        inner: bool | None = None,
    ) -> Fault:
        """429; `inner=True` throttles single requests of a batch."""
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        error = GraphError(429, "TooManyRequests", "Too many requests", headers)
        return self.add(Fault(re.compile(on), times, inner, error))

    def unavailable(
        self,
        on: str = "",
        *,
        times: int | None = 1,
        retry_after: float | None = None,
        inner: bool | None = None,
    ) -> Fault:
        """503, with or without `Retry-After`."""
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        error = GraphError(503, "ServiceUnavailable", "The service is unavailable.", headers)
        return self.add(Fault(re.compile(on), times, inner, error))

    def slow(self, seconds: float, on: str = "", *, times: int | None = 1) -> Fault:
        """The answer comes late."""
        return self.add(Fault(re.compile(on), times, False, delay=seconds))

    def cut(self, on: str = "", *, times: int | None = 1, after: int = 20) -> Fault:
        """The connection breaks in the middle of the body."""
        return self.add(Fault(re.compile(on), times, False, cut_after=after))

    def clear(self) -> None:
        """No fault waits any more."""
        self.waiting.clear()

    def take(self, line: str, *, is_inner: bool) -> Fault | None:
        """The fault that befalls this request, if any."""
        return next((fault for fault in self.waiting if fault.takes(line, is_inner=is_inner)), None)

    def expire_delta(self, user: str) -> None:
        """Every delta token of the mailbox so far is a 410."""
        self._mailbox(user).generation += 1

    def revoke(self, user: str | None, *scopes: str) -> None:
        """Consent is withdrawn: scopes are gone (403), without any the tokens (401), and subscriptions."""
        found = self.find_user(user) if user else None
        self.tokens.revoked[found.id if found else ""] = frozenset(scopes)
        if found:
            self.removed(found)

    def grant_again(self, user: str | None) -> None:
        """Consent is given again."""
        self.tokens.revoked.pop(self.find_user(user).id if user else "", None)

    def demand(self, user: str, claims: dict[str, object] | None = None) -> None:
        """Conditional access: 401 with these claims until `satisfy`."""
        default: dict[str, object] = {"access_token": {"nbf": {"essential": True, "value": "1657834417"}}}
        self.tokens.claims[self.find_user(user).id] = claims or default

    def satisfy(self, user: str) -> None:
        """The user has answered what conditional access asked."""
        self.tokens.claims.pop(self.find_user(user).id, None)

    def begin_mailbox_move(self, user: str, *, is_away: bool = False) -> None:
        """The mailbox answers 503, or 404 as one that is not in Exchange Online (any more)."""
        self._mailbox(user).state = "away" if is_away else "moving"

    def end_mailbox_move(self, user: str, *, is_archive: bool = False) -> None:
        """It is back: ids are others, delta tokens gone; immutable ids stay unless it is an archive now."""
        mailbox = self._mailbox(user)
        mailbox.state = "here"
        mailbox.rebuild(is_archive=is_archive)

    def _mailbox(self, user: str) -> Mailbox:
        mailbox = self.find_user(user).mailbox
        assert mailbox is not None, f"{user} has no mailbox"
        return mailbox
