"""Mailboxes that the version before named by folded addresses are handed to nobody else."""

import pytest
from sqlalchemy import Connection, select, text
from structlog.testing import capture_logs

from connectors.embedded.mail.reads import read_mailbox
from connectors.embedded.mail.store import REVISIONS
from connectors.embedded.mail.tables import mailboxes, shares
from connectors.embedded.mail.unfolding import HELD, has_folded, unfold
from insights.database import Database
from insights.migrate import upgrade, upgrade_schema
from tests.conftest import OpenDatabase

ADDRESSES = [
    "ann@ours.example",
    "ann+ext@ours.example",  # folded together with Ann
    "bob+sales@ours.example",  # alone, but bob@ may be somebody who left
    "cid@bücher.example",  # alone, its domain in the other form
    "dora+a@ours.example",  # two, and nobody has the name itself
    "dora+b@ours.example",
    "zoe@ours.example",  # whose own mailbox is nobody else's
]
BEFORE = [
    "zoe@ours.example",
    "ann@ours.example",
    "bob@ours.example",
    "cid@xn--bcher-kva.example",
    "dora@ours.example",
]


def write_before(connection: Connection) -> None:
    for key in [*BEFORE, "support@ours.example"]:
        connection.execute(mailboxes.insert().values(address_key=key, version=1))
    for reader in BEFORE:
        connection.execute(shares.insert().values(address_key="support@ours.example", reader_key=reader))
    connection.execute(shares.insert().values(address_key="bob@ours.example", reader_key="zoe@ours.example"))


@pytest.fixture
async def database(open_empty: OpenDatabase) -> Database:
    database = open_empty("mailbox")
    await database.write(lambda connection: upgrade_schema(connection, "mailbox", REVISIONS, to="0002"))
    await database.write(write_before)
    await upgrade(database, REVISIONS)
    return database


def read_names(connection: Connection) -> tuple[set[str], set[tuple[str, str]]]:
    names = set(connection.scalars(select(mailboxes.c.address_key)))
    return names, {(row.address_key, row.reader_key) for row in connection.execute(select(shares))}


async def test_what_may_be_several_peoples_is_held_back_from_everybody(database: Database) -> None:
    assert await has_folded(database)
    with capture_logs() as told:
        await database.write(unfold, ADDRESSES)
    names, shared = await database.read(read_names)
    held = {name for name in names if name.startswith(HELD)}
    assert {name.strip() for name in held} == {"ann@ours.example", "bob@ours.example", "dora@ours.example"}
    assert names - held == {"cid@bücher.example", "support@ours.example", "zoe@ours.example"}
    assert shared == {
        ("support@ours.example", "cid@bücher.example"),
        ("support@ours.example", "zoe@ours.example"),
    }
    for address in (*ADDRESSES, *held, *(name.strip() for name in held), "ann@OURS.example"):
        found = await database.read(read_mailbox, address)
        assert (found is not None) == (address in {"cid@bücher.example", "zoe@ours.example"}), address
    [line] = told
    assert (line["log_level"], line["count"]) == ("warning", 3)
    assert "import their mail again" in line["event"]
    assert "ann" not in str(line)


async def test_what_is_named_by_this_version_is_never_renamed(database: Database) -> None:
    await database.write(unfold, [])
    assert not await has_folded(database)
    await database.write(unfold, ADDRESSES)
    names, _ = await database.read(read_names)
    assert set(BEFORE) < names


async def test_a_new_installation_has_none(open_empty: OpenDatabase) -> None:
    database = open_empty("mailbox")
    await upgrade(database, REVISIONS)
    assert not await has_folded(database)
    assert await database.read(lambda c: c.execute(text("SELECT count(*) FROM folded_keys")).scalar()) == 0
