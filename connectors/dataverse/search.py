"""Finds records by name or address: equal first, then by how names begin, then by what they contain.

Every table is read in the service's own order of names. A cursor says for each table at which row the
page ended, so that no two pages disagree about that order.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.dataverse.metadata import Metadata, TableInfo
from connectors.dataverse.query import Query
from connectors.dataverse.records import Records, as_guid, text
from connectors.dataverse.spelling import has_address, held_keys, searchable_key
from connectors.dataverse.wire import Row
from insights.crm.conditions import Compare, Condition, Like, Not, every
from insights.crm.search import BY_ADDRESS, BY_PART, BY_START, SEARCH, Asked, ways_of
from insights.cursors import bad_cursor, read_cursor, write_cursor
from insights.errors import Invalid
from insights.mail.addresses import RelationKey
from insights.model import Page, Record

SAME_NAMES = 50
"""How many rows of the same name are expected before the one at which a page ended."""
LONGEST_TEXT = 200
Position = tuple[str, str]
"""Where a table's rows of a page ended: name and id."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What one table gives for one way of matching: its rows in the service's order, and whether more."""

    way: int
    table: TableInfo
    rows: list[Row]


class Search:
    """Searches for one user."""

    def __init__(self, records: Records, asked: Asked) -> None:
        self._records = records
        self._text = asked.text.replace("\0", "").strip()[:LONGEST_TEXT]
        self._text_key, self._email_key = searchable_key(asked.text), searchable_key(asked.email)
        self._is_nobody = bool(asked.email.strip()) and not self._email_key
        self._tables = [t for t in check_table(records.metadata, asked.table) if records.may_read(t.name)]

    async def page(self, cursor: str | None, limit: int) -> Page[Record]:
        """A page of the records that match and may be read."""
        first, positions = read_positions(cursor) if cursor else (BY_ADDRESS, {})
        if self._is_nobody:
            return Page([])
        ways = [way for way in ways_of(self._text, is_address=bool(self._text_key)) if way >= first]
        wanted = [(way, table) for way in ways for table in self._tables]
        streams = await self._read(wanted, {first: positions}, limit + 1)
        found: list[tuple[int, TableInfo, Row]] = []
        for way in ways:
            found += self._merged([stream for stream in streams if stream.way == way])
        records = [self._records.as_record(table, row) for _, table, row in found[:limit]]
        return Page(records, self._next(found, limit, first, positions))

    async def _read(
        self, wanted: Sequence[tuple[int, TableInfo]], after: dict[int, dict[str, Position]], limit: int
    ) -> list[Stream]:
        """The next rows of each table and way: one round trip, a further one where names repeat a lot."""
        streams: list[Stream] = []
        pending = [
            (way, table, after.get(way, {}).get(table.name), limit + SAME_NAMES) for way, table in wanted
        ]
        while pending:
            queries = [self._query(*each) for each in pending]
            answers = await self._records.api.all_rows(queries, self._records.user)
            again = []
            for (way, table, position, top), rows in zip(pending, answers, strict=True):
                rest = _behind(table, rows, position)
                kept = [row for row in rest if self._is_match(way, table, row)]
                if len(kept) < limit and len(rows) >= top and top < 5000:
                    again.append((way, table, position, 5000))
                else:
                    streams.append(Stream(way, table, kept[:limit]))
            pending = again
        return streams

    def _query(self, way: int, table: TableInfo, position: Position | None, top: int) -> Query:
        name = table.primary_name
        conditions = [self._has(table, self._email_key), self._condition(way, table)]
        if position and position[0] and name:
            conditions.append(Compare(name, "ge", position[0]))
        order = [*([name] if name else []), table.primary_id]
        return self._records.query(table, every(conditions), order=order, top=top)

    def _has(self, table: TableInfo, key: RelationKey) -> Condition | None:
        if not key:
            return None
        if table.email_columns:
            return has_address(table.email_columns, key)
        return Compare(table.primary_id, "eq", None)  # a table without addresses has no match

    def _condition(self, way: int, table: TableInfo) -> Condition | None:
        name = table.primary_name
        if not self._text or name is None:
            return None
        if way == BY_ADDRESS:
            return self._has(table, self._text_key)
        starts = Like("startswith", name, self._text)
        return starts if way == BY_START else every([Like("contains", name, self._text), Not(starts)])

    def _is_match(self, way: int, table: TableInfo, row: Row) -> bool:
        """What the service's looser comparison lets through is sorted out, and what an earlier way found."""
        keys = held_keys(row, table.email_columns)
        if self._email_key and self._email_key not in keys:
            return False
        if self._text_key:
            return (self._text_key in keys) == (way == BY_ADDRESS)
        return True

    def _merged(self, streams: Sequence[Stream]) -> list[tuple[int, TableInfo, Row]]:
        """Rows of several tables by name, each table's in its own order."""
        heads = [list(reversed(stream.rows)) for stream in streams]
        found: list[tuple[int, TableInfo, Row]] = []
        while any(heads):
            at = min(
                (index for index, rows in enumerate(heads) if rows),
                key=lambda index: (_name(streams[index].table, heads[index][-1]).casefold(), index),
            )
            found.append((streams[at].way, streams[at].table, heads[at].pop()))
        return found

    def _next(
        self, found: Sequence[tuple[int, TableInfo, Row]], limit: int, first: int, before: dict[str, Position]
    ) -> str | None:
        if len(found) <= limit:
            return None
        way = found[limit - 1][0]
        positions = dict(before) if way == first else {}
        for each, table, row in found[:limit]:
            if each == way:
                positions[table.name] = (_name(table, row), str(row[table.primary_id.name]))
        return write_cursor(SEARCH, "", [way, positions])


def check_table(metadata: Metadata, name: str) -> list[TableInfo]:
    """The tables to search; raises Invalid for one without a timeline."""
    if not name:
        return metadata.timeline
    found = [table for table in metadata.timeline if table.name == name]
    if not found:
        names = ", ".join(table.name for table in metadata.timeline)
        raise Invalid("unknown_table.not_searched", names=names)
    return found


def read_positions(cursor: str) -> tuple[int, dict[str, Position]]:
    """The way of matching and the position in each table; raises Invalid."""
    try:
        way, given = read_cursor(SEARCH, "", cursor)
        positions = {str(table): (str(name), as_guid(row_id)) for table, (name, row_id) in given.items()}
        if way not in {BY_ADDRESS, BY_START, BY_PART} or not all(row_id for _, row_id in positions.values()):
            raise bad_cursor()
    except (ValueError, TypeError, AttributeError):
        raise bad_cursor() from None
    return way, positions


def _behind(table: TableInfo, rows: list[Row], position: Position | None) -> list[Row]:
    """The rows after the one at which the last page ended; all, if that is gone."""
    ids = [str(row[table.primary_id.name]) for row in rows]
    return rows[ids.index(position[1]) + 1 :] if position and position[1] in ids else rows


def _name(table: TableInfo, row: Row) -> str:
    return text(row, table.primary_name.name) if table.primary_name else ""
