"""Every standard name that the connector sends stands in Microsoft's own table reference."""

import json
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

import connectors.dataverse as package
from connectors.dataverse.query import Expand
from insights.crm.conditions import Column
from tests.standins.dataverse.extra_schema import COLUMNS, TABLES

KINDS = {
    "guid": {"Uniqueidentifier"},
    "lookup": {"Lookup", "Customer", "Owner"},
    "time": {"DateTime"},
    "bool": {"Boolean"},
    "int": {"Integer", "Picklist", "State", "Status"},
    "text": {"String", "Memo", "EntityName"},
}


def columns_of(value: object) -> list[Column]:
    if isinstance(value, Column):
        return [value]
    if isinstance(value, Expand):
        return [*value.columns, *columns_of(list(value.expand))]
    if isinstance(value, list | tuple):
        return [column for part in value for column in columns_of(part)]
    return []


@pytest.mark.testdata
def test_columns_are_those_of_the_table_reference(testdata: Path) -> None:
    described = json.loads((testdata / "dataverse" / "entities.json").read_text("utf-8")) | TABLES
    kinds: dict[str, set[str]] = {}
    for name, table in described.items():
        for column, about in (COLUMNS.get(name, {}) | table["attributes"]).items():
            kinds.setdefault(column, set()).add(about["type"])
    sent = {
        column
        for module in iter_modules(package.__path__)
        for value in vars(import_module(f"connectors.dataverse.{module.name}")).values()
        for column in columns_of(value)
    }
    assert len(sent) > 40
    for column in sent:
        assert kinds.get(column.name, set()) & KINDS[column.kind], column
