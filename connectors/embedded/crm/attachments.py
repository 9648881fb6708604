"""Files of email activities, stored in the CRM within the organisation's limits."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePath
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Connection, select

from connectors.embedded.crm.access import Access
from connectors.embedded.crm.activities import read_files
from connectors.embedded.crm.row import StoredRow, clean
from connectors.embedded.crm.rows import COLUMNS, stored_row
from connectors.embedded.crm.tables import contents, rows
from connectors.embedded.crm.writing import insert_row
from insights.crm.limits import LARGEST_FILE
from insights.errors import Invalid, TooLarge
from insights.model import Attachment, AttachmentContent, RecordRef

BLOCKED_TYPES = (
    "ade adp app asa ashx asmx asp bas bat cdx cer chm class cmd com config cpl crt csh dll exe fxp hlp hta "
    "htr htw ida idc idq inf ins isp its jar js jse ksh lnk mad maf mag mam maq mar mas mat mau mav maw mda "
    "mdb mde mdt mdw mdz msc msh msi msp mst ops pcd pif prf prg printer pst reg rem scf scr sct shb shs "
    "shtm shtml soap stm svc tmp url vb vbe vbs vsmacros vss vst vsw ws wsc wsf wsh"
)


def add_attachment(access: Access, email_id: str, file: AttachmentContent, now: datetime) -> None:
    """Add a file; the same name and bytes are already there. Raises TooLarge, Invalid, NotFound."""
    email = access.require(RecordRef("email", email_id))
    attachment, size = file.attachment, len(file.content)
    check_file(access.connection, attachment.name, size)
    name = clean(attachment.name)
    present = read_files(access, [email.id])[email.id]
    twins = [one.id for one in present if (one.name, one.size) == (name, size)]
    if _is_among(access.connection, twins, file.content):
        return
    row_id = attachment_id(email.id, name, size, len(twins))
    row = StoredRow("activitymimeattachment", row_id, name, now, now, {
        "activityid": ["activitypointer", email.id],
        "objectid": ["activitypointer", email.id],
        "mimetype": clean(attachment.content_type),
        "filesize": size,
        "attachmentnumber": len(present) + 1,
        **({"attachmentcontentid": clean(attachment.content_id)} if attachment.is_inline else {}),
    }, created_by_id=access.user.id)  # fmt: skip
    if insert_row(access.connection, access.schema, row):
        access.connection.execute(contents.insert().values(attachment_id=row.id, content=file.content))


def list_attachments(access: Access, email_id: str) -> Sequence[Attachment]:
    """The files of an email that may be read."""
    email = access.require(RecordRef("email", email_id))
    return read_files(access, [email.id])[email.id]


def attachment_id(email_id: str, name: str, size: int, number: int = 0) -> str:
    """The id of the file of this name and size that is added to an email after `number` others."""
    behind = f":{number}" if number else ""
    return str(uuid5(NAMESPACE_URL, f"attachment:{email_id}:{size}:{name}{behind}"))


def _is_among(connection: Connection, ids: Sequence[str], content: bytes) -> bool:
    """Whether one of the files has these bytes; one whose bytes are not kept here may have them."""
    held = select(contents.c.attachment_id, contents.c.content).where(contents.c.attachment_id.in_(ids))
    known = {row.attachment_id: bytes(row.content) for row in connection.execute(held)} if ids else {}
    return any(known.get(each, content) == content for each in ids)


def check_file(connection: Connection, name: str, size: int) -> None:
    """Raise unless the organisation takes a file of this name and size (bytes)."""
    row = connection.execute(select(*COLUMNS).where(rows.c.table_name == "organization")).first()
    organization = stored_row(row) if row else None
    limit = organization.attributes.get("maxuploadfilesize") if organization else None
    largest = LARGEST_FILE if limit is None else int(limit)
    if size > largest:
        raise TooLarge("attachment_too_large.embedded", size=f"{size:,}", largest=f"{largest:,}")
    blocked = organization.text("blockedattachments") if organization else ""
    ending = PurePath(name.rstrip(". ")).suffix.removeprefix(".").casefold()
    if ending and ending in (blocked or BLOCKED_TYPES).casefold().replace(";", " ").split():
        raise Invalid("blocked_attachment.embedded", ending=ending)
