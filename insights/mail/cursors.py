"""Cursors of what is read of a mailbox piece by piece: opaque, good for that mailbox and question only."""

import base64
import binascii
import json
import zlib
from hashlib import blake2b
from typing import Any

from insights.errors import Invalid

MOST_BYTES = 4 * 1024 * 1024
"""Of a cursor taken apart: one that is larger is none of ours, however small it was packed."""


def write_cursor(purpose: str, mailbox: str, state: Any) -> str:
    """A cursor for a state that JSON can hold; `mailbox` names it, and cannot be read in the cursor."""
    text = json.dumps(state, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_mark(purpose, mailbox) + zlib.compress(text)).decode().rstrip("=")


def read_cursor(purpose: str, mailbox: str, cursor: str) -> Any:
    """The state of a cursor; raises Invalid for one of another mailbox or purpose, and for what is none."""
    mark = _mark(purpose, mailbox)
    try:
        content = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        if not content.startswith(mark):
            raise bad_cursor()
        unpacking = zlib.decompressobj()
        text = unpacking.decompress(content[len(mark) :], MOST_BYTES)
        if not unpacking.eof or unpacking.unused_data:
            raise bad_cursor()
        return json.loads(text)
    except (binascii.Error, zlib.error, UnicodeError, ValueError, RecursionError):
        raise bad_cursor() from None


def bad_cursor() -> Invalid:
    """A cursor that is none, or one of something else."""
    return Invalid(
        "This cursor is not one of this mailbox",
        "it was made for another one or for another question, or was changed",
        "start again without it",
        code="bad_cursor",
    )


def _mark(purpose: str, mailbox: str) -> bytes:
    return blake2b(f"{purpose} {mailbox}".encode("utf-8", "replace"), digest_size=8).digest()
