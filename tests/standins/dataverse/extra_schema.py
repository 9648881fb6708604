"""What `entities.json` lacks: real Dataverse tables, columns and relationships that the stand-in needs.

Everything else comes from the test data. The names here are those of Microsoft's table reference:
intersect tables, privileges, sharing, and a few columns that came after 2019.
"""

from typing import Any


def _column(
    schema_name: str, kind: str, *, targets: str = "", create: bool = False, length: int = 0
) -> dict[str, Any]:
    return {
        "schema": schema_name,
        "type": kind,
        "create": create,
        "update": False,
        "required": "None",
        "max": str(length) if length else None,
        "targets": targets or None,
        "options": None,
    }


def _table(name: str, schema_name: str, entity_set: str, key: str, columns: dict[str, Any]) -> dict[str, Any]:
    return {
        "entity": {
            "LogicalName": name,
            "SchemaName": schema_name,
            "EntitySetName": entity_set,
            "DisplayName": schema_name,
            "OwnershipType": "None",
            "PrimaryIdAttribute": key,
            "PrimaryNameAttribute": next((each for each in ("name", "subject") if each in columns), ""),
        },
        "attributes": {key: _column(key.capitalize(), "Uniqueidentifier")}
        | columns
        | {"versionnumber": _column("VersionNumber", "BigInt")},
        "relationships": {},
    }


GUID = "Uniqueidentifier"
REGARDING = "account,contact,lead,opportunity,incident"
OWNED = {
    "ownerid": _column("OwnerId", "Owner", targets="systemuser,team", create=True),
    "createdon": _column("CreatedOn", "DateTime"),
    "modifiedon": _column("ModifiedOn", "DateTime"),
    "createdby": _column("CreatedBy", "Lookup", targets="systemuser"),
    "modifiedby": _column("ModifiedBy", "Lookup", targets="systemuser"),
    "statecode": _column("StateCode", "State"),
    "statuscode": _column("StatusCode", "Status", create=True),
}
TABLES = {
    "systemuserroles": _table(
        "systemuserroles", "SystemUserRoles", "systemuserrolescollection", "systemuserroleid",
        {"systemuserid": _column("SystemUserId", GUID), "roleid": _column("RoleId", GUID)},
    ),
    "teamroles": _table(
        "teamroles", "TeamRoles", "teamrolescollection", "teamroleid",
        {"teamid": _column("TeamId", GUID), "roleid": _column("RoleId", GUID)},
    ),
    "teammembership": _table(
        "teammembership", "TeamMembership", "teammemberships", "teammembershipid",
        {"teamid": _column("TeamId", GUID), "systemuserid": _column("SystemUserId", GUID)},
    ),
    "privilege": _table(
        "privilege", "Privilege", "privileges", "privilegeid",
        {"name": _column("Name", "String", length=100), "accessright": _column("AccessRight", "Integer")},
    ),
    "roleprivileges": _table(
        "roleprivileges", "RolePrivileges", "roleprivilegescollection", "roleprivilegeid",
        {
            "roleid": _column("RoleId", GUID),
            "privilegeid": _column("PrivilegeId", GUID),
            "privilegedepthmask": _column("PrivilegeDepthMask", "Integer"),
        },
    ),
    "principalobjectaccess": _table(
        "principalobjectaccess", "PrincipalObjectAccess", "principalobjectaccessset",
        "principalobjectaccessid",
        {
            "principalid": _column("PrincipalId", GUID),
            "principaltypecode": _column("PrincipalTypeCode", "EntityName"),
            "objectid": _column("ObjectId", GUID),
            "objecttypecode": _column("ObjectTypeCode", "EntityName"),
            "accessrightsmask": _column("AccessRightsMask", "Integer"),
            "inheritedaccessrightsmask": _column("InheritedAccessRightsMask", "Integer"),
        },
    ),
    "opportunitycompetitors": _table(
        "opportunitycompetitors", "OpportunityCompetitors", "opportunitycompetitorscollection",
        "opportunitycompetitorid",
        {"opportunityid": _column("OpportunityId", GUID), "competitorid": _column("CompetitorId", GUID)},
    ),
    "product": _table(
        "product", "Product", "products", "productid",
        {
            "name": _column("Name", "String", create=True, length=100),
            "productnumber": _column("ProductNumber", "String", create=True, length=100),
            "price": _column("Price", "Money", create=True),
            "quantityonhand": _column("QuantityOnHand", "Decimal", create=True),
            **{name: OWNED[name] for name in OWNED if name != "ownerid"},
        },
    ),
    "serviceappointment": _table(
        "serviceappointment", "ServiceAppointment", "serviceappointments", "activityid",
        {
            "subject": _column("Subject", "String", create=True, length=200),
            "scheduledstart": _column("ScheduledStart", "DateTime", create=True),
            "scheduledend": _column("ScheduledEnd", "DateTime", create=True),
            "regardingobjectid": _column("RegardingObjectId", "Lookup", targets=REGARDING, create=True),
            **OWNED,
        },
    ),
}  # fmt: skip

COLUMNS = {
    "systemuser": {
        "isemailaddressapprovedbyo365admin": _column("IsEmailAddressApprovedByO365Admin", "Boolean"),
    },
    "activitymimeattachment": {
        "createdon": _column("CreatedOn", "DateTime"),
        "createdby": _column("CreatedBy", "Lookup", targets="systemuser"),
    },
}
"""Columns of tables that `entities.json` has, without these columns."""

DATE_ONLY = {
    ("contact", "birthdate"),
    ("contact", "anniversary"),
    ("opportunity", "estimatedclosedate"),
    ("opportunity", "actualclosedate"),
    ("lead", "estimatedclosedate"),
    ("opportunity", "finaldecisiondate"),
}
"""Columns whose format is DateOnly, which `entities.json` does not tell from DateTime."""

REFERENCES = {
    "contact_customer_accounts": "parentcustomerid",
    "contact_customer_contacts": "parentcustomerid",
    "account_parent_account": "parentaccountid",
    "lead_parent_account": "parentaccountid",
    "lead_parent_contact": "parentcontactid",
    "lead_customer_accounts": "customerid",
    "lead_customer_contacts": "customerid",
    "opportunity_parent_account": "parentaccountid",
    "opportunity_parent_contact": "parentcontactid",
    "opportunity_customer_accounts": "customerid",
    "opportunity_customer_contacts": "customerid",
    "incident_customer_accounts": "customerid",
    "incident_customer_contacts": "customerid",
    "contact_as_primary_contact": "primarycontactid",
    "contact_as_responsible_contact": "responsiblecontactid",
    "incident_parent_incident": "parentcaseid",
    "mailbox_regarding_systemuser": "regardingobjectid",
    "user_mailbox": "ownerid",
    "user_parent_user": "parentsystemuserid",
    "user_accounts": "ownerid",
    "contact_owning_user": "owninguser",
    "lead_owning_user": "owninguser",
    "opportunity_owning_user": "owninguser",
    "system_user_activity_parties": "partyid",
    "activity_pointer_activity_mime_attachment": "objectid",
    "email_activity_mime_attachment": "objectid",
    "appointment_activity_mime_attachment": "objectid",
}
"""The referencing column of relationships where its targets alone do not tell."""

MANY_TO_MANY = {
    "systemuserroles_association": ("systemuserroles", ("systemuser", "systemuserid"), ("role", "roleid")),
    "teammembership_association": ("teammembership", ("team", "teamid"), ("systemuser", "systemuserid")),
    "teamroles_association": ("teamroles", ("team", "teamid"), ("role", "roleid")),
    "opportunitycompetitors_association": (
        "opportunitycompetitors",
        ("opportunity", "opportunityid"),
        ("competitor", "competitorid"),
    ),
    "roleprivileges_association": ("roleprivileges", ("role", "roleid"), ("privilege", "privilegeid")),
}
"""Many-to-many relationships: intersect table, then both sides with their columns in it."""

ACTIVITY_RELATIONSHIPS = {
    "ActivityPointers": "activitypointer",
    "Emails": "email",
    "Appointments": "appointment",
    "PhoneCalls": "phonecall",
    "Tasks": "task",
}
"""What a custom table with activities gets: relationships `{table}_{suffix}` of their regardingobjectid."""

PRIVILEGE_NAMES = {
    "systemuser": "User",
    "annotation": "Note",
    "activitypointer": "Activity",
    "incidentresolution": "Activity",
    "opportunityclose": "Activity",
}
"""What privileges of a table are called where it is not its SchemaName; activities are all `Activity`."""
UNGUARDED = frozenset(
    {"activityparty", "activitymimeattachment", "actioncarduserstate", "privilege", "principalobjectaccess",
     "systemuserroles", "teamroles", "opportunitycompetitors", "teammembership", "roleprivileges",
     "usersettings", "cardtype"}
)  # fmt: skip
"""Tables without privileges of their own: read by whom reads the parent activity, or by everybody."""
OTHER_PRIVILEGES = ("prvActOnBehalfOfAnotherUser",)
