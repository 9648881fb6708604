"""Tables, columns and relationships as EntityDefinitions describes them."""

import re
from collections.abc import Iterator
from typing import Any

from tests.standins.dataverse.navigation import Single
from tests.standins.dataverse.organization import Organization, stable_id
from tests.standins.dataverse.privileges import RIGHTS, privilege_id, privilege_name
from tests.standins.dataverse.querying import UNTRACKED
from tests.standins.dataverse.schema import CHOICES, Column, Table

PREFIX = "#Microsoft.Dynamics.CRM."
DERIVED = {
    "Lookup": {"Targets"},
    "Picklist": {"OptionSet"},
    "State": {"OptionSet"},
    "Status": {"OptionSet"},
    "Boolean": {"OptionSet"},
    "String": {"MaxLength", "Format"},
    "Memo": {"MaxLength", "Format"},
    "DateTime": {"Format"},
}
"""What only the type itself has, which a cast must ask for."""
KINDS = {"Customer": "Lookup", "Owner": "Lookup"}
EMAIL = re.compile(r"(internal|personal)?emailaddress\d?|mobilealertemail")
OWNERSHIPS = {"UserOwned": "UserOwned", "BusinessOwned": "BusinessOwned",
              "OrganizationOwned": "OrganizationOwned"}  # fmt: skip


def label(text: str) -> dict[str, Any]:
    """A text in the one language of this organisation."""
    localized = {
        "Label": text,
        "LanguageCode": 1033,
        "IsManaged": True,
        "MetadataId": stable_id("label", text),
    }
    return {"LocalizedLabels": [localized], "UserLocalizedLabel": localized}


def describe_table(table: Table) -> dict[str, Any]:
    """A table's definition without its columns and relationships."""
    return {
        "MetadataId": stable_id("table", table.name),
        "LogicalName": table.name,
        "SchemaName": table.schema_name,
        "EntitySetName": table.entity_set,
        "LogicalCollectionName": table.entity_set,
        "PrimaryIdAttribute": table.primary_id,
        "PrimaryNameAttribute": table.primary_name or None,
        "OwnershipType": OWNERSHIPS.get(table.ownership, "None"),
        "IsActivity": table.primary_id == "activityid",
        "IsCustomEntity": table.is_custom,
        "IsIntersect": table.name in {"systemuserroles", "teammembership", "teamroles", "roleprivileges"},
        "IsPrivate": False,
        "HasActivities": table.is_custom,
        "ChangeTrackingEnabled": table.name not in UNTRACKED,
        "DisplayName": label(table.display_name),
        "DisplayCollectionName": label(table.display_name),
        "Privileges": list(describe_privileges(table)),
    }


def describe_privileges(table: Table) -> Iterator[dict[str, Any]]:
    """The privileges of a table."""
    for right in RIGHTS:
        name = privilege_name(right, table)
        if name:
            depths = {f"CanBe{depth}": True for depth in ("Basic", "Local", "Deep", "Global")}
            yield {**depths, "CanBeEntityReference": False, "CanBeParentEntityReference": False, "Name": name,
                   "PrivilegeId": privilege_id(name), "PrivilegeType": right}  # fmt: skip


def kind_of(column: Column) -> str:
    """The type that a cast names a column by (`LookupAttributeMetadata` without its end)."""
    return KINDS.get(column.type, column.type)


def describe_column(table: Table, column: Column) -> dict[str, Any]:
    """A column's definition, with what only its type has."""
    described = {
        "@odata.type": f"{PREFIX}{kind_of(column)}AttributeMetadata",
        "MetadataId": stable_id("column", f"{table.name}.{column.name}"),
        "LogicalName": column.name,
        "SchemaName": column.schema_name,
        "EntityLogicalName": table.name,
        "AttributeType": column.type,
        "AttributeTypeName": {"Value": f"{column.type}Type"},
        "IsValidForCreate": column.creatable,
        "IsValidForUpdate": column.updatable,
        "IsValidForRead": True,
        "IsValidODataAttribute": column.property_name in table.properties,
        "IsPrimaryId": column.name == table.primary_id,
        "IsPrimaryName": column.name == table.primary_name,
        "IsCustomAttribute": column.is_custom,
        "AttributeOf": None,
        "RequiredLevel": {"Value": column.required, "CanBeChanged": False},
        "DisplayName": label(column.schema_name),
    }
    return described | {name: value for name, value in _specific(column).items()
                        if name in DERIVED.get(kind_of(column), ())}  # fmt: skip


def _specific(column: Column) -> dict[str, Any]:
    is_email = column.format == "Email" or EMAIL.fullmatch(column.name)
    kind = kind_of(column)
    text_format = "Email" if is_email else "TextArea" if kind == "Memo" else "Text"
    date_format = "DateOnly" if column.date_only else "DateAndTime"
    return {
        "Targets": list(column.targets),
        "MaxLength": column.max_length,
        "Format": date_format if kind == "DateTime" else text_format,
        "OptionSet": _option_set(column),
    }


def _option_set(column: Column) -> dict[str, Any]:
    options = [{"Value": value, "Label": label(text)} for value, text in column.options.items()]
    if column.type in CHOICES:
        return {"Name": column.name, "OptionSetType": column.type, "Options": options}
    by_value = {option["Value"]: option for option in options}
    return {"Name": column.name, "OptionSetType": "Boolean", "TrueOption": by_value.get(1),
            "FalseOption": by_value.get(0)}  # fmt: skip


def describe_lookups(organization: Organization, table: Table) -> Iterator[dict[str, Any]]:
    """The many-to-one relationships of a table, with the navigation properties on both sides."""
    for single in organization.navigation.singles[table.name].values():
        for target in single.targets:
            referenced = organization.schema.tables.get(target)
            if referenced:
                yield _relationship(organization, table, single, referenced)


def _relationship(
    organization: Organization, table: Table, single: Single, referenced: Table
) -> dict[str, Any]:
    collections = organization.navigation.collections[referenced.name].values()
    back = next((each.name for each in collections if not each.intersect and each.table == table.name
                 and each.column == single.column), "")  # fmt: skip
    name = back or f"{table.name}_{single.name}_{referenced.name}"
    return {
        "MetadataId": stable_id("relationship", name),
        "SchemaName": name,
        "RelationshipType": "OneToManyRelationship",
        "ReferencedEntity": referenced.name,
        "ReferencedAttribute": referenced.primary_id,
        "ReferencingEntity": table.name,
        "ReferencingAttribute": single.column,
        "ReferencingEntityNavigationPropertyName": single.name,
        "ReferencedEntityNavigationPropertyName": back or None,
        "IsCustomRelationship": table.is_custom,
    }


def describe_many_to_many(organization: Organization, table: Table) -> Iterator[dict[str, Any]]:
    """The many-to-many relationships of a table."""
    for each in organization.navigation.collections[table.name].values():
        if each.intersect:
            yield {
                "MetadataId": stable_id("relationship", each.name),
                "SchemaName": each.name,
                "RelationshipType": "ManyToManyRelationship",
                "Entity1LogicalName": table.name,
                "Entity1IntersectAttribute": each.own_column,
                "Entity1NavigationPropertyName": each.name,
                "Entity2LogicalName": each.table,
                "Entity2IntersectAttribute": each.column,
                "Entity2NavigationPropertyName": each.name,
                "IntersectEntityName": each.intersect,
            }
