"""Makes an unknown sender a contact or a lead."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import and_, func, select

from connectors.embedded.crm.access import Access
from connectors.embedded.crm.row import StoredRow, clean
from connectors.embedded.crm.search import as_records
from connectors.embedded.crm.tables import addresses, rows
from connectors.embedded.crm.writing import insert_row
from insights.errors import Conflict, Invalid
from insights.mail.addresses import relation_key
from insights.model import NewPerson, Record, RecordRef


def create_person(access: Access, person: NewPerson, now: datetime) -> Record:
    """A contact or lead owned by the user; raises Invalid, Conflict where the address is one already."""
    key = relation_key(clean(person.email))
    first, last = clean(person.first_name).strip(), clean(person.last_name).strip()
    if not key:
        raise Invalid("bad_address.no_part")
    if not (first or last):
        raise Invalid("name_missing")
    _claim(access, key)
    row = StoredRow(
        person.table, str(uuid4()), " ".join(part for part in (first, last) if part), now, now,
        _attributes(access, person, first, last), created_by_id=access.user.id,
        modified_by_id=access.user.id,
    )  # fmt: skip
    insert_row(access.connection, access.schema, row)
    return as_records(access, [row])[0]


def _attributes(access: Access, person: NewPerson, first: str, last: str) -> dict[str, object]:
    attributes: dict[str, object] = {
        "firstname": first,
        "lastname": last,
        "emailaddress1": clean(person.email).strip(),
        "statuscode": 1,
        "ownerid": ["systemuser", access.user.id],
    }
    if person.account_id:
        account = access.require(RecordRef("account", person.account_id))
        column = "parentcustomerid" if person.table == "contact" else "parentaccountid"
        attributes[column] = ["account", account.id]
    if person.table == "lead" and person.company.strip():
        attributes["companyname"] = clean(person.company).strip()
    return attributes


def _claim(access: Access, key: str) -> None:
    """Raise Conflict if a contact or lead that the user may read has the address.

    No other transaction may add one meanwhile. That a hidden one has it is not told, as Dataverse's own
    detection of duplicates compares only with what the asker may read.
    """
    if access.connection.dialect.name == "postgresql":
        access.connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(key))))
    taken = (
        select(rows.c.id)
        .join(addresses, and_(addresses.c.row_id == rows.c.id, addresses.c.table_name == rows.c.table_name))
        .where(addresses.c.address_key == key, rows.c.table_name.in_(("contact", "lead")), access.where())
    )
    if access.connection.execute(taken.limit(1)).first():
        raise Conflict("already_known")
