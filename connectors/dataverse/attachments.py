"""Files of email activities: within the organisation's limits, the same file once."""

import asyncio
import base64
from pathlib import PurePath
from uuid import NAMESPACE_URL, uuid5

from connectors.dataverse.activity import FILES, ID, files_of, read_email
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
"""Bytes; an organisation has another limit if it says so."""


async def list_attachments(records: Records, email_id: str) -> list[Attachment]:
    """The files of an email that the user may read."""
    return list(files_of(await read_email(records, email_id, [ID], [FILES])))


async def add_attachment(records: Records, keeping: Keeping, email_id: str, file: AttachmentContent) -> None:
    """Add a file; the same name and size is already there. Raises TooLarge, Invalid, Conflict, NotFound."""
    name, size = clean(file.attachment.name)[:LONGEST_NAME], len(file.content)
    email = await read_email(records, email_id, [ID], [FILES])
    present = files_of(email)
    if any((one.name, one.size) == (name, size) for one in present):
        return
    largest, blocked = await keeping.get("limits", USERS_FOR, lambda: _read_limits(records.api))
    check_file(name, size, largest, blocked)
    body: dict[str, object] = {
        "activitymimeattachmentid": attachment_id(str(email[ID.name]), records.user.id, name, size),
        "objectid_activitypointer@odata.bind": f"/activitypointers({email[ID.name]})",
        "objecttypecode": "email",
        "filename": name,
        "mimetype": clean(file.attachment.content_type)[:LONGEST_TYPE],
        "attachmentnumber": len(present) + 1,
        "body": (await asyncio.to_thread(base64.b64encode, file.content)).decode("ascii"),
    }
    if file.attachment.is_inline:
        body["attachmentcontentid"] = clean(file.attachment.id)[:LONGEST_CONTENT_ID]
    try:
        await records.api.send("POST", "activitymimeattachments", records.user, body=body)
    except ServiceFault as fault:
        if not fault.is_duplicate:
            raise as_problem(fault, "email") from None


def attachment_id(email_id: str, user_id: str, name: str, size: int) -> str:
    """The id that the same file gets each time this user adds it to the same email."""
    return str(uuid5(NAMESPACE_URL, f"attachment:{email_id}:{user_id}:{size}:{name}"))


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
