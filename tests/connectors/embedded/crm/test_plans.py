"""What is asked of the CRM's large tables walks an index, so that it costs what it finds."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from connectors.embedded.crm.crm import EmbeddedCrm
from connectors.embedded.crm.importing import import_rows
from insights.crm.conditions import Column, Compare, Every
from insights.crm.rows import Order, RowQuery
from insights.database import Database
from insights.model import Attachment, AttachmentContent, NewPerson
from tests.contracts.crm_world import METADATA, NOW, WORLD, contact, ref, uid
from tests.contracts.crms import signed_in
from tests.contracts.test_crm import draft

LARGE = "rows|lookups|addresses|dates|timeline|message_ids|contents|shares|removed_rows"
SCAN = re.compile(rf"SCAN (?:{LARGE})(?:_\d+)?\b(?! USING)")
Statement = tuple[str, Any]


@pytest.fixture
async def database(tmp_path: Path) -> Database:
    return Database("crm", data_dir=tmp_path)


@contextmanager
def statements(database: Database) -> Iterator[list[Statement]]:
    """Every statement that is executed meanwhile."""
    found: list[Statement] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        found.append((statement, parameters[0] if isinstance(parameters, list) else parameters))

    for engine in (database._engine, database._reader):
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        for engine in (database._engine, database._reader):
            event.remove(engine, "before_cursor_execute", note)


async def test_no_statement_looks_at_all_rows(database: Database) -> None:
    crm = EmbeddedCrm(database, now=lambda: NOW)
    await crm.start()
    await import_rows(database, WORLD, now=NOW, metadata=METADATA)
    with statements(database) as found:
        await ask_everything(crm, database)
    plans = await database.read(explain, found)
    looked_at_all = {statement for statement, plan in plans if SCAN.search(plan)}
    assert looked_at_all == set()
    assert len(plans) > 100
    await database.close()


async def ask_everything(crm: EmbeddedCrm, database: Database) -> None:
    ann, email = await signed_in(crm, "ann"), draft()
    deal, subject = ref("opportunity", "deal"), Column("subject")
    file = AttachmentContent(Attachment("f", "a.txt", "text/plain", 1, is_inline=False), b"x")
    await crm.create_email(ann, email)
    await crm.add_attachment(ann, email.email_id, file)
    await crm.link(ann, email.email_id, ref("contact", "ana"))
    await crm.set_regarding(ann, email.email_id, ref("account", "contoso"))
    await crm.complete_email(ann, email.email_id)
    await crm.emails(ann, [email.message.internet_message_id])
    await crm.email_activity(ann, email.email_id)
    await crm.activities(ann, deal, since=None, before=None, limit=10)
    await crm.addresses(ann, deal)
    await crm.matches(ann, ["ana@contoso.example", "zoe@elsewhere.example"])
    await crm.search(ann, text="con", email="", table="", cursor=None, limit=10)
    await crm.search(ann, text="", email="ana@contoso.example", table="contact", cursor=None, limit=10)
    await crm.record(ann, deal)
    await crm.create_person(ann, NewPerson("contact", "Ida", "Ek", "ida@ek.example"))
    await crm.create(ann, ref("task", "new"), {subject: "New"})
    await crm.update(ann, ref("task", "new"), {subject: "Newer"})
    await crm.delete_email(ann, email.email_id)
    await import_rows(database, {"contacts": [contact("ben", "bob", "contoso")]}, now=NOW)
    owner, start = Column("ownerid", "lookup"), Column("scheduledstart", "time")
    week = Every([Compare(owner, "eq", uid("ann")), Compare(start, "ge", datetime(2026, 2, 1, tzinfo=UTC))])
    about = Compare(Column("regardingobjectid", "lookup"), "eq", uid("deal"))
    of_ana = Compare(Column("emailaddress1"), "eq", "ana@contoso.example")
    await crm.rows(ann, [
        RowQuery("appointment", [start], week, [Order(start)], top=5),
        RowQuery("activitypointer", [subject], about),
        RowQuery("contact", [], of_ana),
        RowQuery("account", [], Compare(Column("name"), "eq", "Contoso Ltd")),
        RowQuery("opportunity", [], Compare(owner, "eq", uid("ann"))),
    ])  # fmt: skip
    page = await crm.changes("task", [subject], None)
    await crm.changes("task", [subject], page.cursor)


def explain(connection: Connection, found: list[Statement]) -> list[tuple[str, str]]:
    """(statement, its plan) of each."""
    plans = []
    for statement, parameters in found:
        if statement.split()[0] in {"SELECT", "UPDATE", "DELETE"}:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            plans.append((statement, "\n".join(str(row[3]) for row in rows)))
    return plans
