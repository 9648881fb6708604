"""Changes of embedded mailboxes: what stamps them, what they cost, and what an older version left."""

import json
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import Connection, event, insert, select, text

from connectors.embedded.mail.changes import CHANGES_PER_PAGE
from connectors.embedded.mail.mail import EmbeddedMail
from connectors.embedded.mail.removing import remove_messages
from connectors.embedded.mail.store import REVISIONS, insert_parsed
from connectors.embedded.mail.tables import contents, mail, mailboxes, messages, participants, thread_keys
from insights.database import Database
from insights.errors import Conflict, Invalid
from insights.mail.identity import email_id
from insights.mail.parsing.parsed import ParsedMessage
from insights.mail.parsing.pool import MailParser
from insights.mail.parsing.worker import parse
from insights.migrate import upgrade, upgrade_schema
from insights.model import MailQuery
from tests.conftest import OpenDatabase
from tests.mails import AT, make_mail, own_mailbox

ORGANIZATION_ID = "0f6d8a3e-8c0c-4f65-9a28-5d1a4c1f7b11"
ANN, BOB = "ann@ours.example", "bob@ours.example"
ANNS = own_mailbox(ANN)
DAY = timedelta(days=1)


def id_of(name: str) -> str:
    return email_id(ORGANIZATION_ID, f"<{name}@x.example>")


def named(name: str, **values: object) -> bytes:
    return make_mail(f"<{name}@x.example>", **values)  # type: ignore[arg-type]


@pytest.fixture
async def database(open_database: OpenDatabase) -> Database:
    return open_database("mailbox")


@pytest.fixture
def port(database: Database) -> EmbeddedMail:
    return EmbeddedMail(database, MailParser(), ORGANIZATION_ID)


async def deliver(database: Database, raws: Sequence[bytes], mailbox: str = ANN) -> None:
    parsed = [parse(raw) for raw in raws]
    good = [message for message in parsed if isinstance(message, ParsedMessage)]
    assert len(good) == len(raws)
    await insert_parsed(database, ORGANIZATION_ID, mailbox, good, now=AT)


async def test_messages_whose_conversation_is_joined_to_another_are_told(
    database: Database, port: EmbeddedMail
) -> None:
    await deliver(database, [named("a", subject="One"), named("b", subject="Other")])
    cursor = (await port.changes(ANNS, None)).cursor
    both = {"References": "<a@x.example> <b@x.example>"}
    await deliver(database, [named("c", subject="Third", headers=both)])
    page = await port.changes(ANNS, cursor)
    assert {id_of("c")} < {message.email_id for message in page.messages}
    assert len({message.conversation_id for message in page.messages}) == 1
    held = await port.find(ANNS, [id_of(name) for name in "abc"])
    assert {message.conversation_id for message in held.values()} == {page.messages[0].conversation_id}


async def test_of_a_message_that_is_removed_nothing_is_left_but_its_id(
    database: Database, port: EmbeddedMail
) -> None:
    secret = named("one", subject="Xylophone", sender="zoe@secret.example", text="Marimba " * 50)
    await deliver(database, [secret, named("two")])
    await deliver(database, [secret], BOB)
    removed = await database.write(remove_messages, ANN, [id_of("one"), id_of("none"), "no id"])
    assert removed == 1

    def count(connection: Connection) -> list[int]:
        [ann] = connection.scalars(select(mailboxes.c.id).where(mailboxes.c.address_key == ANN))
        return [
            len(connection.execute(select(table).where(table.c.mailbox_id == ann)).all())
            for table in (messages, contents, participants, thread_keys)
        ]

    assert await database.read(count) == [1, 1, 2, 3]  # its keys: id, subject, subject on that day
    assert await port.search(ANNS, MailQuery(["zoe@secret.example"])) == []
    assert len(await port.search(own_mailbox(BOB), MailQuery(["zoe@secret.example"]))) == 1
    await database.write(remove_messages, BOB, [id_of("one")])
    await database.fold()
    for path in database.path.parent.glob("mailbox.sqlite*"):
        content = path.read_bytes()
        assert not any(word in content for word in (b"Xylophone", b"zoe@secret", b"<one@x.example>"))
    assert await database.write(remove_messages, "nobody@ours.example", [id_of("one")]) == 0
    with pytest.raises(Invalid):
        await database.write(remove_messages, "no mailbox", [])


async def test_a_thread_is_forgotten_with_its_last_message_and_not_before(
    database: Database, port: EmbeddedMail
) -> None:
    answer = named("b", subject="Re: Offer", headers={"In-Reply-To": "<a@x.example>"})
    await deliver(database, [named("a"), answer])
    [thread] = {message.conversation_id for message in await port.search(ANNS, MailQuery(None))}
    await database.write(remove_messages, ANN, [id_of("a")])
    await deliver(database, [named("a")])
    assert (await port.find(ANNS, [id_of("a")]))[id_of("a")].conversation_id == thread
    await database.write(remove_messages, ANN, [id_of("a"), id_of("b")])
    left = await database.read(lambda connection: connection.execute(select(thread_keys)).all())
    assert left == []


async def test_changes_of_equal_versions_are_paged_through(database: Database, port: EmbeddedMail) -> None:
    cursor = (await port.changes(ANNS, None)).cursor
    names = [str(number) for number in range(CHANGES_PER_PAGE + 30)]
    parsed = [each for name in names if isinstance(each := parse(named(name)), ParsedMessage)]
    await insert_parsed(database, ORGANIZATION_ID, ANN, parsed, now=AT, batch_size=1000)
    first = await port.changes(ANNS, cursor)
    await database.write(remove_messages, ANN, list(map(id_of, names[:20])))
    second = await port.changes(ANNS, first.cursor)
    assert (len(first.messages), first.has_more, second.has_more) == (CHANGES_PER_PAGE, True, False)
    told = {message.email_id for message in (*first.messages, *second.messages)} - set(second.gone_ids)
    assert told == set(map(id_of, names[20:]))
    assert set(second.gone_ids) == set(map(id_of, names[:20]))


async def test_what_a_look_costs_depends_on_what_changed_not_on_the_mailbox(
    database: Database, port: EmbeddedMail
) -> None:
    if not database.is_sqlite:
        pytest.skip("SQLite counts the steps of a statement; the index is the same on both")
    costs = []
    for size in (10, 1500):
        names = [f"{size}-{number}" for number in range(size)]
        parsed = [each for name in names if isinstance(each := parse(named(name)), ParsedMessage)]
        await insert_parsed(database, ORGANIZATION_ID, ANN, parsed, now=AT, batch_size=5000)
        await database.write(remove_messages, ANN, [id_of(f"{size}-0")])
        cursor = (await port.changes(ANNS, None)).cursor
        await deliver(database, [named(f"{size}-new")])
        costs.append(await count_steps(database, port, cursor))
    assert 0 < costs[1] < 2 * costs[0]


async def count_steps(database: Database, port: EmbeddedMail, cursor: str) -> int:
    """How many instructions SQLite's machine takes for the changes since a cursor."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    def begin(connection: Connection) -> None:
        connection.connection.driver_connection.set_progress_handler(count, 1)  # type: ignore[union-attr]

    engine = database._reader
    event.listen(engine, "begin", begin)
    try:
        assert len((await port.changes(ANNS, cursor)).messages) == 1
    finally:
        event.remove(engine, "begin", begin)
        await database.read(
            lambda c: c.connection.driver_connection.set_progress_handler(None, 1)  # type: ignore[union-attr]
        )
    return steps


async def test_a_cursor_from_before_the_mailbox_was_there_tells_all_of_it(
    database: Database, port: EmbeddedMail
) -> None:
    begun = await port.changes(ANNS, None)
    await deliver(database, [named("other")], BOB)
    assert (await port.changes(ANNS, begun.cursor)).messages == []
    await deliver(database, [named("one")])
    page = await port.changes(ANNS, begun.cursor)
    assert [message.email_id for message in page.messages] == [id_of("one")]
    assert not page.is_anew


async def test_a_damaged_message_is_said_to_be_one(database: Database, port: EmbeddedMail) -> None:
    await deliver(database, [named("one")])
    for stored in (b"secret words", b"x\x9c", parse_stored(named("one"))[:-8]):
        await database.write(lambda c: c.execute(contents.update(), {"stored": stored}).rowcount)  # noqa: B023
        with pytest.raises(Conflict) as refusal:
            await port.source(ANNS, id_of("one"))
        assert refusal.value.code == "mail_unreadable"
        assert "secret" not in str(refusal.value)


def parse_stored(raw: bytes) -> bytes:
    parsed = parse(raw)
    assert isinstance(parsed, ParsedMessage)
    return parsed.stored


async def test_mail_of_the_version_before_is_there_read_and_told_to_nobody(
    open_empty: OpenDatabase,
) -> None:
    """Rows as 0003 has them, with a summary that ends at the authors."""
    database = open_empty("mailbox")
    await database.write(lambda connection: upgrade_schema(connection, "mailbox", REVISIONS, to="0003"))
    own_id = bytes.fromhex(id_of("one").replace("-", ""))
    summary = [
        "<one@x.example>",
        "Offer",
        0,
        "ana@x.example",
        "Ana",
        [ANN],
        [],
        [],
        "<zero@x.example>",
        [],
        False,
        [],
        False,
        [],
    ]
    written = {"at": 5, "conversation_id": own_id, "summary": json.dumps(summary)}

    def write(connection: Connection) -> None:
        connection.execute(insert(mailboxes).values(id=1, address_key=ANN, version=7))
        connection.execute(
            text(
                "INSERT INTO messages (mailbox_id, email_id, at, conversation_id, summary)"
                " VALUES (1, :email_id, :at, :conversation_id, :summary)"
            ),
            {"email_id": own_id, **written},
        )

    await database.write(write)
    await upgrade(database, REVISIONS)
    port = EmbeddedMail(database, MailParser(), ORGANIZATION_ID)
    [message] = await port.search(ANNS, MailQuery(None))
    assert (message.is_read, message.references) == (True, ("<zero@x.example>",))
    begun = await port.changes(ANNS, None)
    assert (begun.is_anew, (await port.changes(ANNS, begun.cursor)).messages) == (True, [])
    await deliver(database, [named("two")])
    page = await port.changes(ANNS, begun.cursor)
    assert [each.email_id for each in page.messages] == [id_of("two")]


def test_no_table_holds_more_of_what_is_gone_than_its_id() -> None:
    assert {column.name for column in mail.tables["tombstones"].c} == {"mailbox_id", "email_id", "version"}
