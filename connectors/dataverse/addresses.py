"""The address rules of `insights.crm.rules` as one batch of reads.

The record comes with the rows its lookups lead to; first contacts and stakeholders are queries of
their own beside it. What the user may not read, the service leaves out of each.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connectors.dataverse.expressions import AnyOf, Collection
from connectors.dataverse.faults import not_found
from connectors.dataverse.metadata import STATE, TableInfo
from connectors.dataverse.query import Expand, Query, split_expands
from connectors.dataverse.records import Records, as_guid, text
from connectors.dataverse.wire import Row
from insights.crm.conditions import Column, Compare, Condition, Every
from insights.crm.rules import CONTACTS_PER_ACCOUNT, Contacts, Lookup, OwnAddresses, Rule, Stakeholders
from insights.crm.tables import MOST_STAKEHOLDERS, STAKEHOLDERS
from insights.mail.addresses import relation_key
from insights.model import RecordAddress, RecordRef

PARENT, PRIMARY = Column("parentcustomerid", "lookup"), "primarycontactid"
CONTACTS = "contact_customer_accounts"
SIDES = (("connections1", Column("record2id", "lookup")), ("connections2", Column("record1id", "lookup")))
"""Connections by the side that a row stands on, and the column of the other side."""


@dataclass
class Gathered:
    """What the batch brought: the record, its first contacts, its stakeholders."""

    row: Row
    contacts: Sequence[Row] = ()
    stakeholders: Sequence[tuple[TableInfo, Row]] = ()


class AddressBook:
    """The addresses of records as far as one user may read the rows they stand in."""

    def __init__(self, records: Records) -> None:
        self._records, self._metadata = records, records.metadata

    async def addresses(self, ref: RecordRef) -> list[RecordAddress]:
        """The record's addresses, each once, nearest relation first; raises NotFound."""
        table = self._metadata.record_table(ref.table)
        row_id = as_guid(ref.id)
        if not row_id:
            raise not_found(ref.table)
        rules = self._metadata.rules(table.name)
        gathered = await self._gather(table, row_id, rules)
        found: dict[str, RecordAddress] = {}
        for address in self._by_rules(table, gathered, rules):
            found.setdefault(relation_key(address.address), address)
        return list(found.values())

    async def _gather(self, table: TableInfo, row_id: str, rules: Sequence[Rule]) -> Gathered:
        columns, groups = self._own_columns(table), split_expands(list(self._expand(table, rules)))
        mains = [Query(table.entity_set, columns, expand=group, id=row_id) for group in groups]
        contacts = [self._first_contacts(row_id)] if self._has_contacts(rules) else []
        sides = list(self._connected(row_id)) if Stakeholders() in rules else []
        queries = [*mains, *contacts, *(query for _, query in sides)]
        rows = [page.rows for page in await self._records.api.pages(queries, self._records.user)]
        row = {name: value for main in rows[: len(mains)] for found in main for name, value in found.items()}
        if not row:
            raise not_found(table.name)
        stakeholders: dict[str, tuple[TableInfo, Row]] = {}
        for (other, _), some in zip(sides, rows[len(mains) + len(contacts) :], strict=True):
            stakeholders |= {str(each[other.primary_id.name]): (other, each) for each in some}
        joined = list(stakeholders.values())[:MOST_STAKEHOLDERS]
        return Gathered(row, rows[len(mains)] if contacts else (), joined)

    def _has_contacts(self, rules: Sequence[Rule]) -> bool:
        return Contacts() in rules and self._records.may_read("contact")

    def _own_columns(self, table: TableInfo) -> list[Column]:
        return [table.primary_id, *([table.primary_name] if table.primary_name else []), *table.email_columns]

    def _expand(self, table: TableInfo, rules: Sequence[Rule]) -> Iterator[Expand]:
        for rule in rules:
            if not isinstance(rule, Lookup) or not self._records.may_read(rule.only):
                continue
            navigation = table.navigation.get((rule.column, rule.only))
            if navigation:
                target = self._metadata[rule.only]
                inner = list(self._of_account(rule)) if rule.only == "account" else []
                yield Expand(navigation, self._own_columns(target), expand=inner)

    def _of_account(self, rule: Lookup) -> Iterator[Expand]:
        """What an account lends beside its own addresses."""
        contact = self._metadata["contact"]
        navigation = self._metadata["account"].navigation.get((PRIMARY, "contact"))
        if navigation and self._records.may_read("contact"):
            yield Expand(navigation, self._own_columns(contact))
            if rule.everything:
                yield Expand(CONTACTS, self._own_columns(contact))

    def _first_contacts(self, account_id: str) -> Query:
        """The first contacts by name; the service sorts and cuts."""
        contact = self._metadata["contact"]
        return first_contacts(contact, self._own_columns(contact), account_id)

    def _connected(self, row_id: str) -> Iterator[tuple[TableInfo, Query]]:
        """Contacts and accounts on the other side of an active connection, from either side."""
        if not self._records.may_read("connection"):
            return
        for name in STAKEHOLDERS:
            table = self._metadata[name]
            if self._records.may_read(name):
                for side, other in SIDES:
                    joined = Every([Compare(other, "eq", row_id), Compare(STATE, "eq", 0)])
                    condition: Condition = AnyOf(Collection(f"{name}_{side}"), joined)
                    query = Query(
                        table.entity_set, self._own_columns(table), condition, top=MOST_STAKEHOLDERS
                    )
                    yield table, query

    def _by_rules(
        self, table: TableInfo, gathered: Gathered, rules: Sequence[Rule]
    ) -> Iterator[RecordAddress]:
        contact = self._metadata["contact"]
        for rule in rules:
            match rule:
                case OwnAddresses():
                    yield from _own(table, gathered.row, rule.relation)
                case Lookup():
                    yield from self._by_lookup(table, gathered.row, rule)
                case Contacts():
                    for row in gathered.contacts[: rule.limit]:
                        yield from _own(contact, row, rule.relation)
                case Stakeholders():
                    for other, row in gathered.stakeholders:
                        yield from _own(other, row, rule.relation)

    def _by_lookup(self, table: TableInfo, row: Row, rule: Lookup) -> Iterator[RecordAddress]:
        target = row.get(table.navigation.get((rule.column, rule.only), ""))
        if not isinstance(target, dict):
            return
        contact = self._metadata["contact"]
        if rule.only == "account":
            primary = target.get(self._metadata["account"].navigation.get((PRIMARY, "contact"), ""))
            if isinstance(primary, dict):
                yield from _own(contact, primary, rule.relation)
            for each in sorted(target.get(CONTACTS) or (), key=_by_name)[:CONTACTS_PER_ACCOUNT]:
                yield from _own(contact, each, rule.relation)
        yield from _own(self._metadata[rule.only], target, rule.relation)


def first_contacts(contact: TableInfo, columns: Sequence[Column], account_id: str) -> Query:
    """A query of the first contacts, by name, whose parent is the account."""
    order = [*([contact.primary_name] if contact.primary_name else []), contact.primary_id]
    return Query(contact.entity_set, columns, Compare(PARENT, "eq", account_id), order, CONTACTS_PER_ACCOUNT)


def _own(table: TableInfo, row: Row, relation: str) -> Iterator[RecordAddress]:
    """What the row's email columns hold."""
    name = text(row, table.primary_name.name) if table.primary_name else ""
    for column in table.email_columns:
        address = text(row, column.name).strip()
        if relation_key(address):
            yield RecordAddress(address, name, relation)


def _by_name(contact: Row) -> tuple[str, str]:
    return text(contact, "fullname").casefold(), text(contact, "contactid")
