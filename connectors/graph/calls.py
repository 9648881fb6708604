"""A request to Graph as a plain value, good by itself and inside a `$batch`; built with the SDK."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from insights.outside import MOST_JSON

IMMUTABLE_IDS = 'IdType="ImmutableId"'
ROOT = "https://graph.invalid/v1.0"
SAFE = "$,()'"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One request: `url` begins with "/" below the version, or is a whole one, to which no token goes."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    is_repeatable: bool = True
    """Whether asking twice does no more than asking once, should the answer get lost."""
    most_bytes: int = MOST_JSON
    """How long the answer may be."""
    page: int = 1
    """Which page of a collection it asks for."""

    def item(self, number: str, after: str = "") -> Json:
        """The call as an entry of a `$batch`; only calls without a body are put there."""
        item: Json = {"id": number, "method": self.method, "url": self.url, "headers": dict(self.headers)}
        return item | ({"dependsOn": [after]} if after else {})


def get(builder: Any, *, prefer: str = "", query: Mapping[str, str] | None = None, **options: Any) -> Call:
    """A GET of what a request builder stands for; `options` are OData's without their `$`.

    The builder knows the path; the query is written here, for the SDK takes milliseconds for a long one.
    """
    texts = {f"${name}": _option_text(value) for name, value in options.items()} | dict(query or {})
    encoded = urlencode(texts, quote_via=quote, safe=SAFE)
    headers = {"Accept": "application/json", "Prefer": ", ".join(filter(None, (IMMUTABLE_IDS, prefer)))}
    return Call("GET", path_of(builder) + (f"?{encoded}" if encoded else ""), headers)


def _option_text(value: Any) -> str:
    return ",".join(value) if isinstance(value, tuple | list) else str(value)


def without_files(call: Call) -> Call:
    """The same list without the files of its messages."""
    parts = urlsplit(call.url)
    query = [
        (name, value.partition(",attachments(")[0] if name == "$expand" else value)
        for name, value in parse_qsl(parts.query)
    ]
    return replace(call, url=f"{parts.path}?{urlencode(query, quote_via=quote, safe=SAFE)}")


def path_of(builder: Any) -> str:
    """The address that a request builder stands for, below the version and without a query."""
    from kiota_abstractions.method import Method
    from kiota_abstractions.request_information import RequestInformation

    info = RequestInformation(Method.GET, builder.url_template, {**builder.path_parameters, "baseurl": ROOT})
    return str(info.url).removeprefix(ROOT)


def send(method: str, url: str, body: Json | None = None, **values: Any) -> Call:
    """A request that writes; `body` goes as JSON."""
    headers = {"Prefer": IMMUTABLE_IDS, "Content-Type": "application/json"}
    content = None if body is None else json.dumps(body).encode()
    return Call(method, url, headers, content, **{"is_repeatable": method != "POST", **values})
