"""Mailboxes of every make, in bytes, and what is read from them."""

from collections.abc import Mapping
from pathlib import Path

from connectors.embedded.mail.sources import find_files, read_messages
from insights.mail.parsing.worker import without_envelope

PLAIN = b"From ann@x.example Mon Mar  2 10:00:00 2026"
ENVELOPES = [
    PLAIN,
    b"From - Mon Mar  2 10:00:00 2026",
    b"From -",
    b"From - ",
    b"From MAILER-DAEMON Mon Mar  2 10:00:00 2026",
    b"From ???@??? Mon Mar 02 10:00:00 2026",
    b"From 1234567890123456789@xxx Mon Mar 02 10:00:00 +0000 2026",
    b"From 1791234@xxx",
    b"From <ann@x.example>",
    b"From ann@x.example Mon Mar  2 10:00 2026",
    b'From "ann smith"@x.example Mon Mar  2 10:00:00 2026',
    b"From ann@x.example Mon Mar  2 10:00:00 CET 2026",
    b"From ann@x.example  Mon Mar  2 10:00:00 2026 +0100",
    b"From ann@x.example Mon, 2 Mar 2026 10:00:00 +0000",
    b"From ann@x.example Mon, 2 Mar 2026 10:00:00 +0000 (UTC)",
    b"From ann@x.example 2 Mar 26 10:00 EST",
    b"From ann@x.example 2026-03-02T10:00:00Z",
    b"From ann@x.example 2026-03-02 10:00:00.123 +01:00",
    b"From ann@x.example 2026-03-02",
    b"From ann@x.example 02.03.2026 10:00:00",
    b"From ann@x.example 3/2/2026 10:00:00 AM",
    "From ann@x.example Mo Mär  2 10:00:00 2026".encode(),
    "From ann@x.example lun. févr.  2 10:00:00 2026".encode(),
    "From ann@x.example 月  3月  2 10:00:00 2026".encode(),
    b"From ann Mon Mar  2 10:00:00 2026 remote from uucp",
    b"From Ann Smith Mon Mar  2 10:00:00 2026",
]


def mail(number: int | str, body: bytes = b"Hello\n", *, more: bytes = b"") -> bytes:
    return (
        b"From: Ann <ann@x.example>\nTo: bob@y.example\nSubject: S%(n)b\n"
        b"Date: Mon, 02 Mar 2026 10:00:00 +0000\nMessage-ID: <m%(n)b@x.example>\n%(more)b\n%(body)b"
    ) % {b"n": str(number).encode(), b"more": more, b"body": body}


def mbox(*bodies: bytes, envelope: bytes = PLAIN, between: bytes = b"\n") -> bytes:
    return b"".join(
        envelope + b"\n" + mail(number, body) + between for number, body in enumerate(bodies, start=1)
    )


def quoted(number: str = "quoted", envelope: bytes = b"From eve@z.example Mon Mar  2 11:00:00 2026") -> bytes:
    return envelope + b"\n" + mail(number)


def with_length(body: bytes, number: int = 1, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return PLAIN + b"\n" + mail(number, body, more=b"Content-Length: %d\n" % size) + b"\n"


def lay(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def read(path: Path) -> tuple[dict[str, bytes], dict[str, str]]:
    """The messages by name, and the reasons by name."""
    found = list(read_messages(find_files(path)))
    assert len({message.name for message in found}) == len(found)
    return (
        {message.name: without_envelope(message.raw) for message in found if not message.reason},
        {message.name: message.reason for message in found if message.reason},
    )


def read_bytes(folder: Path, content: bytes) -> tuple[list[bytes], dict[str, str]]:
    folder.mkdir(exist_ok=True)
    (folder / "box").write_bytes(content)
    messages, reasons = read(folder)
    return list(messages.values()), reasons
