"""Cursors of lists that are ordered by time: the last item's (at, id), opaque to callers."""

import base64
import binascii
from datetime import UTC, datetime

from insights.errors import Invalid


def write_cursor(at: datetime, item_id: str) -> str:
    """The cursor that continues after this item."""
    return base64.urlsafe_b64encode(f"{at.isoformat()} {item_id}".encode()).decode().rstrip("=")


def read_cursor(cursor: str | None) -> tuple[datetime, str] | None:
    """The (at in UTC, id) a cursor stands for, None for no cursor; raises Invalid for anything else."""
    if cursor is None:
        return None
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        at_text, _, item_id = text.partition(" ")
        given = datetime.fromisoformat(at_text)
        at = given.astimezone(UTC) if given.tzinfo else None
    except (binascii.Error, UnicodeError, ValueError, OverflowError):
        at = None
        item_id = ""
    if at is None or not item_id or "\0" in item_id:
        raise Invalid("The cursor is not one of ours", do="start again without it", code="bad_cursor")
    return at, item_id
