"""Every column of ours says whose data it holds; what is erased and exported is found by that."""

import re

import pytest
from sqlalchemy import Column, MetaData

from connectors.embedded.agenda.tables import agenda
from insights.tables import own

KINDS = {"user", "address", "name", "none"}
TELLING = re.compile(r"(^|_)(user|owner|people|person|mailbox|address|name|by|object|member)s?(_id|_key)?$")
HARMLESS = {"facts.name", "choices.name", "leases.name"}
"""Columns that are called like one that tells of a person."""


def columns(metadata: MetaData) -> dict[str, Column[object]]:
    return {f"{table.name}.{column.name}": column for table in metadata.sorted_tables for column in table.c}


@pytest.mark.parametrize("metadata", [own, agenda], ids=["liaison", "agenda"])
def test_every_column_says_whose_data_it_holds(metadata: MetaData) -> None:
    for name, column in columns(metadata).items():
        assert column.info.get("holds") in KINDS, f"{name} says nothing in its info"
        if TELLING.search(column.name) and name not in HARMLESS:
            assert column.info["holds"] != "none", f"{name} sounds like a person's"


def test_a_column_that_says_nothing_is_found() -> None:
    found = columns(own)
    silent: Column[object] = Column("reader")
    assert silent.info.get("holds") not in KINDS
    assert found["tracks.user_id"].info["holds"] == "user"
    assert found["names.name"].info["holds"] == "name"
