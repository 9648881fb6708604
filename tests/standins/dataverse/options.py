"""What a request asks for: system query options and the `Prefer` header."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Self

from tests.standins.dataverse.errors import bad_query

PAGE = 5000
MOST_EXPANDS = 15
PREFERENCE = re.compile(r'([\w.-]+)\s*(?:=\s*("[^"]*"|[^,;\s]+))?')
KNOWN = frozenset(
    {"$select", "$filter", "$expand", "$orderby", "$top", "$count", "$skiptoken", "$deltatoken"}
)
NESTED = frozenset({"$select", "$filter", "$expand", "$orderby", "$top", "$levels"})


@dataclass(frozen=True)
class Preferences:
    """The `Prefer` header, read."""

    page_size: int = PAGE
    is_paged: bool = False
    annotations: tuple[str, ...] = ()
    track_changes: bool = False
    representation: bool = False
    continue_on_error: bool = False

    def wants(self, annotation: str) -> bool:
        """Whether the client asked for this annotation."""
        return any(fnmatchcase(annotation, pattern) for pattern in self.annotations)


def read_preferences(header: str) -> Preferences:
    """The preferences of a request; those the service does not know are ignored."""
    given = {found[1].lower(): (found[2] or "").strip('"') for found in PREFERENCE.finditer(header)}
    size = given.get("odata.maxpagesize", "")
    return Preferences(
        page_size=min(int(size), PAGE) if size.isdigit() and int(size) else PAGE,
        is_paged=size.isdigit(),
        annotations=tuple(
            part.strip() for part in given.get("odata.include-annotations", "").split(",") if part
        ),
        track_changes="odata.track-changes" in given,
        representation=given.get("return") == "representation",
        continue_on_error="odata.continue-on-error" in given,
    )


@dataclass(frozen=True)
class Options:
    """The system query options of a request, or of one `$expand`."""

    select: tuple[str, ...] = ()
    filter: str = ""
    expand: Mapping[str, Self] = field(default_factory=dict)
    orderby: tuple[tuple[str, bool], ...] = ()
    """Property paths, and whether descending."""
    top: int | None = None
    count: bool = False
    skiptoken: str = ""
    deltatoken: str = ""


def read_options(query: Mapping[str, str], known: frozenset[str] = KNOWN) -> Options:
    """The options of a query string; raises the service's 400 for what it does not support."""
    given = {}
    for name, value in query.items():
        if name.startswith("$") or f"${name}" in known:
            given[name if name.startswith("$") else f"${name}"] = value
    if "$skip" in given:
        raise bad_query("Skip Clause is not supported in CRM")
    for name in given:
        if name not in known:
            raise bad_query(f"The query parameter {name} is not supported.")
    return Options(
        select=_names(given.get("$select", "")),
        filter=given.get("$filter", ""),
        expand=_expansions(given.get("$expand", "")),
        orderby=tuple(_order(part) for part in _names(given.get("$orderby", ""))),
        top=_top(given["$top"]) if "$top" in given else None,
        count=given.get("$count") == "true",
        skiptoken=given.get("$skiptoken", ""),
        deltatoken=given.get("$deltatoken", ""),
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _top(text: str) -> int:
    if not text.isdigit():
        raise bad_query(
            f"Invalid value '{text}' for $top query option found. It must be a non-negative integer."
        )
    return int(text)


def _order(part: str) -> tuple[str, bool]:
    name, _, direction = part.partition(" ")
    if direction.strip().lower() not in {"", "asc", "desc"}:
        raise bad_query(f"Syntax error at position {len(part)} in '{part}'.")
    return name, direction.strip().lower() == "desc"


def _expansions(text: str) -> dict[str, Options]:
    found = {}
    for part in split_outside(text, ","):
        name, _, nested = part.strip().partition("(")
        if nested and not nested.endswith(")"):
            raise bad_query(f"Term '{part}' is not valid in a $select or $expand expression.")
        pairs = [option.partition("=") for option in split_outside(nested[:-1], ";")]
        found[name] = read_options({key.strip(): value for key, _, value in pairs}, NESTED)
    if len(found) > MOST_EXPANDS:
        raise bad_query(f"The maximum number of expands is {MOST_EXPANDS}.")
    return found


def split_outside(text: str, mark: str) -> list[str]:
    """The parts between marks that stand in no brackets and no quotes."""
    parts, depth, quoted, start = [], 0, False, 0
    for at, character in enumerate(text):
        if character == "'":
            quoted = not quoted
        elif not quoted:
            depth += (character == "(") - (character == ")")
            if character == mark and depth == 0:
                parts.append(text[start:at])
                start = at + 1
    parts.append(text[start:])
    return [part for part in parts if part.strip()]
