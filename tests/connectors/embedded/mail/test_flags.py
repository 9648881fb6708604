"""Whether a message is read, as the files say that it is imported from."""

import mailbox as standard_mailbox
from pathlib import Path

import pytest

from connectors.embedded.mail.flags import of_apple, of_maildir, of_mbox
from connectors.embedded.mail.importing import import_mail
from connectors.embedded.mail.mail import EmbeddedMail
from insights.database import Database
from insights.mail.parsing.pool import MailParser
from tests.conftest import OpenDatabase
from tests.connectors.embedded.mail.boxes import PLAIN, lay, mail
from tests.mails import AT, make_mail, own_mailbox

ORGANIZATION_ID = "0f6d8a3e-8c0c-4f65-9a28-5d1a4c1f7b11"
ANN = "ann@ours.example"


@pytest.fixture
async def database(open_database: OpenDatabase) -> Database:
    return open_database("mailbox")


async def bring(database: Database, path: Path) -> dict[str, bool]:
    """Import a path; whether each message of the mailbox is read, by its Message-ID."""
    report = await import_mail(database, ORGANIZATION_ID, path, ANN, now=AT)
    assert report.skipped == []
    port = EmbeddedMail(database, MailParser(), ORGANIZATION_ID)
    found = await port.latest(own_mailbox(ANN), None, 100)
    return {each.internet_message_id.strip("<>").partition("@")[0]: each.is_read for each in found.items}


@pytest.mark.parametrize(
    ("head", "is_read"),
    [
        (b"Subject: x\n", None),
        (b"Status: RO\n", True),
        (b"Status: R\r\n", True),
        (b"status:ro\n", None),
        (b"Status: O\n", False),
        (b"Status:\n", False),
        (b"X-Status: A\n", True),
        (b"X-Status: F\nStatus: O\n", False),
        (b"Status: O\nX-Status: R\n", True),
        (b"Status: Active\n", None),
        (b"X-Spam-Status: R\n", None),
        (b"Subject: x\n Status: R\n", None),
        (b"X-Mozilla-Status: 0001\nX-Mozilla-Status2: 00000000\n", True),
        (b"X-Mozilla-Status: 8000\n", False),
        (b"X-Mozilla-Status: 0011\n", True),
        (b"X-Mozilla-Status: zz\n", None),
        (b"Status: O\nX-Mozilla-Status: 0001\n", False),
        (b"Subject: x\n\nStatus: R\n", None),
        (b"", None),
    ],
)
def test_what_the_head_of_a_message_in_an_mbox_says(head: bytes, is_read: bool | None) -> None:
    assert of_mbox(b"From: ann@x.example\n" + head + b"\nStatus: body\n") is is_read


@pytest.mark.parametrize(
    ("folder", "name", "is_read"),
    [
        ("cur", "1.host:2,S", True),
        ("cur", "1.host:2,RS", True),
        ("cur", "1.host!2,FS", True),
        ("cur", "1.host;2,S", True),
        ("cur", "1.host:2,", False),
        ("cur", "1.host:2,RF", False),
        ("cur", "1.host", None),
        ("cur", "S:1,S", None),
        ("new", "1.host", False),
        ("new", "1.host:2,S", False),
    ],
)
def test_what_a_file_of_a_maildir_is_called(folder: str, name: str, is_read: bool | None) -> None:
    assert of_maildir(folder, name) is is_read


@pytest.mark.parametrize(
    ("end", "is_read"),
    [
        (b"<dict><key>flags</key>\n\t<integer>8590195713</integer></dict>", True),
        (b"<dict><key>flags</key><integer>8590195712</integer></dict>", False),
        (b"<dict><key>flags</key><string>1</string></dict>", None),
        (b"", None),
    ],
)
def test_what_an_apple_mail_has_behind_it(end: bytes, is_read: bool | None) -> None:
    assert of_apple(end) is is_read


async def test_every_source_tells_what_is_read_and_one_that_does_not_counts_as_read(
    database: Database, tmp_path: Path
) -> None:
    source = lay(tmp_path / "source", {"alone.eml": make_mail("<eml@x.example>", headers={"Status": "O"})})
    box = standard_mailbox.mbox(source / "box")
    for name, status in (("read", "RO"), ("seen", "O"), ("plain", "")):
        box.add(make_mail(f"<mbox-{name}@x.example>", headers={"Status": status} if status else {}))
    box.close()
    maildir = standard_mailbox.Maildir(source / "dir")
    for name, flags in (("read", "S"), ("unread", "F"), ("new", "")):
        message = standard_mailbox.MaildirMessage(make_mail(f"<dir-{name}@x.example>"))
        message.set_subdir("cur" if flags else "new")
        message.set_flags(flags)
        maildir.add(message)
    apple = mail("apple")
    end = b"<plist><dict><key>flags</key><integer>%d</integer></dict></plist>"
    marks = b"\x01\x01\x01\x01\n"
    lay(
        source,
        {
            "one.emlx": b"%d\n" % len(apple) + apple + end % 8590195712,
            "mmdf": marks + mail("mmdf", more=b"Status: O\n") + marks,
            "thunderbird": PLAIN + b"\nX-Mozilla-Status: 0000\n" + mail("bird") + b"\n",
        },
    )
    assert await bring(database, source) == {
        "mbox-read": True,
        "mbox-seen": False,
        "mbox-plain": True,
        "dir-read": True,
        "dir-unread": False,
        "dir-new": False,
        "mapple": False,
        "eml": True,  # its sender wrote that, not the program of who has it
        "mmmdf": False,
        "mbird": False,
    }


async def test_importing_again_takes_over_what_has_been_read_since_and_nothing_else(
    database: Database, tmp_path: Path
) -> None:
    raw = make_mail("<one@x.example>")
    lay(tmp_path, {"dir/new/1.host": raw, "dir/cur/2.host:2,": make_mail("<two@x.example>")})
    assert await bring(database, tmp_path / "dir") == {"one": False, "two": False}
    port = EmbeddedMail(database, MailParser(), ORGANIZATION_ID)
    version = await port.version(own_mailbox(ANN))
    assert await bring(database, tmp_path / "dir") == {"one": False, "two": False}
    assert await port.version(own_mailbox(ANN)) == version
    begun = await port.changes(own_mailbox(ANN), None)
    (tmp_path / "dir/new/1.host").rename(tmp_path / "dir/cur/1.host:2,S")
    assert await bring(database, tmp_path / "dir") == {"one": True, "two": False}
    page = await port.changes(own_mailbox(ANN), begun.cursor)
    assert [message.internet_message_id for message in page.messages] == ["<one@x.example>"]
    lay(tmp_path, {"one.eml": raw})  # says nothing of it
    assert await bring(database, tmp_path / "one.eml") == {"one": True, "two": False}
