"""Whatever writes a row stamps it with a number of its own, so that who reads changes misses none."""

import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Row, Select, select

import connectors
from connectors.embedded.crm.changes import read_changes
from connectors.embedded.crm.crm import REVISIONS, EmbeddedCrm
from connectors.embedded.crm.importing import import_rows
from connectors.embedded.crm.standard import standard_schema
from connectors.embedded.crm.structure import Structure
from connectors.embedded.crm.tables import dates, removed_rows, rows
from connectors.embedded.crm.writing import count_change, read_change
from insights.crm.conditions import Column
from insights.crm.rows import RowChanges
from insights.database import Database
from insights.migrate import upgrade
from insights.model import Attachment, AttachmentContent, NewPerson
from tests.conftest import OpenDatabase
from tests.contracts.crm_world import METADATA, NOW, WORLD, contact, ref, uid
from tests.contracts.crms import signed_in
from tests.contracts.test_crm import draft

NAME = Column("name")


@pytest.fixture
async def crm(open_database: OpenDatabase) -> EmbeddedCrm:
    database = open_database("crm")
    crm = EmbeddedCrm(database, now=lambda: NOW)
    await crm.start()
    await import_rows(database, WORLD, now=NOW, metadata=METADATA)
    return crm


def stamps(connection: Connection) -> dict[tuple[str, str], tuple[int, object]]:
    found = connection.execute(select(rows.c.table_name, rows.c.id, rows.c.change, rows.c.attributes)).all()
    return {(row.table_name, row.id): (row.change, row.attributes) for row in found}


async def test_each_write_stamps_what_it_writes_with_a_number_of_its_own(
    crm: EmbeddedCrm, open_database: OpenDatabase
) -> None:
    database, ann = open_database("crm"), await signed_in(crm, "ann")
    email = draft()
    file = AttachmentContent(Attachment("f", "a.txt", "text/plain", 1, is_inline=False), b"x")
    writes: list[Callable[[], Awaitable[object]]] = [
        lambda: crm.create_email(ann, email),
        lambda: crm.add_attachment(ann, email.email_id, file),
        lambda: crm.set_regarding(ann, email.email_id, ref("account", "contoso")),
        lambda: crm.link(ann, email.email_id, ref("contact", "ana")),
        lambda: crm.complete_email(ann, email.email_id),
        lambda: crm.delete_email(ann, email.email_id),
        lambda: crm.create_person(ann, NewPerson("lead", "Ida", "Ek", "ida@ek.example")),
        lambda: crm.create(ann, ref("task", "new"), {Column("subject"): "New"}),
        lambda: crm.update(ann, ref("task", "new"), {Column("subject"): "Newer"}),
        lambda: import_rows(database, {"contacts": [contact("new", "ann")]}, now=NOW),
        lambda: import_rows(database, {"contacts": [contact("new", "bob")]}, now=NOW),
    ]
    for number, write in enumerate(writes):
        before, last = await database.read(stamps), await database.read(read_change)
        await write()
        after, now = await database.read(stamps), await database.read(read_change)
        written = {key for key in after if after[key] != before.get(key)}
        gone = before.keys() - after.keys()
        assert written or gone, number
        assert {after[key][0] for key in written} <= {now}, number
        assert now > last, number
        if gone:
            removed = select(removed_rows.c.table_name, removed_rows.c.id).where(removed_rows.c.change == now)
            assert {tuple(row) for row in await database.read(all_of, removed)} == gone, number


def all_of(connection: Connection, statement: Select[Any]) -> Sequence[Row[Any]]:
    return connection.execute(statement).all()


def test_one_file_writes_rows() -> None:
    statements = (
        r"(?:insert_into\(connection, |(?:insert|update|delete)\()rows\b|\brows\.(?:insert|update|delete)\b"
    )
    writing = re.compile(statements)
    root = Path(connectors.__file__).parent
    found = {path.name for path in root.rglob("*.py") if writing.search(path.read_text("utf-8"))}
    assert found == {"writing.py"}


@pytest.mark.parametrize("most", [1, 2, 3, 7, 1000])
async def test_pages_leave_nothing_out_and_tell_nothing_twice(
    crm: EmbeddedCrm, open_database: OpenDatabase, most: int
) -> None:
    database = open_database("crm")
    for number in range(9):
        await import_rows(database, {"accounts": [{"accountid": uid(f"a{number}"), "name": f"A {number}"}]},
                          now=NOW)  # fmt: skip
    seen: list[str] = []
    cursor, count = None, 0
    while True:
        page = await read_page(database, cursor, most)
        assert len(page.rows) + len(page.deleted_ids) <= most
        seen += [row.name for row in page.rows]
        cursor, count = page.cursor, count + 1
        if not page.has_more:
            break
    assert sorted(seen) == sorted({"Contoso Ltd", "Fabrikam", "Tailspin", *(f"A {n}" for n in range(9))})
    assert count == -(-12 // most)


async def read_page(database: Database, cursor: str | None, most: int) -> RowChanges:
    def read(connection: Connection) -> RowChanges:
        access = Structure(standard_schema()).renewed(connection).access(connection, None)
        return read_changes(access, "account", (NAME,), cursor, most)

    return await database.read(read)


async def test_an_older_crm_gets_its_dates_and_can_be_read_from_the_start(
    open_empty: OpenDatabase, tmp_path: Path
) -> None:
    """Rows of before 0003 have no number and no entry in `dates`."""
    older = tmp_path / "older"
    older.mkdir()
    for revision in ("0001_first.py", "0002_changes.py"):
        (older / revision).write_text((REVISIONS / revision).read_text("utf-8"), "utf-8")
    database = open_empty("crm")
    await upgrade(database, older)
    await database.write(_write_old)
    crm = EmbeddedCrm(database, now=lambda: NOW)
    await crm.start()
    entries = await database.read(all_of, select(dates).order_by(dates.c.column_name))
    assert [(row.row_id, row.column_name, row.owner_id, row.at.isoformat()) for row in entries] == [
        ("o1", "estimatedclosedate", "u1", "2026-04-01T00:00:00+00:00"),
        ("v1", "scheduledstart", None, "2026-03-04T08:00:00+00:00"),
    ]
    assert [row.name for row in (await crm.changes("opportunity", [], None)).rows] == ["Old deal"]


def _write_old(connection: Connection) -> None:
    count_change(connection)
    old = [column for column in rows.c if column.name != "change"]
    values = {"name_key": "", "state": 0, "created_at": NOW, "modified_at": NOW, "owner_id": None}
    for row in (
        {"table_name": "opportunity", "id": "o1", "name": "Old deal", "owner_id": "u1",
         "attributes": {"estimatedclosedate": "2026-04-01", "ownerid": ["systemuser", "u1"]}},
        {"table_name": "serviceappointment", "id": "v1", "name": "Old visit",
         "attributes": {"scheduledstart": "2026-03-04T08:00:00+00:00"}},
    ):  # fmt: skip
        given = {**values, **row}
        connection.execute(rows.insert().values({c.name: given[c.name] for c in old if c.name in given}))
