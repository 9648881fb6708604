"""Heads as odd programs write them: every header is found, and means what its sender meant."""

from datetime import UTC, datetime

import pytest

from insights.mail.parsing import worker
from insights.mail.parsing.dates import read_time
from insights.mail.parsing.parsed import ParsedMessage

TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
FROM, TO = b"From: Ann Smith <ann@x.example>\n", b"To: bob@y.example\n"
REST = b"Subject: Offer\nDate: Mon, 02 Mar 2026 10:00:00 +0000\nMessage-ID: <one@x.example>\n\nDear Bob\n"
PLAIN = FROM + TO + REST


def read(raw: bytes) -> ParsedMessage:
    message = worker.parse(raw)
    assert isinstance(message, ParsedMessage)
    return message


@pytest.mark.parametrize(
    "raw",
    [
        PLAIN,
        b"\xef\xbb\xbf" + PLAIN,
        b"\n" + PLAIN,
        b"\r\n \r\n" + PLAIN.replace(b"\n", b"\r\n"),
        PLAIN.decode().encode("utf-16"),
        b"\xfe\xff" + PLAIN.decode().encode("utf-16-be"),
        PLAIN.replace(b"\n", b"\r"),
        FROM + b">From ann@x.example Mon Mar  2 10:00:00 2026\n" + TO + REST,
        b"Received: from a by b; Mon, 02 Mar 2026 10:00:00 +0000\nFrom ann@x.example Mon Mar  2\n" + PLAIN,
        FROM + b"*** scanned by a gateway ***\n" + TO + REST,
        PLAIN.replace(b"Subject:", b"Subject :"),
        PLAIN.replace(b"From:", b"from\t:").replace(b"Message-ID:", b"MESSAGE-ID:"),
    ],
)
def test_no_odd_line_hides_the_headers_behind_it(raw: bytes) -> None:
    message = read(raw)
    assert (message.sender, message.sender_name, message.to) == (
        "ann@x.example",
        "Ann Smith",
        ("bob@y.example",),
    )
    assert (message.subject, message.sent_at) == ("Offer", TEN)
    assert message.internet_message_id == "<one@x.example>"
    assert worker.body(message.stored, False).text == "Dear Bob"


def test_a_line_that_should_be_indented_goes_on_where_something_is_missing() -> None:
    assert read(FROM + b"To: bob@y.example,\ncarl@z.example\n" + REST).to == (
        "bob@y.example",
        "carl@z.example",
    )
    assert read(FROM + TO + REST.replace(b"Offer", b"Offer\nof today")).subject == "Offer"


def test_a_body_without_an_empty_line_before_it_is_the_body() -> None:
    message = read(FROM + TO + b"Subject: Offer\nDear Bob,\nnote: this is no header\n\nAnn\n")
    assert message.subject == "Offer"
    assert worker.body(message.stored, False).text == "Dear Bob,\nnote: this is no header\n\nAnn"


@pytest.mark.parametrize(
    ("subject", "charset", "meant"),
    [
        (b"=?UTF-8?B?R3LDvMOfZSBhdXMgTcO8bmNoZW4gww==?=", "", "Grüße aus München �"),
        ("Grüße aus München".encode() + b" \xc3", "", "Grüße aus München �"),
        ("Привет мир".encode("koi8-r"), "koi8-r", "Привет мир"),
        ("Привет мир".encode(), "koi8-r", "Привет мир"),
        ("Grüße".encode("latin-1"), "", "Grüße"),
        (b"=?gb2312?B?1uzpRrv5IKLj?=", "", "朱镕基 €"),
        (b"=?shift_jis?B?h0CHiiCKlA==?=", "", "①㈱ 株"),
        (b"=?iso-2022-jp?B?GyRCLSEbKEIgGyRCRnxLXBsoQg==?=", "", "① 日本"),
        (b"=?euc-jp?B?raEgxvzL3A==?=", "", "① 日本"),
        (b"=?iso-8859-1?Q?=80_5?=", "", "€ 5"),
        (b"=?windows-874?B?ysfRyrTV?=", "", "สวัสดี"),
        (b"=?x-nobody-knows?Q?Gr=C3=BC=C3=9Fe?=", "", "Grüße"),
        (b"=?utf-7?Q?+AOQ-?=", "", "ä"),
    ],
)
def test_charsets_mean_what_the_web_takes_them_for(subject: bytes, charset: str, meant: str) -> None:
    more = f"Content-Type: text/plain; charset={charset}\n".encode() if charset else b""
    assert read(more + PLAIN.replace(b"Offer", subject)).subject == meant


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("Mon, 02 Mar 2026 10:00:00 +0000", TEN),
        ("Mon, 02 Mar 2026 05:00:00 (EST) -0500", TEN),
        ("Mon, 02 Mar 2026 05:00:00 -0500 (EST)", TEN),
        ("Mon, 02 Mar 2026 05:00:00 (EST)", TEN),
        ("Mon, 02 Mar 2026 11:00:00 GMT+0100", TEN),
        ("Mon, 02 Mar 2026 11:00:00 UTC+1", TEN),
        ("Mon, 02 Mar 2026 11:00:00 +01:00", TEN),
        ("Mon, 02 Mar 2026 12:00:00 CEST", TEN),
        ("Mon, 02 Mar 2026 19:00:00 JST", TEN),
        ("Monday, March 2, 2026 10:00 AM", TEN),
        ("Mon, 2 Mar 2026 10:00:00 PM -0000", TEN.replace(hour=22)),
        ("Mon, 2 Mar 2026 12:00:00 AM", TEN.replace(hour=0)),
        ("2026-03-02T11:00:00+01:00", TEN),
        ("2026-03-02 10:00:00.123 Z", TEN),
        ("20260302T100000Z", TEN),
        ("02.03.2026 10:00", TEN),
        ("3/2/2026 10:00:00 AM", TEN),
        ("Mon, 2 Mar 26 10.00.00 +0000", TEN),
        ("Mo, 02 Mrz 2026 11:00:00 +0100", TEN),
        ("lun. 2 mars 2026 10:00:00", TEN),
        ("mar. 7 avr. 2026 10:00:00", datetime(2026, 4, 7, 10, tzinfo=UTC)),
        ("пн, 2 мар. 2026 10:00:00 +0000", TEN),
        ("Mon Mar  2 11:00:00 2026 +0100", TEN),
        ("Mon Mar 02 10:00:00 +0000 2026", TEN),
        ("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", datetime(1997, 11, 21, 15, 55, 6, tzinfo=UTC)),
        ("Wed, 7 Aug 102 10:00:00 +0000", datetime(2002, 8, 7, 10, tzinfo=UTC)),
        ("3/2/2026 10:00", None),
        ("Sat, 31 Feb 2026 10:00:00 +0000", None),
        ("Mon, 02 Mar 2026 10:00:00 +9999", None),
        ("soon", None),
        ("", None),
    ],
)
def test_times_are_the_instants_that_were_meant(told: str, meant: datetime | None) -> None:
    assert read_time(told) == meant


@pytest.mark.parametrize(
    ("to", "meant"),
    [
        (
            "<<bob@y.example>>, [carl@z.example], <dora@z.example",
            ["bob@y.example", "carl@z.example", "dora@z.example"],
        ),
        ("bob@y.example(Bob),carl (c) @ z.example (d)", ["bob@y.example", "carl@z.example"]),
        (
            "Team: bob@y.example, carl@z.example;, dora@z.example",
            ["bob@y.example", "carl@z.example", "dora@z.example"],
        ),
        ("undisclosed-recipients:;", []),
        (
            "Test </O=EXCHANGELABS/OU=EXCHANGE (FYDI)/CN=RECIPIENTS/CN=ABC-TEST>, bob@y.example",
            ["bob@y.example"],
        ),
        ("Ann <IMCEAEX-_O=EXCHANGELABS_OU=X_CN=ann@EURPRD01.prod.outlook.com>", []),
        ("imceainvalid-ann@prod.outlook.com, bob@y.example", ["bob@y.example"]),
        ("root, bob@y.example", ["bob@y.example"]),
    ],
)
def test_what_is_no_address_is_none(to: str, meant: list[str]) -> None:
    assert list(read(FROM + f"To: {to}\n".encode() + REST).to) == meant


@pytest.mark.parametrize(
    ("sender", "name"),
    [
        ("Test </O=EXCHANGELABS/OU=X/CN=ABC-TEST>", "Test"),
        ("Test <IMCEAEX-_O=EXCHANGELABS_OU=X@prod.outlook.com>", "Test"),
        ("MAILER-DAEMON", "MAILER-DAEMON"),
        ("</O=EXCHANGELABS/OU=X/CN=ABC-TEST>", ""),
    ],
)
def test_a_sender_without_an_address_keeps_the_name(sender: str, name: str) -> None:
    message = read(f"From: {sender}\n".encode() + TO + REST)
    assert (message.sender, message.sender_name) == ("", name)
