"""What is special about activities: parties in the same request, states, sent mail, files."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from tests.standins.dataverse.access import Caller
from tests.standins.dataverse.binding import read_values
from tests.standins.dataverse.errors import (
    DataverseError,
    attachment_too_large,
    bad_payload,
    bad_status,
    blocked_attachment,
    closed_activity,
    required,
)
from tests.standins.dataverse.organization import Organization
from tests.standins.dataverse.schema import Table
from tests.standins.dataverse.store import Ref, Row, Value

OPEN, COMPLETED, CANCELED = 0, 1, 2
EMAIL_STATUSES = {OPEN: (1, 8), COMPLETED: (2, 3, 4, 6, 7), CANCELED: (5,)}
DEFAULT_EMAIL_STATUS = {OPEN: 1, COMPLETED: 2, CANCELED: 5}
PARTIES = "_activity_parties"
CHANGEABLE_WHEN_CLOSED = frozenset(
    [
        "statecode",
        "statuscode",
        "regardingobjectid",
        "ownerid",
        "opencount",
        "linksclickedcount",
        "attachmentopencount",
        "lastopenedtime",
        "followemailuserpreference",
    ]
)
"""What of a completed email can still be set."""
ADDRESSES = ("internalemailaddress", "emailaddress1", "emailaddress")
SEEN_IN = {"task": 5, "email": 1, "phonecall": 1, "appointment": 1}


def take_parties(table: Table, body: dict[str, Any]) -> list[Mapping[str, Any]]:
    """Remove and return the parties that a body creates together with its activity."""
    given = body.pop(f"{table.name}{PARTIES}", None)
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(party, dict) for party in given):
        raise bad_payload(table.entity_set, "Parties must be a collection of activityparty.")
    return given


def put_parties(caller: Caller, activity: Row, parties: list[Mapping[str, Any]]) -> None:
    """Write the parties of an activity; raises the service's 400 for one that is nobody."""
    organization = caller.organization
    table = organization.schema.tables["activityparty"]
    for party in parties:
        values = read_values(caller, table, party, creating=True)
        if not isinstance(values.get("participationtypemask"), int):
            raise required("participationtypemask", "activityparty")
        who = values.get("partyid")
        if isinstance(who, Ref):
            values["addressused"] = values.get("addressused") or _address(organization, who)
        elif not values.get("addressused"):
            raise DataverseError(400, "0x80040203", "An activity party needs a party or an address.")
        party_id = str(uuid4())
        owner = activity.ref("ownerid")
        values |= {
            "activitypartyid": party_id,
            "activityid": Ref(activity.table, activity.id),
            "ownerid": owner,
            "instancetypecode": 0,
            "ispartydeleted": False,
        }
        organization.store.put(table.name, party_id, values)


def remove_parties(organization: Organization, activity: Row) -> None:
    """Delete the parties of an activity, before others take their place or with it."""
    for party in list(organization.store.rows("activityparty").values()):
        ref = party.ref("activityid")
        if ref and ref.id == activity.id:
            organization.store.remove("activityparty", party.id)


def _address(organization: Organization, who: Ref) -> str | None:
    row = organization.find(who)
    found = [row.text(name) for name in ADDRESSES if row.text(name)] if row else []
    return found[0] if found else None


def settle_state(organization: Organization, table: Table, old: Row | None, values: dict[str, Value]) -> None:
    """Bring status and state together and complete what completing sets; raises the service's 400."""
    state, status = values.get("statecode"), values.get("statuscode")
    if table.name != "email":
        _settle_other(table, old, values)
        return
    state = state if isinstance(state, int) else OPEN
    if old is not None and old.get("statecode") != state and old.get("statuscode") == status:
        status = values["statuscode"] = DEFAULT_EMAIL_STATUS[state]
    if status not in EMAIL_STATUSES[state]:
        raise bad_status(status, table.name, table.columns["statecode"].options[state])
    if state == COMPLETED and (old is None or old.get("statecode") != COMPLETED):
        values["actualend"] = values.get("actualend") or organization.now().replace(microsecond=0)
        values["senton"] = values["actualend"]


def _settle_other(table: Table, old: Row | None, values: dict[str, Value]) -> None:
    """Another state without a status means the first status that is not the open one."""
    column = table.columns.get("statuscode")
    if old is None or column is None or old.get("statecode") == values.get("statecode"):
        return
    if old.get("statuscode") == values.get("statuscode"):
        state = values.get("statecode")
        statuses = sorted(column.options) or [1, 2]
        first_open = SEEN_IN.get(table.name, statuses[0])
        values["statuscode"] = statuses[0] if state == OPEN else next(s for s in statuses if s != first_open)


def check_open(table: Table, row: Row, changed: Mapping[str, Value]) -> None:
    """Refuse to change a completed or cancelled email, but for what stays changeable."""
    if table.name == "email" and row.get("statecode") != OPEN:
        different = {name for name, value in changed.items() if value != row.get(name)}
        if different - CHANGEABLE_WHEN_CLOSED:
            raise closed_activity(table.name)


def prepare_attachment(organization: Organization, values: dict[str, Value]) -> None:
    """Check a file against the organisation's limits and compute its size; raises the service's 400."""
    activity = values.get("objectid") or values.get("activityid")
    if not isinstance(activity, Ref):
        raise required("objectid", "activitymimeattachment")
    if not values.get("objecttypecode"):
        raise required("objecttypecode", "activitymimeattachment")
    parent = organization.find(activity)
    if parent and parent.get("statecode") != OPEN and not organization.closed_takes_attachments:
        raise closed_activity(parent.table)
    settings = organization.settings
    name = values.get("filename")
    ending = str(name or "").rpartition(".")[2].rstrip(". ").casefold()
    blocked = {part.strip().casefold() for part in settings.text("blockedattachments").split(";")}
    if ending and "." in str(name or "") and ending in blocked:
        raise blocked_attachment()
    body = values.get("body")
    content = _decoded(body if isinstance(body, str) else "")
    limit = settings.get("maxuploadfilesize")
    if isinstance(body, str) and isinstance(limit, int) and len(body) > limit:
        raise attachment_too_large()  # the limit counts the file in Base64
    values |= {"objectid": activity, "activityid": activity, "filesize": len(content), "isfollowed": False}


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise bad_payload(
            "activitymimeattachments", "The Base64 content of 'body' could not be read."
        ) from None
