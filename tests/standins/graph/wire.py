"""One call and its answer, the same over HTTP and inside a batch."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from multidict import CIMultiDict

from tests.standins.graph.errors import bad_request

if TYPE_CHECKING:
    from tests.standins.graph.access import Grant
    from tests.standins.graph.mailbox import Mailbox
    from tests.standins.graph.users import User

Json = dict[str, Any]
KEY = re.compile(r"^(\w+)\('(.*)'\)$")
PREFERENCE = re.compile(r'([\w.\-]+)\s*(?:=\s*"?([^",;]*)"?)?')


@dataclass(slots=True)
class Answer:
    """Status and body; `shape` is the CSDL type of a JSON body, `Collection(…)` for what is in `value`."""

    status: int
    body: Json | bytes | None = None
    shape: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/octet-stream"


@dataclass(slots=True)
class Call:
    """A request below `/v1.0`: decoded path segments, query, headers, body and who asks."""

    method: str
    base_url: str
    segments: list[str]
    query: dict[str, str]
    headers: CIMultiDict[str]
    body: bytes
    grant: "Grant"
    keys: dict[str, str] = field(default_factory=dict)
    is_basic: bool = False
    _user: "User | None" = None

    @property
    def path(self) -> str:
        """The path below the version."""
        return "/" + "/".join(self.segments)

    @property
    def user(self) -> "User":
        """Whose resources are asked for."""
        assert self._user is not None
        return self._user

    @user.setter
    def user(self, user: "User") -> None:
        self._user = user

    @property
    def mailbox(self) -> "Mailbox":
        """That user's mailbox; the router has checked that there is one."""
        assert self.user.mailbox is not None
        return self.user.mailbox

    @property
    def preferences(self) -> dict[str, str]:
        """`Prefer` by lower-case name, with `""` for those without a value."""
        found: dict[str, str] = {}
        for header in self.headers.getall("Prefer", []):
            found |= {name.lower(): value for name, value in PREFERENCE.findall(header)}
        return found

    @property
    def wants_immutable_ids(self) -> bool:
        """Whether ids that survive a move are preferred."""
        return self.preferences.get("idtype", "").lower() == "immutableid"

    @property
    def wants_text(self) -> bool:
        """Whether bodies are preferred as text."""
        return self.preferences.get("outlook.body-content-type", "").lower() == "text"

    def json(self) -> Json:
        """The body as an object; raises the service's 400."""
        try:
            found = json.loads(self.body or b"{}")
        except ValueError as error:
            raise bad_request("Unable to read JSON request payload.") from error
        if not isinstance(found, dict):
            raise bad_request("Unable to read JSON request payload. Expected an object.")
        return found

    def link(self, query: Mapping[str, str]) -> str:
        """This path with another query, as in `@odata.nextLink`."""
        path = "/".join(quote(segment, safe="()'@$=") for segment in self.segments)
        parts = "&".join(f"{quote(name, safe='$')}={quote(value, safe='')}" for name, value in query.items())
        return f"{self.base_url}/{path}?{parts}"


def split_url(url: str) -> tuple[list[str], dict[str, str]]:
    """(Decoded segments below the version, query) of a URL; `messages('id')` is two segments."""
    parts = urlsplit(url)
    path = re.sub(r"^/?(v1\.0|beta)(?=/|$)", "", parts.path)
    segments: list[str] = []
    for raw in filter(None, path.split("/")):
        segment = unquote(raw).removesuffix("()")
        key = KEY.match(segment)
        segments += [key[1], key[2].replace("''", "'")] if key else [segment]
    query = {name: value for name, value in parse_qsl(parts.query, keep_blank_values=True) if value}
    known = {"select", "filter", "expand", "orderby", "top", "skip", "count", "search"}
    return segments, {f"${name}" if name in known else name: value for name, value in query.items()}
