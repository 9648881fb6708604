"""The address rules backwards: which records do these addresses belong to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from connectors.embedded.crm.access import Access
from connectors.embedded.crm.addresses import AddressBook
from connectors.embedded.crm.row import StoredRow, chunks
from connectors.embedded.crm.rows import COLUMNS, stored_row
from connectors.embedded.crm.search import as_records, timeline_tables
from connectors.embedded.crm.tables import addresses, lookups, rows
from insights.crm.rules import (
    CONTACTS_PER_ACCOUNT,
    MOST_ADDRESSES,
    MOST_MATCHES,
    Contacts,
    Lookup,
    OwnAddresses,
    Rule,
    Stakeholders,
    match_rank,
)
from insights.mail.addresses import relation_key
from insights.model import RecordMatch, RecordRef


@dataclass(frozen=True, slots=True)
class Reached:
    """A row that an address belongs to: the address, whose it is, the relation, how near it stands."""

    row: StoredRow
    address: str
    name: str
    relation: str
    nearness: int = 0


def find_matches(access: Access, wanted: Sequence[str]) -> list[RecordMatch]:
    """Records of these addresses: open opportunities and cases first, then persons, accounts, the rest."""
    search = Backwards(access, AddressBook(access))
    reached: dict[RecordRef, Reached] = {}
    for found in search.find(wanted):
        known = reached.get(found.row.ref)
        if known is None or found.nearness < known.nearness:
            reached[found.row.ref] = found
    best = sorted(reached.values(), key=_order)[:MOST_MATCHES]
    records = as_records(access, [found.row for found in best])
    return [
        RecordMatch(record, found.address, found.name, found.relation)
        for record, found in zip(records, best, strict=True)
    ]


def _order(found: Reached) -> tuple[int, int, float, str]:
    row = found.row
    rank = match_rank(row.table, is_open=row.state == 0)
    return rank, found.nearness, -row.modified_at.timestamp(), row.id


@dataclass
class Backwards:
    """Walks from addresses to rows, then along the rules from row to row."""

    access: Access
    book: AddressBook

    def find(self, wanted: Sequence[str]) -> Iterable[Reached]:
        """Every row reached, once per way."""
        direct = self._holders(wanted)
        contacts = [found for found in direct if found.row.table == "contact"]
        accounts = [found for found in direct if found.row.table == "account"]
        by_primary = self._pointing_at(contacts, "account", "primarycontactid", "primary contact")
        by_contact = self._accounts_of(contacts)
        for table in timeline_tables(self.access):
            yield from (found for found in direct if found.row.table == table.name)
            for nearness, rule in enumerate(self.book.rules(table.name)):
                if isinstance(rule, Contacts):
                    yield from (_as(found, found.row, rule.relation, nearness) for found in by_contact)
                    continue
                sources = self._sources(rule, contacts, accounts, by_primary, by_contact)
                yield from self._along(rule, table.name, sources, nearness)

    def _sources(
        self,
        rule: Rule,
        contacts: list[Reached],
        accounts: list[Reached],
        by_primary: list[Reached],
        by_contact: list[Reached],
    ) -> list[Reached]:
        """The rows whose addresses the rule lends to the record."""
        if isinstance(rule, Lookup) and rule.only == "account":
            return [*by_primary, *accounts, *(by_contact if rule.everything else ())]
        if isinstance(rule, Stakeholders):
            return [*contacts, *accounts]
        return contacts

    def _along(self, rule: Rule, table: str, sources: list[Reached], nearness: int) -> list[Reached]:
        match rule:
            case Lookup():
                return self._pointing_at(sources, table, rule.column, rule.relation, nearness)
            case Stakeholders():
                joined = self.book.connected({source.row.ref for source in sources}, (table,))
                return [
                    _as(source, row, rule.relation, nearness)
                    for source in sources
                    for row in joined.get(source.row.ref, ())
                ]
            case _:
                return []

    def _holders(self, wanted: Sequence[str]) -> list[Reached]:
        """Rows that have one of the addresses in a column of their own."""
        keys = {key: address for address in wanted[:MOST_ADDRESSES] if (key := relation_key(address))}
        tables = [table.name for table in timeline_tables(self.access)]
        statement = (
            select(*COLUMNS, addresses.c.address_key)
            .join(
                addresses, (addresses.c.table_name == rows.c.table_name) & (addresses.c.row_id == rows.c.id)
            )
            .where(addresses.c.address_key.in_(keys), rows.c.table_name.in_(tables), self.access.where())
            .order_by(rows.c.modified_at.desc())
            .limit(MOST_MATCHES)
        )
        return [
            Reached(stored_row(found), keys[found.address_key], found.name, OwnAddresses().relation)
            for found in self.access.connection.execute(statement)
        ]

    def _pointing_at(
        self, sources: list[Reached], table: str, column: str, relation: str, nearness: int = 0
    ) -> list[Reached]:
        """Rows of `table` whose lookup points to a source, latest first."""
        by_ref: dict[RecordRef, Reached] = {}
        for source in sources:
            by_ref.setdefault(source.row.ref, source)
        found: list[Reached] = []
        for chunk in chunks({ref.id for ref in by_ref}):
            statement = (
                select(*COLUMNS, lookups.c.target_table, lookups.c.target_id)
                .join(lookups, (lookups.c.table_name == rows.c.table_name) & (lookups.c.row_id == rows.c.id))
                .where(
                    lookups.c.target_id.in_(chunk),
                    lookups.c.table_name == table,
                    lookups.c.column_name == column,
                    self.access.where(),
                )
                .order_by(rows.c.state, rows.c.modified_at.desc())
                .limit(MOST_MATCHES)
            )
            for row in self.access.connection.execute(statement):
                through = by_ref.get(RecordRef(row.target_table, row.target_id))
                if through:
                    found.append(_as(through, stored_row(row), relation, nearness))
        return found

    def _accounts_of(self, contacts: list[Reached]) -> list[Reached]:
        """Parent accounts of the contacts that are among the account's first ones."""
        parents = {found.row.ref: found.row.lookup("parentcustomerid") for found in contacts}
        wanted = [parent for parent in parents.values() if parent and parent.table == "account"]
        accounts = self.access.find_all(list(dict.fromkeys(wanted)))
        first = self.book.first_contact_ids({ref.id for ref in accounts}, CONTACTS_PER_ACCOUNT)
        return [
            _as(found, accounts[parent], "contact", 0)
            for found in contacts
            if (parent := parents[found.row.ref]) in accounts and found.row.id in first
        ]


def _as(source: Reached, row: StoredRow, relation: str, nearness: int) -> Reached:
    """The same address, on its way one row further."""
    return Reached(row, source.address, source.name, relation, nearness)
