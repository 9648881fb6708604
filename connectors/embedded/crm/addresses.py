"""Reads the address rules of `insights.capture.rules` against the row store, for one reader."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from connectors.embedded.crm.access import Access
from connectors.embedded.crm.row import StoredRow
from connectors.embedded.crm.rows import COLUMNS, stored_row, unindexed
from connectors.embedded.crm.tables import lookups, rows
from insights.capture.addresses import address_key
from insights.capture.rules import (
    RULES,
    Contacts,
    Lookup,
    OwnAddresses,
    Rule,
    Stakeholders,
    custom_rules,
)
from insights.model import RecordAddress, RecordRef

STAKEHOLDER_TABLES = ("contact", "account")
STAKEHOLDER_LIMIT = 500


@dataclass
class AddressBook:
    """The addresses of records as far as one user may read the rows they stand in."""

    access: Access

    def addresses(self, ref: RecordRef) -> list[RecordAddress]:
        """The record's addresses, each once, nearest relation first; raises NotFound."""
        row = self.access.require(ref)
        found: dict[str, RecordAddress] = {}
        for address in self._by_rules(row, self.rules(ref.table)):
            found.setdefault(address_key(address.address), address)
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

    def stakeholders(self, ref: RecordRef, tables: Sequence[str] = STAKEHOLDER_TABLES) -> list[StoredRow]:
        """The rows of `tables` that an active connection joins with the record, from either side."""
        near, far = lookups.alias(), lookups.alias()
        statement = (
            select(far.c.target_table, far.c.target_id)
            .join(near, (near.c.table_name == far.c.table_name) & (near.c.row_id == far.c.row_id))
            .join(rows, (rows.c.table_name == near.c.table_name) & (rows.c.id == near.c.row_id))
            .where(
                near.c.target_id == ref.id,
                near.c.target_table == ref.table,
                near.c.table_name == "connection",
                near.c.column_name.in_(("record1id", "record2id")),
                far.c.column_name.in_(("record1id", "record2id")),
                far.c.column_name != near.c.column_name,
                far.c.target_table.in_(tables),
                rows.c.state == 0,
                self.access.where(),
            )
            .order_by(rows.c.created_at, rows.c.id)
            .limit(STAKEHOLDER_LIMIT)
        )
        refs = [RecordRef(*found) for found in self.access.connection.execute(statement)]
        readable = self.access.find_all(refs)
        return [readable[found] for found in dict.fromkeys(refs) if found in readable]

    def own(self, row: StoredRow, relation: str) -> Iterator[RecordAddress]:
        """What the row's email columns hold, in the order of its table."""
        table = self.access.schema.get(row.table)
        declared = table.email_columns if table else ()
        further = (c.name for n in row.attributes if table and (c := table.column(n)) and c.kind == "email")
        for column in dict.fromkeys((*declared, *further)):
            address = row.text(column).strip()
            if address_key(address):
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
