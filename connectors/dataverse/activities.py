"""A record's activities, newest first: one batch of queries, each in the order of one of its times.

Which time places an activity depends on its kind and on which of its times are known, so that no
single order of the service will do: each query lists those that stand by the same time, and the first
`limit` of all together are the first of each.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from connectors.dataverse.about import Abouts
from connectors.dataverse.activity import (
    ACTUAL_END,
    ADDRESS_USED,
    DIRECTED,
    EMAIL_COLUMNS,
    ENDS,
    FILES,
    ID,
    KIND,
    OTHER_COLUMNS,
    OTHER_FILES,
    OTHER_PARTIES,
    OUTGOING,
    PARTIES,
    PARTY,
    REGARDING,
    SENT_ON,
    STARTS,
    TO_USERS,
    as_activity,
    parties_of,
    placed_at,
    read_email,
)
from connectors.dataverse.expressions import AnyOf, Collection
from connectors.dataverse.faults import not_found
from connectors.dataverse.metadata import CREATED_ON, STATE
from connectors.dataverse.query import Expand, Query
from connectors.dataverse.records import Records, as_guid, chunks, lookup, text
from connectors.dataverse.wire import Row
from insights.crm.activities import MEETINGS, direction_of
from insights.crm.conditions import Column, Compare, Condition, Either, Every, In, Not
from insights.model import CrmActivity, Record, RecordRef

Before = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of the timeline: from `since` on, before a position, at most `limit`."""

    since: datetime | None
    before: Before | None
    limit: int

    def around(self, column: Column) -> Iterator[Condition]:
        """The window as conditions on the time that places an activity; whole seconds, like the service's."""
        if self.since:
            yield Compare(column, "ge", self.since)
        if self.before:
            yield Compare(column, "le", self.before[0])

    def holds(self, at: datetime, activity_id: str) -> bool:
        """Whether an activity stands inside."""
        return (not self.since or at >= self.since) and (not self.before or (at, activity_id) < self.before)


class Activities:
    """The activities of records, for one user."""

    def __init__(self, records: Records) -> None:
        self._records, self._metadata = records, records.metadata
        self._abouts = Abouts(records)

    async def of_record(self, ref: RecordRef, window: Window) -> list[CrmActivity]:
        """Activities regarding or connected to the record that may be read, newest first by (at, id)."""
        table = self._metadata.record_table(ref.table)
        row_id = as_guid(ref.id)
        if not row_id:
            raise not_found(ref.table)
        main = replace(self._records.query(table), id=row_id)
        may_read = self._records.may_read("email")
        queries = list(self._queries(row_id, window)) if may_read else []
        directed = [self._directions(row_id, window)] if may_read else []
        answers = await self._records.api.all_rows([main, *queries, *directed], self._records.user)
        if not answers[0]:
            raise not_found(table.name)
        lists = answers[1 : 1 + len(queries)]
        lists += await self._rest_of_seconds(queries, lists, window)
        found = {str(row[ID.name]): row for rows in lists for row in rows}
        placed = sorted(((placed_at(row), key) for key, row in found.items()), reverse=True)
        rows = [found[key] for at, key in placed if window.holds(at, key)][: window.limit]
        directions = {str(row[ID.name]): row for rows in answers[1 + len(queries) :] for row in rows}
        return await self._describe(rows, directions, self._records.as_record(table, answers[0][0]))

    async def email(self, email_id: str) -> CrmActivity:
        """One email activity that may be read, else NotFound."""
        row = await read_email(self._records, email_id, EMAIL_COLUMNS, self._email_expand())
        return (await self._describe([row], {}, None))[0]

    def _queries(self, row_id: str, window: Window) -> Iterator[Query]:
        """What regards the record, by each time that may place it; then what is connected to it."""
        regarding = Compare(REGARDING, "eq", row_id)
        unsent, unended = Compare(SENT_ON, "eq", None), Compare(ACTUAL_END, "eq", None)
        yield self._emails([regarding], SENT_ON, window)
        yield self._emails([regarding, unsent], ACTUAL_END, window)
        yield self._emails([regarding, unsent, unended], CREATED_ON, window)
        others = [regarding, Compare(KIND, "ne", "email")]
        meeting = In(KIND, MEETINGS)
        no_meeting = Not(meeting)
        yield self._others([*others, meeting], STARTS, window)
        yield self._others([*others, no_meeting], ACTUAL_END, window)
        yield self._others([*others, no_meeting, unended], ENDS, window)
        unplanned = Every([no_meeting, unended, Compare(ENDS, "eq", None)])
        unplaced = Either([Every([meeting, Compare(STARTS, "eq", None)]), unplanned])
        yield self._others([*others, unplaced], CREATED_ON, window)
        if self._records.may_read("connection"):
            yield from self._connected(row_id)

    def _emails(self, conditions: Sequence[Condition], order: Column, window: Window) -> Query:
        every = Every([*conditions, Compare(order, "ne", None), *window.around(order)])
        return Query("emails", EMAIL_COLUMNS, every, [order, ID], _top(window), self._email_expand(),
                     descending=frozenset({order.name, ID.name}))  # fmt: skip

    def _email_expand(self) -> list[Expand]:
        return [PARTIES, FILES, *self._abouts.expand(taken=2)]

    def _others(self, conditions: Sequence[Condition], order: Column, window: Window) -> Query:
        every = Every([*conditions, Compare(order, "ne", None), *window.around(order)])
        return Query("activitypointers", OTHER_COLUMNS, every, [order, ID], _top(window),
                     [OTHER_PARTIES, OTHER_FILES], descending=frozenset({order.name, ID.name}))  # fmt: skip

    def _connected(self, row_id: str) -> Iterator[Query]:
        """All that is connected to the record, from either side; few, so that no window is needed."""
        for side, other in (("connections1", "record2id"), ("connections2", "record1id")):
            joined = Every([Compare(Column(other, "lookup"), "eq", row_id), Compare(STATE, "eq", 0)])
            emails: Condition = AnyOf(Collection(f"email_{side}"), joined)
            yield Query("emails", EMAIL_COLUMNS, emails, expand=self._email_expand())
            others = Every(
                [AnyOf(Collection(f"activitypointer_{side}"), joined), Compare(KIND, "ne", "email")]
            )
            yield Query("activitypointers", OTHER_COLUMNS, others, expand=[OTHER_PARTIES, OTHER_FILES])

    async def _rest_of_seconds(
        self, queries: Sequence[Query], answers: Sequence[list[Row]], window: Window
    ) -> list[list[Row]]:
        """What else stands at the second at which a query was cut: ids there have another order than ours.

        Rows imported together share a second; otherwise there is nothing to ask.
        """
        again: list[Query] = []
        for query, rows in zip(queries, answers, strict=True):
            if query.top is None or query.condition is None or len(rows) < query.top:
                continue
            last = placed_at(rows[-1])
            before = [row for row in rows if placed_at(row) > last]
            if sum(window.holds(placed_at(row), str(row[ID.name])) for row in before) < window.limit:
                same = Every([query.condition, Compare(query.order[0], "eq", last)])
                again.append(replace(query, condition=same, top=None))
        return await self._records.api.all_rows(again, self._records.user, all_pages=True) if again else []

    def _directions(self, row_id: str, window: Window) -> Query:
        """The direction of calls, which most timelines have; what is missing is asked for afterwards."""
        regarding = Compare(REGARDING, "eq", row_id)
        return Query("phonecalls", [ID, OUTGOING], regarding, [CREATED_ON], _top(window),
                     descending=frozenset({CREATED_ON.name}))  # fmt: skip

    async def _describe(
        self, rows: Sequence[Row], directions: dict[str, Row], viewed: Record | None
    ) -> list[CrmActivity]:
        """Activity rows with their parties, files, creators and what they are about."""
        abouts = await self._abouts.read(rows, [viewed] if viewed else [])
        await self._complete_parties(rows)
        directions = directions | await self._missing_directions(rows, directions)
        described = []
        for row in rows:
            about, own = abouts[str(row[ID.name])], directions.get(str(row[ID.name]), row)
            described.append(
                as_activity(row, direction_of(own.get(OUTGOING.name)), about.regarding, about.links)
            )
        return described

    async def _missing_directions(self, rows: Sequence[Row], known: dict[str, Row]) -> dict[str, Row]:
        queries = []
        for kind, entity_set in DIRECTED.items():
            ids = [
                str(row[ID.name]) for row in rows if row.get(KIND.name) == kind and row[ID.name] not in known
            ]
            queries += [Query(entity_set, [ID, OUTGOING], In(ID, part)) for part in chunks(ids)]
        answers = await self._records.api.all_rows(queries, self._records.user) if queries else []
        return {str(row[ID.name]): row for found in answers for row in found}

    async def _complete_parties(self, rows: Sequence[Row]) -> None:
        """Give parties without an address that of the row they are, as far as it may be read.

        Dataverse notes the address itself where mail is concerned; other activities may lack it.
        """
        lacking = [party for row in rows for party in parties_of(row)
                   if not text(party, ADDRESS_USED.name) and lookup(party, PARTY.name)]  # fmt: skip
        refs = {ref for party in lacking if (ref := lookup(party, PARTY.name))}
        people = [ref for ref in refs if ref.table in {"account", "contact", "lead"}]
        users = [ref.id for ref in refs if ref.table == TO_USERS]
        theirs, ours = await asyncio.gather(
            self._records.first_addresses(people), self._user_addresses(users)
        )
        addresses = theirs | ours
        for party in lacking:
            ref = lookup(party, PARTY.name)
            party[ADDRESS_USED.name] = addresses.get(ref, "") if ref else ""

    async def _user_addresses(self, ids: Sequence[str]) -> dict[RecordRef, str]:
        """Addresses of colleagues, who are no secret."""
        key, address = Column("systemuserid", "guid"), Column("internalemailaddress")
        queries = [Query("systemusers", [key, address], In(key, part)) for part in chunks(ids)]
        answers = await self._records.api.all_rows(queries, None) if queries else []
        return {
            RecordRef(TO_USERS, str(row[key.name])): text(row, address.name) for f in answers for row in f
        }


def _top(window: Window) -> int:
    """A position inside one second may leave out as many as stand at that second."""
    return window.limit + 50
