"""A message that another one begins within, at no line that says so, is named and never handed on."""

from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.embedded.mail.hidden import hides_mail
from tests.connectors.embedded.mail.boxes import PLAIN, lay, mail, mbox, quoted, read, read_bytes

CUT = b"the text ends without a line end"
OTHER = quoted("other")
MARK = b"\x01\x01\x01\x01\n"
TRAVELLED = b"Received: from mx by mx; Mon, 02 Mar 2026 10:00:00 +0000\n" + mail("other")
JOINED = {
    "without a line end": CUT + OTHER,
    "behind a byte order mark": b"text\n\n\xef\xbb\xbf" + OTHER,
    "behind NULs": b"text\n\n\0\0\0" + OTHER,
    "behind a blank": b"text\n\n " + OTHER,
    "with a tab": b"text\n\n" + OTHER.replace(b"From eve", b"From\teve"),
    "in small letters": b"text\n\n" + OTHER.replace(b"From eve", b"from eve"),
    "with lines of another kind": b"text\n\n" + OTHER.replace(b"\n", b"\r"),
    "after a mark of MMDF": b"text\n" + MARK + mail("other"),
    "put one after the other": b"text\n\n" + TRAVELLED,
    "put one after the other, without an empty line": b"text\n" + TRAVELLED,
}
PLACES: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "mbox": ("box", lambda raw: PLAIN + b"\n" + raw),
    "mbox with more": ("box", lambda raw: mbox(b"first\n") + PLAIN + b"\n" + raw + b"\n"),
    "single": ("one.eml", lambda raw: raw),
    "Maildir": ("cur/1:2,S", lambda raw: raw),
    "Maildir with an envelope": ("new/1", lambda raw: PLAIN + b"\n" + raw),
    "Apple Mail": ("1.emlx", lambda raw: b"%d\n%b<?xml version='1.0'?><plist/>" % (len(raw), raw)),
    "MMDF": ("mmdf", lambda raw: MARK + raw + b"\n" + MARK),
    "UTF-16": ("wide.eml", lambda raw: raw.decode("latin-1").encode("utf-16")),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("shape", JOINED)
def test_what_hides_another_mail_is_named(tmp_path: Path, shape: str, place: str) -> None:
    name, write = PLACES[place]
    messages, reasons = read(lay(tmp_path, {name: write(mail("one", JOINED[shape]))}))
    assert all(raw.count(b"Message-ID:") == 1 for raw in messages.values())
    assert reasons or (shape, place, len(messages)) == ("after a mark of MMDF", "MMDF", 2)


@pytest.mark.parametrize(
    "text",
    [
        b"He wrote: From ann@x.example Mon Mar  2 10:00:00 2026\nSubject: to think of\n",
        b"From here to Monday, 2 Mar 2026 10:00:00 we wait.\nThe end\n",
        b"> From eve@z.example Mon Mar  2 11:00:00 2026\n> From: eve@z.example\n> Message-ID: <q@z.ex>\n",
        b"Received: from a.example by b.example; Mon, 2 Mar 2026 10:00:00 +0000\nFrom: a@x.example\nX-A: b\n",
        b"Received: From a.example by b.example; Mon, 2 Mar 2026 10:00:00 +0000\nFrom: a@x.example\nX-A: b\n",
        b"A line\x01\x01\x01\x01\nFrom: a@x.example\nX-A: b\n",
        b"It came back.\n\n--- Below this line is a copy of the message.\n\n" + TRAVELLED,
        b"--b\nContent-Type: message/rfc822\n\n" + TRAVELLED + b"--b--\n",
        b"--b\nContent-Type: text/rfc822-headers\n\n" + TRAVELLED + b"--b--\n",
        b"--b\nContent-Type: message/rfc822\n\nFrom ann@x.example Mon Mar  2 10:00:00 2026\n" + TRAVELLED,
        TRAVELLED.replace(b"\n", b"\n> "),
    ],
    ids=[
        "sentence",
        "prose",
        "quoted",
        "trace",
        "written large",
        "no mark",
        "returned",
        "attached",
        "headers",
        "attached with its envelope",
        "quoted by marks",
    ],
)
def test_what_people_and_programs_write_is_no_other_mail(text: bytes) -> None:
    assert not hides_mail(mail("one", text))


def test_many_beginnings_on_one_line_take_no_more_time_for_each() -> None:
    assert not hides_mail(b"Subject: x\n\n" + b"From a " * 300_000)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["lf", "crlf"])
def test_a_mailbox_in_utf16_is_named(tmp_path: Path, end: bytes) -> None:
    wide = mbox(b"1\n", b"2\n").replace(b"\n", end).decode().encode("utf-16")
    assert read_bytes(tmp_path / "in", wide) == (
        [],
        {"box": "it is a mailbox in UTF-16: save it as UTF-8, and import it again"},
    )
    plain = mail("one").replace(b"\n", end).decode().encode("utf-16")
    messages, reasons = read_bytes(tmp_path / "in", plain)
    assert (messages, reasons) == ([plain], {})


def test_a_part_of_a_digest_with_an_envelope_is_no_message_of_its_own(tmp_path: Path) -> None:
    digest = b'Content-Type: multipart/digest; boundary="b"\n'
    part = b"--b\n\n" + quoted("inner") + b"\n--b--\n"
    content = PLAIN + b"\n" + mail("outer", part, more=digest) + b"\n" + PLAIN + b"\n" + mail("next")
    messages, reasons = read_bytes(tmp_path / "in", content)
    assert messages == [mail("next")]
    assert [reason.split(":")[0] for reason in reasons.values()] == [
        "line 11 of the file is quoted text or begins another message"
    ]
    signed = mbox(b"Bye\n--John\n", b"2\n")
    assert len(read_bytes(tmp_path / "in", signed)[0]) == 2


def test_names_of_files_are_shown_as_a_screen_can(tmp_path: Path) -> None:
    lay(tmp_path, {"odd\x1b[31m\nname.eml": b"no mail"})
    (tmp_path / "bytes\udcff.eml").write_bytes(mail("one"))
    messages, reasons = read(tmp_path)
    assert list(reasons) == ["odd\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}name.eml"]
    assert list(messages) == ["bytes\N{REPLACEMENT CHARACTER}.eml"]
