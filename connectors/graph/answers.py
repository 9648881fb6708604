"""What Graph answered: status, headers and body, be it by itself or inside a `$batch`."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from connectors.graph.calls import Call
from connectors.graph.pace import AskAgain
from connectors.graph.problems import GONE, NO_MAILBOX, elsewhere, refused, sign_in_again
from insights.errors import SignInNeeded
from insights.outside import read_address, read_json, require_end

Json = dict[str, Any]
THROTTLED = frozenset({429, 503})
TRANSIENT = frozenset({424, 500, 502, 504})
CLAIMS = re.compile(r'claims="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; header names are lower-case, `json` is {} where the body is no JSON object."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    json: Json = field(default_factory=dict)
    instead_of: SignInNeeded | None = None
    """Why the app asked and not the user: what a refusal then means for the user."""
    root: str = ""
    """The address below which the answering service is; links lead nowhere else."""

    @property
    def is_ok(self) -> bool:
        """Whether it was done."""
        return self.status < 300

    @property
    def code(self) -> str:
        """Graph's own word for what went wrong, "" where it gives none."""
        error = self.json.get("error")
        return str(error.get("code") or "") if isinstance(error, dict) else ""

    @property
    def is_gone(self) -> bool:
        """Whether the item asked for is not there, or no longer."""
        return self.status in {400, 404} and self.code in GONE

    @property
    def lacks_mailbox(self) -> bool:
        """Whether there is no such mailbox."""
        return self.status == 404 and self.code in NO_MAILBOX

    @property
    def is_throttled(self) -> bool:
        """Whether we ask too often; a 503 that names no time only says that service or mailbox is away."""
        return self.status == 429 or (self.status in THROTTLED and self.pause is not None)

    @property
    def values(self) -> Sequence[Json]:
        """The items of a collection."""
        found = self.json.get("value")
        return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []

    def next_page(self, call: Call) -> Call | None:
        """The GET with which the collection goes on after `call`, None at its end.

        Raises Unavailable, also where it goes on without end.
        """
        link = self.json.get("@odata.nextLink")
        if not link:
            return None
        require_end(call.page + 1, "Microsoft 365")
        return Call("GET", f"/{self._below_root(link)}", call.headers, page=call.page + 1)

    @property
    def delta_query(self) -> str:
        """The query with which a delta goes on next time, "" where none is told; raises Unavailable."""
        link = self.json.get("@odata.deltaLink")
        return self._below_root(link).partition("?")[2] if link else ""

    def _below_root(self, link: object) -> str:
        """A link's path and query below our root: a token goes to nobody else, whatever an answer says."""
        address, root = read_address(str(link)), read_address(self.root)
        path = address.below(root) if address and root else None
        if path is None:
            raise elsewhere()
        return path

    @property
    def claims(self) -> str:
        """The claims challenge (JSON) of a 401, "" for none."""
        found = CLAIMS.search(self.headers.get("www-authenticate", ""))
        if self.status != 401 or found is None:
            return ""
        try:
            return base64.b64decode(found[1] + "=" * (-len(found[1]) % 4), altchars=b"-_").decode()
        except (binascii.Error, UnicodeDecodeError):
            return ""

    def require_ok(self) -> "Answer":
        """The answer itself; raises the Problem of a refusal."""
        if self.status in {401, 403} and self.instead_of:
            raise self.instead_of
        if self.status == 401:
            raise sign_in_again(self.claims)
        if not self.is_ok:
            raise refused(self.status, self.code)
        return self

    def require_final(self, *, is_repeatable: bool = True) -> "Answer":
        """The answer itself; raises AskAgain for one that asking later may change.

        A throttled request was not begun; after the other failures only what is repeatable may be repeated.
        """
        if self.status in THROTTLED or (self.status in TRANSIENT and is_repeatable):
            raise AskAgain(self.pause, is_throttled=self.is_throttled)
        return self

    @property
    def pause(self) -> float | None:
        """Seconds that Graph asks to wait, None where it does not say."""
        value = self.headers.get("retry-after", "")
        if value.isdigit():
            return float(value)
        try:
            until = parsedate_to_datetime(value)
        except ValueError:
            return None
        return max(0.0, (until.astimezone(UTC) - datetime.now(UTC)).total_seconds())


def read_answer(status: int, headers: Mapping[str, str], content: bytes, root: str) -> Answer:
    """An answer over HTTP; raises AskAgain where its JSON was cut off."""
    lower = {name.lower(): value for name, value in headers.items()}
    if "json" not in lower.get("content-type", "") or not content:
        return Answer(status, lower, content, root=root)
    try:
        body = read_json(content)
    except ValueError:
        if status >= 400:
            return Answer(status, lower)
        raise AskAgain(None, is_throttled=False) from None
    return Answer(status, lower, content, body if isinstance(body, dict) else {}, root=root)


def read_inner(response: Json) -> Answer:
    """An entry of a `$batch` answer."""
    headers = response.get("headers") or {}
    body = response.get("body")
    return Answer(
        int(response.get("status") or 0),
        {str(name).lower(): str(value) for name, value in headers.items()},
        json=body if isinstance(body, dict) else {},
    )
