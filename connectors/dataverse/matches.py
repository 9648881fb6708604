"""The address rules backwards: which records do these addresses belong to. Three round trips at most."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from connectors.dataverse.addresses import PARENT, PRIMARY, SIDES, first_contacts
from connectors.dataverse.metadata import MODIFIED_ON, STATE, TableInfo
from connectors.dataverse.query import Query
from connectors.dataverse.records import Records, chunks, lookup, text
from connectors.dataverse.spelling import address_conditions, held_keys, searchable_key
from connectors.dataverse.wire import Row
from insights.crm.conditions import Column, Compare, Condition, Every, In
from insights.crm.rules import (
    MOST_ADDRESSES,
    MOST_MATCHES,
    Contacts,
    Lookup,
    OwnAddresses,
    Rule,
    Stakeholders,
    match_rank,
)
from insights.mail.addresses import RelationKey
from insights.model import RecordMatch, RecordRef


@dataclass(frozen=True, slots=True)
class Reached:
    """A row that an address belongs to: the address, whose it is, the relation, how near it stands."""

    table: TableInfo
    row: Row
    address: str
    name: str
    relation: str
    nearness: int = 0

    @property
    def id(self) -> str:
        """The row's id."""
        return str(self.row[self.table.primary_id.name])

    def as_of(self, table: TableInfo, row: Row, relation: str, nearness: int) -> "Reached":
        """The same address, on its way one row further."""
        return Reached(table, row, self.address, self.name, relation, nearness)


@dataclass
class Sources:
    """Rows that lend addresses to others, by how they were reached."""

    contacts: list[Reached]
    accounts: list[Reached]
    by_primary: list[Reached] = field(default_factory=list)
    by_contact: list[Reached] = field(default_factory=list)
    connected: dict[str, list[Reached]] = field(default_factory=dict)
    """By id of a record: the persons and accounts connected to it."""


async def find_matches(records: Records, wanted: Sequence[str]) -> list[RecordMatch]:
    """Records of these addresses: open opportunities and cases first, then persons, accounts, the rest."""
    keys = {key: address for address in wanted[:MOST_ADDRESSES] if (key := searchable_key(address))}
    if not keys:
        return []
    reached: dict[RecordRef, Reached] = {}
    for found in await Backwards(records).find(keys):
        ref = RecordRef(found.table.name, found.id)
        known = reached.get(ref)
        if known is None or found.nearness < known.nearness:
            reached[ref] = found
    best = sorted(reached.values(), key=_order)[:MOST_MATCHES]
    return [
        RecordMatch(records.as_record(found.table, found.row), found.address, found.name, found.relation)
        for found in best
    ]


class Backwards:
    """Walks from addresses to rows, then along the rules from row to row."""

    def __init__(self, records: Records) -> None:
        self._records, self._metadata = records, records.metadata

    async def find(self, keys: dict[RelationKey, str]) -> list[Reached]:
        """Every row reached, once per way."""
        direct = await self._holders(keys)
        contacts = [found for found in direct if found.table.name == "contact"]
        accounts = [found for found in direct if found.table.name == "account"]
        sources = Sources(contacts, accounts)
        await self._reach_accounts(sources)
        found = list(direct)
        account = self._metadata["account"]
        found += [each.as_of(account, each.row, "primary contact", 0) for each in sources.by_primary]
        found += [each.as_of(account, each.row, "contact", 1) for each in sources.by_contact]
        return found + await self._along_rules(sources)

    async def _holders(self, keys: dict[RelationKey, str]) -> list[Reached]:
        """Rows that have one of the addresses in a column of their own."""
        asked = [
            (table, self._query(table, condition, top=MOST_MATCHES))
            for table in self._metadata.timeline
            if table.email_columns and self._records.may_read(table.name)
            for condition in address_conditions(table.email_columns, keys)
        ]
        answers = await self._records.api.all_rows([query for _, query in asked], self._records.user)
        found: dict[str, Reached] = {}
        for (table, _), rows in zip(asked, answers, strict=True):
            nearness = [isinstance(rule, OwnAddresses) for rule in self._metadata.rules(table.name)].index(
                True
            )
            for row in rows:
                held = next((key for key in held_keys(row, table.email_columns) if key in keys), None)
                if held:
                    reached = Reached(
                        table, row, keys[held], _name(table, row), OwnAddresses().relation, nearness
                    )
                    found.setdefault(reached.id, reached)
        return list(found.values())

    async def _reach_accounts(self, sources: Sources) -> None:
        """Fill in accounts by their primary contact or as parents, and who is connected to what."""
        account, contact = self._metadata["account"], self._metadata["contact"]
        by_id = {found.id: found for found in sources.contacts}
        parents = {ref.id for found in sources.contacts
                   if (ref := lookup(found.row, PARENT.name)) and ref.table == "account"}  # fmt: skip
        primary = Column(PRIMARY, "lookup")
        asked: list[tuple[str, Query]] = []
        if self._records.may_read("account"):
            asked += [
                ("primary", self._query(account, In(primary, ids), more=[primary]))
                for ids in chunks([*by_id])
            ]
            asked += [
                ("parent", self._query(account, In(account.primary_id, ids))) for ids in chunks([*parents])
            ]
            asked += [
                ("first", first_contacts(contact, [contact.primary_id, PARENT], each)) for each in parents
            ]
        people = [*by_id, *(found.id for found in sources.accounts)]
        asked += [("connection", query) for query in self._connections(people)]
        if not asked:
            return
        answers = await self._records.api.all_rows([query for _, query in asked], self._records.user)
        brought: dict[str, list[Row]] = {"primary": [], "parent": [], "first": [], "connection": []}
        for (kind, _), rows in zip(asked, answers, strict=True):
            brought[kind] += rows
        for row in brought["primary"]:
            through = by_id[str(row[primary.property])]
            sources.by_primary.append(through.as_of(account, row, "primary contact", 0))
        self._reach_parents(sources, brought["parent"], {str(r["contactid"]) for r in brought["first"]})
        self._reach_connected(sources, brought["connection"])

    def _reach_parents(self, sources: Sources, accounts: Sequence[Row], first: set[str]) -> None:
        account = self._metadata["account"]
        rows = {str(row[account.primary_id.name]): row for row in accounts}
        for found in sources.contacts:
            parent = lookup(found.row, PARENT.name)
            if parent and parent.id in rows and found.id in first:
                sources.by_contact.append(found.as_of(account, rows[parent.id], "contact", 1))

    def _connections(self, ids: Sequence[str]) -> Iterable[Query]:
        if not self._records.may_read("connection"):
            return
        columns = [column for _, column in SIDES]
        for chunk in chunks(ids):
            for _, side in SIDES:
                condition = Every([In(side, chunk), Compare(STATE, "eq", 0)])
                yield Query("connections", columns, condition, top=1000)

    def _reach_connected(self, sources: Sources, connections: Sequence[Row]) -> None:
        people = {found.id: found for found in (*sources.contacts, *sources.accounts)}
        for row in connections:
            ids = [str(row.get(column.property)) for _, column in SIDES]
            for near, far in (ids, reversed(ids)):
                if near in people:
                    sources.connected.setdefault(far, []).append(people[near])

    async def _along_rules(self, sources: Sources) -> list[Reached]:
        asked: list[tuple[TableInfo, Rule, int, Query]] = []
        for table in self._metadata.timeline:
            if not self._records.may_read(table.name):
                continue
            for nearness, rule in enumerate(self._metadata.rules(table.name)):
                if not isinstance(rule, Contacts) and (table.name, nearness) != ("account", 0):
                    asked += [(table, rule, nearness, query) for query in self._queries(table, rule, sources)]
        if not asked:
            return []
        answers = await self._records.api.all_rows([query for *_, query in asked], self._records.user)
        found: list[Reached] = []
        for (table, rule, nearness, _), rows in zip(asked, answers, strict=True):
            for row in rows:
                through = self._through(table, rule, row, sources)
                found += [each.as_of(table, row, rule.relation, nearness) for each in through]
        return found

    def _queries(self, table: TableInfo, rule: Rule, sources: Sources) -> Iterable[Query]:
        match rule:
            case Lookup() if (rule.column, rule.only) in table.navigation:
                column = Column(rule.column, "lookup")
                lenders = dict.fromkeys(found.id for found in self._lenders(rule, sources))
                for ids in chunks([*lenders]):
                    yield self._query(table, In(column, ids), top=MOST_MATCHES, more=[column])
            case Stakeholders():
                for ids in chunks([*sources.connected]):
                    yield self._query(table, In(table.primary_id, ids), top=MOST_MATCHES)

    def _lenders(self, rule: Lookup, sources: Sources) -> list[Reached]:
        """The rows whose addresses the rule lends to the record."""
        if rule.only == "contact":
            return sources.contacts
        return [*sources.by_primary, *sources.accounts, *(sources.by_contact if rule.everything else ())]

    def _through(self, table: TableInfo, rule: Rule, row: Row, sources: Sources) -> list[Reached]:
        if isinstance(rule, Stakeholders):
            return sources.connected.get(str(row[table.primary_id.name]), [])
        if isinstance(rule, Lookup):
            target = row.get(Column(rule.column, "lookup").property)
            return [found for found in self._lenders(rule, sources) if found.id == target][:1]
        return []

    def _query(
        self, table: TableInfo, condition: Condition, *, top: int | None = None, more: Sequence[Column] = ()
    ) -> Query:
        extra = [*more, STATE, MODIFIED_ON, *([PARENT] if table.name == "contact" else [])]
        query = self._records.query(table, condition, order=[STATE, MODIFIED_ON], top=top, more=extra)
        return replace(query, descending=frozenset({MODIFIED_ON.name}))


def _order(found: Reached) -> tuple[int, int, str, str]:
    rank = match_rank(found.table.name, is_open=found.row.get(STATE.name) in {0, None})
    return rank, found.nearness, _newest_first(text(found.row, MODIFIED_ON.name)), found.id


def _newest_first(at: str) -> str:
    """A key that sorts later times first: digits turned around."""
    return at.translate(str.maketrans("0123456789", "9876543210"))


def _name(table: TableInfo, row: Row) -> str:
    return text(row, table.primary_name.name) if table.primary_name else ""
