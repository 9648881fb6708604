"""Mailboxes as they are found in the wild, against what is right for each."""

from pathlib import Path

import pytest

from connectors.embedded.mail.unrelated import CHAT, DELETED, DRAFT, JUNK
from tests.connectors.embedded.mail.boxes import read

NOT_MAIL = "it does not look like a mail"
COUNTS = {
    "bom.mbox": 2,
    "boxes/mboxo.mbox": 2,
    "boxes/noblank.mbox": 2,
    "boxes/takeout.mbox": 2,
    "cr-only.mbox": 2,
    "crlf.mbox": 2,
    "leading-blank.mbox": 2,
    "mboxcl2-fwd.mbox": 2,
    "mboxcl2.mbox": 2,
    "mboxrd.mbox": 2,
    "mixed": 3,
    "no-blank-line.mbox": 2,
    "takeout.mbox": 1,
    "thunderbird": 5,
}
PASSED_OVER = {
    "boxes/maildir": {
        "dovecot.index.log": NOT_MAIL,
        "cur/1772445601.M2P1.host:2,ST": DELETED,
        "cur/1772445602.M3P1.host:2,DS": DRAFT,
        ".Drafts/cur/1.M9:2,D": DRAFT,
        ".Junk/cur/1.M10:2,": JUNK,
        ".Trash/cur/1.M8:2,S": DELETED,
    },
    "takeout.mbox": {
        f"takeout.mbox, message {number}": reason
        for number, reason in ((2, DRAFT), (3, DELETED), (4, JUNK), (5, CHAT))
    },
    "boxes/takeout.mbox": {
        f"takeout.mbox, message {number}": reason
        for number, reason in ((3, JUNK), (4, DRAFT), (5, DELETED), (6, CHAT))
    },
    "maildir": {
        "dovecot-uidlist": NOT_MAIL,
        "subscriptions": NOT_MAIL,
        "cur/dovecot.index.log": NOT_MAIL,
        ".Sent/maildirfolder": "it is empty",
        "cur/2.host:2,T": DELETED,
        "cur/3.host:2,D": DRAFT,
        ".Trash/cur/8.host:2,ST": DELETED,
        ".Sent/tmp": "of a Maildir, it holds what has not been delivered yet",
    },
    "thunderbird": {"Inbox.msf": NOT_MAIL},
}


@pytest.fixture
def cases(testdata: Path) -> Path:
    folder = testdata.parent / "cases/mail"
    if not folder.is_dir():
        pytest.skip(f"no cases at {folder}")
    return folder


@pytest.mark.testdata
def test_every_message_of_the_cases_is_found_or_named(cases: Path) -> None:
    counts = {**COUNTS, **{f"envelope/{path.name}": 2 for path in (cases / "envelope").iterdir()}}
    for name, count in counts.items():
        messages, reasons = read(cases / name)
        assert (name, len(messages), reasons) == (name, count, PASSED_OVER.get(name, {}))
        assert all(raw.count(b"Message-ID: <") == 1 for raw in messages.values())
    for name in ("maildir", "boxes/maildir"):
        messages, reasons = read(cases / name)
        assert (name, reasons) == (name, PASSED_OVER[name])
        delivered = {
            str(path.relative_to(cases / name)) for path in (cases / name).rglob("*") if path.is_file()
        }
        assert set(messages) == {path for path in delivered if "tmp/" not in path} - set(reasons)
    quoting = read(cases / "mboxcl2-fwd.mbox")[0]["mboxcl2-fwd.mbox, message 1"]
    assert quoting.endswith(b"Subject: smuggled\n\nforwarded text\n")


@pytest.mark.testdata
def test_single_mails_of_the_cases_are_taken_as_they_are(cases: Path) -> None:
    for folder in ("att", "body", "heads", "ids", "parts", "threads"):
        messages, reasons = read(cases / folder)
        assert (folder, reasons) == (folder, {})
        for name, raw in messages.items():
            stored = (cases / folder / name).read_bytes()
            assert raw == (
                stored if not name.endswith(".emlx") else stored[stored.index(b"\n") + 1 :][: len(raw)]
            )
