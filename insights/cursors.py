"""Cursors of lists that are read piece by piece: opaque, and good for one list only."""

import base64
import binascii
import json
import zlib
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from insights.errors import Invalid

MOST_BYTES = 4 * 1024 * 1024
"""Of a cursor taken apart: one that is larger is none of ours, however small it was packed."""


def write_cursor(purpose: str, subject: str, state: Any) -> str:
    """A cursor for a state that JSON can hold; `subject` names the list, and cannot be read in the cursor."""
    text = json.dumps(state, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_mark(purpose, subject) + zlib.compress(text)).decode().rstrip("=")


def read_cursor(purpose: str, subject: str, cursor: str) -> Any:
    """The state of a cursor; raises Invalid for one of another list, and for what is none."""
    mark = _mark(purpose, subject)
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


def write_position(purpose: str, at: datetime, item_id: str) -> str:
    """The cursor of a list that is ordered by time, behind this item."""
    return write_cursor(purpose, "", [at.isoformat(), item_id])


def read_position(purpose: str, cursor: str | None) -> tuple[datetime, str] | None:
    """The (at in UTC, id) a cursor stands for, None for no cursor; raises Invalid for anything else."""
    if cursor is None:
        return None
    try:
        at_text, item_id = read_cursor(purpose, "", cursor)
        given = datetime.fromisoformat(at_text)
        at = given.astimezone(UTC) if given.tzinfo else None
    except (ValueError, TypeError, OverflowError):
        raise bad_cursor() from None
    if at is None or not isinstance(item_id, str) or not item_id or "\0" in item_id:
        raise bad_cursor()
    return at, item_id


def bad_cursor() -> Invalid:
    """A cursor that is none, or one of something else."""
    return Invalid("bad_cursor")


def _mark(purpose: str, subject: str) -> bytes:
    return blake2b(f"{purpose} {subject}".encode("utf-8", "replace"), digest_size=8).digest()
