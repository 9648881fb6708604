"""Text of headers and parts as characters, whatever bytes and charsets claim to be."""

import re
from itertools import groupby
from quopri import decodestring

from insights.mail.parsing.charsets import decode
from insights.mail.parsing.transfer import from_base64

# What no database takes (PostgreSQL refuses NUL) and no encoder accepts (half of a surrogate pair).
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
RAW_BYTE = re.compile("[\udc80-\udcff]")  # how the parser hands out bytes that are no ASCII
LONE_SURROGATE = re.compile("[\ud800-\udc7f\udd00-\udfff]")
FOLD = re.compile(r"[\r\n]+[ \t]*")
ENCODED_WORD = re.compile(r"=\?([^?\s]+)\?([bBqQ])\?([^?]*)\?=")
BETWEEN_WORDS = re.compile(r"(\?=)\s+(?==\?[^?\s]+\?[bBqQ]\?)")


def storable(text: str) -> str:
    """The text with U+FFFD for NUL and lone surrogates; everything else stays as it is."""
    return UNSTORABLE.sub("\ufffd", text)


def unfold(value: str, charset: str = "") -> str:
    """A raw header value in one line, its 8-bit bytes read as UTF-8, else in the mail's own charset."""
    if RAW_BYTE.search(value):
        value = decode(LONE_SURROGATE.sub("\ufffd", value).encode("utf-8", "surrogateescape"), "", charset)
    return FOLD.sub(" ", value).strip(" \t\r\n")


def decode_words(value: str) -> str:
    """A header value with its encoded words (RFC 2047) decoded, also broken ones; in one line, storable."""
    if "=?" in value:
        value = _decoded(BETWEEN_WORDS.sub(r"\1", value))
    return storable(FOLD.sub(" ", value))


def _decoded(value: str) -> str:
    """Neighbours of one charset are joined before decoding: some mailers split inside a character."""
    pieces: list[tuple[str, bytes | str]] = []
    end = 0
    for word in ENCODED_WORD.finditer(value):
        if word.start() > end:
            pieces.append(("", value[end : word.start()]))
        charset = word[1].partition("*")[0].lower()
        pieces.append((charset, _word_bytes(word[2], word[3])))
        end = word.end()
    pieces.append(("", value[end:]))
    decoded = []
    for charset, group in groupby(pieces, key=lambda piece: piece[0]):
        parts = [part for _, part in group]
        content = b"".join(part for part in parts if isinstance(part, bytes))
        decoded.append(decode(content, charset) if charset else "".join(map(str, parts)))
    return "".join(decoded)


def _word_bytes(encoding: str, text: str) -> bytes:
    content = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return decodestring(content, header=True)
    return from_base64(content)
