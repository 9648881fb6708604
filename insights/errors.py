"""What can go wrong, as the caller must be told it.

    Problem                     what · why · what to do, by key, with a stable `code` and an HTTP status
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
from dataclasses import dataclass
from typing import TYPE_CHECKING

from insights.words import DEFAULT, Phrase, Value, Words, read_words

if TYPE_CHECKING:
    from insights.model import Message


@dataclass(frozen=True, slots=True)
class Told:
    """A problem in words; `why` and `do` may be empty."""

    title: str
    what: str
    why: str
    do: str

    @property
    def detail(self) -> str:
        """The three parts as one sentence-like line, for screens and standard error."""
        return " · ".join(part for part in (self.what, self.why, self.do) if part)


class Problem(Exception):
    """A failure with its cause and remedy, told by the texts `problem.{key}.what`, `.why` and `.do`.

    The key begins with the `code`, which is stable; after a dot stands which of its causes it was. The values
    fill in names of the texts.
    """

    status = 500
    kind = "problem"

    def __init__(self, key: str, /, **values: Value) -> None:
        super().__init__(key)
        self.key, self.values = key, values
        self.code = key.partition(".")[0]

    def told(self, words: Words) -> Told:
        """The problem in a language."""
        parts = (f"problem.{self.key}.{part}" for part in ("what", "why", "do"))
        texts = [words(key, **self.values) if key in words else "" for key in parts]
        title = words(f"problem_title.{self.kind}")
        return Told(title, texts[0] or title, *texts[1:])

    def part(self, name: str) -> Phrase:
        """One of `what`, `why` and `do`, to be said elsewhere."""
        return Phrase(f"problem.{self.key}.{name}", self.values)

    @property
    def cause(self) -> Phrase:
        """Why it happened, or what did where that says it all."""
        has_why = f"problem.{self.key}.why" in read_words(DEFAULT)
        return self.part("why" if has_why else "what")

    @property
    def english(self) -> Told:
        """The problem for logs and the command line."""
        return self.told(read_words(DEFAULT))

    @property
    def what(self) -> str:
        """In English what happened."""
        return self.english.what

    @property
    def why(self) -> str:
        """In English why, "" where the first says it all."""
        return self.english.why

    @property
    def do(self) -> str:
        """In English what to do about it, "" where nothing can be done."""
        return self.english.do

    @property
    def detail(self) -> str:
        """The three parts in English, in one line."""
        return self.english.detail

    def __str__(self) -> str:
        return self.detail


class Invalid(Problem):
    """The request itself is wrong."""

    status, kind = 400, "invalid"


class NotSignedIn(Problem):
    """No token, or one that proves nothing."""

    status, kind = 401, "not_signed_in"


class SignInNeeded(NotSignedIn):
    """Entra wants to see the user once more; `claims` (JSON, "" = none) go into that sign-in."""

    def __init__(self, key: str, /, *, claims: str = "", **values: Value) -> None:
        super().__init__(key, **values)
        self.claims = claims


class NotAllowed(Problem):
    """A known caller lacks the right, or the feature is off."""

    status, kind = 403, "not_allowed"


class NotFound(Problem):
    """No such thing, or one whose existence the caller may not learn."""

    status, kind = 404, "not_found"


class TooSlow(Problem):
    """The caller takes too long to send its request."""

    status, kind = 408, "too_slow"


class Conflict(Problem):
    """A true request at the wrong moment or in the wrong state."""

    status, kind = 409, "conflict"


class TooLarge(Problem):
    """More bytes than are taken."""

    status, kind = 413, "too_large"


class Unsupported(Problem):
    """Bytes of a kind that is not read."""

    status, kind = 415, "unsupported"


class Unavailable(Problem):
    """Something we depend on does not answer; trying again may help."""

    status, kind = 503, "unavailable"


class Incomplete(Unavailable):
    """A list of mail that was cut short: some of the newest that were asked for may be missing between."""

    def __init__(self, problem: Problem, messages: "Sequence[Message]") -> None:
        super().__init__(problem.key, **problem.values)
        self.messages = messages
