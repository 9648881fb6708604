"""Small attachments that open: PDF, CSV, text and PNG, made from the facts of a conversation."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from connectors.embedded.demo.people import COMPANY

TYPES = {"pdf": "application/pdf", "csv": "text/csv", "txt": "text/plain", "png": "image/png"}
PARTICIPANTS = ("R. Malik", "J. Novak", "S. Weber", "T. Moreno", "K. Larsen", "B. Osei")


@dataclass(frozen=True, slots=True)
class File:
    """An attachment."""

    name: str
    content: bytes

    @property
    def content_type(self) -> str:
        """The media type by the name's ending."""
        return TYPES[self.name.rpartition(".")[2]]


def make_file(rng: Random, name: str, facts: dict[str, str]) -> File:
    """The attachment that a script calls `name`, under the name it has in the mail."""
    stem, _, ending = name.rpartition(".")
    if ending == "pdf":
        title, lines = _document(stem, facts)
        return File(f"{title}.pdf", pdf([COMPANY, title, "", *lines]))
    if ending == "csv":
        return File(f"{stem}-{facts['serial']}.csv", _table(rng, stem).encode())
    if ending == "png":
        return File(f"IMG_{rng.randint(1000, 9999)}.png", picture(rng, 120, 80))
    return File(f"{stem}.txt", _notes(facts).encode())


def pdf(lines: Sequence[str]) -> bytes:
    """A one-page PDF with these lines."""
    shown = "".join(f"({_escaped(line)}) Tj T*\n" for line in lines)
    content = f"BT /F1 11 Tf 56 780 Td 16 TL\n{shown}ET".encode("latin-1", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, table, len(objects) + 1, len(out))
    )


def picture(rng: Random, width: int, height: int) -> bytes:
    """A PNG of two colours that flow into each other."""
    ends = [[rng.randrange(256) for _ in range(3)] for _ in range(2)]
    line = bytes(
        int(one + (two - one) * x / width) for x in range(width) for one, two in zip(*ends, strict=True)
    )
    data = zlib.compress((b"\0" + line) * height, 9)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    )


def _document(stem: str, facts: dict[str, str]) -> tuple[str, list[str]]:
    """Title and lines of a PDF; one that no line here describes is a product paper."""
    goods = [f"{facts['quantity']} x {facts['products']}", f"Total {facts['price']}, commissioning included"]
    return {
        "quote": (f"Quote {facts['order']}", [f"For {facts['company']}", *goods, "Valid for 60 days"]),
        "order": (f"Purchase order {facts['po']}", [f"Ordered by {facts['company']}", *goods]),
        "confirmation": (f"Order confirmation {facts['po']}", [*goods, f"Deliver to {facts['site']}"]),
        "delivery-note": (f"Delivery note {facts['po']}", [goods[0], "2 pallets, 240 kg"]),
        "invoice": (f"Invoice I{facts['order'][1:]}", [f"PO {facts['po']}", *goods, "30 days net"]),
        "contract": (
            f"{facts['plan']} {facts['site']}",
            [f"Service agreement with {facts['company']}", f"{facts['plan_price']} a year, two inspections"],
        ),
        "report": (f"Commissioning report {facts['serial']}", [facts["line"], facts["process"], "Signed:"]),
        "certificate": ("ISO 9001 certificate", ["Certified since 2009"]),
        "brochure": (f"Brochure {facts['product']}", ["What it does, in two pages"]),
        "manual": (f"Manual {facts['product']}", ["4 Maintenance", "5 Diaphragm", "6 Firmware"]),
    }.get(
        stem, (f"Datasheet {facts['product']}", [f"Flow up to {facts['flow']} l/h", "Pressure up to 10 bar"])
    )


def _table(rng: Random, stem: str) -> str:
    if stem in {"visitors", "participants"}:
        rows = [f"{name},{rng.choice(('morning', 'late', 'night'))}" for name in PARTICIPANTS]
        return "\n".join(["name,shift", *rows]) + "\n"
    if stem in {"questionnaire", "forecast"}:
        rows = [f"{number},{rng.choice(('yes', 'no', 'see attachment'))}" for number in range(1, 19)]
        return "\n".join(["question,answer", *rows]) + "\n"
    rows = [f"{minute},{rng.uniform(3, 7.4):.2f},{rng.uniform(180, 240):.1f}" for minute in range(0, 240, 5)]
    return "\n".join(["minute,pressure_bar,flow_lh", *rows]) + "\n"


def _notes(facts: dict[str, str]) -> str:
    return (
        f"Notes: {facts['company']}, {facts['site']}\n\n- {facts['line']}: {facts['process']}\n"
        f"- {facts['quantity']} x {facts['products']}, {facts['order']}\n- Next step: revised figures\n"
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
