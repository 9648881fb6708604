"""The stand-in of Dataverse answers as the service does: reads, permission, faults."""

import json
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest

from tests.connectors.dataverse.webapi import EVERYTHING, WebApi
from tests.contracts.crm_world import uid
from tests.standins.dataverse import extra_schema
from tests.standins.dataverse.schema import read_schema

pytestmark = pytest.mark.testdata


@pytest.mark.parametrize(
    ("filter_text", "expected"),
    [
        ("name eq 'CONTOSO LTD'", ["Contoso Ltd"]),
        ("contains(name,'conTÖso')", ["Contoso Ltd"]),
        ("contains(name,'%soft')", []),
        ("startswith(name,'_abrikam')", ["Fabrikam"]),
        ("endswith(name,'[kx]am') or startswith(name, 'tail')", ["Fabrikam", "Tailspin"]),
        ("not (name eq 'Fabrikam') and emailaddress3 ne null", ["Contoso Ltd"]),
        ("emailaddress3 eq null", ["Fabrikam", "Tailspin"]),
        (f"_primarycontactid_value eq {uid('ana')}", ["Contoso Ltd"]),
        (f"primarycontactid/contactid eq {uid('ana')}", ["Contoso Ltd"]),
        ("primarycontactid/fullname eq 'ana'", ["Contoso Ltd"]),
        ("contact_customer_accounts/any(c:c/emailaddress1 eq 'ben@contoso.example')", ["Contoso Ltd"]),
        ("contact_customer_accounts/any()", ["Contoso Ltd"]),
        ("not contact_customer_accounts/any(c:c/statecode eq 1)", ["Contoso Ltd", "Fabrikam", "Tailspin"]),
        ("Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=['fabrikam','x'])", ["Fabrikam"]),
        (
            f'Microsoft.Dynamics.CRM.In(PropertyName="accountid",PropertyValues=["{uid("tailspin")}"])',
            ["Tailspin"],
        ),
        ("name in ('Fabrikam')", ["Fabrikam"]),
        ("createdon ge 2026-03-02T00:00:00Z and statecode eq 0", ["Contoso Ltd", "Fabrikam", "Tailspin"]),
        ("createdon lt 2026-03-02", []),
        ("creditonhold eq true", []),
    ],
)
async def test_filters_find_what_dataverse_finds(web: WebApi, filter_text: str, expected: list[str]) -> None:
    found = await web.get(f"accounts?$select=name&$orderby=name&$filter={quote(filter_text)}")
    assert found.names() == expected


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("accounts?$select=Name", "0x80060888"),
        ("accounts?$select=primarycontactid", "0x80060888"),
        ("accounts?$select=owneridname", "0x80060888"),
        ("accounts?$filter=nam eq 'x'", "0x80060888"),
        ("accounts?$filter=name eq 5", "0x80060888"),
        ("accounts?$filter=name eq 'x", "0x80060888"),
        (f"accounts?$filter=accountid eq '{uid('x')}'", "0x80060888"),
        ("accounts?$filter=tolower(name) eq 'x'", "0x80060888"),
        ("accounts?$filter=PrimaryContactId/fullname eq 'x'", "0x80060888"),
        ("accounts?$expand=Primarycontactid", "0x80060888"),
        ("accounts?$expand=primarycontactid($select=name)", "0x80060888"),
        ("accounts?$orderby=name sideways", "0x80060888"),
        ("accounts?$skip=1", "0x80060888"),
        ("accounts?$top=-1", "0x80060888"),
        ("accounts(1)", "0x80060888"),
        ("Account", "0x8006088a"),
        (f"accounts({uid('nobody')})", "0x80040217"),
    ],
)
async def test_what_dataverse_does_not_know_is_refused(web: WebApi, path: str, code: str) -> None:
    assert (await web.get(path)).code == code


async def test_rows_carry_lookups_annotations_and_what_is_expanded(web: WebApi) -> None:
    row = (
        await web.get(
            f"opportunities({uid('deal')})?$select=name,_customerid_value,statecode,createdon"
            "&$expand=customerid_account($select=name),customerid_contact($select=fullname),"
            "Opportunity_Emails($select=subject,senton;$filter=statecode eq 1)",
            prefer=EVERYTHING,
        )
    ).body
    customer = "_customerid_value@"
    assert row["_customerid_value"] == uid("contoso")
    assert row[customer + "Microsoft.Dynamics.CRM.lookuplogicalname"] == "account"
    assert row[customer + "Microsoft.Dynamics.CRM.associatednavigationproperty"] == "customerid_account"
    assert row[customer + "OData.Community.Display.V1.FormattedValue"] == "Contoso Ltd"
    assert row["statecode@OData.Community.Display.V1.FormattedValue"] == "Open"
    assert (row["customerid_account"]["name"], row["customerid_contact"]) == ("Contoso Ltd", None)
    assert [mail["subject"] for mail in row["Opportunity_Emails"]] == ["Your offer"]
    assert row["Opportunity_Emails"][0]["senton"] == "2026-02-27T08:00:00Z"
    plain = (await web.get(f"opportunities({uid('deal')})?$select=name")).body
    assert set(plain) == {"@odata.context", "@odata.etag", "name", "opportunityid"}


async def test_pages_hold_every_row_once_and_links_are_followed_as_they_are(web: WebApi) -> None:
    web.standin.add(accounts=[{"accountid": uid(f"p{n}"), "name": f"Page {n % 4}"} for n in range(25)])
    seen, path = [], "accounts?$select=name&$orderby=name desc&$count=true&$filter=contains(name,'page')"
    pages = 0
    while path:
        answer = await web.get(path, prefer="odata.maxpagesize=7")
        assert answer.body.get("@odata.count", 25) == 25
        seen += [row["accountid"] for row in answer.value]
        path, pages = answer.body.get("@odata.nextLink", ""), pages + 1
    assert (len(seen), len(set(seen)), pages) == (25, 25, 4)
    assert (await web.get("accounts/$count?$filter=contains(name,'page')")).body == "25"
    assert len((await web.get("accounts?$top=3")).value) == 3


async def test_activitypointers_are_activities_of_every_kind(web: WebApi) -> None:
    asked = f"$filter=_regardingobjectid_value eq {uid('deal')}&$orderby=subject"
    rows = (await web.get(f"activitypointers?$select=subject,activitytypecode&{asked}")).value
    assert [(row["subject"], row["activitytypecode"]) for row in rows] == [
        ("Call about price", "phonecall"), ("Site visit", "appointment"), ("South only", "phonecall"),
        ("Your offer", "email")]  # fmt: skip
    parties = await web.get(
        f"activityparties?$filter=_activityid_value eq {uid('mail')}&$expand=partyid_contact"
    )
    assert sorted(row["participationtypemask"] for row in parties.value) == [1, 2]
    deal = await web.get(
        f"opportunities({uid('deal')})?$expand=Opportunity_ActivityPointers($orderby=subject)"
    )
    assert len(deal.body["Opportunity_ActivityPointers"]) == 4


async def test_changes_are_told_by_delta_links_until_they_expire(web: WebApi) -> None:
    first = await web.get("contacts?$select=fullname", prefer="odata.track-changes,odata.maxpagesize=4")
    assert "@odata.deltaLink" not in first.body
    last = await web.get(first.body["@odata.nextLink"], prefer="odata.maxpagesize=4")
    delta = last.body["@odata.deltaLink"]
    assert (await web.get(delta)).value == []
    await web("PATCH", f"contacts({uid('ana')})", {"firstname": "Ana", "lastname": "Alba"})
    await web("DELETE", f"contacts({uid('kim')})")
    changes = await web.get(delta)
    assert [row.get("fullname", row.get("reason")) for row in changes.value] == ["Ana Alba", "deleted"]
    assert changes.value[1]["id"] == uid("kim")
    assert changes.value[1]["@odata.context"].endswith("#contacts/$deletedEntity")
    assert (await web.get(changes.body["@odata.deltaLink"])).value == []
    refused = await web.get("contacts?$filter=statecode eq 0", prefer="odata.track-changes")
    assert refused.status == 400
    web.standin.expire_deltas()
    assert (await web.get(delta)).code == "0x80044352"


READABLE = {
    "ann": {"contoso", "tailspin"},
    "bob": {"contoso", "tailspin"},
    "cid": {"fabrikam", "tailspin"},
    "gil": {"contoso", "tailspin", "fabrikam"},
    "eve": {"contoso", "tailspin", "fabrikam"},
}


@pytest.mark.parametrize("who", READABLE)
async def test_rows_are_read_as_deep_as_roles_teams_and_shares_reach(web: WebApi, who: str) -> None:
    found = await web.get("accounts?$select=name", who=who)
    assert {row["accountid"] for row in found.value} == {uid(word) for word in READABLE[who]}
    for word in ("contoso", "fabrikam", "tailspin"):
        answer = await web.get(f"accounts({uid(word)})", who=who)
        assert (answer.status, answer.code) == ((200, "") if word in READABLE[who] else (403, "0x80048306"))


async def test_permission_binds_expansions_filters_and_writes(web: WebApi) -> None:
    contacts = await web.get("contacts?$select=fullname", who="bob")
    assert "Kim" in contacts.names("fullname")  # owned by a team of his
    assert (await web.get("leads", who="gil")).code == "0x80040220"
    hidden = await web.get(f"incidents({uid('noise')})?$expand=customerid_contact", who="gil")
    assert (hidden.body["customerid_contact"], hidden.body["_customerid_value"]) == (None, uid("zoe"))
    asked = f"accounts?$filter=primarycontactid/contactid eq {uid('ana')}"
    assert len((await web.get(asked, who="ann")).value) == 1
    assert (await web.get(asked, who="gil")).value == []
    changed = await web("PATCH", f"accounts({uid('fabrikam')})", {"name": "x"}, who="gil")
    assert changed.code == "0x80048306"  # shared with him to read only
    bound = await web("POST", "contacts", {"lastname": "N", "parentcustomerid_account@odata.bind":
                                           f"/accounts({uid('fabrikam')})"}, who="ann")  # fmt: skip
    assert bound.status == 403


async def test_impersonation_needs_a_privilege_and_an_enabled_member(web: WebApi) -> None:
    row_id = await web.made("accounts", {"name": "New"}, who="ann")
    row = (await web.get(f"accounts({row_id})")).body
    app = web.standin.organization.app_user_id
    assert (row["_createdby_value"], row["_ownerid_value"]) == (uid("ann"), uid("ann"))
    assert (row["_createdonbehalfby_value"], row["_owningbusinessunit_value"]) == (app, uid("north"))
    assert (await web.get("WhoAmI()", who="ann")).body["UserId"] == uid("ann")
    assert (await web.get("WhoAmI")).body["UserId"] == app
    assert (await web.get("accounts", who="fay")).code == "0x80040225"
    assert (await web.get("accounts", who="nobody")).code == "0x80072560"
    web.standin.organization.may_impersonate = False
    refused = await web.get("accounts", who="ann")
    assert (refused.code, "prvActOnBehalfOfAnotherUser" in refused.message) == ("0x80040220", True)


async def test_functions_tell_privileges_access_and_promotion(web: WebApi) -> None:
    gil = f"systemusers({uid('gil')})/Microsoft.Dynamics.CRM."
    names = '["prvReadActionCard","prvWriteActionCard","prvReadContact"]'
    held = (await web.get(f"{gil}RetrieveUserSetOfPrivilegesByNames(PrivilegeNames=@p)?@p={names}")).body
    assert [(each["PrivilegeName"], each["Depth"]) for each in held["RolePrivileges"]] == [
        ("prvReadActionCard", "Basic"), ("prvReadContact", "Basic")]  # fmt: skip
    every = (await web.get(f"{gil}RetrieveUserPrivileges()")).body["RolePrivileges"]
    assert "prvReadLead" not in {each["PrivilegeName"] for each in every}
    target = f"{{'@odata.id':'accounts({uid('fabrikam')})'}}"
    access = await web.get(f"{gil}RetrievePrincipalAccess(Target=@t)?@t={target}")
    assert access.body["AccessRights"] == "ReadAccess"
    promote = "CheckPromoteEmail(MessageId=@m,Subject='x',DirectionCode=0)?@m="
    known = (await web.get(f"{promote}'<offer@contoso.example>'")).body
    assert known["ShouldPromote"] is False
    assert (await web.get(f"{promote}'<other@contoso.example>'")).body["ShouldPromote"] is True
    assert (await web.get("RetrieveVersion()")).body["Version"].startswith("9.2.")
    detail = (await web.get("RetrieveCurrentOrganization(AccessType=@a)?@a=Microsoft.Dynamics.CRM."
                            "EndpointAccessType'Default'")).body["Detail"]  # fmt: skip
    assert detail["OrganizationId"] == web.standin.organization.organization_id
    roles = await web.get(f"systemusers({uid('gil')})/systemuserroles_association?$select=name")
    assert roles.names() == ["Auditor"]


async def test_metadata_tells_tables_columns_and_navigation_properties(web: WebApi) -> None:
    asked = "$select=EntitySetName&$filter=IsCustomEntity eq true&$expand=Attributes"
    custom = (await web.get(f"EntityDefinitions?{asked}($select=LogicalName,AttributeType)")).value
    assert [table["EntitySetName"] for table in custom] == ["new_projects"]
    assert {"LogicalName": "new_inbox", "AttributeType": "String"}.items() <= next(
        each for each in custom[0]["Attributes"] if each["LogicalName"] == "new_inbox"
    ).items()
    project = "EntityDefinitions(LogicalName='new_project')/"
    lookups = await web.get(
        f"{project}Attributes/Microsoft.Dynamics.CRM.LookupAttributeMetadata?$select=Targets"
    )
    assert ["account", "contact"] in [each["Targets"] for each in lookups.value]
    ways = await web.get(f"{project}ManyToOneRelationships?$filter=ReferencedEntity eq 'contact'")
    assert ways.names("ReferencingEntityNavigationPropertyName") == ["new_Person", "new_Sponsor_contact"]
    cards = await web.get("EntityDefinitions(LogicalName='actioncard')/Privileges")
    assert "prvReadActionCard" in cards.names("Name")
    kind = "RelationshipDefinitions/Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata"
    regarding = await web.get(
        f"{kind}?$filter=ReferencingEntity eq 'email' and ReferencedEntity eq 'new_project'"
    )
    assert regarding.names("ReferencingEntityNavigationPropertyName") == [
        "regardingobjectid_new_project_email"
    ]
    assert (await web.get("EntityDefinitions?$select=Nonsense")).status == 400
    assert (await web.get("EntityDefinitions(LogicalName='nonsense')")).status == 404


async def test_faults_come_as_scripted_and_pass(web: WebApi) -> None:
    faults = web.standin.faults
    faults.throttle(seconds=3, times=2, path="/accounts")
    faults.unavailable(method="POST")
    for _ in range(2):
        busy = await web.get("accounts")
        assert (busy.status, busy.code, busy.headers["Retry-After"]) == (429, "0x80072322", "3")
    assert (await web("POST", "accounts", {"name": "lost"})).status == 503
    faults.cut_off(method="POST")
    with pytest.raises(aiohttp.ClientError):
        await web("POST", "accounts", {"name": "kept"}, prefer="return=representation")
    assert (await web.get("accounts?$filter=name eq 'kept' or name eq 'lost'")).names() == ["kept"]
    faults.slow(0.01)
    assert (await web.get("accounts")).status == 200
    web.standin.revoked.add("t")
    gone = await web.get("accounts")
    assert (gone.status, "authorization_uri" in gone.headers["WWW-Authenticate"]) == (401, True)
    web.standin.revoked.clear()
    assert (await web.get("accounts", Authorization="Basic x")).status == 401
    assert (await web.get("accounts")).status == 200
    assert [each.method for each in web.standin.requests].count("POST") == 2


async def test_every_name_exists_in_the_test_data_or_the_marked_extra(web: WebApi, testdata: Path) -> None:
    described = json.loads((testdata / "dataverse" / "entities.json").read_text("utf-8"))
    schema = read_schema(testdata)
    assert set(schema.tables) == set(described) | set(extra_schema.TABLES)
    for name, table in schema.tables.items():
        known = set(described.get(name, {}).get("attributes", {})) | set(extra_schema.COLUMNS.get(name, {}))
        known |= set(extra_schema.TABLES.get(name, {}).get("attributes", {}))
        rows = (await web.get(f"{table.entity_set}?$top=2")).value
        for row in rows:
            returned = {key.removeprefix("_").removesuffix("_value") for key in row if "@" not in key}
            assert returned <= known, name
        for collection in web.standin.organization.navigation.collections[name].values():
            relationships = described.get(name, {}).get("relationships", {})
            listed = {each for every in relationships.values() for each in every}
            assert collection.name in listed | set(extra_schema.MANY_TO_MANY)
