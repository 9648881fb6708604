"""Mail that breaks parsers: each message is read or reported, in bounded time and memory, one by one."""

import asyncio
import json
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights.errors import Conflict, Unavailable
from insights.mail.parsing import worker
from insights.mail.parsing.parsed import (
    ATTACHMENTS_LIMIT,
    BODY_LIMIT,
    NAME_LIMIT,
    ParsedMessage,
    Unreadable,
)
from insights.mail.parsing.pool import MEMORY_LIMIT, PATIENCE, SECONDS, MailParser
from tests.mails import make_mail

MIB = 1024 * 1024
FOLDERS = ("mime-cpython", "mime-mikel", "mime-stalwart", "spamassassin/hard")
HEAD = b"Message-ID: <bomb@x.example>\nFrom: ana@fabrikam.example\nSubject: Bomb\n"


@pytest.fixture
async def parser() -> AsyncIterator[MailParser]:
    parser = MailParser()
    yield parser
    await parser.close()


def workers() -> list[psutil.Process]:
    """The worker processes that this one has."""
    children = psutil.Process().children(recursive=True)
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


class Ticker:
    """Measures what keeps the event loop from its next tick: its own work, and the clock's."""

    def __init__(self) -> None:
        self.work: list[float] = []
        self.gaps: list[float] = []

    async def __aenter__(self) -> "Ticker":
        self._task = asyncio.create_task(self._tick())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _tick(self) -> None:
        while True:
            clock, work = time.perf_counter(), time.thread_time()
            await asyncio.sleep(0.005)
            self.gaps.append(time.perf_counter() - clock - 0.005)
            self.work.append(time.thread_time() - work)

    def check_quick(self) -> None:
        """The loop never works for long: what is parsed here takes seconds, however idle the machine is."""
        assert max(self.work) < 0.5
        assert sorted(self.gaps)[len(self.gaps) // 2] < 0.25


def check_storable(message: ParsedMessage) -> None:
    """What the database and JSON take: no NUL, no lone surrogate; names and numbers within bounds."""
    texts = [message.internet_message_id, message.subject, message.sender, message.sender_name]
    texts += [*message.to, *message.cc, *message.bcc, *message.references, *message.labels]
    texts += [text for file in message.attachments for text in (file.id, file.name, file.content_type)]
    for text in texts:
        assert "\x00" not in text
        text.encode("utf-8")
    assert len(message.attachments) <= ATTACHMENTS_LIMIT
    assert all(0 < len(file.name) <= NAME_LIMIT for file in message.attachments)
    assert message.internet_message_id
    assert "\n" not in message.subject


@pytest.mark.testdata
async def test_every_malformed_file_is_read_or_reported_while_the_server_ticks(
    testdata: Path, parser: MailParser
) -> None:
    files = [path for folder in FOLDERS for path in sorted((testdata / "mail" / folder).iterdir())]
    assert len(files) >= 250
    raws = [path.read_bytes() for path in files]
    async with Ticker() as ticker:
        parsed = [
            result
            for start in range(0, len(raws), 40)
            for result in await parser.parse(raws[start : start + 40])
        ]
        bodies = await asyncio.gather(
            *(parser.body(message.stored) for message in parsed if isinstance(message, ParsedMessage))
        )
    ticker.check_quick()
    good = [message for message in parsed if isinstance(message, ParsedMessage)]
    assert len(good) >= len(files) - 5
    for message in good:
        check_storable(message)
    for body in bodies:
        assert "<script" not in body.html.lower()
        assert "\x00" not in body.html + body.text


@pytest.mark.testdata
async def test_the_message_that_takes_the_standard_parser_seconds_is_read(
    testdata: Path, parser: MailParser
) -> None:
    raw = (testdata / "mail/spamassassin/hard/slow-header.eml").read_bytes()
    async with Ticker() as ticker:
        [message] = await parser.parse([raw])
    ticker.check_quick()
    assert isinstance(message, ParsedMessage)
    assert (message.sender, message.internet_message_id) == (
        "info@ipogea.com",
        "<200205270946.g4R9kEe04719@dogma.slashnull.org>",
    )


def nested_multiparts() -> bytes:
    opening = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(20_000)
    )
    return HEAD + opening + b"\nend\n"


def nested_messages() -> bytes:
    return HEAD + b"Content-Type: message/rfc822\n\n" * 50_000


def many_header_lines() -> bytes:
    return HEAD + b"X-A: b\n" * 1_000_000 + b"\nbody\n"


def one_long_header() -> bytes:
    return HEAD + b"To: " + b"(" * 3_000_000 + b"\n\nbody\n"


def many_parts() -> bytes:
    part = b'--b\nContent-Type: image/png; name="%s"\n\nx\n' % (b"n" * 400)
    return HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + part * 8_000 + b"--b--\n"


def many_parameters() -> bytes:
    return HEAD + b"Content-Type: multipart/mixed" + b' ;x="' * 100_000 + b"\n\nbody\n"


def huge_base64() -> bytes:
    return HEAD + b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n" + b"QUJD" * 19 * 500_000


def too_large() -> bytes:
    return HEAD + b"\n" + b"x" * (51 * MIB)


def many_encoded_words() -> bytes:
    return HEAD.replace(b"Bomb", b"=?utf-8?b?4p?= " * 60_000) + b"\nbody\n"


def many_boundaries() -> bytes:
    return HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * 400_000


BOMBS: list[Callable[[], bytes]] = [
    nested_multiparts,
    nested_messages,
    many_header_lines,
    one_long_header,
    many_parts,
    many_parameters,
    huge_base64,
    too_large,
    many_encoded_words,
    many_boundaries,
]


async def test_bombs_stay_within_memory_and_harm_no_neighbour(parser: MailParser) -> None:
    peak = 0

    async def watch() -> None:
        nonlocal peak
        while True:
            for child in psutil.Process().children(recursive=True):
                try:
                    peak = max(peak, child.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue
            await asyncio.sleep(0.02)

    watcher = asyncio.create_task(watch())
    async with Ticker() as ticker:
        for bomb in BOMBS:
            raw = await asyncio.to_thread(bomb)
            started = time.perf_counter()
            first, result, last = await parser.parse(
                [make_mail("<a@x.example>"), raw, make_mail("<b@x.example>")]
            )
            assert time.perf_counter() - started < 4 * PATIENCE * SECONDS, bomb.__name__
            assert isinstance(first, ParsedMessage), bomb.__name__
            assert isinstance(last, ParsedMessage), bomb.__name__
            if isinstance(result, ParsedMessage):
                check_storable(result)
            else:
                assert "Bomb" not in result.reason
                assert "fabrikam" not in result.reason
    watcher.cancel()
    ticker.check_quick()
    assert 0 < peak < MEMORY_LIMIT


@pytest.mark.parametrize(
    ("bomb", "reason"),
    [
        (many_header_lines, "its headers are larger than 2 MiB"),
        (too_large, "it is larger than 50 MiB"),
        (bytes, "it is empty"),
    ],
)
def test_refusals_say_why(bomb: Callable[[], bytes], reason: str) -> None:
    assert worker.parse(bomb()) == Unreadable(reason)


async def test_a_message_over_the_time_limit_is_reported_alone() -> None:
    parser = MailParser(workers=1, seconds=1.0)
    slow = HEAD + b"Content-Type: text/html\n\n" + b"<div>" * 60_000
    try:
        [message] = await parser.parse([slow])
        assert isinstance(message, ParsedMessage)
        body = await parser.body(message.stored)  # the HTML cleaner needs ten seconds and more
        assert "<div" not in body.html
        results = await parser.parse([make_mail(), b"x" * 30 * MIB, make_mail()])
        assert isinstance(results[0], ParsedMessage)
        assert isinstance(results[2], ParsedMessage)
    finally:
        await parser.close()


async def test_a_message_that_needs_too_much_memory_is_reported_alone() -> None:
    parser = MailParser(workers=1, memory_limit=160 * MIB)
    try:
        first, bomb, last = await parser.parse(
            [make_mail("<a@x.example>"), huge_base64(), make_mail("<b@x.example>")]
        )
        assert isinstance(bomb, Unreadable)
        assert isinstance(first, ParsedMessage)
        assert isinstance(last, ParsedMessage)
        assert (await parser.body(last.stored)).text == "Dear Ann"
    finally:
        await parser.close()


async def test_killed_workers_are_replaced(parser: MailParser) -> None:
    for _ in range(2):
        [message] = await parser.parse([make_mail()])
        assert isinstance(message, ParsedMessage)
        for child in workers():
            child.kill()
    [message] = await parser.parse([make_mail()])
    assert isinstance(message, ParsedMessage)


async def test_the_first_message_finds_the_workers_that_were_warmed(parser: MailParser) -> None:
    before = {child.pid for child in workers()}
    await parser.warm()
    warmed = {child.pid for child in workers()} - before
    assert len(warmed) == 2
    await parser.warm()
    assert (await parser.body(stored(make_mail()))).text == "Dear Ann"
    assert {child.pid for child in workers()} - before == warmed


async def test_a_parser_that_is_closed_is_not_warmed(parser: MailParser) -> None:
    await parser.close()
    with pytest.raises(Unavailable) as refused:
        await parser.warm()
    assert refused.value.code == "mail_parser_down"


async def test_what_the_worker_cannot_read_is_a_problem_without_content(parser: MailParser) -> None:
    with pytest.raises(Conflict) as caught:
        await parser.body(b"not compressed: secret words")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_ten_thousand_addresses_are_all_kept() -> None:
    people = ", ".join(f'"Person {n}" <p{n}@x.example>' for n in range(10_000))
    raw = HEAD + b"To: " + people.encode() + b"\nCc: " + b"," * 100_000 + b"last@x.example\n\nbody\n"
    started = time.process_time()
    message = worker.parse(raw)
    assert time.process_time() - started < 2
    assert isinstance(message, ParsedMessage)
    assert len(message.to) == 10_000
    assert message.cc == ("last@x.example",)


def test_a_huge_body_is_cut() -> None:
    html = b"<p>word <a href='https://x.example'>link</a></p>" * 60_000
    body = worker.body(stored(HEAD + b"Content-Type: text/html\n\n" + html), False)
    assert len(body.html) <= BODY_LIMIT
    assert 0 < len(body.text) <= BODY_LIMIT


def stored(raw: bytes) -> bytes:
    message = worker.parse(raw)
    assert isinstance(message, ParsedMessage)
    return message.stored


SEEDS = [
    make_mail(files={"a.bin": b"\x00\xff" * 50}, html="<p>Hi <b>Ann</b></p>"),
    make_mail(sender="=?utf-8?b?QW5h?= <ana@fabrikam.example>", subject="=?iso-2022-jp?b?GyRCRnxLXBsoQg==?="),
    HEAD
    + b"Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/html; charset=utf-7\n\n"
    b"<p>+AGE-\n--b\nContent-Type: message/rfc822\n\nSubject: in\n\nx\n--b--\n",
]
FRAGMENTS = st.sampled_from(
    [
        *(
            b"\n",
            b"\n\n",
            b"\x00",
            b"\xff",
            b'"',
            b"<",
            b">",
            b"(",
            b";",
            b":",
            b"@",
            b",",
            b"--b\n",
            b"From \n",
        ),
        *(
            b"=?utf-8?q?=00=ED=A0=80?=",
            b"=?punycode?q?-?=",
            b"charset=undefined",
            b"charset=\x00",
            b"boundary=",
        ),
        b"filename*0*=utf-7'x'%2B2AA-;",
        b"Date: 32 Foo 99999 25:61:61 +9999\n",
        b"Content-Transfer-Encoding: x-uuencode\n",
    ]
)


@settings(max_examples=400, deadline=2000)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 30), FRAGMENTS), max_size=12),
)
def test_mutated_messages_are_read_or_reported(seed: bytes, edits: list[tuple[int, int, bytes]]) -> None:
    raw = seed
    for place, length, fragment in edits:
        raw = raw[:place] + fragment + raw[place + length :]
    message = worker.parse(raw)
    if isinstance(message, ParsedMessage):
        check_storable(message)
        body = worker.body(message.stored, False)
        assert "\x00" not in body.html + body.text
        (body.html + body.text).encode("utf-8")
        for file in message.attachments:
            content = worker.attachment(message.stored, file.id)
            assert content is not None
            assert len(content.content) == file.size


@settings(max_examples=300, deadline=2000)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_reported(raw: bytes) -> None:
    message = worker.parse(raw)
    if isinstance(message, ParsedMessage):
        check_storable(message)
        worker.body(message.stored, False)


@pytest.mark.testdata
def test_naughty_strings_come_out_unharmed(testdata: Path) -> None:
    strings = json.loads((testdata / "hostile/naughty-strings.json").read_text(encoding="utf-8"))
    for text in strings:
        line = " ".join(text.splitlines())
        encoded = "=?utf-8?b?" + b64encode(line.encode("utf-8", "replace")).decode() + "?="
        message = worker.parse(
            HEAD.replace(b"Bomb", encoded.encode()) + b"\n" + text.encode("utf-8", "replace")
        )
        assert isinstance(message, ParsedMessage)
        assert message.subject == line.replace("\x00", "\ufffd")


@pytest.mark.testdata
def test_the_standard_way_of_reading_headers_is_still_slow(testdata: Path) -> None:
    """The reason for workers and for our own reading of headers: were it gone, so could they be."""
    raw = (testdata / "mail/spamassassin/hard/slow-header.eml").read_bytes()
    started = time.process_time()
    str(message_from_bytes(raw, policy=default)["Content-Type"])
    assert time.process_time() - started > 0.5
