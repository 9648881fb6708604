"""No message's source has another one's header block, whatever wrote the mbox and whatever stands in it."""

import re
import tempfile
import tracemalloc
from dataclasses import dataclass
from pathlib import Path

from hypothesis import event, given, settings
from hypothesis import strategies as st

from connectors.embedded.mail.sources import find_files, read_messages
from tests.connectors.embedded.mail.boxes import ENVELOPES, PLAIN, mail, quoted, read_bytes

STRANGE = [b"From ann", b"From the far side of the moon", b"From ann@x.example the 2nd of March"]
COMPLETE = [
    b"From: Ann <ann@x.example>\nSubject: %b\nMessage-ID: <%b@x.example>\n",
    b"Received: by x.example; Mon, 02 Mar 2026 10:00:00 +0000\nSubject: %b\nX-Id: %b\nFrom: a@x.example\n",
    b"X-Mozilla-Status: 0001\nSubject: %b\nMessage-ID: <%b@x.example>\nFrom: ann@x.example\n",
]
HEADS = [*COMPLETE, b"Subject: %b\nX-Second: %b\n"]
LINES = [
    b"Hello",
    b"",
    b"From here on",
    b"From ann@x.example Mon Mar  2 10:00:00 2026",
    b">From the start",
    b"Subject: of a sentence",
    b"Content-Length: 12",
    quoted("quoted1").rstrip(b"\n"),
    b"\n" + quoted("quoted2", b"From ann").rstrip(b"\n"),
    b"From eve@z.example Mon Mar  2 11:00:00 2026\nFrom: eve@z.example\nSubject: quoted3\n\ntext",
]
JOINTS = [b"\xef\xbb\xbf", b"\0\0", b" ", b"a line that was cut ", b"\x01\x01\x01\x01\n"]
MARK = re.compile(rb"^Subject: (mark\d)$", re.MULTILINE)


@dataclass(frozen=True)
class Box:
    content: bytes
    count: int
    is_sure: bool
    """Whether its writer tells text from messages, so that nothing is lost and no text an item."""


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    """An mbox of a few messages, as one of many programs would write it."""
    count = draw(st.integers(1, 4))
    is_quoting, has_length, is_right = (draw(st.booleans()) for _ in range(3))
    envelopes = draw(st.sampled_from([ENVELOPES, [PLAIN], STRANGE]))
    between = draw(st.sampled_from([b"\n", b"\n", b""]))
    joint = draw(st.sampled_from([b"", b"", b"", *JOINTS]))
    written = []
    for number in range(count):
        body = b"\n".join([*draw(st.lists(st.sampled_from(LINES), max_size=6)), b"end", b""])
        if is_quoting:
            body = re.sub(rb"^(>*From )", rb">\1", body, flags=re.MULTILINE)
        mark = b"mark%d" % number
        is_odd = joint and envelopes is STRANGE  # then nothing but its headers tells the next one from text
        head = draw(st.sampled_from(COMPLETE if is_odd else HEADS)) % (mark, mark)
        if has_length:
            # One that happens to lead to the end of a later message says what a right one does.
            wrong = st.one_of(st.integers(0, len(body) - 1), st.just(10**6))
            length = len(body) if is_right else draw(wrong)
            head += b"Content-Length: %d\n" % length
        written.append(draw(st.sampled_from(envelopes)) + b"\n" + head + b"\n" + body + between)
    if joint in JOINTS:  # what joins files of messages leaves more behind than they had
        written[1:] = [joint + each for each in written[1:]]
    starts_bare = draw(st.sampled_from([False, False, False, True]))
    if starts_bare:  # mails put one after the other, of which the first never had an envelope
        written[0] = written[0].partition(b"\n")[2]
    is_plain = between == b"\n" and envelopes == [PLAIN] and not joint and not starts_bare
    is_sure = is_quoting and is_plain and (is_right or not has_length)
    return Box(b"".join(written).replace(b"\n", draw(st.sampled_from([b"\n", b"\r\n"]))), count, is_sure)


@settings(max_examples=400, deadline=None)
@given(boxes())
def test_no_message_has_the_header_block_of_another(box: Box) -> None:
    with tempfile.TemporaryDirectory() as folder:
        messages, reasons = read_bytes(Path(folder) / "in", box.content)
    found = [
        [mark for mark in MARK.findall(raw.replace(b"\r\n", b"\n")) if mark[:4] == b"mark"]
        for raw in messages
    ]
    assert all(len(marks) <= 1 for marks in found)
    whole = {mark for marks in found for mark in marks}
    assert len(whole) == sum(map(len, found))
    assert len(whole) == box.count or reasons
    event("something doubtful" if reasons else "nothing doubtful")
    if box.is_sure:
        assert (len(messages), reasons) == (box.count, {})


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.sampled_from(LINES), max_size=6), min_size=2, max_size=4))
def test_lengths_that_are_right_throughout_keep_every_body_as_it_is(texts: list[list[bytes]]) -> None:
    mails = []
    for number, text in enumerate(texts):
        body = b"\n".join([*text, b"end", b""])
        mails.append(mail(number, body, more=b"Content-Length: %d\n" % len(body)))
    with tempfile.TemporaryDirectory() as folder:
        content = b"".join(PLAIN + b"\n" + each + b"\n" for each in mails)
        messages, reasons = read_bytes(Path(folder) / "in", content)
    assert reasons == {}
    assert [without_quotes(raw) for raw in messages] == [without_quotes(each) for each in mails]


def without_quotes(raw: bytes) -> bytes:
    """A line that was quoted by its sender cannot be told from one that was quoted by the writer."""
    return re.sub(rb"^>From ", b"From ", raw, flags=re.MULTILINE)


def test_an_mbox_is_read_a_message_at_a_time(tmp_path: Path) -> None:
    message = PLAIN + b"\n" + mail(1, b"A line of text, and one more word or two.\n" * 500) + b"\n"
    odd = PLAIN + b"\n" + mail(2, more=b"Content-Length: 3\n") + b"From - \n" + mail(3)
    with (tmp_path / "Inbox").open("wb") as file:
        for _ in range(500):
            file.write(message)
        file.write(odd)
    tracemalloc.start()
    try:
        sizes = [len(message.raw) for message in read_messages(find_files(tmp_path))]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(sizes) == 501
    assert peak < 1_000_000
