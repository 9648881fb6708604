"""An installation of the version before starts with everything in place and its pending work intact."""

import asyncio
import base64
import pickle
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from insights.workflows import Workflow, Workflows
from tests.flows.liaison import COMPANY, Liaison, letter

PRESSED, EVES = ("<0@mail.example>", "<1@mail.example>"), "<eves@mail.example>"
DAN = {"systemuserid": "dan", "fullname": "Dan", "internalemailaddress": "dan@ours.example"}
DANS_OTHER = {"systemuserid": "dan2", "fullname": "Dan", "internalemailaddress": "dan+ext@ours.example"}
EVE = {"systemuserid": "eve", "fullname": "Eve", "internalemailaddress": "eve+sales@ours.example"}


def execute(liaison: Liaison, url: str, database: str, *statements: str, **values: object) -> None:
    """Run statements on a database of the installation; `SCHEMA.` stands for its schema."""
    address = url.replace("+asyncpg", "+psycopg") or f"sqlite:///{liaison.data / database}.sqlite"
    engine = sa.create_engine(address)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement.replace("SCHEMA.", f"{database}." if url else "")), values)
    engine.dispose()


async def interrupt(liaison: Liaison, url: str, keys: list[str]) -> None:
    """Leave the job store as a server of the version before did that was killed after the presses."""
    workflows = Workflows(data_dir=liaison.data, database_url=url)

    async def step(_key: str) -> str:
        return ""

    async def failed(_key: str, cause: str) -> str:
        raise AssertionError(cause)

    workflows.register(Workflow("track", (step,), failed))
    workflows.start()
    await workflows.wait_ready()
    for key in keys:
        await workflows.run("track", key)
    await workflows.stop()
    for key in keys:
        inputs = base64.b64encode(pickle.dumps({"args": (key,), "kwargs": {}})).decode()
        execute(
            liaison,
            url,
            "jobs",
            "UPDATE SCHEMA.workflow_status SET status = 'PENDING', serialization = 'py_pickle'"
            " WHERE workflow_uuid = :id",
            "UPDATE SCHEMA.workflow_input SET inputs = :inputs WHERE workflow_uuid = :id",
            "DELETE FROM SCHEMA.operation_outputs WHERE workflow_uuid = :id",
            id=f"track:{key}",
            inputs=inputs,
        )


async def test_pending_presses_end_and_mailboxes_keep_their_owners(
    liaison: Liaison, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await liaison.stop()
    monkeypatch.setenv("LIAISON_DATABASE_URL", database_url)
    liaison.environment["LIAISON_DATABASE_URL"] = database_url
    liaison.import_crm(COMPANY | {"systemusers": [*COMPANY["systemusers"], DAN, DANS_OTHER, EVE]})
    liaison.import_mail("ann@ours.example", [letter(number) for number in (0, 1, 2)])
    liaison.import_mail("eve+sales@ours.example", [letter("eves", to="eve+sales@ours.example")])
    liaison.import_mail("dan@ours.example", [letter("dans", to="dan+ext@ours.example")])  # as it was then
    await liaison.start()
    await liaison.turn_on("auto_capture")
    opened = [await liaison.get("ann", "/api/v1/emails", internet_message_id=name) for name in PRESSED]
    await liaison.stop()

    ids = [each["item"]["id"] for each in opened]
    now = datetime.now(UTC)
    for own_id in ids:
        execute(
            liaison,
            database_url,
            "liaison",
            "INSERT INTO SCHEMA.tracks (email_id, state, user_id, attempt, requested_at, changed_at)"
            " VALUES (:id, 'pending', 'ann', 1, :now, :now)",
            id=own_id,
            now=now if database_url else now.strftime("%Y-%m-%d %H:%M:%S.%f"),
        )
    await interrupt(liaison, database_url, [f"{own_id}/1" for own_id in ids])
    execute(
        liaison,
        database_url,
        "mailbox",
        *(f"DROP TABLE SCHEMA.{name}" for name in ("meetings", "events", "tasks", "calendars")),
        "DROP TABLE SCHEMA.folded_keys",
        "DROP TABLE SCHEMA.tombstones",
        "DROP INDEX SCHEMA.ix_messages_mailbox_id_version_email_id",
        "ALTER TABLE SCHEMA.messages DROP COLUMN version",
        "ALTER TABLE SCHEMA.messages DROP COLUMN is_read",
        "UPDATE SCHEMA.alembic_version SET version_num = '0002'",
        "UPDATE SCHEMA.mailboxes SET address_key = 'eve@ours.example'"
        " WHERE address_key = 'eve+sales@ours.example'",
    )

    await liaison.start()
    await liaison.wait_for_state("ann", PRESSED, "tracked")
    await liaison.get("eve", "/api/v1/emails", internet_message_id=EVES, status=404)  # eve@ may be another
    await liaison.get("dan", "/api/v1/emails", internet_message_id="<dans@mail.example>", status=404)
    await asyncio.to_thread(liaison.import_mail, EVE["internalemailaddress"], [])
    mine = await liaison.get("eve", "/api/v1/emails", internet_message_id=EVES)
    assert mine["item"]["state"] == "untracked"
    rest = await liaison.get("ann", "/api/v1/emails", internet_message_id="<2@mail.example>")
    assert rest["item"]["state"] == "untracked"
    assert "what is pending begins anew" in liaison.log.read_text()
