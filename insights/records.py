"""Finding CRM records, and making a person of an unknown sender."""

from insights.errors import Invalid
from insights.mail.addresses import relation_key
from insights.model import NewPerson, RecordRef, User
from insights.services import Services
from insights.timelines import require_record, timeline_tables
from insights.views import PersonBody, RecordDetail, RecordItem, RecordPage


async def find_records(
    services: Services, user: User, *, text: str, email: str, table: str, cursor: str | None, limit: int
) -> RecordPage:
    """Records the caller may read, by name or address; Invalid for an unknown table."""
    if table and table not in await timeline_tables(services):
        raise Invalid("bad_table")
    page = await services.crm.search(user, text=text, email=email, table=table, cursor=cursor, limit=limit)
    return RecordPage(items=[RecordItem.of(record) for record in page.items], next=page.next)


async def read_record(services: Services, user: User, ref: RecordRef) -> RecordDetail:
    """One record with its audience; NotFound also where the caller may not read it."""
    record = await require_record(services, user, ref)
    audience = await services.crm.audience(user, record.ref)
    return RecordDetail(**RecordItem.of(record).model_dump(), audience=audience)


async def create_person(services: Services, user: User, body: PersonBody) -> RecordItem:
    """A new contact or lead owned by the caller; Conflict where the address is one that they may read."""
    if not relation_key(body.email):
        raise Invalid("bad_address.none")
    person = NewPerson(
        table=body.table,
        first_name=body.first_name.strip(),
        last_name=body.last_name.strip(),
        email=body.email.strip(),
        company=body.company.strip(),
        account_id=body.account_id,
    )
    return RecordItem.of(await services.crm.create_person(user, person))
