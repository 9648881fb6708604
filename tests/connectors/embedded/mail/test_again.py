"""What a version before read otherwise is mended by importing it again: the same ids, nothing twice."""

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.embedded.mail.importing import OTHER, ImportMailReport, import_mail
from connectors.embedded.mail.mail import EmbeddedMail
from connectors.embedded.mail.store import REVISIONS, insert_parsed
from insights.database import Database
from insights.mail.parsing.parsed import ParsedMessage
from insights.mail.parsing.pool import MailParser
from insights.mail.parsing.worker import derived_message_id, parse
from insights.migrate import upgrade
from insights.model import MailQuery, Message
from tests.conftest import OpenDatabase
from tests.mails import own_mailbox

ORGANIZATION_ID = "0f6d8a3e-8c0c-4f65-9a28-5d1a4c1f7b11"
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ANN, ANA = "ann@ours.example", "ana@fabrikam.example"
ODD = (
    b"From: Ana <ana@fabrikam.example>\nSubject : Offer\nTo: ann@ours.example\n"
    b"Date: Mon, 02 Nov 2026 3:04 PM\nMessage-ID: <odd@x.example>\n\nDear Ann\n"
)
LATE = (
    b"From: Ana <ana@fabrikam.example>\nSubject: Late\nTo: ann@ours.example, bob@other.example\n"
    b"Date: Mon, 02 Nov 2026 3:04 PM\nMessage-ID: <late@x.example>\n\nDear Ann\n"
)
UNDATED = (
    b"From: ana@fabrikam.example\nSubject: Undated\nTo: ann@ours.example\nMessage-ID: <undated@x>\n\nHello\n"
)


@pytest.fixture
async def database(open_database: OpenDatabase) -> Database:
    database = open_database("mailbox")
    await upgrade(database, REVISIONS)
    return database


async def held(database: Database) -> dict[str, Message]:
    mail = EmbeddedMail(database, MailParser(), ORGANIZATION_ID)
    page = await mail.latest(own_mailbox(ANN), None, 100)
    found = await mail.search(own_mailbox(ANN), MailQuery([ANA], limit=100))
    assert {each.email_id for each in found} == {e.email_id for e in page.items if ANA in e.participants}
    return {each.email_id: each for each in page.items}


async def bring(
    database: Database, folder: Path, files: Mapping[str, bytes], *, now: datetime = NOW
) -> ImportMailReport:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
        os.utime(folder / name, (NOW.timestamp() - 3600, NOW.timestamp() - 3600))
    return await import_mail(database, ORGANIZATION_ID, folder, ANN, now=now)


def as_before(raw: bytes, **lost: object) -> ParsedMessage:
    """A message as a version before read it."""
    parsed = parse(raw)
    assert isinstance(parsed, ParsedMessage)
    return replace(parsed, **lost)  # type: ignore[arg-type]


async def test_lost_headers_are_added_under_the_id_that_is_known(database: Database, tmp_path: Path) -> None:
    before = as_before(
        ODD, internet_message_id=derived_message_id(ODD), subject="", to=(), sent_at=None, former_id=""
    )
    await insert_parsed(database, ORGANIZATION_ID, ANN, [before], now=NOW)
    [own_id] = await held(database)
    report = await bring(database, tmp_path / "in", {"odd.eml": ODD})
    assert (report.imported, report.already_there, report.mended) == (0, 1, 1)
    [(same_id, message)] = (await held(database)).items()
    assert same_id == own_id
    assert (message.subject, message.to) == ("Offer", (ANN,))
    assert message.at == datetime(2026, 11, 2, 15, 4, tzinfo=UTC)
    report = await bring(database, tmp_path / "in", {"odd.eml": ODD})
    assert (report.already_there, report.mended) == (1, 0)


async def test_a_wrong_time_is_mended_and_nothing_else(database: Database, tmp_path: Path) -> None:
    wrong = as_before(LATE, sent_at=datetime(2026, 11, 2, 3, 4, tzinfo=UTC), to=("old@other.example",))
    await insert_parsed(database, ORGANIZATION_ID, ANN, [wrong], now=NOW)
    [before] = (await held(database)).values()
    assert (await bring(database, tmp_path / "in", {"late.eml": LATE})).mended == 1
    [after] = (await held(database)).values()
    assert after.at == before.at + timedelta(hours=12)
    assert (after.email_id, after.conversation_id) == (before.email_id, before.conversation_id)
    mail = EmbeddedMail(database, MailParser(), ORGANIZATION_ID)
    assert await mail.search(own_mailbox(ANN), MailQuery(["old@other.example"])) == []
    assert len(await mail.search(own_mailbox(ANN), MailQuery(["bob@other.example"]))) == 1


async def test_a_mail_without_a_time_has_that_of_its_file_or_envelope(
    database: Database, tmp_path: Path
) -> None:
    envelope = b"From ana@fabrikam.example Tue Nov  3 10:00:00 2026\n"
    other = UNDATED.replace(b"<undated@x>", b"<other@x>")
    await bring(database, tmp_path / "in", {"one.eml": UNDATED, "box.mbox": envelope + other})
    times = {each.internet_message_id: each.at for each in (await held(database)).values()}
    assert times == {
        "<undated@x>": NOW - timedelta(hours=1),
        "<other@x>": datetime(2026, 11, 3, 10, tzinfo=UTC),
    }


async def test_a_mail_without_a_time_keeps_the_one_it_has(database: Database, tmp_path: Path) -> None:
    await insert_parsed(database, ORGANIZATION_ID, ANN, [as_before(UNDATED)], now=NOW - timedelta(days=3))
    before = await held(database)
    report = await bring(database, tmp_path / "in", {"one.eml": UNDATED}, now=NOW + timedelta(days=3))
    assert (report.mended, await held(database)) == (0, before)
    (tmp_path / "in/one.eml").unlink()
    envelope = b"From ana@fabrikam.example Tue Nov  3 10:00:00 2026\n"
    assert (await bring(database, tmp_path / "in", {"box": envelope + UNDATED})).mended == 1
    [after] = (await held(database)).values()
    assert after.at == after.received_at == datetime(2026, 11, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize("is_at_once", [True, False])
async def test_another_mail_of_the_same_id_is_told(
    database: Database, tmp_path: Path, is_at_once: bool
) -> None:
    other = LATE.replace(b"Subject: Late", b"Subject: Quite another")
    copy = LATE.replace(b"\n\n", b"\nX-Delivered: twice\n\n", 1)
    if is_at_once:
        report = await bring(database, tmp_path / "in", {"a.eml": LATE, "b.eml": other, "c.eml": copy})
    else:
        await bring(database, tmp_path / "in", {"a.eml": LATE})
        report = await bring(database, tmp_path / "more", {"b.eml": other, "c.eml": copy})
    assert (report.imported, report.already_there) == ((1, 1) if is_at_once else (0, 1))
    assert report.skipped == [("b.eml", OTHER)]
    assert report.reasons == {OTHER: ["b.eml"]}
    assert [each.subject for each in (await held(database)).values()] == ["Late"]
