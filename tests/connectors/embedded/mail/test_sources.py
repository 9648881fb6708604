"""What is found in files of mail: every message once, nothing of it in another."""

from pathlib import Path

import pytest

from tests.connectors.embedded.mail.boxes import (
    ENVELOPES,
    PLAIN,
    lay,
    mail,
    mbox,
    quoted,
    read,
    read_bytes,
    with_length,
)


def test_a_file_is_what_it_holds_not_what_it_is_called(tmp_path: Path) -> None:
    apple = mail("apple")
    messages, reasons = read(
        lay(
            tmp_path,
            {
                "Inbox": mbox(b"1\n", b"2\n", b"3\n"),
                "Inbox.msf": b'// <!-- <mdb:mork:z v="1.4"/> -->\n< <(a=c)> // (f=iso-8859-1)\n',
                "Sent.sbd/2025": mbox(b"4\n", b"5\n"),
                "Archive.mbox/mbox": mbox(b"6\n"),
                "Archive.mbox/table_of_contents": b"\x00\x00\x01\x00",
                "Archive.mbox/Messages/1.emlx": b"%-10d\n%b<?xml version='1.0'?><plist/>\n"
                % (len(apple), apple),
                "Archive.mbox/Messages/2.emlx": b"%d\n%b<?xml version='1.0'?>" % (len(apple) + 9, apple),
                "Archive.mbox/Messages/3.partial.emlx": b"%d\n%b"
                % (len(part := mail("part", b"X-Apple-Content-Length: 9\n")), part),
                "several.eml": mbox(b"7\n", b"8\n"),
                "one.mbox": mail("one"),
                "bom.txt": b"\xef\xbb\xbf\n \n" + mbox(b"9\n"),
                "cr": mbox(b"10\n", b"11\n").replace(b"\n", b"\r"),
                "mmdf": b"".join(b"\x01\x01\x01\x01\n" + mail(n) + b"\x01\x01\x01\x01\n" for n in "ab"),
                "mmdf-doubt": b"\x01\x01\x01\x01\n".join([b"", mail("x"), b"text\n", mail("y"), b""]),
                "RMAIL": b"BABYL OPTIONS: -*- rmail -*-\nVersion: 5\n\x1f",
                "Drafts": b"",
                "README": b"From here on: see http://x.example.\nTODO: write\n",
                "prose": b"From bob Mon Mar  2 10:00:00 2026 on\nwe meet on Mondays.\n",
                "cut": PLAIN + b"\nthe end of a mail\n\n" + mbox(b"rest\n"),
                "notes.eml": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
                "headless": mail(1) + b"\n" + mbox(b"12\n"),
                "inside.eml": b"Message-ID: <inside@x.example>\n" + quoted("inside"),
                "obsolete.eml": b"From : ann@x.example\nSubject: S\n\nHello\n",
                "maildir/cur/1:2,S": PLAIN + b"\n" + mail("cur", b"\n" + quoted("cur-quoted")),
                "maildir/cur/2:2,S": mail("two", b"\n" + quoted("two-quoted")),
                "maildir/new/3": mail("new"),
                "maildir/tmp/4": mail("tmp")[:20],
                "maildir/old.eml": mail("old"),
            },
        )
    )
    assert set(messages) == {
        *(f"Inbox, message {n}" for n in (1, 2, 3)),
        *(f"Sent.sbd/2025, message {n}" for n in (1, 2)),
        "Archive.mbox/mbox, message 1",
        "Archive.mbox/Messages/1.emlx",
        *(f"several.eml, message {n}" for n in (1, 2)),
        "one.mbox",
        "bom.txt, message 1",
        *(f"cr, message {n}" for n in (1, 2)),
        *(f"mmdf, message {n}" for n in (1, 2)),
        "mmdf-doubt, message 3",
        "cut, message 2",
        "inside.eml",
        "obsolete.eml",
        "maildir/new/3",
        "maildir/old.eml",
    }
    assert messages["Archive.mbox/Messages/1.emlx"] == apple
    assert messages["cr, message 2"] == mail(2, b"11\n")
    (tmp_path / "headless").write_bytes(
        b"From -\n" + (tmp_path / "headless").read_bytes()
    )  # as the reason says
    assert len(read(tmp_path / "headless")[0]) == 2
    assert {name: reason.split(":")[0] for name, reason in reasons.items()} == {
        "Inbox.msf": "it does not look like a mail",
        "Archive.mbox/table_of_contents": "it does not look like a mail",
        "Archive.mbox/Messages/2.emlx": "its length line does not fit",
        "Archive.mbox/Messages/3.partial.emlx": "Apple Mail keeps its attachments elsewhere",
        "mmdf-doubt, message 1": "nothing says whether its part of this number is text or a message",
        "mmdf-doubt, message 2": "nothing says whether its part of this number is text or a message",
        "RMAIL": "it is a Babyl mailbox of Emacs",
        "Drafts": "it is a draft",
        "README": "it does not look like a mail",
        "prose": "it does not look like a mail",
        "cut, message 1": "it does not look like a mail",
        "notes.eml": "it does not look like a mail",
        "headless": "it seems to hold another mail",
        "maildir/cur/1:2,S": "it seems to hold another mail",
        "maildir/cur/2:2,S": "it seems to hold another mail",
    }


@pytest.mark.parametrize("envelope", ENVELOPES, ids=ascii)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("between", [b"\n", b""], ids=["blank", "no-blank"])
def test_envelopes_of_every_shape_begin_a_message(
    tmp_path: Path, envelope: bytes, end: bytes, between: bytes
) -> None:
    content = mbox(b"one\n", b"two\n", b"three\n", envelope=envelope, between=between)
    messages, reasons = read_bytes(tmp_path / "in", content.replace(b"\n", end))
    assert reasons == {}
    bodies = [(1, b"one\n"), (2, b"two\n"), (3, b"three\n")]
    assert [raw.replace(b"\r\n", b"\n") for raw in messages] == [mail(*each) for each in bodies]


def test_a_message_may_have_two_envelopes_or_be_empty(tmp_path: Path) -> None:
    twice = mbox(b"one\n", b"two\n").replace(PLAIN, PLAIN + b"\n" + PLAIN)
    assert read_bytes(tmp_path / "in", twice) == ([mail(1, b"one\n"), mail(2, b"two\n")], {})
    empty = mbox(b"one\n") + PLAIN + b"\n\n" + quoted("2")
    messages, reasons = read_bytes(tmp_path / "in", empty)
    assert ([raw.strip() for raw in messages], reasons) == (
        [mail(1, b"one").strip(), b"", mail(2).strip()],
        {},
    )


def test_a_content_length_that_is_right_says_what_is_body(tmp_path: Path) -> None:
    body = b"para\n\nFrom bob@y.example Mon Mar  2 11:00:00 2026\nthis is text\n\nFrom here on\n>From there\n"
    asked = (
        body + b"\nFrom bob@y.example Mon Mar  2 11:00:00 2026\nFrom: Eve <eve@z.example>\nSubject: no\n\nx\n"
    )
    for content in (body, asked):
        messages, reasons = read_bytes(tmp_path / "in", with_length(content) + quoted("2"))
        assert (messages, reasons) == (
            [mail(1, content, more=b"Content-Length: %d\n" % len(content)), mail(2)],
            {},
        )
    whole = body + b"\n" + quoted()
    messages, reasons = read_bytes(tmp_path / "in", with_length(whole) + with_length(body, 2))
    assert (len(messages), reasons) == (2, {})
    assert messages[0].endswith(whole)


@pytest.mark.parametrize("length", [0, 1, 3, 5, 40, 41, 10**6, 10**12 - 1])
def test_a_content_length_that_is_wrong_is_not_followed(tmp_path: Path, length: int) -> None:
    content = with_length(b"Hello\n\n>From here on\n", length=length) + quoted("2") + b"\n" + quoted("3")
    messages, reasons = read_bytes(tmp_path / "in", content)
    assert reasons == {}
    assert messages[0].endswith(b"\n\nHello\n\nFrom here on\n")
    assert messages[1:] == [mail(2), mail(3)]


def test_a_content_length_that_spans_another_message_merges_nothing(tmp_path: Path) -> None:
    second = quoted("2")
    content = with_length(b"Hello\n", length=len(b"Hello\n\n" + second)) + second + b"\n" + quoted("3")
    messages, reasons = read_bytes(tmp_path / "in", content)
    assert messages == [mail(3)]
    assert list(reasons) == ["box, message 1"]
    assert reasons["box, message 1"].startswith("line 11 of the file seems to begin another message")


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b"He wrote:\n" + quoted(), 9),
        (
            b"He wrote:\nFrom eve@z.example Mon Mar  2 11:00:00 2026\nFrom: eve@z.example\nSubject: x\n\ny\n",
            9,
        ),
        (b"one\n\nFrom eve@z.example Mon Mar  2 11:00:00 2026\nthis is text\n", 10),
        (b"one\n\nFrom eve, the first day of spring\nMessage-ID: <x@z.example>\nFrom: eve\n\ntext\n", 10),
        (b"one\nFrom eve\nSubject: x\n\ntext\n", 9),
        (b"--b\nContent-Type: message/rfc822\n\n" + quoted(), 11),
    ],
)
def test_what_may_be_a_message_or_quoted_is_named_and_the_rest_imported(
    tmp_path: Path, body: bytes, line: int
) -> None:
    content = mbox(body, b"two\n", b"three\n")
    messages, reasons = read_bytes(tmp_path / "in", content)
    assert messages == [mail(2, b"two\n"), mail(3, b"three\n")]
    assert list(reasons) == ["box, message 1"]
    assert f"line {line} of the file is quoted text or begins another message" in reasons["box, message 1"]
    lines = content.split(b"\n")
    lines[line - 1] = b">" + lines[line - 1]
    assert len(read_bytes(tmp_path / "in", b"\n".join(lines))[0]) == 3  # as the reason says
