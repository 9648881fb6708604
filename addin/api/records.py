"""Records of the CRM: found, read, made."""

from pydantic import Field

from addin.api import V1
from addin.http import Answer, Call, Route
from addin.requests import Body, Cursor, Id, Limit, PageQuery, Table
from insights import records
from insights.model import RecordRef
from insights.views import PersonBody, RecordDetail, RecordItem, RecordPage


class RecordQuery(PageQuery):
    """Records by name `q`, address `email` and `table`; nothing given = all."""

    q: str = Field("", max_length=2000)
    email: str = Field("", max_length=320)
    table: str = Field("", max_length=128)


class RecordLookup(Body):
    """The same as a body, so that names and addresses stay out of access logs."""

    q: str = Field("", max_length=2000)
    email: str = Field("", max_length=320)
    table: str = Field("", max_length=128)
    cursor: Cursor | None = None
    limit: Limit = 50


async def find_records(call: Call, query: RecordQuery) -> Answer:
    """Records by name, address and table."""
    return await _find(call, query)


async def look_up_records(call: Call, body: RecordLookup) -> Answer:
    """Records by name, address and table, asked in the body."""
    return await _find(call, body)


async def create_person(call: Call, body: PersonBody) -> Answer:
    """Make an unknown sender a contact or lead."""
    return Answer(await records.create_person(call.services, call.user, body), status=201)


async def read_record(call: Call, table: Table, id: Id) -> Answer:  # noqa: A002
    """One record and how many people could see what is tracked there."""
    return Answer(await records.read_record(call.services, call.user, RecordRef(table, id)))


async def _find(call: Call, asked: RecordQuery | RecordLookup) -> Answer:
    page = await records.find_records(
        call.services,
        call.user,
        text=asked.q,
        email=asked.email,
        table=asked.table,
        cursor=asked.cursor,
        limit=asked.limit,
    )
    return Answer(page)


ROUTES = (
    Route("GET", f"{V1}/records", find_records, "user", {200: RecordPage}),
    Route("POST", f"{V1}/records", create_person, "user", {201: RecordItem}, refusals=(403, 404, 409)),
    Route("POST", f"{V1}/records/lookup", look_up_records, "user", {200: RecordPage}),
    Route("GET", f"{V1}/records/{{table}}/{{id}}", read_record, "user", {200: RecordDetail}),
)
