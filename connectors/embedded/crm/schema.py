"""What the CRM knows about its tables: names, keys, columns with their types, lookup targets, options."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

LOOKUPS = frozenset({"lookup", "customer", "owner"})
NAMED = LOOKUPS | {"option", "state", "status", "bool"}
PREFIXED = re.compile(r"(?!address\d)[a-z][a-z0-9]{1,7}_[a-z0-9_]{1,100}")
"""A publisher's own column (`new_region`, `cr1a2_code`)."""

TYPE_CODES = {
    "1": "account",
    "2": "contact",
    "3": "opportunity",
    "4": "lead",
    "8": "systemuser",
    "9": "team",
    "112": "incident",
    "123": "competitor",
    "1024": "product",
    "2020": "queue",
    "4200": "activitypointer",
    "4201": "appointment",
    "4202": "email",
    "4204": "fax",
    "4207": "letter",
    "4210": "phonecall",
    "4212": "task",
    "4214": "serviceappointment",
}
"""Dataverse's object type codes, which `…typecode` columns of exports hold."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column by logical name; `kind` is text email memo int decimal money bool datetime date guid
    lookup customer owner option state status partylist, or `computed` (kept as it comes).
    """

    name: str
    kind: str
    targets: tuple[str, ...] = ()
    options: Mapping[int, str] = field(default_factory=dict)

    @property
    def is_lookup(self) -> bool:
        """Whether the value is the id of a row."""
        return self.kind in LOOKUPS

    def type_columns(self) -> tuple[str, ...]:
        """Names under which the table of a polymorphic lookup's value may stand beside it."""
        stem = self.name.removesuffix("id")
        return (
            f"{self.name}type",
            f"{self.name}typecode",
            f"{self.name}objecttypecode",
            f"{stem}typecode",
            f"{stem}objecttypecode",
        )


@dataclass(frozen=True, slots=True)
class TableSchema:
    """A table by logical name; `key` are the columns that identify a row where it has no id of its own."""

    name: str
    entity_set: str
    primary_id: str
    primary_name: str
    label: str
    columns: Mapping[str, Column]
    ownership: str = "user"
    is_activity: bool = False
    is_custom: bool = False
    needs_name: bool = True
    key: tuple[str, ...] = ()
    privilege: str = ""
    """What follows `prvRead` in the privilege that reads it, in lower case."""

    def column(self, name: str) -> Column | None:
        """The column of that name, also companions (`…name`, `…type`, `…_base`) and publishers' own."""
        known = self.columns.get(name)
        if known or name == self.primary_id:
            return known or Column(name, "guid")
        if self._is_companion(name):
            return Column(name, "computed")
        if PREFIXED.fullmatch(name):
            return Column(name, "email" if "email" in name else "text")
        return None

    def _is_companion(self, name: str) -> bool:
        for ending in ("yominame", "name"):
            owner = self.columns.get(name.removesuffix(ending)) if name.endswith(ending) else None
            if owner and owner.kind in NAMED:
                return True
        base = self.columns.get(name.removesuffix("_base")) if name.endswith("_base") else None
        return bool(base and base.kind == "money") or self.lookup_typed_by(name) is not None

    def lookup_typed_by(self, name: str) -> Column | None:
        """The lookup whose target table the column `name` tells, if it is one of those."""
        if not name.endswith(("type", "typecode")):
            return None
        return next((c for c in self.columns.values() if c.is_lookup and name in c.type_columns()), None)

    def suggestion(self, name: str) -> str:
        """The known column nearest to `name`, or ""."""
        return next(iter(get_close_matches(name, [self.primary_id, *self.columns], 1, 0.6)), "")

    @property
    def email_columns(self) -> tuple[str, ...]:
        """Names of the columns that hold an email address."""
        return tuple(column.name for column in self.columns.values() if column.kind == "email")

    def lookups(self) -> dict[str, tuple[str, ...]]:
        """Lookup columns with their target tables."""
        return {column.name: column.targets for column in self.columns.values() if column.is_lookup}


class Schema:
    """All tables, by logical name and by the names their files may have."""

    def __init__(self, tables: Iterable[TableSchema]) -> None:
        self.tables = {table.name: table for table in tables}
        self._sets = {table.entity_set: table for table in self.tables.values()}
        for table in self.tables.values():
            for alias in (table.name, f"{table.name}s", table.entity_set.removesuffix("collection")):
                self._sets.setdefault(alias, table)
        self.activities = tuple(name for name, table in self.tables.items() if table.is_activity)

    def get(self, name: str) -> TableSchema | None:
        """The table of a logical name."""
        return self.tables.get(name)

    def by_entity_set(self, name: str) -> TableSchema | None:
        """The table whose rows a file `name`.csv holds."""
        return self._sets.get(name)

    def by_type(self, value: str) -> TableSchema | None:
        """The table that a `…type` cell names: logical name, entity set or object type code."""
        name = value.strip().casefold()
        return self.tables.get(TYPE_CODES.get(name, name)) or self._sets.get(name)

    def suggestion(self, entity_set: str) -> str:
        """The entity set nearest to an unknown one, or ""."""
        return next(iter(get_close_matches(entity_set, [t.entity_set for t in self.tables.values()], 1)), "")

    def with_custom(self, tables: Iterable[TableSchema]) -> "Schema":
        """The schema with further tables, or further columns of known ones."""
        merged = dict(self.tables)
        for table in tables:
            known = merged.get(table.name)
            merged[table.name] = (
                replace(known, columns={**table.columns, **known.columns}) if known else table
            )
        return Schema(merged.values())
