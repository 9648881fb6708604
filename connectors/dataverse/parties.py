"""Who took part in an email: addresses resolved to users, contacts, leads and accounts."""

from collections.abc import Iterable, Mapping, Sequence

from connectors.dataverse.expressions import clean
from connectors.dataverse.query import Query
from connectors.dataverse.records import Records, text
from connectors.dataverse.spelling import CONDITIONS_AT_ONCE, address_conditions, held_keys
from connectors.dataverse.wire import Row
from insights.crm.activities import BCC, CC, SENDER, TO
from insights.crm.conditions import Column, Compare, Either
from insights.crm.tables import HOLDERS
from insights.mail.addresses import MailboxKey, RelationKey, mailbox_key, relation_key
from insights.model import Message, RecordRef

USER_ADDRESS = Column("internalemailaddress")
USER_ID, CREATED_ON = Column("systemuserid", "guid"), Column("createdon", "time")
LONGEST_ADDRESS = 200
Bodies = list[dict[str, object]]


def listed(message: Message) -> list[tuple[int, str]]:
    """(participation, address) of everybody in the message whose address is one."""
    parts: Sequence[tuple[int, Iterable[str]]] = (
        (SENDER, (message.sender, *message.authors)),
        (TO, message.to),
        (CC, message.cc),
        (BCC, message.bcc),
    )
    found = [(mask, clean(address).strip()) for mask, addresses in parts for address in addresses]
    return [(m, a) for m, a in found if relation_key(a) and len(a) <= LONGEST_ADDRESS]


def user_queries(addresses: Iterable[str]) -> list[Query]:
    """Queries of the users with these whole addresses."""
    wanted = [Compare(USER_ADDRESS, "eq", key) for key in dict.fromkeys(map(mailbox_key, addresses)) if key]
    slices = [
        wanted[start : start + CONDITIONS_AT_ONCE] for start in range(0, len(wanted), CONDITIONS_AT_ONCE)
    ]
    columns = [USER_ID, USER_ADDRESS]
    return [Query("systemusers", columns, Either(some), [CREATED_ON, USER_ID]) for some in slices]


def person_queries(records: Records, addresses: Iterable[str]) -> list[tuple[str, Query]]:
    """Queries of the contacts, leads and accounts with these addresses, with the table of each."""
    keys = list(dict.fromkeys(map(relation_key, addresses)))
    return [
        (name, Query(table.entity_set, [table.primary_id, *table.email_columns], condition,
                     [CREATED_ON, table.primary_id]))
        for name in HOLDERS
        if records.may_read(name) and (table := records.metadata[name]).email_columns
        for condition in address_conditions(table.email_columns, keys)
    ]  # fmt: skip


def resolve(
    records: Records,
    addresses: Iterable[str],
    users: Iterable[Row],
    persons: Iterable[tuple[str, Sequence[Row]]],
) -> dict[str, RecordRef]:
    """Whom addresses belong to: the user of the whole address, else the first contact, lead or account."""
    by_mailbox: dict[MailboxKey, RecordRef] = {}
    for row in users:
        ref = RecordRef("systemuser", str(row[USER_ID.name]))
        by_mailbox.setdefault(mailbox_key(text(row, USER_ADDRESS.name)), ref)
    by_relation: dict[RelationKey, RecordRef] = {}
    for name, rows in persons:
        table = records.metadata[name]
        for row in rows:
            for key in held_keys(row, table.email_columns):
                by_relation.setdefault(key, RecordRef(name, str(row[table.primary_id.name])))
    found: dict[str, RecordRef] = {}
    for address in addresses:
        if known := by_mailbox.get(mailbox_key(address)) or by_relation.get(relation_key(address)):
            found[address] = known
    return found


def party_bodies(records: Records, message: Message, known: Mapping[str, RecordRef]) -> Bodies:
    """The parties as `email_activity_parties` takes them: with the row if it is known, else the address."""
    bodies: Bodies = []
    for mask, address in listed(message):
        body: dict[str, object] = {"participationtypemask": mask, "addressused": address}
        ref = known.get(address)
        navigation = records.metadata["activityparty"].navigation.get(("partyid", ref.table)) if ref else None
        if ref and navigation:
            body[f"{navigation}@odata.bind"] = f"/{records.metadata[ref.table].entity_set}({ref.id})"
        bodies.append(body)
    return bodies
