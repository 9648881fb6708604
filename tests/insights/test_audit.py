"""The trail holds ids; what those are called stands aside and may be forgotten."""

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy import Connection, delete, select

from insights import audit
from insights.audit import Owner
from insights.migrate import REVISIONS, upgrade, upgrade_schema
from insights.model import User
from insights.tables import audit as trail
from insights.tables import names
from tests.conftest import OpenDatabase

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
ANN, SUPPORT = User("ann", "Ann Beebe", "ann@ours.example"), Owner("", "support@ours.example")


async def test_a_name_is_nowhere_but_aside(open_database: OpenDatabase) -> None:
    database = open_database("liaison")

    def act(connection: Connection) -> None:
        audit.add(connection, ANN, "track", "email 1", NOW, on_behalf_of=Owner("bob", "Bob Kahn"))
        audit.add(connection, ANN, "track", "email 2", NOW, on_behalf_of=SUPPORT)
        audit.add(connection, ANN, "track", "email 3", NOW, on_behalf_of=SUPPORT, regarding="account:1")

    await database.write(act)
    rows = await database.read(lambda connection: [tuple(row) for row in connection.execute(select(trail))])
    assert not any(word in str(rows) for word in ("Ann", "Beebe", "Bob Kahn", "@"))
    owners = [json.loads(row[-1])["on_behalf_of"] for row in rows]
    assert owners[0] == "bob"
    assert owners[1] == owners[2]
    called = await database.read(audit.select_names, ["ann", *owners])
    assert called == {"ann": "Ann Beebe", "bob": "Bob Kahn", owners[1]: "support@ours.example"}

    namesake = User("sue", SUPPORT.name, SUPPORT.name)  # which makes her no mailbox
    await database.write(lambda connection: audit.add(connection, namesake, "x", "y", NOW))
    await database.write(lambda connection: audit.add(connection, ANN, "x", "y", NOW, on_behalf_of=SUPPORT))
    last = await database.read(
        lambda c: c.scalars(select(trail.c.detail).order_by(trail.c.id.desc())).first()
    )
    assert json.loads(last or "")["on_behalf_of"] == owners[1]

    renamed = User("ann", "Ann Cole", "ann@ours.example")
    await database.write(lambda connection: audit.add(connection, renamed, "untrack", "email 1", NOW))
    assert await database.read(audit.select_names, ["ann"]) == {"ann": "Ann Cole"}
    await database.write(lambda connection: connection.execute(delete(names)))
    assert await database.read(audit.select_names, ["ann", *owners]) == {}


async def test_rows_of_the_version_before_lose_their_names(open_empty: OpenDatabase) -> None:
    database = open_empty("liaison")

    def fill(connection: Connection) -> None:
        upgrade_schema(connection, "liaison", REVISIONS, to="0004")
        old = sa.Table("audit", sa.MetaData(), autoload_with=connection)
        rows = [("ann", "Ann Be"), ("ann", "Ann Beebe"), ("bob", "Bob Kahn")]
        for user_id, name in rows:
            detail = json.dumps({"on_behalf_of": "Bob Kahn", "regarding": "account:1"})
            row = {"at": NOW, "user_id": user_id, "user_name": name, "action": "track"}
            connection.execute(sa.insert(old).values(subject="email 1", detail=detail, **row))

    await database.write(fill)
    await upgrade(database, REVISIONS)
    rows = await database.read(lambda connection: [tuple(row) for row in connection.execute(select(trail))])
    assert [row[2] for row in rows] == ["ann", "ann", "bob"]
    assert "Kahn" not in str(rows)
    details = [json.loads(row[-1]) for row in rows]
    assert {detail["regarding"] for detail in details} == {"account:1"}
    owner_id = {detail["on_behalf_of"] for detail in details}.pop()
    called = await database.read(audit.select_names, ["ann", "bob", owner_id])
    assert called == {"ann": "Ann Beebe", "bob": "Bob Kahn", owner_id: "Bob Kahn"}
