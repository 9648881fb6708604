"""What can go wrong, as the caller must be told it.

    Problem                     what · why · what to do, with a stable `code` and an HTTP status
    ├── Invalid        400      the request itself is wrong
    ├── NotSignedIn    401      no token, or one that proves nothing
    │   └── SignInNeeded        … or one with which we get no token of our own: `claims` says what is asked
    ├── NotAllowed     403      known caller, missing right, or a feature that is off
    ├── NotFound       404      no such thing, or one whose existence the caller may not learn
    ├── TooSlow        408      the caller takes too long to send its request
    ├── Conflict       409      true request, wrong moment or state
    ├── TooLarge       413      more bytes than we take
    ├── Unsupported    415      bytes of a kind we do not read
    └── Unavailable    503      something we depend on does not answer; trying again may help
        └── Incomplete          … or not to the end: `messages` are what it gave before

Connectors translate their own exceptions into these once, at their edge. Nothing of a message
(subject, body, address) may stand in a Problem's text: it is logged and shown to others.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from insights.model import Message


class Problem(Exception):
    """A failure with its cause and remedy in plain words; `code` is stable, the words are not."""

    status = 500
    title = "Something went wrong"

    def __init__(self, what: str, why: str = "", do: str = "", *, code: str = "internal") -> None:
        super().__init__(what, why, do)
        self.what, self.why, self.do, self.code = what, why, do, code

    @property
    def detail(self) -> str:
        """The three parts as one sentence-like line, for screens and standard error."""
        return " · ".join(part for part in (self.what, self.why, self.do) if part)

    def __str__(self) -> str:
        return self.detail


class Invalid(Problem):
    """The request itself is wrong."""

    status, title = 400, "The request is not valid"


class NotSignedIn(Problem):
    """No token, or one that proves nothing."""

    status, title = 401, "Sign in first"


class SignInNeeded(NotSignedIn):
    """Entra wants to see the user once more; `claims` (JSON, "" = none) go into that sign-in."""

    def __init__(self, what: str, why: str = "", do: str = "", *, code: str, claims: str = "") -> None:
        super().__init__(what, why, do, code=code)
        self.claims = claims


class NotAllowed(Problem):
    """A known caller lacks the right, or the feature is off."""

    status, title = 403, "You may not do this"


class NotFound(Problem):
    """No such thing, or one whose existence the caller may not learn."""

    status, title = 404, "Not found"


class TooSlow(Problem):
    """The caller takes too long to send its request."""

    status, title = 408, "Too slow"


class Conflict(Problem):
    """A true request at the wrong moment or in the wrong state."""

    status, title = 409, "Not possible right now"


class TooLarge(Problem):
    """More bytes than are taken."""

    status, title = 413, "Too large"


class Unsupported(Problem):
    """Bytes of a kind that is not read."""

    status, title = 415, "Not read here"


class Unavailable(Problem):
    """Something we depend on does not answer; trying again may help."""

    status, title = 503, "Not reachable right now"


class Incomplete(Unavailable):
    """A list of mail that was cut short: some of the newest that were asked for may be missing between."""

    def __init__(self, problem: Problem, messages: "Sequence[Message]") -> None:
        super().__init__(problem.what, problem.why, problem.do, code=problem.code)
        self.messages = messages
