"""Microsoft Graph's published names and types, read from its CSDL, and the checking of JSON against them."""

import base64
import binascii
import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

NAMESPACE = "microsoft.graph"
COLLECTION = re.compile(r"Collection\((.*)\)$")
TIME = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$")


class SchemaViolation(Exception):
    """A name or value that the schema does not know; `name` is the property, `type_name` its owner."""

    def __init__(self, message: str, name: str, type_name: str) -> None:
        super().__init__(message)
        self.name, self.type_name = name, type_name


@dataclass(slots=True)
class StructuredType:
    """An entity or complex type: its own properties by name, each with its type's name."""

    base: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    navigation: dict[str, str] = field(default_factory=dict)
    is_open: bool = False


@dataclass(slots=True)
class Schema:
    """The types of `microsoft.graph` by name without namespace."""

    types: dict[str, StructuredType] = field(default_factory=dict)
    enums: dict[str, set[str]] = field(default_factory=dict)

    def properties(self, type_name: str) -> dict[str, str]:
        """Name → type of all properties, inherited ones too, without navigation."""
        known = self.types[type_name]
        inherited = self.properties(known.base) if known.base else {}
        return inherited | known.properties

    def navigation(self, type_name: str) -> dict[str, str]:
        """Name → type of all navigation properties, inherited ones too."""
        known = self.types[type_name]
        inherited = self.navigation(known.base) if known.base else {}
        return inherited | known.navigation

    def require_path(self, type_name: str, path: str) -> str:
        """The type at the end of `from/emailAddress/address`; raises SchemaViolation."""
        for name in path.split("/"):
            members = (
                self.properties(type_name) | self.navigation(type_name) if type_name in self.types else {}
            )
            if name not in members:
                message = f"Could not find a property named '{name}' on type '{NAMESPACE}.{type_name}'."
                raise SchemaViolation(message, name, type_name)
            type_name = item_type(members[name])
        return type_name

    def check(self, type_name: str, value: object) -> None:
        """Raise SchemaViolation unless `value` is JSON of that type, maybe a collection; null fits all."""
        collection = COLLECTION.match(type_name)
        if value is None:
            return
        if collection:
            if not isinstance(value, list):
                raise self._wrong(value, type_name)
            for each in value:
                self.check(collection[1], each)
        elif type_name in self.types:
            self._check_object(type_name, value)
        elif type_name in self.enums:
            self._check_member(type_name, value)
        elif not PRIMITIVES.get(type_name, _is_anything)(value):
            raise self._wrong(value, type_name)

    def _check_object(self, type_name: str, value: object) -> None:
        if not isinstance(value, Mapping):
            raise self._wrong(value, type_name)
        derived = str(value.get("@odata.type", "")).removeprefix("#").removeprefix(f"{NAMESPACE}.")
        if derived and derived not in self.types:
            raise SchemaViolation(
                f"A type named '{NAMESPACE}.{derived}' could not be resolved by the model.",
                derived,
                type_name,
            )
        type_name = derived or type_name
        members = self.properties(type_name) | self.navigation(type_name)
        for name, inner in value.items():
            if "@" in name:
                continue
            if name not in members:
                raise SchemaViolation(
                    f"The property '{name}' does not exist on type '{NAMESPACE}.{type_name}'. Make sure to "
                    "only use property names that are defined by the type or mark the type as open type.",
                    name,
                    type_name,
                )
            self.check(members[name], inner)

    def _check_member(self, type_name: str, value: object) -> None:
        known = {name.lower() for name in self.enums[type_name]}
        if not isinstance(value, str) or any(part.strip().lower() not in known for part in value.split(",")):
            message = f"Requested value '{value}' was not found."
            raise SchemaViolation(message, str(value), type_name)

    @staticmethod
    def _wrong(value: object, type_name: str) -> SchemaViolation:
        message = f"Cannot convert the literal '{value}' to the expected type '{type_name}'."
        return SchemaViolation(message, str(value), type_name)


def item_type(type_name: str) -> str:
    """The type of one item: what is in the brackets of a collection, else the type."""
    collection = COLLECTION.match(type_name)
    return collection[1] if collection else type_name


@functools.cache
def load_schema(csdl: Path) -> Schema:
    """The schema of a CSDL file, read once per process."""
    schema = Schema()
    for _, element in ElementTree.iterparse(csdl, events=("end",)):
        if _tag(element) == "Schema" and element.get("Namespace") == NAMESPACE:
            for child in element:
                _add(schema, child)
    return schema


def _add(schema: Schema, element: ElementTree.Element) -> None:
    name, tag = element.get("Name", ""), _tag(element)
    if tag == "EnumType":
        schema.enums[name] = {member.get("Name", "") for member in element if _tag(member) == "Member"}
    elif tag in {"EntityType", "ComplexType"}:
        known = StructuredType(_short(element.get("BaseType", "")), is_open=element.get("OpenType") == "true")
        for child in element:
            into = {"Property": known.properties, "NavigationProperty": known.navigation}.get(_tag(child))
            if into is not None:
                into[child.get("Name", "")] = _short(child.get("Type", ""))
        schema.types[name] = known


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _short(type_name: str) -> str:
    return type_name.replace("graph.", "").replace("microsoft.", "")


def _is_anything(_: object) -> bool:
    return True


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_time(value: object) -> bool:
    return isinstance(value, str) and bool(TIME.match(value))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_binary(value: object) -> bool:
    try:
        base64.b64decode(str(value), validate=True)
    except binascii.Error:
        return False
    return isinstance(value, str)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


PRIMITIVES: dict[str, Callable[[Any], bool]] = {
    "Edm.String": _is_text,
    "Edm.Guid": _is_text,
    "Edm.TimeOfDay": _is_text,
    "Edm.Boolean": _is_flag,
    "Edm.Int32": _is_whole,
    "Edm.Int64": _is_whole,
    "Edm.Double": _is_number,
    "Edm.DateTimeOffset": _is_time,
    "Edm.Date": _is_time,
    "Edm.Binary": _is_binary,
}
