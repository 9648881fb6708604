"""Makes an unknown sender a contact or a lead, once per address as far as the user can see.

That a row which is hidden from the user has the address is not told, neither by a refusal nor by an id:
Dataverse's own detection of duplicates compares only with what the asker may read.
"""

from uuid import UUID, uuid4, uuid5

from connectors.dataverse.activity import CREATED_BY
from connectors.dataverse.expressions import clean
from connectors.dataverse.faults import ServiceFault, as_problem, not_found
from connectors.dataverse.locks import Locks
from connectors.dataverse.query import Query
from connectors.dataverse.records import Records
from connectors.dataverse.spelling import address_conditions, held_keys
from insights.crm.tables import PERSONS
from insights.errors import Conflict, Invalid
from insights.mail.addresses import RelationKey, relation_key
from insights.model import NewPerson, Record, RecordRef

LONGEST_NAME, LONGEST_COMPANY, LONGEST_ADDRESS, LONGEST_SUBJECT = 50, 100, 100, 300


async def create_person(records: Records, locks: Locks, organization_id: str, person: NewPerson) -> Record:
    """A contact or lead owned by the user; raises Invalid, Conflict where the address is one already."""
    key = relation_key(clean(person.email))
    first, last = clean(person.first_name).strip(), clean(person.last_name).strip()
    if not key or len(person.email.strip()) > LONGEST_ADDRESS:
        raise Invalid("bad_address.or_long")
    if not (first or last):
        raise Invalid("name_missing")
    async with locks.one_at_a_time(f"person {key}"):
        if await _holders(records, key):
            raise _known()
        account = await _account(records, person)
        return await _insert(records, organization_id, person, key, account)


async def _insert(
    records: Records, organization_id: str, person: NewPerson, key: RelationKey, account: RecordRef | None
) -> Record:
    """The row's id follows from user and address, so that two presses make one, on two servers too."""
    usual_id = uuid5(UUID(organization_id), f"person:{records.user.id}:{key}")
    usual = RecordRef(person.table, str(usual_id))
    if await _post(records, person, usual, account):
        return await records.record(usual)
    holders = await _holders(records, key)
    if (usual, records.user.id) in holders:
        return await records.record(usual)  # a try of ours whose answer got lost
    if holders:
        raise _known()
    free = RecordRef(person.table, str(uuid4()))  # whoever has the usual id has another address by now
    await _post(records, person, free, account)
    return await records.record(free)


async def _post(records: Records, person: NewPerson, ref: RecordRef, account: RecordRef | None) -> bool:
    """Write the row; False if its id is taken."""
    table = records.metadata[person.table]
    body = {table.primary_id.name: ref.id, **_body(person), **_bind(records, person, account)}
    try:
        await records.api.send("POST", table.entity_set, records.user, body=body)
    except ServiceFault as fault:
        if fault.is_duplicate:
            return False
        raise as_problem(fault, person.table) from None
    return True


def _body(person: NewPerson) -> dict[str, object]:
    first, last = clean(person.first_name).strip(), clean(person.last_name).strip()
    body: dict[str, object] = {"lastname": last[:LONGEST_NAME], "emailaddress1": clean(person.email).strip()}
    if first:
        body["firstname"] = first[:LONGEST_NAME]
    if person.table == "lead":
        body["subject"] = " ".join(part for part in (first, last) if part)[:LONGEST_SUBJECT]
        if company := clean(person.company).strip():
            body["companyname"] = company[:LONGEST_COMPANY]
    return body


def _bind(records: Records, person: NewPerson, account: RecordRef | None) -> dict[str, str]:
    if account is None:
        return {}
    column = "parentcustomerid" if person.table == "contact" else "parentaccountid"
    name = records.metadata[person.table].navigation.get((column, "account"))
    if not name:
        raise not_found("account")
    return {f"{name}@odata.bind": f"/{records.metadata['account'].entity_set}({account.id})"}


async def _account(records: Records, person: NewPerson) -> RecordRef | None:
    if not person.account_id:
        return None
    return (await records.record(RecordRef("account", person.account_id))).ref


async def _holders(records: Records, key: RelationKey) -> set[tuple[RecordRef, str]]:
    """The contacts and leads with the address that the user may read, and who made them."""
    asked = [
        (table, Query(table.entity_set, [table.primary_id, CREATED_BY, *table.email_columns], condition))
        for table in (records.metadata[name] for name in PERSONS)
        for condition in address_conditions(table.email_columns, [key])
    ]
    answers = await records.api.all_rows([query for _, query in asked], records.user)
    return {
        (RecordRef(table.name, str(row[table.primary_id.name])), str(row[CREATED_BY.property]))
        for (table, _), rows in zip(asked, answers, strict=True)
        for row in rows
        if key in held_keys(row, table.email_columns)
    }


def _known() -> Conflict:
    return Conflict("already_known")
