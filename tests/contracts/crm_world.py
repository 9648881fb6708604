"""A small organisation for tests of the CRM: two business units, their customers, every kind of record.

Ids are short words: `account("contoso")` is the id of Contoso. Rows are Dataverse's, by entity set.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from insights.model import RecordRef

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def uid(word: str) -> str:
    """The GUID that stands for a word."""
    return str(uuid5(NAMESPACE_DNS, word))


def ref(table: str, word: str) -> RecordRef:
    return RecordRef(table, uid(word))


def user(word: str, unit: str, **more: str) -> dict[str, str]:
    return {
        "systemuserid": uid(word),
        "fullname": word.title(),
        "internalemailaddress": f"{word}@ours.example",
        "businessunitid": uid(unit),
        **more,
    }


def contact(word: str, owner: str, account: str = "", **more: str) -> dict[str, str]:
    row = {"contactid": uid(word), "fullname": word.title(), "emailaddress1": f"{word}@contoso.example"}
    if account:
        row |= {"parentcustomerid": uid(account), "parentcustomeridtype": "account"}
    return row | {"ownerid": uid(owner)} | more


PROJECT: dict[str, Any] = {
    "LogicalName": "new_project",
    "SchemaName": "new_Project",
    "EntitySetName": "new_projects",
    "PrimaryIdAttribute": "new_projectid",
    "PrimaryNameAttribute": "new_name",
    "DisplayName": {"UserLocalizedLabel": {"Label": "Project"}},
    "Attributes": [
        {"LogicalName": "new_client", "AttributeType": "Lookup", "Targets": ["account"]},
        {"LogicalName": "new_person", "AttributeType": "Lookup", "Targets": ["contact"]},
        {"LogicalName": "new_sponsor", "AttributeType": "Customer", "Targets": ["account", "contact"]},
        {"LogicalName": "new_inbox", "AttributeType": "String", "Format": "Email"},
        {"LogicalName": "new_deadline", "AttributeType": "DateTime", "Format": "DateOnly"},
    ],
}
METADATA = {"value": [PROJECT]}

ROLES = ("System Administrator", "Sales Manager", "Auditor")

WORLD: dict[str, list[dict[str, str]]] = {
    "businessunits": [
        {"businessunitid": uid("top"), "name": "Ours"},
        {"businessunitid": uid("north"), "name": "North", "parentbusinessunitid": uid("top")},
        {"businessunitid": uid("south"), "name": "South", "parentbusinessunitid": uid("top")},
        {"businessunitid": uid("apart"), "name": "Apart", "parentbusinessunitid": uid("top")},
    ],
    "systemusers": [
        user("ann", "north"),
        user("bob", "north"),
        user("cid", "south"),
        user("dora", "top"),
        user("eve", "south"),
        user("fay", "north", isdisabled="true"),
        user("gil", "north"),
        user("ira", "apart", internalemailaddress="twin@ours.example"),
        user("jan", "apart", internalemailaddress="Twin@Ours.example"),
    ],
    "roles": [{"roleid": uid(name), "name": name} for name in ROLES],
    "systemuserroles": [
        {"systemuserid": uid("dora"), "roleid": uid("System Administrator")},
        {"systemuserid": uid("eve"), "roleid": uid("Sales Manager")},
        {"systemuserid": uid("gil"), "roleid": uid("Auditor")},
    ],
    "roleprivileges": [
        {"roleid": uid("Auditor"), "privilegeid": "prvReadContact", "privilegedepthmask": "1"},
        {"roleid": uid("Auditor"), "privilegeid": "prvReadLead", "privilegedepthmask": "0"},
        {"roleid": uid("Auditor"), "privilegeid": "prvReadIncident", "privilegedepthmask": "8"},
        {"roleid": uid("Auditor"), "privilegeid": "prvReadActionCard", "privilegedepthmask": "1"},
    ],
    "teams": [{"teamid": uid("panel"), "name": "Panel", "businessunitid": uid("south")}],
    "teammemberships": [{"teamid": uid("panel"), "systemuserid": uid("bob")}],
    "accounts": [
        {
            "accountid": uid("contoso"),
            "name": "Contoso Ltd",
            "primarycontactid": uid("ana"),
            "emailaddress1": "info@contoso.example",
            "emailaddress3": "sales@contoso.example",
            "address1_city": "Leeds",
            "ownerid": uid("ann"),
        },
        {
            "accountid": uid("fabrikam"),
            "name": "Fabrikam",
            "emailaddress1": "hello@fabrikam.example",
            "ownerid": uid("cid"),
        },
        {"accountid": uid("tailspin"), "name": "Tailspin", "emailaddress1": "fly@tailspin.example"},
    ],
    "contacts": [
        contact("ana", "ann", "contoso", emailaddress2="ana@home.example"),
        contact("ben", "ann", "contoso"),
        contact("hal", "cid", "contoso"),
        contact("zoe", "ann", emailaddress1="zoe@elsewhere.example"),
        contact("kim", "panel", emailaddress1="kim@elsewhere.example"),
        contact("una", "cid", emailaddress1="una@elsewhere.example"),
    ],
    "leads": [
        {
            "leadid": uid("lea"),
            "fullname": "Lea Lund",
            "emailaddress1": "lea@leads.example",
            "parentcontactid": uid("ben"),
            "ownerid": uid("ann"),
        }
    ],
    "opportunities": [
        {
            "opportunityid": uid("deal"),
            "name": "Cooling deal",
            "parentcontactid": uid("ana"),
            "customerid": uid("contoso"),
            "customeridtype": "account",
            "emailaddress": "deal@desk.example",
            "ownerid": uid("ann"),
        },
        {
            "opportunityid": uid("won"),
            "name": "Won deal",
            "customerid": uid("ana"),
            "customeridtype": "contact",
            "statecode": "1",
            "ownerid": uid("ann"),
        },
    ],
    "incidents": [
        {
            "incidentid": uid("leak"),
            "title": "Leak",
            "primarycontactid": uid("zoe"),
            "customerid": uid("contoso"),
            "customeridtype": "account",
            "emailaddress": "leak@desk.example",
            "ownerid": uid("ann"),
        },
        {
            "incidentid": uid("noise"),
            "title": "Noise",
            "customerid": uid("zoe"),
            "customeridtype": "contact",
            "ownerid": uid("cid"),
        },
    ],
    "connections": [
        {
            "connectionid": uid("deal-zoe"),
            "record1id": uid("deal"),
            "record1idtype": "opportunity",
            "record2id": uid("zoe"),
            "record2idtype": "contact",
        },
        {
            "connectionid": uid("tailspin-deal"),
            "record1id": uid("tailspin"),
            "record1objecttypecode": "1",
            "record2id": uid("deal"),
            "record2objecttypecode": "3",
        },
        {
            "connectionid": uid("deal-kim"),
            "record1id": uid("deal"),
            "record2id": uid("kim"),
            "statecode": "Inactive",
        },
        {"connectionid": uid("deal-una"), "record1id": uid("deal"), "record2id": uid("una")},
    ],
    "new_projects": [
        {
            "new_projectid": uid("dam"),
            "new_name": "Dam",
            "new_client": uid("contoso"),
            "new_person": uid("zoe"),
            "new_sponsor": uid("tailspin"),
            "new_sponsortype": "account",
            "new_inbox": "dam@desk.example",
            "new_deadline": "2026-04-01",
            "ownerid": uid("ann"),
        }
    ],
    "appointments": [
        {
            "activityid": uid("visit"),
            "subject": "Site visit",
            "scheduledstart": "2026-02-20T10:00:00+01:00",
            "scheduledend": "2026-02-20T11:00:00+01:00",
            "regardingobjectid": uid("deal"),
            "regardingobjecttypecode": "opportunity",
            "ownerid": uid("ann"),
        }
    ],
    "phonecalls": [
        {
            "activityid": uid("call"),
            "subject": "Call about price",
            "actualend": "2026-02-25T08:00:00Z",
            "regardingobjectid": uid("deal"),
            "directioncode": "true",
            "ownerid": uid("ann"),
        },
        {
            "activityid": uid("secret-call"),
            "subject": "South only",
            "actualend": "2026-02-26T08:00:00Z",
            "regardingobjectid": uid("deal"),
            "ownerid": uid("cid"),
        },
    ],
    "tasks": [
        {
            "activityid": uid("todo"),
            "subject": "Send offer",
            "createdon": "2026-02-10T08:00:00Z",
            "regardingobjectid": uid("contoso"),
            "ownerid": uid("ann"),
        }
    ],
    "emails": [
        {
            "activityid": uid("mail"),
            "subject": "Your offer",
            "messageid": "<offer@contoso.example>",
            "senton": "2026-02-27T08:00:00Z",
            "directioncode": "false",
            "regardingobjectid": uid("deal"),
            "statecode": "1",
            "statuscode": "4",
            "createdby": uid("bob"),
            "createdon": "2026-02-27T09:00:00Z",
            "ownerid": uid("bob"),
        }
    ],
    "activityparties": [
        {
            "activitypartyid": uid("mail-from"),
            "activityid": uid("mail"),
            "participationtypemask": "1",
            "addressused": "ana@contoso.example",
            "partyid": uid("ana"),
            "partyobjecttypecode": "contact",
        },
        {
            "activityid": uid("mail"),
            "participationtypemask": "2",
            "partyid": uid("bob"),
            "partyidtype": "systemuser",
        },
        {"activityid": uid("call"), "participationtypemask": "2", "partyid": uid("zoe")},
    ],
    "activitymimeattachments": [
        {
            "activitymimeattachmentid": uid("mail-file"),
            "activityid": uid("mail"),
            "filename": "offer.pdf",
            "mimetype": "application/pdf",
            "body": "b2ZmZXI=",
        }
    ],
    "mailboxes": [
        {
            "mailboxid": uid("bob-mailbox"),
            "name": "Bob",
            "regardingobjectid": uid("bob"),
            "incomingemaildeliverymethod": "3",
        },
        {
            "mailboxid": uid("cid-mailbox"),
            "name": "Cid",
            "emailaddress": "CID@ours.example",
            "incomingemaildeliverymethod": "2",
            "emailrouteraccessapproval": "2",
            "incomingemailstatus": "2",
        },
        {
            "mailboxid": uid("gil-mailbox"),
            "name": "Gil",
            "regardingobjectid": uid("gil"),
            "incomingemaildeliverymethod": "0",
        },
    ],
    "principalobjectaccessset": [
        {
            "principalid": uid("gil"),
            "principalidtype": "systemuser",
            "objectid": uid("fabrikam"),
            "objectidtype": "account",
            "accessrightsmask": "1",
        }
    ],
}
