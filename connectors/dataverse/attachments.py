"""Files of email activities: within the organisation's limits, the same file once."""

import asyncio
import base64
from collections.abc import Sequence
from pathlib import PurePath
from uuid import NAMESPACE_URL, uuid5

from connectors.dataverse.activity import FILE_ID, FILES, ID, files_of, read_email
from connectors.dataverse.api import WebApi
from connectors.dataverse.expressions import clean
from connectors.dataverse.faults import ServiceFault, as_problem, blocked_file, large_file
from connectors.dataverse.keeping import USERS_FOR, Keeping
from connectors.dataverse.query import Query
from connectors.dataverse.records import Records
from insights.crm.conditions import Column
from insights.crm.limits import LARGEST_FILE
from insights.model import Attachment, AttachmentContent

LIMITS = [Column("maxuploadfilesize", "int"), Column("blockedattachments")]
LONGEST_NAME, LONGEST_TYPE, LONGEST_CONTENT_ID = 255, 256, 250
BODY, ATTEMPTS = Column("body"), 3


async def list_attachments(records: Records, email_id: str) -> list[Attachment]:
    """The files of an email that the user may read."""
    return list(files_of(await read_email(records, email_id, [ID], [FILES])))


async def add_attachment(records: Records, keeping: Keeping, email_id: str, file: AttachmentContent) -> None:
    """Add a file; the same name and bytes are already there. Raises TooLarge, Invalid, Conflict, NotFound."""
    name, size = clean(file.attachment.name)[:LONGEST_NAME], len(file.content)
    largest, blocked = await keeping.get("limits", USERS_FOR, lambda: _read_limits(records.api))
    is_checked = False
    for _ in range(ATTEMPTS):
        email = await read_email(records, email_id, [ID], [FILES])
        present = files_of(email)
        twins = [one.id for one in present if (one.name, one.size) == (name, size)]
        if twins and await _is_among(records, twins, file.content):
            return
        if not is_checked:
            check_file(name, size, largest, blocked)
            is_checked = True
        row_id = attachment_id(str(email[ID.name]), records.user.id, name, size, len(twins))
        if await _post(records, str(email[ID.name]), file, row_id, len(present) + 1):
            return


async def _post(records: Records, email_id: str, file: AttachmentContent, row_id: str, number: int) -> bool:
    """Write a file; False where something else has its id by now."""
    body: dict[str, object] = {
        "activitymimeattachmentid": row_id,
        "objectid_activitypointer@odata.bind": f"/activitypointers({email_id})",
        "objecttypecode": "email",
        "filename": clean(file.attachment.name)[:LONGEST_NAME],
        "mimetype": clean(file.attachment.content_type)[:LONGEST_TYPE],
        "attachmentnumber": number,
        "body": (await asyncio.to_thread(base64.b64encode, file.content)).decode("ascii"),
    }
    if file.attachment.is_inline and file.attachment.content_id:
        body["attachmentcontentid"] = clean(file.attachment.content_id)[:LONGEST_CONTENT_ID]
    try:
        await records.api.send("POST", "activitymimeattachments", records.user, body=body)
    except ServiceFault as fault:
        if not fault.is_duplicate:
            raise as_problem(fault, "email") from None
        return False
    return True


def attachment_id(email_id: str, user_id: str, name: str, size: int, number: int = 0) -> str:
    """The id of the file of this name and size that this user adds to an email after `number` others."""
    behind = f":{number}" if number else ""
    return str(uuid5(NAMESPACE_URL, f"attachment:{email_id}:{user_id}:{size}:{name}{behind}"))


async def _is_among(records: Records, ids: Sequence[str], content: bytes) -> bool:
    """Whether one of the files has these bytes; one whose bytes the service does not give may have them."""
    for file_id in ids:
        query = Query("activitymimeattachments", [FILE_ID, BODY], id=file_id)
        try:
            row = await records.api.row(query, records.user)
        except ServiceFault as fault:
            raise as_problem(fault, "email") from None
        held = row.get(BODY.name)
        if not held or await asyncio.to_thread(base64.b64decode, str(held)) == content:
            return True
    return False


def check_file(name: str, size: int, largest: int, blocked: frozenset[str]) -> None:
    """Raise unless the organisation takes a file of this name and size (bytes)."""
    if size > largest:
        raise large_file()
    ending = PurePath(name.rstrip(". ")).suffix.removeprefix(".").casefold()
    if ending in blocked:
        raise blocked_file()


async def _read_limits(api: WebApi) -> tuple[int, frozenset[str]]:
    """(largest file in bytes, endings that are blocked)."""
    rows = await api.rows(Query("organizations", LIMITS), None)
    row = rows[0] if rows else {}
    largest = row.get("maxuploadfilesize")
    blocked = str(row.get("blockedattachments") or "").casefold().replace(";", " ").split()
    return LARGEST_FILE if largest is None else int(largest), frozenset(blocked)
