"""Mail into mailboxes: every source, twice, beside a reader, and against a plain scan of real files."""

import email
import email.policy
import json
import mailbox as standard_mailbox
import os
import socket
from collections import Counter
from contextlib import chdir
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import getaddresses
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from connectors.embedded.agenda.tables import agenda
from connectors.embedded.mail.importing import ImportMailReport, import_mail, import_messages
from connectors.embedded.mail.mail import EmbeddedMail
from connectors.embedded.mail.tables import mail as tables
from insights.database import Database
from insights.errors import Invalid, NotFound
from insights.mail.addresses import relation_key
from insights.mail.parsing.pool import MailParser
from insights.model import MailQuery, Message
from tests.conftest import OpenDatabase
from tests.mails import AT, make_mail, own_mailbox

ORGANIZATION_ID = "0f6d8a3e-8c0c-4f65-9a28-5d1a4c1f7b11"
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ANN = "ann@ours.example"
ANNS = own_mailbox(ANN)
BODIES = ["Dear Ann\n\nFrom here on\n>From there\n", "no end of line", "\n\nblank\n\n\n", "dots\n.\n.."]


@pytest.fixture
async def database(open_database: OpenDatabase) -> Database:
    return open_database("mailbox")


async def bring(database: Database, path: Path, mailbox: str = ANN) -> ImportMailReport:
    return await import_mail(database, ORGANIZATION_ID, path, mailbox, now=NOW)


async def contents(database: Database, mailbox: str = ANN) -> list[Message]:
    mail = EmbeddedMail(database, MailParser(), ORGANIZATION_ID)
    found: list[Message] = []
    cursor = None
    while True:
        page = await mail.latest(own_mailbox(mailbox), cursor, 500)
        found += page.items
        cursor = page.next
        if cursor is None:
            return found


async def test_migration_makes_the_tables_of_the_code(database: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    both: Any = [tables, agenda]

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), both))

    assert await database.read(differences) == []


async def test_mbox_maildir_and_folder_give_the_same(database: Database, tmp_path: Path) -> None:
    raws = [make_mail(f"<{n}@x.example>" if n else "", text=text, at=AT) for n, text in enumerate(BODIES)]
    mbox = standard_mailbox.mbox(tmp_path / "all")
    maildir = standard_mailbox.Maildir(tmp_path / "dir")
    folder = tmp_path / "folder" / "deeper"
    folder.mkdir(parents=True)
    for number, raw in enumerate(raws):
        mbox.add(raw)
        maildir.add(raw)
        (folder / f"{number}.eml").write_bytes(raw.replace(b"\n", b"\r\n"))
    mbox.close()
    (tmp_path / "dir/tmp/half").write_bytes(raws[0][:40])
    mailboxes = {name: f"{name}@ours.example" for name in ("all", "dir", "folder")}
    for name, mailbox in mailboxes.items():
        report = await bring(database, tmp_path / name, mailbox)
        assert (report.imported, report.already_there, report.skipped) == (4, 0, [])
    first, second, third = [await contents(database, mailbox) for mailbox in mailboxes.values()]
    assert first == third
    assert second == [replace(message, is_read=False) for message in first]  # none was delivered to `cur`
    mail = EmbeddedMail(database, MailParser(workers=1), ORGANIZATION_ID)
    try:
        for message in first:
            bodies = [
                (await mail.body(own_mailbox(mailbox), message.email_id)).text
                for mailbox in mailboxes.values()
            ]
            same = {text.replace(">From", "From") for text in bodies}  # an mbox cannot tell them apart
            assert len(same) == 1
            assert bodies[1:] == [bodies[1]] * 2
            assert bodies[1] in {text.strip() for text in BODIES}
    finally:
        await mail.close()


async def test_importing_twice_changes_nothing(database: Database, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for number in range(3):
        raw = make_mail("", text=f"Without a Message-ID {number}")
        (source / f"{number}.eml").write_bytes(raw.replace(b"Date:", b"X-Date:"))
    assert (await bring(database, source)).imported == 3
    before = await contents(database)
    later = await import_mail(database, ORGANIZATION_ID, source, ANN, now=NOW + timedelta(days=3))
    assert (later.imported, later.already_there) == (0, 3)
    assert await contents(database) == before
    assert {message.at for message in before} == {NOW}
    assert len({message.email_id for message in before}) == 3


async def test_bad_messages_are_named_and_skipped_good_ones_kept(database: Database, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "good.eml").write_bytes(make_mail())
    (source / "empty.eml").write_bytes(b"\n")
    (source / "notes.txt").write_text("These are my notes. No mail.")
    (source / "picture").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    (source / ".hidden").write_text("not looked at")
    (source / "gone.eml").symlink_to(tmp_path / "nowhere")
    (source / "round.eml").symlink_to(source / "round.eml")
    (source / "elsewhere").symlink_to(tmp_path)
    os.mkfifo(source / "pipe.eml")
    (source / "deeper").mkdir()
    os.mkfifo(source / "deeper/pipe.mbox")
    with socket.socket(socket.AF_UNIX) as listener, chdir(source):
        listener.bind("socket")
    with (source / "large.eml").open("wb") as file:
        file.write(make_mail("<large@x.example>"))
        file.truncate(60 * 1024 * 1024)
    with (source / "some.mbox").open("wb") as file:
        file.write(b"From a@x.example Mon Nov  2 09:30:00 2026\n" + make_mail("<1@x.example>") + b"\n")
        file.write(b"From a@x.example Mon Nov  2 09:30:00 2026\n" + b"X: y\n" * 500_000 + b"\n")
        file.write(b"From a@x.example Mon Nov  2 09:30:00 2026\n" + make_mail("<3@x.example>"))
    steps: list[tuple[int, int]] = []
    report = await import_mail(
        database,
        ORGANIZATION_ID,
        source,
        ANN,
        now=NOW,
        progress=lambda done, total: steps.append((done, total)),
    )
    assert report.imported == 3
    assert dict(report.skipped) == {
        "empty.eml": "it is empty",
        "notes.txt": "it does not look like a mail",
        "picture": "it does not look like a mail",
        "large.eml": "it is larger than 50 MiB",
        "some.mbox, message 2": "its headers are larger than 2 MiB",
        "gone.eml": "it cannot be read: No such file or directory",
        "round.eml": "it cannot be read: Too many levels of symbolic links",
        "elsewhere": "it is a link to another folder; import that by itself",
        "pipe.eml": "it is no file but a pipe, a socket or a device",
        "deeper/pipe.mbox": "it is no file but a pipe, a socket or a device",
        "socket": "it is no file but a pipe, a socket or a device",
    }
    done, total = steps[-1]
    assert 0 < total * 0.99 < done <= total


async def test_a_wrong_path_or_mailbox_is_a_problem(database: Database, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "one.eml").write_bytes(make_mail())
    for path, mailbox, problem in (
        (tmp_path / "absent", ANN, NotFound),
        (tmp_path / "none", ANN, Invalid),
        (tmp_path / "one.eml", "ann", Invalid),
        (tmp_path / "one.eml", "", Invalid),
        (tmp_path / "one.eml", "ann smith@ours.example", Invalid),
    ):
        with pytest.raises(problem):
            await bring(database, path, mailbox)
    assert (await bring(database, tmp_path / "one.eml")).imported == 1


async def test_an_mbox_is_split_where_a_message_begins_and_nowhere_else(
    database: Database, tmp_path: Path
) -> None:
    text = "Hello\n\nFrom now on we meet on Mondays.\n>From the start\nFrom Ann\n"
    first = make_mail("<1@x.example>", text="placeholder").replace(b"placeholder\n", text.encode())
    path = tmp_path / "inbox"
    path.write_bytes(
        b"From - Mon Nov  2 09:30:00 2026\r\n"
        + first.replace(b"\n", b"\r\n")
        + b"From MAILER-DAEMON Mon Nov  2 09:30:00 2026\n"
        + make_mail("<2@x.example>")
        + b"\nFrom ana@fabrikam.example\n"
        + make_mail("<3@x.example>")
        + b"From ana@fabrikam.example  Mon Nov  2 09:30:00 2026 +0100\n"
        + make_mail("<4@x.example>")
    )
    report = await bring(database, path)
    assert (report.imported, report.skipped) == (4, [])
    mail = EmbeddedMail(database, MailParser(workers=1), ORGANIZATION_ID)
    found = await mail.find_by_message_id(ANNS, "<1@x.example>")
    assert found is not None
    try:
        assert (await mail.body(ANNS, found.email_id)).text == text.replace(">From", "From").strip()
    finally:
        await mail.close()


async def test_times_fall_back_from_date_to_the_last_hop_to_the_import(database: Database) -> None:
    received = (
        "Received: by b.example; Tue, 3 Nov 2026 10:00:00 +0100\n"
        "Received: by a.example; Tue, 3 Nov 2026 08:00:00 +0000\n"
    )
    hop = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
    dates = {
        "Mon, 2 Nov 2026 09:30:00 -0500": datetime(2026, 11, 2, 14, 30, tzinfo=UTC),
        "Mon, 2 Nov 2026 09:30 GMT (Monday)": datetime(2026, 11, 2, 9, 30, tzinfo=UTC),
        "2 Nov 26 09:30:61 EST": datetime(2026, 11, 2, 14, 30, 59, tzinfo=UTC),
        "Sat, 21 Nov 2026 08:00:00 +0000": datetime(2026, 11, 21, 8, 0, tzinfo=UTC),
        "Mon, 31 Feb 2026 09:30:00 +0000": hop,
        "Thu, 1 Jan 1970 00:00:00 +0000": hop,
        "Mon, 2 Nov 2037 09:30:00 +0000": hop,
        "Mon, 2 Nov 99999 09:30:00 +0000": hop,
        "yesterday": hop,
        "": hop,
    }
    raws = [
        f"{received}Date: {date}\nMessage-ID: <{n}@x.example>\nFrom: a@x.example\n\nx".encode()
        for n, date in enumerate(dates)
    ]
    raws.append(b"Received: nonsense\nMessage-ID: <last@x.example>\nFrom: a@x.example\n\nx")
    await import_messages(database, ORGANIZATION_ID, raws, ANN, now=NOW)
    found = {message.internet_message_id: message for message in await contents(database)}
    got = {date: found[f"<{n}@x.example>"].at for n, date in enumerate(dates)}
    assert got == dates
    assert found["<0@x.example>"].received_at == hop
    assert found["<last@x.example>"].at == found["<last@x.example>"].received_at == NOW


async def test_messages_of_older_versions_are_still_read(database: Database) -> None:
    """Rows written before messages had several authors and references lack the last places of the summary."""
    thread = {"References": "<1@x.example> <2@x.example>", "In-Reply-To": "<2@x.example>"}
    raws = [make_mail(), make_mail("<two@x.example>", sender="a@x.example, b@x.example", headers=thread)]
    await import_messages(database, ORGANIZATION_ID, raws, ANN, now=NOW)
    before = await contents(database)
    table = tables.tables["messages"]

    def shorten(connection: Connection) -> None:
        for row in connection.execute(select(table)).all():
            summary = json.dumps(json.loads(row.summary)[:-1])
            connection.execute(update(table).where(table.c.email_id == row.email_id).values(summary=summary))

    assert sorted(len(message.references) for message in before) == [0, 2]
    await database.write(shorten)
    without_references = [replace(message, references=message.references[-1:]) for message in before]
    assert await contents(database) == without_references
    await database.write(shorten)
    assert await contents(database) == [replace(message, authors=()) for message in without_references]


async def test_two_imports_at_once_and_a_reader_beside_them(database: Database) -> None:
    import asyncio

    raws = [make_mail(f"<{n}@x.example>", subject=f"Number {n}") for n in range(900)]
    mail = EmbeddedMail(database, MailParser(), ORGANIZATION_ID)
    both = asyncio.gather(
        *(import_messages(database, ORGANIZATION_ID, raws[::step], ANN, now=NOW) for step in (1, -1))
    )
    versions = set()
    while not both.done():
        versions.add(await mail.version(ANNS))
        page = await mail.search(ANNS, MailQuery(["ana@fabrikam.example"], limit=1000))
        assert len({message.email_id for message in page}) == len(page)
        await asyncio.sleep(0.02)
    reports = await both
    assert sum(report.imported for report in reports) == 900
    assert sum(report.already_there for report in reports) == 900
    assert len(versions) > 1
    assert len(await mail.search(ANNS, MailQuery(["ana@fabrikam.example"], limit=1000))) == 900


async def test_nothing_of_a_message_is_outside_its_database(database: Database, tmp_path: Path) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL keeps no file of ours")
    secret = "Zanzibar4711"
    source = tmp_path / "source"
    source.mkdir()
    (source / "one.eml").write_bytes(
        make_mail(subject=secret, text=secret, files={f"{secret}.txt": secret.encode()})
    )
    await bring(database, source)
    holding = {
        path.name for path in tmp_path.iterdir() if path.is_file() and secret.encode() in path.read_bytes()
    }
    assert holding <= {"mailbox.sqlite", "mailbox.sqlite-wal"}
    assert holding


@pytest.mark.testdata
@pytest.mark.slow("imports all real mail twice")
async def test_search_finds_what_a_plain_scan_of_real_mail_finds(database: Database, testdata: Path) -> None:
    folder = testdata / "mail/spamassassin/ham"
    scanned: dict[str, set[str]] = {}
    senders: Counter[str] = Counter()
    ids = set()
    for path in sorted(folder.iterdir()):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.compat32)
        ids.add(message["Message-ID"].strip())
        people = getaddresses(
            [str(value) for name in ("From", "To", "Cc") for value in message.get_all(name, [])]
        )
        for address in {str(relation_key(address)) for _, address in people} - {""}:
            scanned.setdefault(address, set()).add(message["Message-ID"].strip())
        senders[relation_key(getaddresses([str(message["From"])])[0][1])] += 1
    report = await bring(database, folder)
    assert (report.imported, report.skipped) == (len(ids), [])
    mail = EmbeddedMail(database, MailParser(), ORGANIZATION_ID)
    rare = [address for address, count in senders.items() if count == 1]
    for address in [*(address for address, _ in senders.most_common(20)), *rare[:20]]:
        found = await mail.search(ANNS, MailQuery([address], limit=2000))
        assert {message.internet_message_id for message in found} == scanned[address]
    together = await mail.search(ANNS, MailQuery(list(scanned), limit=2000))
    assert {message.internet_message_id for message in together} == set().union(*scanned.values())
    assert (await bring(database, folder)).imported == 0
