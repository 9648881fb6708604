"""Undoes what a mail was packed in for its way (Content-Transfer-Encoding), however it is written."""

import binascii
import re
from base64 import b64decode
from quopri import decodestring

TOKEN = re.compile(r"[^\s;,()\"']+")
NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
PIECES = re.compile(rb"(?:[A-Za-z0-9+/]+={0,3})+")
PIECE = re.compile(rb"[A-Za-z0-9+/]+")
UUENCODED = frozenset(("x-uuencode", "uuencode", "uue", "x-uue"))
UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} ", re.MULTILINE)


def undo(content: bytes, encoding: str) -> bytes:
    """The bytes as they were before; of an encoding that nobody knows, the bytes as they came."""
    token = TOKEN.search(encoding)
    name = token[0].lower() if token else ""
    if name == "base64":
        return from_base64(content)
    if name == "quoted-printable":
        return decodestring(content)
    if name in UUENCODED:
        return _from_uu(content)
    return content


def from_base64(content: bytes) -> bytes:
    """Base64 with anything in between; in several pieces, each with its own end; what follows is no part."""
    end = content.find(b"=")
    if end < 0 or not content[end:].strip(b"= \t\r\n"):
        return _piece(content if end < 0 else content[:end])
    line_end = content.find(b"\n", end)
    line_start = content.rfind(b"\n", 0, end) + 1
    rest = [content[line_start : line_end if line_end >= 0 else len(content)]]
    rest += content[line_end:].split(b"\n") if line_end >= 0 else []
    pieces = [content[:line_start]]
    for line in filter(None, map(bytes.strip, rest)):
        if not PIECES.fullmatch(line):
            if len(pieces) == 1:  # something else is on the very line on which the first piece ends
                pieces += [PIECE.findall(line)[:1][0] if PIECE.match(line) else b"", b"="]
            break
        pieces.append(line)
    return b"".join(map(_piece, b"".join(pieces).split(b"=")))


def _piece(content: bytes) -> bytes:
    content = NO_BASE64.sub(b"", content)
    left = len(content) % 4
    if left == 1:  # six bits are no byte
        content = content[:-1]
    return b64decode(content + b"=" * (-len(content) % 4))


def _from_uu(content: bytes) -> bytes:
    found = UU_BEGIN.search(content)
    if not found:
        return content
    decoded = []
    for line in content[found.end() :].replace(b"\r\n", b"\n").split(b"\n")[1:]:
        if line.strip() == b"end":
            break
        try:
            decoded.append(binascii.a2b_uu(line))
        except binascii.Error:  # more characters than the line says; some encoders pad so
            size = (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0
            try:
                decoded.append(binascii.a2b_uu(line[:size]))
            except binascii.Error:
                continue
    return b"".join(decoded)
