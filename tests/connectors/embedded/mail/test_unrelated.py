"""Drafts, deleted mail, junk and chats are left out and named, wherever a program notes what they are."""

from pathlib import Path

import pytest

from connectors.embedded.mail.unrelated import CHAT, DELETED, DRAFT, JUNK
from tests.connectors.embedded.mail.boxes import PLAIN, lay, mail, mbox, read, read_bytes


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("cur/1.host:2,S", ""),
        ("cur/1.host:2,ST", DELETED),
        ("cur/1.host:2,D", DRAFT),
        (".Drafts/cur/1.host:2,S", DRAFT),
        (".INBOX.Trash/cur/1.host:2,S", DELETED),
        (".Junk/new/1.host", JUNK),
        (".Junk food orders/new/1.host", ""),
        ("Trash.mbox", DELETED),
        ("Drafts", DRAFT),
        ("Local Folders.sbd/Papierkorb", DELETED),
        ("Deleted Items/1.eml", DELETED),
        ("spam/1.eml", JUNK),
        ("spam.eml", ""),
        ("draft.eml", ""),
    ],
)
def test_by_folders_and_flags(tmp_path: Path, path: str, reason: str) -> None:
    folder = Path(path).parent
    sibling = {str(folder.parent / "new/0.host"): mail(2)} if folder.name == "cur" else {}
    sibling |= {str(folder.parent / "cur/0.host:2,S"): mail(2)} if folder.name == "new" else {}
    _, reasons = read(lay(tmp_path, {path: mail(1), **sibling}))
    assert reasons.get(path, "") == reason


def test_what_is_named_itself_is_imported_whatever_it_is_called(tmp_path: Path) -> None:
    folder = lay(tmp_path / "Trash", {"1.eml": mail(1)})
    assert len(read(folder)[0]) == len(read(folder / "1.eml")[0]) == 1


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"X-GM-THRID: 1\nX-Gmail-Labels: Inbox,Opened\n", ""),
        (b"X-GM-THRID: 1\nX-Gmail-Labels: Inbox,Drafts\n", DRAFT),
        (b"X-GM-THRID: 1\nX-Gmail-Labels: Spam\n", JUNK),
        (b"X-GM-THRID: 1\r\nX-Gmail-Labels: Chat\r\n", CHAT),
        (b"X-GM-THRID: 1\nX-Gmail-Labels: =?UTF-8?Q?Entw=C3=BCrfe,Wichtig?=\n", DRAFT),
        (b"X-GM-THRID: 1\nX-Gmail-Labels: Archived,\n Trash\n", DELETED),
        (b"Received: from a by b\nX-GM-THRID: 1\nX-Gmail-Labels: Spam\n", ""),  # as its sender wrote it
        (b"X-Mozilla-Status: 0009\n", DELETED),
        (b"X-Mozilla-Status: 0001\n", ""),
        (b"X-Status: AT\n", DRAFT),
        (b"X-Status: D\n", DELETED),
    ],
)
def test_by_what_a_program_notes_in_its_mailbox(tmp_path: Path, head: bytes, reason: str) -> None:
    messages, reasons = read_bytes(tmp_path / "in", PLAIN + b"\n" + head + mail(1) + b"\n" + mbox(b"Hello\n"))
    assert (len(messages), list(reasons.values())) == ((1, [reason]) if reason else (2, []))
