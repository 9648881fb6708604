"""What the organisation's tables are called and how they hang together, read from EntityDefinitions.

Standard columns stand here as they are in every organisation; which columns hold addresses, what a
lookup is bound and expanded by, and which custom tables there are, only the metadata says.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.dataverse.api import WebApi
from connectors.dataverse.faults import ServiceFault, not_found, raise_problem, read_fault
from connectors.dataverse.wire import Reply
from insights.crm.conditions import NAME, Column
from insights.crm.rules import RULES, Rule, custom_rules
from insights.crm.tables import TIMELINE
from insights.errors import Unavailable
from insights.model import Table

ACTIVITIES = ("email", "activitypointer", "phonecall", "fax", "letter")
OTHERS = ("systemuser", "connection", "activityparty", "actioncard", "actioncardusersettings")
BOUND = ("email", "connection", "activityparty", *TIMELINE)
"""Tables of which navigation properties are used."""
FIRST_PARTY = re.compile(r"(msdyn\w*|msfp|mspp|mspcat|adx|cdm)_.*")
"""Custom tables of Microsoft's own apps: dozens, whose rows nobody writes mail about."""
DEFINITION = (
    "LogicalName,SchemaName,EntitySetName,PrimaryIdAttribute,PrimaryNameAttribute,DisplayName,"
    "IsCustomEntity,IsActivity,Privileges"
)
STRINGS = "Attributes/Microsoft.Dynamics.CRM.StringAttributeMetadata?$select=LogicalName,Format"
LOOKUPS = (
    "ManyToOneRelationships?$select=ReferencingAttribute,ReferencedEntity,"
    "ReferencingEntityNavigationPropertyName"
)
CREATED_ON, MODIFIED_ON = Column("createdon", "time"), Column("modifiedon", "time")
STATE = Column("statecode", "int")


@dataclass(frozen=True)
class TableInfo:
    """A table as far as it is used; `navigation` is what a lookup to a table is bound and expanded by."""

    name: str
    entity_set: str
    primary_id: Column
    primary_name: Column | None
    label: str
    is_custom: bool = False
    privileges: Mapping[str, str] = field(default_factory=dict)
    """Names of privileges by what they are for: Read, Write, Create …"""
    email_columns: Sequence[Column] = ()
    navigation: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def lookups(self) -> dict[str, tuple[str, ...]]:
        """Lookup columns with the tables they may point to."""
        found: dict[str, list[str]] = {}
        for column, target in self.navigation:
            found.setdefault(column, []).append(target)
        return {column: tuple(sorted(targets)) for column, targets in found.items()}


class Metadata:
    """The tables of one organisation."""

    def __init__(self, tables: Iterable[TableInfo]) -> None:
        self.tables = {table.name: table for table in tables}
        custom = sorted(
            table.name for table in self.tables.values()
            if table.is_custom and table.name not in {*TIMELINE, *ACTIVITIES, *OTHERS}
        )  # fmt: skip
        self.timeline = [self.tables[name] for name in (*TIMELINE, *custom) if name in self.tables]

    def __getitem__(self, name: str) -> TableInfo:
        """A table that every organisation has; raises Unavailable where this one does not."""
        found = self.tables.get(name)
        if found is None:
            raise Unavailable("table_missing", name=name)
        return found

    def record_table(self, name: str) -> TableInfo:
        """A table whose rows have a timeline; raises NotFound."""
        for table in self.timeline:
            if table.name == name:
                return table
        raise not_found(name if NAME.fullmatch(name) else "record")

    def as_tables(self) -> list[Table]:
        """The tables with a timeline as the product names them."""
        return [Table(table.name, table.label, table.is_custom) for table in self.timeline]

    def rules(self, table: str) -> Sequence[Rule]:
        """The address rules of a table, custom ones by their lookups."""
        known = RULES.get(table)
        return known if known is not None else custom_rules(self[table].lookups)


async def read_metadata(api: WebApi) -> Metadata:
    """All tables that are used, in two round trips."""
    names = " or ".join(f"LogicalName eq '{name}'" for name in (*TIMELINE, *ACTIVITIES, *OTHERS))
    condition = f"(IsCustomEntity eq true and HasActivities eq true and IsActivity eq false) or {names}"
    try:
        read = await api.call(
            f"EntityDefinitions?$select={DEFINITION}&$filter={condition}".replace(" ", "%20")
        )
    except ServiceFault as fault:
        raise_problem(fault, "table")
    definitions = {str(each["LogicalName"]): each for each in read["value"] if _is_wanted(each)}
    detailed = [name for name in definitions if name in BOUND or _is_custom(definitions[name])]
    paths = [
        f"EntityDefinitions(LogicalName='{name}')/{part}" for name in detailed for part in (STRINGS, LOOKUPS)
    ]
    parts = [_values(part.status, part.body) for part in await api.batch(paths, None)]
    details = {name: (parts[2 * at], parts[2 * at + 1]) for at, name in enumerate(detailed)}
    return Metadata(as_table(each, *details.get(name, ((), ()))) for name, each in definitions.items())


def _is_wanted(definition: Mapping[str, Any]) -> bool:
    names = [definition.get(each) for each in ("LogicalName", "EntitySetName", "PrimaryIdAttribute")]
    is_named = all(isinstance(name, str) and NAME.fullmatch(name) for name in names)
    return is_named and not FIRST_PARTY.fullmatch(str(names[0]))


def _is_custom(definition: Mapping[str, Any]) -> bool:
    return definition["LogicalName"] not in {*TIMELINE, *ACTIVITIES, *OTHERS}


def _values(status: int, body: bytes) -> list[dict[str, Any]]:
    if status >= 400:
        raise_problem(read_fault(status, body), "table")
    found: list[dict[str, Any]] = Reply(status, {}, body).json()["value"]
    return found


def as_table(
    definition: Mapping[str, Any],
    strings: Sequence[Mapping[str, Any]] = (),
    lookups: Sequence[Mapping[str, Any]] = (),
) -> TableInfo:
    """A table from its definition, the formats of its text columns, its many-to-one relationships."""
    name, title = str(definition["LogicalName"]), definition.get("PrimaryNameAttribute")
    label = ((definition.get("DisplayName") or {}).get("UserLocalizedLabel") or {}).get("Label")
    return TableInfo(
        name=name,
        entity_set=definition["EntitySetName"],
        primary_id=Column(definition["PrimaryIdAttribute"], "guid"),
        primary_name=Column(title) if title else None,
        label=label or name,
        is_custom=_is_custom(definition),
        privileges={each["PrivilegeType"]: each["Name"] for each in definition.get("Privileges") or ()},
        email_columns=[Column(each) for each in sorted(
            str(each["LogicalName"]) for each in strings if each.get("Format") == "Email"
        )],
        navigation={
            (each["ReferencingAttribute"], each["ReferencedEntity"]): navigation
            for each in lookups
            if (navigation := each.get("ReferencingEntityNavigationPropertyName"))
        },
    )  # fmt: skip
