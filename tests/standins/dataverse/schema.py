"""Tables and columns: read from `testdata/dataverse/entities.json`, `extra_schema` and custom metadata."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.standins.dataverse import extra_schema

LOOKUPS = frozenset({"Lookup", "Customer", "Owner"})
CHOICES = frozenset({"Picklist", "State", "Status"})
HIDDEN_TYPES = frozenset({"PartyList", "ManagedProperty", "Virtual"})
VISIBLE_TYPE_CODES = frozenset({"objecttypecode", "activitytypecode", "principaltypecode"})
COMMON_TARGETS = ("account", "contact", "lead", "opportunity", "incident")
NAMELESS = "activitypointer"


@dataclass(frozen=True)
class Column:
    """A column by logical name; `type` is Dataverse's AttributeType."""

    name: str
    schema_name: str
    type: str
    creatable: bool = False
    updatable: bool = False
    required: str = "None"
    max_length: int | None = None
    targets: tuple[str, ...] = ()
    options: Mapping[int, str] = field(default_factory=dict, hash=False)
    date_only: bool = False
    is_custom: bool = False
    format: str = ""

    @property
    def is_lookup(self) -> bool:
        """Whether the value is a reference to a row."""
        return self.type in LOOKUPS

    @property
    def property_name(self) -> str:
        """What the Web API calls the value of the column."""
        return f"_{self.name}_value" if self.is_lookup else self.name


@dataclass
class Table:
    """A table by logical name, with its columns."""

    name: str
    schema_name: str
    entity_set: str
    primary_id: str
    primary_name: str
    ownership: str
    display_name: str
    columns: dict[str, Column]
    relationships: Mapping[str, list[str]] = field(default_factory=dict)
    is_custom: bool = False

    def __post_init__(self) -> None:
        self.properties = {
            column.property_name: column for column in self.columns.values() if self._is_property(column)
        }

    @property
    def is_activity(self) -> bool:
        """Whether rows are activities of one kind (activitypointer is all of them)."""
        return self.primary_id == "activityid" and self.name != NAMELESS

    @property
    def privilege(self) -> str:
        """What follows `prvRead` and the like, "" for a table without privileges of its own."""
        if self.name in extra_schema.UNGUARDED:
            return ""
        if self.is_activity:
            return extra_schema.PRIVILEGE_NAMES["activitypointer"]
        return extra_schema.PRIVILEGE_NAMES.get(self.name, self.schema_name)

    def _is_property(self, column: Column) -> bool:
        """Names, kinds and parties of lookups are annotations in the Web API, no properties."""
        if column.type in HIDDEN_TYPES:
            return False
        if column.type == "EntityName":
            return column.name in VISIBLE_TYPE_CODES
        for ending in ("yominame", "name"):
            stem = self.columns.get(column.name.removesuffix(ending))
            if stem is not None and stem.is_lookup and stem is not column:
                return False
        return True


@dataclass(eq=False)
class Schema:
    """All tables by logical name."""

    tables: dict[str, Table]

    def __post_init__(self) -> None:
        self.by_set = {table.entity_set: table for table in self.tables.values()}
        self.activities = [table for table in self.tables.values() if table.is_activity]

    def named(self, name: str) -> Table:
        """A table by logical name or entity set; raises KeyError."""
        return self.by_set.get(name) or self.tables[name]

    def with_custom(self, metadata: Mapping[str, Any]) -> "Schema":
        """The schema with custom tables, given as EntityDefinitions; activities may regard them."""
        tables = dict(self.tables)
        for definition in metadata["value"]:
            tables[definition["LogicalName"]] = _custom_table(definition)
        custom = tuple(table.name for table in tables.values() if table.is_custom)
        for name, table in tables.items():
            column_names: tuple[str, ...] = ("record1id", "record2id") if name == "connection" else ()
            if table.primary_id == "activityid":
                column_names = ("regardingobjectid",)
            tables[name] = _with_targets(table, column_names, custom)
        return Schema(tables)


@lru_cache
def read_schema(testdata: Path) -> Schema:
    """The standard tables; everybody gets the same object, which nothing changes."""
    described = json.loads((testdata / "dataverse" / "entities.json").read_text("utf-8"))
    for name, columns in extra_schema.COLUMNS.items():
        described[name]["attributes"] = columns | described[name]["attributes"]
    return Schema({name: _table(entry) for name, entry in (described | extra_schema.TABLES).items()})


def _table(entry: Mapping[str, Any]) -> Table:
    entity = entry["entity"]
    name = entity["LogicalName"]
    return Table(
        name=name,
        schema_name=entity["SchemaName"],
        entity_set=entity["EntitySetName"],
        primary_id=entity["PrimaryIdAttribute"],
        primary_name=entity["PrimaryNameAttribute"],
        ownership=entity["OwnershipType"],
        display_name=entity["DisplayName"],
        columns={column: _column(name, column, about) for column, about in entry["attributes"].items()},
        relationships=entry["relationships"],
    )


def _column(table: str, name: str, about: Mapping[str, Any]) -> Column:
    named: str = about["targets"] or ""
    targets: tuple[str, ...] = tuple(named.split(",")) if named else ()
    if name in {"activityid", "objectid"} and table in {"activityparty", "activitymimeattachment"}:
        targets = ("activitypointer", *(target for target in targets if target != "activitypointer"))
    return Column(
        name=name,
        schema_name=about["schema"],
        type=about["type"],
        creatable=about["create"],
        updatable=about["update"],
        required=about["required"],
        max_length=int(about["max"]) if about["max"] else None,
        targets=targets,
        options={int(value): label for value, label in about["options"] or ()},
        date_only=(table, name) in extra_schema.DATE_ONLY,
    )


def _custom_table(definition: Mapping[str, Any]) -> Table:
    name = definition["LogicalName"]
    key, title = definition["PrimaryIdAttribute"], definition["PrimaryNameAttribute"]
    columns = _system_columns(key, title)
    for attribute in definition.get("Attributes", []):
        columns[attribute["LogicalName"]] = _custom_column(attribute)
    label = definition.get("DisplayName", {}).get("UserLocalizedLabel", {}).get("Label", name)
    schema_name = definition.get("SchemaName", name)
    entity_set = definition["EntitySetName"]
    return Table(name, schema_name, entity_set, key, title, "UserOwned", label, columns, is_custom=True)


def _custom_column(attribute: Mapping[str, Any]) -> Column:
    name = attribute["LogicalName"]
    prefix, _, rest = name.partition("_")
    return Column(
        name=name,
        schema_name=attribute.get("SchemaName") or f"{prefix}_{rest.capitalize()}",
        type=attribute["AttributeType"],
        creatable=True,
        updatable=True,
        max_length=attribute.get("MaxLength"),
        targets=tuple(attribute.get("Targets", ())),
        date_only=attribute.get("Format") == "DateOnly",
        is_custom=True,
        format=attribute.get("Format", ""),
    )


def _system_columns(key: str, title: str) -> dict[str, Column]:
    """The columns every user-owned table is born with."""
    user = ("systemuser",)
    columns = [
        Column(key, key, "Uniqueidentifier", creatable=True),
        Column(title, title, "String", creatable=True, updatable=True, max_length=850),
        Column("createdon", "CreatedOn", "DateTime"),
        Column("modifiedon", "ModifiedOn", "DateTime"),
        Column("overriddencreatedon", "OverriddenCreatedOn", "DateTime", creatable=True),
        Column("ownerid", "OwnerId", "Owner", creatable=True, updatable=True, targets=("systemuser", "team")),
        Column("owningbusinessunit", "OwningBusinessUnit", "Lookup", targets=("businessunit",)),
        Column("owninguser", "OwningUser", "Lookup", targets=user),
        Column("owningteam", "OwningTeam", "Lookup", targets=("team",)),
        *(
            Column(name.lower(), name, "Lookup", targets=user)
            for name in ("CreatedBy", "ModifiedBy", "CreatedOnBehalfBy", "ModifiedOnBehalfBy")
        ),
        Column("statecode", "statecode", "State", updatable=True, options={0: "Active", 1: "Inactive"}),
        Column("statuscode", "statuscode", "Status", creatable=True, updatable=True,
               options={1: "Active", 2: "Inactive"}),
        Column("versionnumber", "VersionNumber", "BigInt"),
    ]  # fmt: skip
    return {column.name: column for column in columns}


def _with_targets(table: Table, column_names: tuple[str, ...], custom: tuple[str, ...]) -> Table:
    columns = dict(table.columns)
    for name in column_names:
        if name in columns:
            column = columns[name]
            targets = tuple(dict.fromkeys((*column.targets, *COMMON_TARGETS, *custom)))
            columns[name] = Column(**{**vars(column), "targets": targets})
    return Table(**{**{f: getattr(table, f) for f in Table.__dataclass_fields__}, "columns": columns})
