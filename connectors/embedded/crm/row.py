"""A row of any table in memory, and how its texts become keys."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from connectors.embedded.crm.values import as_id
from insights.model import RecordRef

T = TypeVar("T")
CHUNK = 500  # bound parameters of one statement stay far below every engine's limit
LONGEST_KEY = 400


@dataclass(slots=True)
class StoredRow:
    """A row of any table; a lookup in `attributes` is `[table, id]`, a time ISO 8601 in UTC."""

    table: str
    id: str
    name: str
    created_at: datetime
    modified_at: datetime
    attributes: dict[str, Any] = field(default_factory=dict)
    state: int = 0
    created_by_id: str | None = None
    modified_by_id: str | None = None

    @property
    def ref(self) -> RecordRef:
        """The row by table and id."""
        return RecordRef(self.table, self.id)

    @property
    def owner_id(self) -> str | None:
        """The user or team that owns the row."""
        owner = self.lookup("ownerid")
        return owner.id if owner else None

    def lookup(self, column: str) -> RecordRef | None:
        """What a lookup column points to."""
        value = self.attributes.get(column)
        return RecordRef(*value) if isinstance(value, list) else None

    def text(self, column: str) -> str:
        """A column's text, "" where there is none."""
        value = self.attributes.get(column)
        return value if isinstance(value, str) else ""

    def time(self, *columns: str) -> datetime | None:
        """The first of these columns that holds a time."""
        return next((datetime.fromisoformat(self.text(c)) for c in columns if self.text(c)), None)


def search_key(text: str) -> str:
    """What names and searched words are compared by: no case, no accents, single spaces."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return clean(" ".join((bare or text).casefold().split()))[:LONGEST_KEY]


def clean(text: str) -> str:
    """Text that every database takes: without NUL and lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def clean_id(row_id: str) -> str:
    """An id from outside as it would be stored: never longer or odder than ids can be."""
    return as_id(clean(row_id))


def clean_ref(ref: RecordRef) -> RecordRef:
    """A reference from outside, both parts as they would be stored."""
    return RecordRef(clean(ref.table), clean_id(ref.id))


def message_key(internet_message_id: str) -> str:
    """The key of a Message-ID, which is compared exactly but for surrounding space."""
    return clean(internet_message_id.strip())[:LONGEST_KEY]


def by_table(refs: Iterable[RecordRef]) -> Iterator[tuple[str, list[str]]]:
    """(table, ids of at most `CHUNK` of its rows), so that each statement names one table.

    Pairs of table and id in one IN would have SQLite read the whole table.
    """
    ids: dict[str, list[str]] = {}
    for ref in refs:
        ids.setdefault(ref.table, []).append(ref.id)
    for table, found in ids.items():
        for chunk in chunks(found):
            yield table, chunk


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Lists of at most `size` items."""
    chunk: list[T] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
