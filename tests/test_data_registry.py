"""Every column of ours says whose data it holds; what is erased and exported is found by that."""

import ast
import re
from itertools import chain
from pathlib import Path

import pytest
from sqlalchemy import Column, MetaData, Table

from connectors.databases import database_revisions, database_tables
from connectors.embedded.crm.customizing import read_table
from connectors.embedded.crm.holdings import holds
from connectors.embedded.crm.standard import standard_schema
from insights.database import HOLDS
from insights.tables import own

ROOT = Path(__file__).parents[1]
TELLING = re.compile(r"(^|_)(user|owner|people|person|mailbox|address|name|by|object|member)s?(_id|_key)?$")
HARMLESS = {
    "facts.name",
    "choices.name",
    "leases.name",
    "shares.object_id",
    "custom_tables.name",
    *(f"{table}.{column}" for column in ("table_name", "column_name")
      for table in ("rows", "removed_rows", "dates", "addresses", "lookups", "principals")),
}  # fmt: skip
"""Columns that are called like one that tells of a person."""
DATABASES = sorted(database_revisions())


def columns(metadata: MetaData) -> dict[str, Column[object]]:
    return {f"{table.name}.{column.name}": column for table in metadata.sorted_tables for column in table.c}


@pytest.mark.parametrize("database", DATABASES)
def test_every_column_says_whose_data_it_holds(database: str) -> None:
    found = chain.from_iterable(columns(each).items() for each in database_tables()[database])
    for name, column in found:
        assert column.info.get("holds") in HOLDS, f"{name} says nothing in its info"
        if TELLING.search(column.name) and name not in HARMLESS:
            assert column.info["holds"] != "none", f"{name} sounds like a person's"


def test_a_column_that_says_nothing_is_found() -> None:
    found = columns(database_tables()["liaison"][0])
    silent: Column[object] = Column("reader")
    assert silent.info.get("holds") not in HOLDS
    assert found["tracks.user_id"].info["holds"] == "user"
    assert found["names.name"].info["holds"] == "name"


def tables_of_code() -> set[str]:
    """Names of the tables that any file makes, but for migrations."""
    names = set()
    for folder in ("insights", "connectors", "bot", "addin"):
        for path in (each for each in (ROOT / folder).rglob("*.py") if each.parent.name != "migrations"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                match node:
                    case ast.Call(ast.Name("Table"), [ast.Constant(str(name)), *_]):
                        names.add(name)
    return names


def test_no_table_is_left_out() -> None:
    joined = {
        table.name for each in chain.from_iterable(database_tables().values()) for table in each.sorted_tables
    }
    assert tables_of_code() == joined
    stray = Table("stray", MetaData(), Column("id"))
    assert stray.name not in joined
    assert own in database_tables()["liaison"]


def test_every_column_of_the_crm_says_whose_data_it_holds() -> None:
    known = {
        f"{table.name}.{column.name}": column
        for table in standard_schema().tables.values()
        for column in table.columns.values()
    }
    assert {holds(column) for column in known.values()} == set(HOLDS)
    for name, expected in {
        "contact.emailaddress1": "address",
        "email.torecipients": "address",
        "activityparty.addressused": "address",
        "contact.firstname": "name",
        "account.name": "name",
        "email.subject": "text",
        "email.description": "text",
        "contact.jobtitle": "text",
        "contact.ownerid": "user",
        "email.createdby": "user",
        "email.to": "user",
        "systemuser.azureactivedirectoryobjectid": "user",
        "opportunity.estimatedvalue": "none",
        "contact.parentcustomerid": "none",
    }.items():
        assert holds(known[name]) == expected, name
    for name, column in known.items():
        if column.kind in {"text", "memo", "email", "owner", "partylist"}:
            assert holds(column) != "none", name


def test_columns_of_custom_tables_say_it_too() -> None:
    attributes = [
        {"LogicalName": "new_mail", "AttributeType": "String", "Format": "Email"},
        {"LogicalName": "new_note", "AttributeType": "Memo"},
        {"LogicalName": "new_by", "AttributeType": "Lookup", "Targets": ["systemuser"]},
        {"LogicalName": "new_visits", "AttributeType": "Integer"},
    ]
    table = read_table(
        {
            "LogicalName": "new_visit",
            "EntitySetName": "new_visits",
            "PrimaryIdAttribute": "new_visitid",
            "PrimaryNameAttribute": "new_name",
            "Attributes": attributes,
        }
    )
    found = {name: holds(column) for name, column in table.columns.items() if name.startswith("new_")}
    assert found["new_mail"] == "address"
    assert found["new_note"] == "text"
    assert found["new_by"] == "user"
    assert found["new_visits"] == "none"
