"""The stand-in of Dataverse writes and refuses as the service does."""

import base64
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.dataverse.webapi import WebApi, opened
from tests.contracts.crm_world import uid
from tests.standins.dataverse.batch import split

pytestmark = pytest.mark.testdata

EMAIL: dict[str, Any] = {
    "subject": "Angebot",
    "messageid": "<new@contoso.example>",
    "directioncode": False,
    "actualend": "2026-03-01T10:00:00Z",
    "overriddencreatedon": "2026-03-01T09:00:00Z",
    "regardingobjectid_opportunity_email@odata.bind": f"/opportunities({uid('deal')})",
    "email_activity_parties": [
        {"participationtypemask": 1, "addressused": "who@elsewhere.example"},
        {"participationtypemask": 2, "partyid_systemuser@odata.bind": f"/systemusers({uid('ann')})"},
    ],
}


def email(word: str = "new", **more: object) -> dict[str, Any]:
    return EMAIL | {"activityid": uid(word)} | more


def file(email_id: str, name: str = "plan.pdf", content: bytes = b"plan", **more: object) -> dict[str, Any]:
    return {
        "objectid_activitypointer@odata.bind": f"/activitypointers({email_id})",
        "objecttypecode": "email",
        "filename": name,
        "mimetype": "application/pdf",
        "body": base64.b64encode(content).decode(),
        **more,
    }


async def test_an_email_keeps_its_id_its_parties_and_its_time(web: WebApi) -> None:
    assert await web.made("emails", email(), who="ann") == uid("new")
    again = await web("POST", "emails", email(subject="Twin"), who="bob")
    assert (again.status, again.code) == (412, "0x80040237")
    row = (await web.get(f"emails({uid('new')})?$expand=email_activity_parties", who="bob")).body
    assert (row["subject"], row["createdon"], row["overriddencreatedon"]) == (
        "Angebot", "2026-03-01T09:00:00Z", "2026-03-02T09:30:00Z")  # fmt: skip
    assert (row["statecode"], row["statuscode"], row["senton"]) == (0, 1, None)
    parties = {party["participationtypemask"]: party for party in row["email_activity_parties"]}
    assert parties[1]["addressused"] == "who@elsewhere.example"
    assert (parties[2]["addressused"], parties[2]["_partyid_value"]) == ("ann@ours.example", uid("ann"))
    done = {"statecode": 1, "statuscode": 4}
    assert (await web("PATCH", f"emails({uid('new')})", done, If_Match="*", who="ann")).status == 204
    row = (await web.get(f"emails({uid('new')})", who="ann")).body
    assert (row["statecode"], row["statuscode"], row["senton"]) == (1, 4, "2026-03-01T10:00:00Z")
    assert (await web("PATCH", f"emails({uid('new')})", {"subject": "x"}, who="ann")).code == "0x80040203"
    assert (
        await web("PATCH", f"emails({uid('new')})", {"regardingobjectid_opportunity_email": None})
    ).status == 204
    assert (await web("DELETE", f"emails({uid('new')})", who="ann")).status == 204
    assert (await web.get(f"activityparties?$filter=_activityid_value eq {uid('new')}")).value == []


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"statecode": 1}, "0x80040203"),
        ({"senton": "2026-01-01T00:00:00Z"}, "0x80040203"),
        ({"inreplyto": "<x>"}, "0x80040203"),
        ({"emailsender_contact@odata.bind": f"/contacts({uid('ana')})"}, "0x80040203"),
        ({"_regardingobjectid_value": uid("deal")}, "0x80048d19"),
        ({"regardingobjectid": uid("deal")}, "0x80048d19"),
        ({"nonsense": 1}, "0x80048d19"),
        ({"Subject": "x"}, "0x80048d19"),
        ({"regardingobjectid@odata.bind": f"/opportunities({uid('deal')})"}, "0x80048d19"),
        ({"regardingobjectid_Account_email@odata.bind": f"/accounts({uid('contoso')})"}, "0x80048d19"),
        ({"regardingobjectid_account_email@odata.bind": f"/accounts({uid('nobody')})"}, "0x80040217"),
        ({"regardingobjectid_account_email@odata.bind": f"/contacts({uid('ana')})"}, "0x80048d19"),
        ({"directioncode": "true"}, "0x80048d19"),
        ({"actualend": "yesterday"}, "0x80048d19"),
        ({"prioritycode": 9}, "0x8004431a"),
        ({"statuscode": 4}, "0x80048408"),
        ({"messageid": "<" + "x" * 320}, "0x80044331"),
        ({"email_activity_parties": [{"participationtypemask": 2}]}, "0x80040203"),
        ({"email_activity_parties": [{"addressused": "a@b.example"}]}, "0x80040200"),
        (
            {"email_activity_parties": [{"participationtypemask": 99, "addressused": "a@b.example"}]},
            "0x8004431a",
        ),
    ],
)
async def test_a_wrong_email_is_refused_and_leaves_nothing(
    web: WebApi, wrong: dict[str, Any], code: str
) -> None:
    version = web.standin.organization.store.tables["email"].copy()
    refused = await web("POST", "emails", email(**wrong))
    assert (refused.code, refused.status) == (code, 404 if code == "0x80040217" else 400)
    assert web.standin.organization.store.tables["email"] == version


async def test_attachments_keep_to_the_organisations_limits(web: WebApi, testdata: Path) -> None:
    await web.made("emails", email(), who="ann")
    new = uid("new")
    kept = await web.made("activitymimeattachments", file(new), who="ann")
    row = (await web.get(f"activitymimeattachments({kept})", who="bob")).body
    assert (row["filesize"], row["body"], row["_objectid_value"]) == (4, "cGxhbg==", new)
    assert (await web("POST", "activitymimeattachments", file(new, "run.EXE"))).code == "0x80043e09"
    assert (await web("POST", "activitymimeattachments", file(new, body="?"))).code == "0x80048d19"
    large = file(new, "big.bin", b"x" * 3_932_161)  # in Base64 just above 5 MB
    assert (await web("POST", "activitymimeattachments", large)).code == "0x80044a02"
    assert (await web("POST", "activitymimeattachments", file(new), who="cid")).status == 403
    web.standin.add(organizations=[{"organizationid": uid("any"), "maxuploadfilesize": "10",
                                    "blockedattachments": "pdf; txt"}])  # fmt: skip
    assert (await web("POST", "activitymimeattachments", file(new))).code == "0x80043e09"
    await web("PATCH", f"emails({new})", {"statecode": 1, "statuscode": 3})
    assert (await web("POST", "activitymimeattachments", file(new, "a.bin"))).code == "0x80040203"
    async with opened(testdata, closed_takes_attachments=True) as lenient:
        await lenient.made("activitymimeattachments", file(uid("mail"), "late.bin"))


async def test_rows_are_made_changed_and_unmade(web: WebApi) -> None:
    made = await web("POST", "contacts?$select=fullname", {"firstname": "Nova", "lastname": "Nilsen",
                     "parentcustomerid_account@odata.bind": f"/accounts({uid('contoso')})"},
                     prefer="return=representation", who="ann")  # fmt: skip
    assert (made.status, made.body["fullname"]) == (201, "Nova Nilsen")
    path = f"contacts({made.body['contactid']})"
    etag = made.body["@odata.etag"]
    assert (await web("PATCH", path, {"lastname": "Berg"}, If_Match='W/"1"')).code == "0x80060882"
    assert (await web("PATCH", path, {"lastname": "Berg"}, If_Match=etag)).status == 204
    assert (await web.get(f"{path}/fullname")).body["value"] == "Nova Berg"
    assert (await web("PUT", f"{path}/jobtitle", {"value": "CEO"})).status == 204
    assert (await web.get(f"{path}/jobtitle/$value")).body == "CEO"
    assert (await web("DELETE", f"{path}/jobtitle")).status == 204
    assert (await web.get(f"{path}/jobtitle")).status == 204
    assert (await web.get(f"{path}/parentcustomerid_account?$select=name")).body["name"] == "Contoso Ltd"
    assert (await web("PATCH", path, {"parentcustomerid_account": None})).status == 204
    assert (await web.get(f"{path}/parentcustomerid_account")).status == 204
    fresh = f"accounts({uid('fresh')})"
    assert (await web("PATCH", fresh, {"name": "x"}, If_Match="*")).code == "0x80040217"
    assert (await web("PATCH", fresh, {"name": "Upserted"})).status == 204
    assert (await web("PATCH", fresh, {"name": "x"}, If_None_Match="*")).code == "0x80040237"
    assert (await web.get(fresh, If_None_Match=(await web.get(fresh)).body["@odata.etag"])).status == 304
    await web("DELETE", path)
    assert (await web.get(path)).code == "0x80040217"


async def test_links_join_and_part_rows(web: WebApi) -> None:
    account, base = f"accounts({uid('tailspin')})", web.standin.url + "/api/data/v9.2/"
    zoe = {"@odata.id": f"{base}contacts({uid('zoe')})"}
    assert (await web("PUT", f"{account}/primarycontactid/$ref", zoe)).status == 204
    assert (await web.get(f"{account}/primarycontactid/$ref")).body == zoe
    assert (await web("DELETE", f"{account}/primarycontactid/$ref")).status == 204
    assert (await web("POST", f"{account}/contact_customer_accounts/$ref", zoe)).status == 204
    assert (await web.get(f"{account}/contact_customer_accounts?$select=fullname")).names("fullname") == [
        "Zoe"
    ]
    await web("DELETE", f"{account}/contact_customer_accounts({uid('zoe')})/$ref")
    assert (await web.get(f"{account}/contact_customer_accounts/$ref")).value == []
    role = {"@odata.id": f"{base}roles({uid('Auditor')})"}
    ann = f"systemusers({uid('ann')})/systemuserroles_association"
    assert (await web("POST", f"{ann}/$ref", role)).status == 204
    assert (await web("POST", f"{ann}/$ref", role)).code == "0x80040237"
    assert sorted((await web.get(ann)).names()) == ["Auditor", "Salesperson"]
    await web("DELETE", f"{ann}/$ref?$id={role['@odata.id']}")
    assert (await web.get(ann)).names() == ["Salesperson"]
    sides = {
        "record1id_email@odata.bind": f"/emails({uid('mail')})",
        "record2id_new_project@odata.bind": f"/new_projects({uid('dam')})",
    }
    linked = await web.made("connections", sides, who="ann")
    assert (await web.get(f"connections({linked})")).body["name"] == "Dam"


def part(request: str, body: str = "", content_id: str = "") -> str:
    head = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
    head += f"Content-ID: {content_id}\r\n" if content_id else ""
    inner = f"{request} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{body}"
    return f"{head}\r\n{inner}"


async def send(web: WebApi, *parts: str, prefer: str = "", who: str = "") -> tuple[int, list[str]]:
    body = "".join(f"--b\r\n{each}\r\n" for each in parts) + "--b--\r\n"
    headers = {"Authorization": "Bearer t", "Content-Type": 'multipart/mixed; boundary="b"', "Prefer": prefer}
    async with web.session.post(
        f"{web.standin.url}/api/data/v9.2/$batch", data=body, headers=headers
    ) as answer:
        boundary = answer.headers["Content-Type"].partition("boundary=")[2]
        return answer.status, [each.content.decode() for each in split(await answer.read(), boundary)]


def changes(*parts: str) -> str:
    inside = "".join(f"--c\r\n{each}\r\n" for each in parts)
    return f"Content-Type: multipart/mixed; boundary=c\r\n\r\n{inside}--c--"


async def test_batches_answer_each_part_and_stop_where_told(web: WebApi) -> None:
    good, bad = (
        part("GET accounts?$select=name&$filter=name eq 'Fabrikam'"),
        part("GET /api/data/v9.2/nothing"),
    )
    status, answers = await send(web, good, bad, good)
    assert (status, [each.split()[1] for each in answers]) == (404, ["200", "404"])
    status, answers = await send(web, good, bad, good, prefer="odata.continue-on-error")
    assert (status, [each.split()[1] for each in answers]) == (200, ["200", "404", "200"])
    assert '"name": "Fabrikam"' in answers[2]
    assert web.standin.requests[-1].parts == 3
    status, _ = await send(web, *[good] * 1001)
    assert status == 400


async def test_change_sets_are_done_whole_or_not_at_all(web: WebApi) -> None:
    account = part("POST accounts", '{"name": "One"}', "1")
    contact = part("POST contacts", '{"lastname": "Two", "parentcustomerid_account@odata.bind": "$1"}', "2")
    status, [answer] = await send(web, changes(account, contact))
    assert (status, answer.count("204 No Content")) == (200, 2)
    found = await web.get("contacts?$filter=parentcustomerid_account/name eq 'One'&$select=lastname")
    assert found.names("lastname") == ["Two"]
    wrong = part("POST contacts", '{"nonsense": 1}', "2")
    status, [answer] = await send(web, changes(part("POST accounts", '{"name": "Lost"}', "1"), wrong))
    assert (status, answer.count("HTTP/1.1"), "0x80048d19" in answer) == (400, 1, True)
    assert (await web.get("accounts?$filter=name eq 'Lost'")).value == []
    assert (await send(web, changes(part("GET accounts", "", "1"))))[0] == 400
