"""Requests and answers, whether they come alone or inside a batch."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from multidict import CIMultiDict

from tests.standins.dataverse.access import Caller
from tests.standins.dataverse.errors import bad_payload
from tests.standins.dataverse.options import Preferences, read_preferences

JSON = "application/json; odata.metadata=minimal"


@dataclass(frozen=True)
class Request:
    """A request to a path below `/api/data/v9.2/`."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: CIMultiDict[str]
    body: bytes
    base: str
    """The address of the Web API, with a slash at its end."""
    caller: Caller

    @property
    def preferences(self) -> Preferences:
        """What the client would like."""
        return read_preferences(",".join(self.headers.getall("Prefer", [])))

    @property
    def segments(self) -> list[str]:
        """The parts of the path, brackets and all."""
        parts, depth, part = [], 0, ""
        for character in unquote(self.path):
            depth += (character == "(") - (character == ")")
            if character == "/" and depth == 0:
                parts.append(part)
                part = ""
            else:
                part += character
        return [each for each in (*parts, part) if each]

    def json(self, entity_set: str) -> dict[str, Any]:
        """The body as an object; raises the service's 400."""
        try:
            read = json.loads(self.body or b"{}")
        except ValueError:
            raise bad_payload(
                entity_set, "Invalid JSON. A token was not recognized in the JSON content."
            ) from None
        if not isinstance(read, dict):
            raise bad_payload(
                entity_set, "An unexpected 'StartArray' node was found; expected 'StartObject'."
            )
        return read


@dataclass
class Response:
    """An answer."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def json_response(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer with a JSON body."""
    content = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return Response(status, content, {"Content-Type": JSON, "OData-Version": "4.0", **(headers or {})})
