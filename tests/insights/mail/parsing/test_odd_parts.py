"""Files and words of odd mails: each file byte for byte under its own name, each text as it was written."""

import struct
from base64 import b64encode

import pytest

from insights.mail.parsing import worker
from insights.mail.parsing.parsed import ParsedMessage

HEAD = b"From: Ann <ann@x.example>\nTo: bob@y.example\nSubject: Files\nMessage-ID: <one@x.example>\n"
WORDS = b"--b\nContent-Type: text/plain\n\nhello\n\n"
INNER = (
    b"From: Carl <carl@z.example>\nSubject: "
    + b"a subject that a writer would fold again " * 4
    + b"\nX-Tab:\tvalue\n"
    b"\nFrom the start\nsecond line  \n"
)
ZIP = b"UEsDBA=="


def mixed(*parts: bytes, kind: bytes = b"mixed", boundary: bytes = b"b") -> bytes:
    head = HEAD + b"MIME-Version: 1.0\nContent-Type: multipart/%b; boundary=%b\n\n" % (kind, boundary)
    return head + WORDS + b"".join(b"--b\n" + part + b"\n" for part in parts) + b"--b--\n"


def read(raw: bytes) -> ParsedMessage:
    message = worker.parse(raw)
    assert isinstance(message, ParsedMessage)
    return message


def files(raw: bytes) -> list[tuple[str, bytes]]:
    """Name and bytes of each file, as a reader gets them; sizes are told right."""
    message, found = read(raw), []
    for file in message.attachments:
        content = worker.attachment(message.stored, file.id)
        assert content is not None
        assert (content.attachment, len(content.content)) == (file, file.size)
        found.append((file.name, content.content))
    return found


def text(raw: bytes) -> str:
    return worker.body(read(raw).stored, False).text


def packed(encoding: bytes, body: bytes = b"aGVsbG8gd29ybGQ=") -> bytes:
    return b"Content-Type: application/x; name=x.bin\nContent-Transfer-Encoding: %b\n\n%b\n" % (
        encoding,
        body,
    )


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        (b"base64", b"aGVsbG8gd29ybGQ="),
        (b" BASE64 ", b"aGVsbG8gd29ybGQ="),
        (b"base64 (really)", b"aGVsbG8gd29ybGQ="),
        (b'"base64"', b"aGVsbG8gd29ybGQ="),
        (b"base64;", b"aGVsbG8gd29ybGQ"),
        (b"base64", b" aGVs bG8g\n\n!d29y bGQ=\n"),
        (b"base64", b"aGVsbG8g\nd28=\ncmxk\n"),
        (b"base64", b"aGVsbG8gd28=cmxk"),
        (b"base64", b"aGVsbG8gd29ybGQ=\n\n____\nlist footer -- unsubscribe\n"),
        (b"quoted-printable (x)", b"hello=20w=6Frl=\nd="),
        (b"x-uuencode", b"begin 644 x.bin\n+:&5L;&\\@=V]R;&0\n`\nend"),
        (b"8bit", b"hello world"),
        (b"x-nobody-knows", b"hello world"),
    ],
)
def test_what_a_file_was_packed_in_is_undone(encoding: bytes, body: bytes) -> None:
    [(name, content)] = files(mixed(packed(encoding, body)))
    assert (name, content.rstrip(b"\n")) == ("x.bin", b"hello world")


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
@pytest.mark.parametrize(
    "part",
    [
        b"Content-Type: message/rfc822; name=fwd.eml\n\n" + INNER,
        b"Content-Type: message/rfc822; name=fwd.eml\nContent-Transfer-Encoding: 8bit\n\n" + INNER,
        b"Content-Type: message/rfc822; name=fwd.eml\nContent-Transfer-Encoding: base64\n\nBASE64",
    ],
)
def test_an_attached_mail_is_its_own_bytes(part: bytes, ending: bytes) -> None:
    inner = INNER.replace(b"\n", ending)
    raw = mixed(part).replace(b"\n", ending).replace(b"BASE64", b64encode(inner))
    assert files(raw) == [("fwd.eml", inner)]


def test_mails_of_a_digest_are_their_own_bytes() -> None:
    raw = mixed(b"\n" + INNER, b"\n" + INNER, kind=b"digest").replace(WORDS, b"")
    assert [content for _, content in files(raw)] == [INNER, INNER]


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="Größe 価格.pdf"'.encode(), "Größe 価格.pdf"),
        (b"attachment; filename=Annual Report (2).pdf", "Annual Report (2).pdf"),
        (b"attachment; filename=\"old.pdf\"; filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf", "Grüße.pdf"),
        (b"attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf; filename=old.pdf", "Grüße.pdf"),
        (b"attachment; filename*0*=UTF-8''Gr%C3%BC;\n filename*1*=%C3%9Fe; filename*2=.pdf", "Grüße.pdf"),
        (b"attachment; filename*=windows-1252''%80uro.pdf", "€uro.pdf"),
        (b"attachment; filename*=iso-8859-1''%80uro.pdf", "€uro.pdf"),
        (b'attachment; filename="=?gb2312?B?1uzpRrv5LnBkZg==?="', "朱镕基.pdf"),
        (b'attachment; filename="Pr\xfcfung.pdf"', "Prüfung.pdf"),
        (b'attachment; filename="C:\\\\Users\\\\ann\\\\report.doc"', "report.doc"),
        (b'attachment; filename="unclosed.pdf', "unclosed.pdf"),
    ],
)
def test_names_are_those_that_were_given(disposition: bytes, name: str) -> None:
    raw = mixed(b"Content-Type: application/pdf\nContent-Disposition: %b\n\nx\n" % disposition)
    assert [each for each, _ in files(raw)] == [name]


def test_a_raw_name_is_in_the_charset_of_the_mail() -> None:
    raw = mixed(b"Content-Type: application/pdf\nContent-Disposition: attachment; filename=NAME.pdf\n\nx\n")
    raw = raw.replace(b"text/plain", b"text/plain; charset=koi8-r").replace(b"NAME", "Счет".encode("koi8-r"))
    assert [name for name, _ in files(raw)] == ["Счет.pdf"]


@pytest.mark.parametrize(
    ("content_type", "name"),
    [
        ("application/pdf", "attachment-1.pdf"),
        ("image/jpeg", "attachment-1.jpg"),
        ("text/calendar", "attachment-1.ics"),
        ("message/rfc822", "message-1.eml"),
        ("application/x-nobody-knows", "attachment-1"),
    ],
)
def test_a_file_without_a_name_gets_the_ending_of_its_type(content_type: str, name: str) -> None:
    assert [each for each, _ in files(mixed(f"Content-Type: {content_type}\n\nx\n".encode()))] == [name]


NESTED = (
    b"Content-Type: multipart/alternative; boundary=%b\n\n--%b\nContent-Type: text/plain\n\ninner\n--%b--\n"
)
FILE = b"Content-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: base64\n\n" + ZIP + b"\n"


@pytest.mark.parametrize(
    ("raw", "words", "names"),
    [
        (mixed(NESTED % (b"b", b"b", b"b"), FILE), "hello\n\ninner", ["a.zip"]),
        (mixed(NESTED % (b"bb", b"bb", b"bb"), FILE), "hello\n\ninner", ["a.zip"]),
        (mixed(FILE, boundary=b"AAA"), "hello", ["a.zip"]),
        (mixed(FILE, boundary=b'"b\n "'), "hello", ["a.zip"]),
        (mixed(FILE).replace(b"boundary=b", b""), "hello", ["a.zip"]),
        (mixed(FILE).replace(b"--b--\n", b""), "hello", ["a.zip"]),
        (mixed(FILE).replace(b"--b\n", b"--b \t\n"), "hello", ["a.zip"]),
        (mixed().replace(WORDS, b"lines and no parts\n").replace(b"--b--\n", b""), "lines and no parts", []),
    ],
)
def test_odd_boundaries_lose_nothing_and_invent_nothing(raw: bytes, words: str, names: list[str]) -> None:
    assert (text(raw), [name for name, _ in files(raw)]) == (words, names)


@pytest.mark.parametrize(
    ("head", "body", "meant"),
    [
        (b"text/plain; charset=utf-8", "Grüße, 日本 ".encode() + b"caf\xe9", "Grüße, 日本 caf�"),
        (b"text/plain; charset=utf-8", b"caf\xe9", "café"),
        (b"text/plain; charset=iso-8859-1", b"Price \x80 5 \x96 \x93now\x94", "Price € 5 – “now”"),
        (b"text/plain; charset=gb2312", "朱镕基 喆".encode("gbk"), "朱镕基 喆"),
        (b"text/plain; charset=\"'utf-8'\"", "Grüße".encode(), "Grüße"),
        (b"text/plain; charset=x-mac-cyrillic", "Привет".encode("mac-cyrillic"), "Привет"),
        (b"text/plain; charset=utf8mb4", "Grüße 😀".encode(), "Grüße 😀"),
        (b"text/plain; charset=utf-16", "Grüße".encode("utf-16"), "Grüße"),
        (b"text/html", b'<meta charset="koi8-r">' + "Привет".encode("koi8-r"), "Привет"),
        (b"text/html; charset=utf-8", b'<meta charset="koi8-r">' + "Привет".encode(), "Привет"),
        (b"text/html", b"before<iframe><p>inside</p></iframe>after", "beforeafter"),
    ],
)
def test_words_are_read_by_the_charset_that_was_meant(head: bytes, body: bytes, meant: str) -> None:
    raw = HEAD + b"Content-Type: %b\nContent-Transfer-Encoding: base64\n\n%b\n" % (head, b64encode(body))
    assert text(raw) == meant


@pytest.mark.parametrize("kind", [b"alternative", b"related"])
def test_an_empty_text_does_not_hide_the_html(kind: bytes) -> None:
    raw = mixed(b"Content-Type: text/html\n\n<p>The real text</p>", kind=kind).replace(b"hello", b" ")
    assert text(raw) == "The real text"


def test_a_picture_in_the_text_is_known_by_its_content_id() -> None:
    raw = mixed(
        b"Content-Type: text/html\n\n<img src='cid:logo@x'>",
        b"Content-Type: image/png; name=logo.png\nContent-ID:  <logo@x>\n\nPNG\n",
        b"Content-Type: image/png; name=b.png\nContent-Disposition: inline\nContent-ID: bare@x\n\nPNG\n",
        b"Content-Type: image/png; name=c.png\n\nPNG\n",
        kind=b"related",
    )
    assert [(file.is_inline, file.content_id) for file in read(raw).attachments] == [
        (True, "logo@x"),
        (True, "bare@x"),
        (False, ""),
    ]


@pytest.mark.parametrize(
    ("head", "is_encrypted"),
    [
        (b"application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", True),
        (b"application/x-pkcs7-mime; name=smime.p7m", True),
        (b"application/pkcs7-mime; smime-type=SIGNED-DATA; name=smime.p7m", False),
        (b"multipart/encrypted; protocol=x; boundary=b", True),
        (b"text/plain", False),
    ],
)
def test_an_opaque_mail_says_that_it_is_encrypted(head: bytes, is_encrypted: bool) -> None:
    assert read(HEAD + b"Content-Type: " + head + b"\n\nMIAGCSqG\n").is_encrypted is is_encrypted


def winmail(*inner: tuple[bytes, bytes]) -> bytes:
    """A package as Outlook makes it (MS-OXTNEF): a signature, then attributes: level, name, size and sum."""

    def attribute(level: int, name: int, kind: int, data: bytes) -> bytes:
        return (
            struct.pack("<BHHI", level, name, kind, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)
        )

    package = struct.pack("<IH", 0x223E9F78, 1) + attribute(1, 0x9006, 8, struct.pack("<I", 0x10000))
    for name, data in inner:
        package += attribute(2, 0x9002, 6, b"\0" * 14) + attribute(2, 0x8010, 1, name + b"\0")
        package += attribute(2, 0x800F, 6, data)
    return package


def tnef(content: bytes) -> bytes:
    head = b"Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n"
    return mixed(head + b64encode(content) + b"\n")


def test_files_that_outlook_packed_are_offered_by_themselves() -> None:
    raw = tnef(winmail((b"offer.pdf", b"%PDF-"), (b"C:\\tmp\\Pr\xfcfung.txt", b"text")))
    assert files(raw) == [("offer.pdf", b"%PDF-"), ("Prüfung.txt", b"text")]
    assert [file.content_type for file in read(raw).attachments] == ["application/pdf", "text/plain"]
    whole = worker.attachment(read(raw).stored, "1")  # which is the id that it had before it was opened
    assert whole is not None
    assert whole.attachment.name == "winmail.dat"


@pytest.mark.parametrize(
    "content", [winmail(), b"", b"x\x9f>\x22", winmail((b"a", b"b"))[:-9], b"no package"]
)
def test_a_package_that_cannot_be_opened_stays_a_file(content: bytes) -> None:
    assert files(tnef(content)) == [("winmail.dat", content)]
