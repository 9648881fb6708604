"""The database on both engines: transactions, reads, instants."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import DBAPIError

from insights import gate
from insights.holdings import own_tables
from insights.migrate import REVISIONS, upgrade, upgrade_schema
from insights.tables import audit, features
from tests.conftest import OpenDatabase

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=timezone(timedelta(hours=2)))
ROW = {"user_id": "u", "action": "a", "subject": "s", "detail": "{}"}


async def test_migrations_make_the_tables_of_the_code(open_empty: OpenDatabase) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    database = open_empty("liaison")
    await upgrade(database, REVISIONS)
    await upgrade(database, REVISIONS)

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), own_tables()))

    assert await database.read(differences) == []


async def test_why_a_feature_is_unavailable_is_named_after_an_upgrade(open_empty: OpenDatabase) -> None:
    database = open_empty("liaison")
    await database.write(upgrade_schema, "liaison", REVISIONS, to="0008")
    row = {"feature": "auto_capture", "state": "on", "version": 1}
    reason = "Needs the CRM online; yours is on-premises."
    await database.write(
        lambda connection: connection.execute(insert(features).values(obstacle=reason, **row))
    )
    await upgrade(database, REVISIONS)
    gates = await database.read(gate.select_states)
    assert gates["auto_capture"].obstacle == "crm_online"
    assert str(gates["auto_capture"].why).startswith("it needs the CRM online")


async def test_a_failed_transaction_leaves_nothing(open_database: OpenDatabase) -> None:
    database = open_database("liaison")

    def fail(connection: Connection) -> None:
        connection.execute(insert(audit).values(at=NOW, **ROW))
        1 / 0  # noqa: B018

    with pytest.raises(ZeroDivisionError):
        await database.write(fail)
    await database.write(lambda connection: connection.execute(insert(audit).values(at=NOW, **ROW)))
    rows = await database.read(lambda connection: connection.execute(select(audit.c.at)).scalars().all())
    assert rows == [NOW.astimezone(UTC)]
    assert rows[0].tzinfo is not None


async def test_the_audit_trail_cannot_be_rewritten(open_database: OpenDatabase) -> None:
    database = open_database("liaison")
    await database.write(lambda connection: connection.execute(insert(audit).values(at=NOW, **ROW)))
    refused = ["UPDATE audit SET action = 'b'", "DELETE FROM audit"]
    for statement in refused if database.is_sqlite else [*refused, "TRUNCATE audit"]:
        with pytest.raises(DBAPIError, match="append-only"):
            await database.write(Connection.exec_driver_sql, statement)
    actions = await database.read(
        lambda connection: connection.execute(select(audit.c.action)).scalars().all()
    )
    assert actions == ["a"]


def test_what_statements_look_values_up_in_is_there_before_any_thread_asks() -> None:
    # The job engine is loaded in a thread: were it the first to load this, others would meet half of it.
    code = "import sys, insights.database; print('sqlalchemy.orm' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "True"
