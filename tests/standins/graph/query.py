"""OData query options: what to select, expand, sort, and which page."""

import re
from dataclasses import dataclass, field

from tests.standins.graph.errors import GraphError, bad_filter, bad_request, bad_select, invalid_query
from tests.standins.graph.filter import Filter
from tests.standins.graph.schema import Schema, SchemaViolation
from tests.standins.graph.wire import Call, Json

KNOWN = frozenset({"$select", "$filter", "$expand", "$orderby", "$top", "$skip", "$count", "$search"})
EXPAND = re.compile(r"^\s*([\w./]+)\s*(?:\((.*)\))?\s*$", re.DOTALL)
PROPERTY_ID = re.compile(r"id\s+eq\s+'((?:[^']|'')*)'", re.IGNORECASE)


@dataclass(slots=True)
class Query:
    """The options of one call on a type, already checked."""

    select: list[str]
    expand: dict[str, str]
    """What is in the brackets of each expanded property, "" without brackets."""
    order: list[tuple[str, bool]]
    """(Path, is descending)."""
    top: int
    skip: int
    filter: Filter | None = None
    search: str = ""
    count: bool = False
    raw: dict[str, str] = field(default_factory=dict)

    def expanded_property_ids(self, name: str) -> list[str]:
        """The ids asked for in `singleValueExtendedProperties($filter=id eq '…' or id eq '…')`."""
        return [found.replace("''", "'") for found in PROPERTY_ID.findall(self.expand.get(name, ""))]


def read_query(
    call: Call, schema: Schema, type_name: str, *, top: int, most: int = 1000, is_outlook: bool = True
) -> Query:
    """The query options of a call; raises the service's 400s. `top` is the page when none is asked for."""
    raw = {name: value for name, value in call.query.items() if name.startswith("$")}
    unknown = next((name for name in raw if name not in KNOWN | {"$skiptoken", "$deltatoken"}), None)
    if unknown:
        raise bad_request(f"The query parameter '{unknown}' is not supported.")
    query = Query(
        select=_read_select(raw.get("$select", ""), schema, type_name),
        expand=_read_expand(raw.get("$expand", ""), schema, type_name),
        order=_read_order(raw.get("$orderby", ""), schema, type_name, is_outlook=is_outlook),
        top=_read_number(raw, "$top", _preferred_page(call) or top, least=1),
        skip=_read_number(raw, "$skip", 0, least=0),
        search=raw.get("$search", ""),
        count=raw.get("$count", "").lower() == "true",
        raw=raw,
    )
    if query.top > most:
        raise invalid_query(
            f"The query specified in the URI is not valid. The limit of '{most}' for Top query has been "
            f"exceeded. The value from the incoming request is '{query.top}'."
        )
    if raw.get("$filter"):
        query.filter = Filter(raw["$filter"], schema, type_name, is_outlook=is_outlook)
    return query


def require_sortable(query: Query) -> None:
    """Exchange sorts a restricted list only by what the restriction begins with."""
    if query.filter is None or not query.order:
        return
    wanted = [path for path, _ in query.order]
    if query.filter.paths[: len(wanted)] != wanted:
        raise GraphError(
            400, "InefficientFilter", "The restriction or sort order is too complex for this operation."
        )


def page_of(call: Call, query: Query, items: list[Json], shape: str) -> Json:
    """A collection's page with its `@odata.nextLink`, which counts what was skipped."""
    page: Json = {"@odata.context": f"{call.base_url}/$metadata#{shape}"}
    if query.count:
        page["@odata.count"] = len(items)
    page["value"] = items[query.skip : query.skip + query.top]
    if len(items) > query.skip + query.top:
        page["@odata.nextLink"] = call.link(call.query | query.raw | {"$skip": str(query.skip + query.top)})
    return page


def selected(item: Json, select: list[str], *, always: tuple[str, ...] = ("id",)) -> Json:
    """The item reduced to what was selected, annotations and key included."""
    if not select:
        return item
    return {name: value for name, value in item.items() if name in select or name in always or "@" in name}


def split_options(text: str, separator: str = ",") -> list[str]:
    """Split at separators that are in no brackets and no quotes."""
    parts, depth, quoted, current = [], 0, False, ""
    for character in text:
        quoted ^= character == "'"
        depth += 0 if quoted else {"(": 1, ")": -1}.get(character, 0)
        if character == separator and not depth and not quoted:
            parts.append(current)
            current = ""
        else:
            current += character
    return [part for part in [*parts, current] if part.strip()]


def _preferred_page(call: Call) -> int:
    """`Prefer: odata.maxpagesize`, 0 without it."""
    preferred = call.preferences.get("odata.maxpagesize", "")
    return int(preferred) if preferred.isdecimal() else 0


def _read_select(text: str, schema: Schema, type_name: str) -> list[str]:
    names = []
    for option in split_options(text):
        kind, _, name = option.strip().rpartition("/")
        if kind and not kind.startswith("microsoft.graph."):
            raise bad_select(f"Could not find a property named '{option}' on type '{type_name}'.")
        if name != "*":
            _require(schema, kind.removeprefix("microsoft.graph.") or type_name, name)
        names.append(name)
    return [] if "*" in names else names


def _read_expand(text: str, schema: Schema, type_name: str) -> dict[str, str]:
    found = {}
    for option in split_options(text):
        match = EXPAND.match(option)
        if match is None:
            raise bad_select(f"Syntax error in '{option}'.")
        name = match[1]
        if name.lower().startswith("microsoft.graph."):
            name = name.rpartition("/")[2]
        elif name not in schema.navigation(type_name):
            raise bad_select(
                f"Could not find a property named '{name}' on type 'microsoft.graph.{type_name}'."
            )
        found[name] = match[2] or ""
    return found


def _read_order(text: str, schema: Schema, type_name: str, *, is_outlook: bool) -> list[tuple[str, bool]]:
    found = []
    for option in split_options(text):
        path, _, direction = option.strip().partition(" ")
        if direction.strip().lower() not in {"", "asc", "desc"}:
            raise bad_filter(f"Syntax error in '{option}'.", is_outlook=is_outlook)
        try:
            schema.require_path(type_name, path)
        except SchemaViolation as error:
            raise bad_filter(str(error), is_outlook=is_outlook) from error
        found.append((path, direction.strip().lower() == "desc"))
    return found


def _require(schema: Schema, type_name: str, name: str) -> None:
    try:
        schema.require_path(type_name, name)
    except SchemaViolation as error:
        raise bad_select(str(error)) from error


def _read_number(raw: dict[str, str], name: str, default: int, *, least: int) -> int:
    text = raw.get(name, str(default))
    if not text.isdecimal() or int(text) < least:
        raise invalid_query(f"Invalid value '{text}' for {name} query option found.")
    return int(text)
