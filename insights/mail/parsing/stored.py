"""Messages as they lie in a store: their MIME, packed."""

import zlib

from insights.errors import Conflict
from insights.mail.parsing.parsed import MESSAGE_LIMIT


def pack(raw: bytes) -> bytes:
    """The bytes of a message, smaller."""
    return zlib.compress(raw, 1)


def unpack(stored: bytes) -> bytes:
    """The bytes of a message; raises Conflict (`mail_unreadable`) where they are damaged or too many."""
    if not stored:
        return b""
    unpacking = zlib.decompressobj()
    try:
        raw = unpacking.decompress(stored, MESSAGE_LIMIT + 1)
    except zlib.error:
        raise _damaged() from None
    if not unpacking.eof or len(raw) > MESSAGE_LIMIT:
        raise _damaged()
    return raw


def _damaged() -> Conflict:
    return Conflict("mail_unreadable.damaged")
