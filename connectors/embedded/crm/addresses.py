"""Reads the address rules of `insights.crm.rules` against the row store, for one reader."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from connectors.embedded.crm.access import Access
from connectors.embedded.crm.row import StoredRow, chunks
from connectors.embedded.crm.rows import COLUMNS, stored_row, unindexed
from connectors.embedded.crm.tables import lookups, rows
from insights.crm.rules import (
    RULES,
    Contacts,
    Lookup,
    OwnAddresses,
    Rule,
    Stakeholders,
    custom_rules,
)
from insights.crm.tables import MOST_STAKEHOLDERS, STAKEHOLDERS
from insights.mail.addresses import relation_key
from insights.model import RecordAddress, RecordRef


@dataclass
class AddressBook:
    """The addresses of records as far as one user may read the rows they stand in."""

    access: Access

    def addresses(self, ref: RecordRef) -> list[RecordAddress]:
        """The record's addresses, each once, nearest relation first; raises NotFound."""
        row = self.access.require(ref)
        found: dict[str, RecordAddress] = {}
        for address in self._by_rules(row, self.rules(ref.table)):
            found.setdefault(relation_key(address.address), address)
        return list(found.values())

    def rules(self, table: str) -> Sequence[Rule]:
        """The rules of a table, custom ones by their lookups."""
        known = RULES.get(table)
        if known is not None:
            return known
        schema = self.access.schema.get(table)
        return custom_rules(schema.lookups()) if schema else ()

    def first_contacts(self, account_id: str, limit: int) -> list[StoredRow]:
        """The first contacts, by name, whose parent is the account."""
        statement = (
            select(*COLUMNS)
            .join(lookups, (lookups.c.table_name == rows.c.table_name) & (lookups.c.row_id == rows.c.id))
            .where(
                lookups.c.target_id == account_id,
                lookups.c.target_table == "account",
                lookups.c.table_name == "contact",
                lookups.c.column_name == "parentcustomerid",
                self.access.where(),
            )
            .order_by(unindexed(rows.c.name_key), rows.c.id)
            .limit(limit)
        )
        return [stored_row(found) for found in self.access.connection.execute(statement)]

    def first_contact_ids(self, account_ids: Collection[str], limit: int) -> set[str]:
        """The ids of those whom `first_contacts` lists for any of the accounts."""
        place = func.row_number().over(
            partition_by=lookups.c.target_id, order_by=(rows.c.name_key, rows.c.id)
        )
        found: set[str] = set()
        for chunk in chunks(account_ids):
            numbered = (
                select(rows.c.id, place.label("place"))
                .join(lookups, (lookups.c.table_name == rows.c.table_name) & (lookups.c.row_id == rows.c.id))
                .where(
                    lookups.c.target_id.in_(chunk),
                    lookups.c.target_table == "account",
                    lookups.c.table_name == "contact",
                    lookups.c.column_name == "parentcustomerid",
                    self.access.where(),
                )
                .subquery()
            )
            statement = select(numbered.c.id).where(numbered.c.place <= limit)
            found.update(self.access.connection.execute(statement).scalars())
        return found

    def stakeholders(self, ref: RecordRef) -> list[StoredRow]:
        """The contacts and accounts that an active connection joins with the record, from either side."""
        return self.connected([ref], STAKEHOLDERS).get(ref, [])[:MOST_STAKEHOLDERS]

    def connected(
        self, refs: Collection[RecordRef], tables: Sequence[str]
    ) -> dict[RecordRef, list[StoredRow]]:
        """The rows of `tables` that an active connection joins with each of the records."""
        near, far = lookups.alias(), lookups.alias()
        wanted = set(refs)
        pairs: list[tuple[RecordRef, RecordRef]] = []
        for chunk in chunks({ref.id for ref in refs}):
            statement = (
                select(near.c.target_table, near.c.target_id, far.c.target_table, far.c.target_id)
                .join(far, (near.c.table_name == far.c.table_name) & (near.c.row_id == far.c.row_id))
                .join(rows, (rows.c.table_name == near.c.table_name) & (rows.c.id == near.c.row_id))
                .where(
                    near.c.target_id.in_(chunk),
                    near.c.table_name == "connection",
                    near.c.column_name.in_(("record1id", "record2id")),
                    far.c.column_name.in_(("record1id", "record2id")),
                    far.c.column_name != near.c.column_name,
                    far.c.target_table.in_(tables),
                    rows.c.state == 0,
                    self.access.where(),
                )
                .order_by(rows.c.created_at, rows.c.id)
            )
            found = self.access.connection.execute(statement)
            pairs += [(RecordRef(*pair[:2]), RecordRef(*pair[2:])) for pair in found]
        readable = self.access.find_all(list({far_ref for _, far_ref in pairs}))
        joined: dict[RecordRef, list[StoredRow]] = {}
        for near_ref, far_ref in dict.fromkeys(pairs):
            if near_ref in wanted and far_ref in readable:
                joined.setdefault(near_ref, []).append(readable[far_ref])
        return joined

    def own(self, row: StoredRow, relation: str) -> Iterator[RecordAddress]:
        """What the row's email columns hold, in the order of its table."""
        table = self.access.schema.get(row.table)
        declared = table.email_columns if table else ()
        further = (c.name for n in row.attributes if table and (c := table.column(n)) and c.kind == "email")
        for column in dict.fromkeys((*declared, *further)):
            address = row.text(column).strip()
            if relation_key(address):
                yield RecordAddress(address, row.name, relation)

    def _by_rules(self, row: StoredRow, rules: Sequence[Rule]) -> Iterator[RecordAddress]:
        for rule in rules:
            match rule:
                case OwnAddresses():
                    yield from self.own(row, rule.relation)
                case Lookup():
                    yield from self._by_lookup(row, rule)
                case Contacts():
                    for contact in self.first_contacts(row.id, rule.limit):
                        yield from self.own(contact, rule.relation)
                case Stakeholders():
                    for stakeholder in self.stakeholders(row.ref):
                        yield from self.own(stakeholder, rule.relation)

    def _by_lookup(self, row: StoredRow, rule: Lookup) -> Iterator[RecordAddress]:
        ref = row.lookup(rule.column)
        target = self.access.find(ref) if ref and ref.table == rule.only else None
        if target is None:
            return
        rules = self.rules(target.table) if rule.everything else LOOKED_UP[rule.only]
        for address in self._by_rules(target, rules):
            yield RecordAddress(address.address, address.name, rule.relation)


LOOKED_UP: dict[str, tuple[Rule, ...]] = {
    "contact": (OwnAddresses(),),
    "account": (Lookup("primarycontactid", "contact", "primary contact"), OwnAddresses()),
}
"""What a lookup to a contact or an account yields where not everything of it counts."""
