"""Our tables against Dataverse's, and the migrations against our tables."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Connection

from connectors.embedded.crm.crm import REVISIONS
from connectors.embedded.crm.notation import read_columns, standard_columns
from connectors.embedded.crm.schema import Column, TableSchema
from connectors.embedded.crm.standard import standard_schema
from connectors.embedded.crm.tables import crm
from insights.migrate import upgrade
from tests.conftest import OpenDatabase

SAME = {
    "text": {"String"},
    "email": {"String"},
    "memo": {"Memo", "String"},
    "int": {"Integer", "BigInt"},
    "decimal": {"Decimal", "Double"},
    "money": {"Money"},
    "bool": {"Boolean"},
    "datetime": {"DateTime"},
    "date": {"DateTime"},
    "guid": {"Uniqueidentifier"},
    "lookup": {"Lookup", "Uniqueidentifier"},
    "customer": {"Customer"},
    "owner": {"Owner"},
    "option": {"Picklist", "Integer"},
    "state": {"State"},
    "status": {"Status"},
    "partylist": {"PartyList"},
}
# intersect tables and two of Sales and Service, which the documented tables leave out
UNDOCUMENTED = {"systemuserroles", "teammembership", "roleprivileges", "principalobjectaccess",
                "opportunitycompetitors", "product", "serviceappointment"}  # fmt: skip
FULL = ("account", "contact", "lead", "opportunity", "incident", "email", "appointment", "phonecall", "task",
        "fax", "letter", "connection", "systemuser", "activityparty", "activitymimeattachment")  # fmt: skip
OURS = {"usersettings.timezone"}
"""By name, where Dataverse has a number that only its own table explains."""
ADDRESS_COLUMNS = {column.name for column in read_columns("address1 address2 address3")}
TABLES = [table for table in standard_schema().tables.values() if table.name not in UNDOCUMENTED]


@pytest.mark.testdata
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_and_column_is_dataverses(table: TableSchema, testdata: Path) -> None:
    known = json.loads((testdata / "dataverse" / "entities.json").read_text("utf-8"))[table.name]
    entity, attributes = known["entity"], known["attributes"]
    assert (table.entity_set, table.primary_id, table.primary_name) == (
        entity["EntitySetName"], entity["PrimaryIdAttribute"], entity["PrimaryNameAttribute"])  # fmt: skip
    standard = standard_columns("activity")  # also where the documentation leaves them out
    wrong = [
        column.name
        for column in table.columns.values()
        if f"{table.name}.{column.name}" not in OURS
        and not _is_same(column, attributes.get(column.name))
        and not (
            column.name not in attributes and (column.name in standard or column.name in ADDRESS_COLUMNS)
        )
    ]
    assert wrong == []


@pytest.mark.testdata
def test_every_column_of_the_timeline_tables_and_their_activities_is_taken(testdata: Path) -> None:
    documented = json.loads((testdata / "dataverse" / "entities.json").read_text("utf-8"))
    schema = standard_schema()
    refused = {
        f"{name}.{column}": attribute["type"]
        for name in FULL
        for column, attribute in documented[name]["attributes"].items()
        if schema.tables[name].column(column) is None
    }
    assert refused == {}


def _is_same(column: Column, attribute: dict[str, object] | None) -> bool:
    if attribute is None:
        return False
    options = attribute["options"]
    values = (
        {option[0] for option in options} if isinstance(options, list) and column.kind != "bool" else None
    )
    is_listed = not values or not column.options or set(column.options) == values
    return is_listed and (column.kind == "computed" or attribute["type"] in SAME[column.kind])


async def test_migrations_make_the_tables_of_the_code(open_empty: OpenDatabase) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    database = open_empty("crm")
    await upgrade(database, REVISIONS)

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), crm))

    assert await database.read(differences) == []


def test_publishers_columns_are_taken_and_misspelt_ones_are_not() -> None:
    account = standard_schema().tables["account"]
    for name in (
        "new_region",
        "cr1a2_code",
        "primarycontactidname",
        "statecodename",
        "owneridtype",
        "revenue_base",
    ):
        assert account.column(name), name
    for name in ("nam", "address1_citty", "_primarycontactid_value", "emailaddress4", "new_", "New Region"):
        assert account.column(name) is None, name
