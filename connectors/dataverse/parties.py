"""Who took part in an email: addresses resolved to users, contacts, leads and accounts."""

from collections.abc import Iterable, Mapping, Sequence

from connectors.dataverse.expressions import Column, clean
from connectors.dataverse.query import Query
from connectors.dataverse.records import Records
from connectors.dataverse.spelling import address_conditions, held_keys
from connectors.dataverse.wire import Row
from insights.capture.addresses import address_key
from insights.model import Message, RecordRef

SENDER, TO, CC, BCC = 1, 2, 3, 4
USER_COLUMNS = [Column("internalemailaddress")]
USER_ID, CREATED_ON = Column("systemuserid", "guid"), Column("createdon", "time")
PERSONS = ("contact", "lead", "account")
"""What an address is resolved to, in this order, if it is no user's."""
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
    return [(m, a) for m, a in found if address_key(a) and len(a) <= LONGEST_ADDRESS]


def user_queries(keys: Sequence[str]) -> list[Query]:
    """Queries of the users with these addresses."""
    columns = [USER_ID, *USER_COLUMNS]
    return [Query("systemusers", columns, condition, [CREATED_ON, USER_ID])
            for condition in address_conditions(USER_COLUMNS, keys)]  # fmt: skip


def person_queries(records: Records, keys: Sequence[str]) -> list[tuple[str, Query]]:
    """Queries of the contacts, leads and accounts with these addresses, with the table of each."""
    return [
        (name, Query(table.entity_set, [table.primary_id, *table.email_columns], condition,
                     [CREATED_ON, table.primary_id]))
        for name in PERSONS
        if records.may_read(name) and (table := records.metadata[name]).email_columns
        for condition in address_conditions(table.email_columns, keys)
    ]  # fmt: skip


def resolve(
    records: Records, keys: Sequence[str], users: Iterable[Row], persons: Iterable[tuple[str, Sequence[Row]]]
) -> dict[str, RecordRef]:
    """Whom addresses belong to, by address key."""
    wanted, found = set(keys), dict[str, RecordRef]()
    for row in users:
        for key in held_keys(row, USER_COLUMNS):
            found.setdefault(key, RecordRef("systemuser", str(row[USER_ID.name])))
    for name, rows in persons:
        table = records.metadata[name]
        for row in rows:
            for key in held_keys(row, table.email_columns):
                found.setdefault(key, RecordRef(name, str(row[table.primary_id.name])))
    return {key: ref for key, ref in found.items() if key in wanted}


def party_bodies(records: Records, message: Message, known: Mapping[str, RecordRef]) -> Bodies:
    """The parties as `email_activity_parties` takes them: with the row if it is known, else the address."""
    bodies: Bodies = []
    for mask, address in listed(message):
        body: dict[str, object] = {"participationtypemask": mask, "addressused": address}
        ref = known.get(address_key(address))
        navigation = records.metadata["activityparty"].navigation.get(("partyid", ref.table)) if ref else None
        if ref and navigation:
            body[f"{navigation}@odata.bind"] = f"/{records.metadata[ref.table].entity_set}({ref.id})"
        bodies.append(body)
    return bodies
