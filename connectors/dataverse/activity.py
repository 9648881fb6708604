"""What an activity's row is made of: columns, parties, files, and the time that places it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.dataverse.faults import ServiceFault, as_problem, not_found
from connectors.dataverse.metadata import CREATED_ON
from connectors.dataverse.query import Expand, Query
from connectors.dataverse.records import Records, as_guid, lookup, lookup_name, text, time
from connectors.dataverse.wire import Row
from insights.crm.activities import RECIPIENTS, SENDERS, placed_by
from insights.crm.conditions import Column
from insights.model import Attachment, CrmActivity, Direction, Record

REGARDING = Column("regardingobjectid", "lookup")
ID, SUBJECT, KIND = Column("activityid", "guid"), Column("subject"), Column("activitytypecode")
SENT_ON, ACTUAL_END = Column("senton", "time"), Column("actualend", "time")
STARTS, ENDS = Column("scheduledstart", "time"), Column("scheduledend", "time")
CREATED_BY, MESSAGE_ID = Column("createdby", "lookup"), Column("messageid")
OVERRIDDEN = Column("overriddencreatedon", "time")
OUTGOING, SENDER_TEXT = Column("directioncode", "bool"), Column("sender")
MASK, ADDRESS_USED = Column("participationtypemask", "int"), Column("addressused")
PARTY, PARTY_ID = Column("partyid", "lookup"), Column("activitypartyid", "guid")
FILE_ID, FILE_NAME = Column("activitymimeattachmentid", "guid"), Column("filename")
FILE_SIZE, FILE_TYPE = Column("filesize", "int"), Column("mimetype")
CONTENT_ID, FILE_NUMBER = Column("attachmentcontentid"), Column("attachmentnumber", "int")
PARTIES = Expand("email_activity_parties", [PARTY_ID, MASK, ADDRESS_USED, PARTY])
FILES = Expand("email_activity_mime_attachment",
               [FILE_ID, FILE_NAME, FILE_SIZE, FILE_TYPE, CONTENT_ID, FILE_NUMBER])  # fmt: skip
OTHER_PARTIES = Expand("activitypointer_activity_parties", PARTIES.columns)
OTHER_FILES = Expand("activity_pointer_activity_mime_attachment", FILES.columns)
EMAIL_COLUMNS = [ID, SUBJECT, SENT_ON, ACTUAL_END, CREATED_ON, OVERRIDDEN, CREATED_BY, MESSAGE_ID, OUTGOING,
                 SENDER_TEXT, REGARDING]  # fmt: skip
OTHER_COLUMNS = [ID, SUBJECT, KIND, ACTUAL_END, STARTS, ENDS, CREATED_ON, CREATED_BY, REGARDING]
DIRECTED = {"phonecall": "phonecalls", "fax": "faxes", "letter": "letters"}
"""Further activities with a direction, which only their own table tells."""
TO_USERS = "systemuser"
EARLIEST = datetime.min.replace(tzinfo=UTC)


async def read_email(
    records: Records, email_id: str, columns: Sequence[Column], expand: Sequence[Expand] = ()
) -> Row:
    """The row of an email that the user may read; raises NotFound."""
    row_id = as_guid(email_id)
    if not row_id:
        raise not_found("email")
    try:
        return await records.api.row(Query("emails", columns, expand=expand, id=row_id), records.user)
    except ServiceFault as fault:
        raise (not_found("email") if fault.is_hidden else as_problem(fault, "email")) from None


def placed_at(row: Row) -> datetime:
    """The time that places an activity in a timeline."""
    columns = placed_by(str(row.get(KIND.name, "email")))
    return time(row, *columns, CREATED_ON.name) or EARLIEST


def made_at(row: Row) -> datetime:
    """When a row was really made: `createdon` may have been set to an earlier time."""
    return time(row, OVERRIDDEN.name, CREATED_ON.name) or EARLIEST


def parties_of(row: Row) -> list[dict[str, Any]]:
    """The parties that came along with an activity; the service promises no order of them."""
    return row.get(PARTIES.navigation) or row.get(OTHER_PARTIES.navigation) or []


def files_of(row: Row) -> tuple[Attachment, ...]:
    """The files that came along with an activity, in the order in which they were attached."""
    files: list[Row] = row.get(FILES.navigation) or row.get(OTHER_FILES.navigation) or []
    files.sort(key=lambda file: file.get(FILE_NUMBER.name) or 0)
    return tuple(
        Attachment(
            str(file[FILE_ID.name]),
            text(file, FILE_NAME.name),
            text(file, FILE_TYPE.name) or "application/octet-stream",
            int(file.get(FILE_SIZE.name) or 0),
            bool(text(file, CONTENT_ID.name)),
            text(file, CONTENT_ID.name),
        )
        for file in files
    )


def as_activity(
    row: Row, direction: Direction | None, regarding: Record | None, links: tuple[Record, ...]
) -> CrmActivity:
    """The activity as the product knows it."""
    parties = parties_of(row)
    sender = next((party for party in parties if party.get(MASK.name) in SENDERS), None)
    creator = lookup(row, CREATED_BY.name)
    return CrmActivity(
        id=str(row[ID.name]),
        kind=row.get(KIND.name, "email"),
        subject=text(row, SUBJECT.name),
        at=placed_at(row),
        sender=text(sender, ADDRESS_USED.name) if sender else text(row, SENDER_TEXT.name),
        sender_name=lookup_name(sender, PARTY.name) if sender else "",
        to=tuple(
            text(party, ADDRESS_USED.name) or lookup_name(party, PARTY.name)
            for party in parties if party.get(MASK.name) in RECIPIENTS
        ),
        direction=direction,
        attachments=files_of(row),
        internet_message_id=text(row, MESSAGE_ID.name),
        created_by_id=creator.id if creator else "",
        created_by_name=lookup_name(row, CREATED_BY.name),
        created_at=made_at(row),
        regarding=regarding,
        links=links,
    )  # fmt: skip
