"""What the contract does not see: whom requests act for, how many there are, what is kept, twins."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from connectors.dataverse.crm import DataverseCrm
from connectors.dataverse.wire import ANNOTATIONS
from insights.errors import Conflict, Invalid
from insights.model import MailQuery, Message, RecordRef, User
from tests.contracts.crm_world import METADATA, NOW, WORLD, contact, ref, uid
from tests.contracts.crms import AnyToken, signed_in
from tests.contracts.test_crm import CONTOSO, DEAL, draft, file
from tests.standins.dataverse import DataverseStandin, Logged, entra_id, running_dataverse
from tests.standins.dataverse.store import Ref

pytestmark = pytest.mark.testdata
SINCE = datetime(2026, 2, 1, tzinfo=UTC)


@dataclass
class World:
    standin: DataverseStandin
    crm: DataverseCrm
    at: datetime = NOW

    async def asked(self, call: Callable[[], Awaitable[object]]) -> list[Logged]:
        """The requests that a call makes."""
        before = len(self.standin.requests)
        await call()
        return self.standin.requests[before:]


@pytest.fixture
async def world(testdata: Path) -> AsyncIterator[World]:
    async with running_dataverse(testdata, now=lambda: NOW) as standin, ClientSession() as session:
        standin.fill(WORLD, METADATA)
        complete_parties(standin)
        opened = World(standin, DataverseCrm(standin.url, session, AnyToken(), now=lambda: opened.at))
        yield opened


def complete_parties(standin: DataverseStandin) -> None:
    """Give all parties the address that the service notes when it writes them."""
    store = standin.organization.store
    for row in list(store.rows("activityparty").values()):
        store.put(
            row.table, row.id, {**row.values, "addressused": row.get("addressused") or "someone@x.example"}
        )


async def warm(world: World, user: User) -> None:
    """What every opening before this one left in memory."""
    await world.crm.tables()
    await world.crm.organization_id()
    await world.crm.mailbox_state(user.id)
    await world.crm.audience(user, None)


async def just(messages: Sequence[Message]) -> Sequence[Message]:
    return messages


# --- round trips ------------------------------------------------------------------------------------


@pytest.mark.parametrize("record", [DEAL, CONTOSO, ref("incident", "leak"), ref("contact", "ana"),
                                    ref("lead", "lea"), ref("new_project", "dam")])  # fmt: skip
async def test_opening_a_record_takes_one_request_for_each_question(world: World, record: RecordRef) -> None:
    ann = await signed_in(world.crm, "ann")
    await warm(world, ann)
    assert len(await world.asked(lambda: world.crm.addresses(ann, record))) == 1
    since = NOW - timedelta(days=30)
    asked = await world.asked(lambda: world.crm.activities(ann, record, since=since, before=None, limit=201))
    assert len(asked) == 1
    assert await world.asked(world.crm.tables) == []
    assert await world.asked(world.crm.organization_id) == []
    assert await world.asked(lambda: world.crm.mailbox_state(ann.id)) == []
    assert len(await world.asked(lambda: world.crm.audience(ann, record))) == 1
    assert await world.asked(lambda: world.crm.audience(ann, record)) == []  # seen just now


async def test_addresses_of_an_account_with_many_contacts_take_one_request(world: World) -> None:
    world.standin.add(contacts=[contact(f"c{n:03}", "ann", "contoso") for n in range(300)])
    ann = await signed_in(world.crm, "ann")
    await warm(world, ann)
    for record in (CONTOSO, ref("incident", "leak")):
        assert len(await world.asked(lambda record=record: world.crm.addresses(ann, record))) == 1  # type: ignore[misc]


async def test_emails_among_messages_are_asked_before_the_messages_are_known(world: World) -> None:
    ann = await signed_in(world.crm, "ann")
    await world.crm.create_email(ann, draft())
    await warm(world, ann)
    before = len(world.standin.requests)
    known = asyncio.Event()

    async def slow_mailbox() -> Sequence[Message]:
        await world.standin.wait_for(lambda: len(world.standin.requests) >= before + 2)
        known.set()
        return [draft().message, replace(draft("<untracked@x>").message, to=("ana@contoso.example",))]

    query = MailQuery(["zoe@elsewhere.example", "ana@contoso.example"], since=SINCE)
    found = await world.crm.emails_among(ann, query, slow_mailbox())
    assert set(found) == {"<new@contoso.example>"}
    assert known.is_set()
    asked = world.standin.requests[before:]
    assert len(asked) == 2  # side by side: all rows, and those that Ann may read
    assert [request.headers.get("CallerObjectId", "") for request in asked].count("") == 1


@pytest.mark.parametrize(
    "message",
    [
        replace(draft("<odd@x>").message, sender="zoe+tag@elsewhere.example", cc=()),
        replace(draft("<odd@x>").message, received_at=SINCE - timedelta(days=400)),
        replace(draft("<odd@x>").message, sender="someone@else.example", cc=(), to=()),
    ],
    ids=["tagged", "older row", "another address"],
)
async def test_emails_among_messages_look_again_where_addresses_prove_nothing(
    world: World, message: Message
) -> None:
    ann = await signed_in(world.crm, "ann")
    row = {"activityid": uid("odd"), "subject": "Odd", "messageid": "<odd@x>", "sender": "a@b.example"}
    row |= {"createdon": "2025-01-01T00:00:00Z", "ownerid": uid("ann"), "createdby": uid("ann")}
    world.standin.add(emails=[row])
    query = MailQuery(["zoe@elsewhere.example"], since=SINCE)
    assert set(await world.crm.emails_among(ann, query, just([message]))) == {"<odd@x>"}


async def test_emails_among_thousands_of_addresses_wait_for_the_messages(world: World) -> None:
    ann = await signed_in(world.crm, "ann")
    made = await world.crm.create_email(ann, draft())
    query = MailQuery([f"a{n}@x.example" for n in range(2000)], since=SINCE)
    found = await world.crm.emails_among(ann, query, just([draft().message]))
    assert found["<new@contoso.example>"].email_activity_id == made.email_activity_id
    everyone = MailQuery(None, since=SINCE)
    assert set(await world.crm.emails_among(ann, everyone, just([draft().message]))) == set(found)


async def test_many_message_ids_are_asked_in_batches(world: World) -> None:
    ann = await signed_in(world.crm, "ann")
    await world.crm.tables()
    ids = [f"<{'x' * 200}{n}@contoso.example>" for n in range(500)]
    asked = await world.asked(lambda: world.crm.emails(ann, [*ids, "<offer@contoso.example>"]))
    assert len(asked) == 2
    assert all(request.path.endswith("$batch") for request in asked)


# --- whom requests act for -------------------------------------------------------------------------


async def test_what_a_user_gets_to_see_is_asked_in_the_users_name(world: World) -> None:
    crm, ann = world.crm, await signed_in(world.crm, "ann")
    await warm(world, ann)
    made = await crm.create_email(ann, draft())
    reads: list[Callable[[], Awaitable[object]]] = [
        lambda: crm.record(ann, DEAL),
        lambda: crm.addresses(ann, DEAL),
        lambda: crm.activities(ann, DEAL, since=None, before=None, limit=5),
        lambda: crm.search(ann, text="deal", email="", table="", cursor=None, limit=5),
        lambda: crm.matches(ann, ["ana@contoso.example"]),
        lambda: crm.email_activity(ann, uid("mail")),
        lambda: crm.attachments(ann, uid("mail")),
        lambda: crm.set_regarding(ann, made.email_activity_id, CONTOSO),
        lambda: crm.link(ann, made.email_activity_id, DEAL),
        lambda: crm.complete_email(ann, made.email_activity_id),
        lambda: crm.delete_email(ann, made.email_activity_id),
    ]
    users = {entra_id(uid("ann"))}
    for read in reads:
        asked = await world.asked(read)
        assert {request.headers.get("CallerObjectId") for request in asked} == users


async def test_the_addresses_of_all_users_are_known_of_disabled_ones_too(world: World) -> None:
    users = WORLD["systemusers"]
    assert any(user.get("isdisabled") for user in users)
    expected = {user["internalemailaddress"] for user in users if user.get("internalemailaddress")}
    assert set(await world.crm.user_addresses()) == expected


async def test_rows_show_who_tracked_and_that_the_application_did_it(world: World) -> None:
    ann = await signed_in(world.crm, "ann")
    made = await world.crm.create_email(ann, draft())
    row = world.standin.organization.store.find("email", made.email_activity_id)
    assert row
    by, behalf = row.ref("createdby"), row.ref("createdonbehalfby")
    assert by
    assert behalf
    assert (by.id, behalf.id) == (uid("ann"), world.standin.organization.app_user_id)


# --- what is written --------------------------------------------------------------------------------


async def test_a_duplicate_key_returns_the_row_that_is_there(world: World) -> None:
    ann, bob = await signed_in(world.crm, "ann"), await signed_in(world.crm, "bob")
    await world.crm.create_email(
        bob, replace(draft(), message=replace(draft().message, internet_message_id=""))
    )
    made = await world.crm.create_email(ann, draft())
    assert (made.email_activity_id, made.tracked_by_name) == (draft().email_id, "Bob")


async def test_a_message_that_another_tool_tracked_is_not_tracked_again(world: World) -> None:
    ann = await signed_in(world.crm, "ann")
    asked = await world.asked(lambda: world.crm.create_email(ann, draft("<offer@contoso.example>")))
    assert not [each for each in asked if each.method == "POST" and not each.path.endswith("$batch")]


async def test_files_are_refused_by_the_service_too(world: World) -> None:
    ann = await signed_in(world.crm, "ann")
    email_id = (await world.crm.create_email(ann, draft())).email_activity_id
    await world.crm.add_attachment(ann, email_id, file("first.txt"))  # limits are known from now on
    world.standin.add(organizations=[{"organizationid": uid("any"), "blockedattachments": "pdf"}])
    with pytest.raises(Invalid) as blocked:
        await world.crm.add_attachment(ann, email_id, file("plan.pdf"))
    assert blocked.value.code == "blocked_attachment"
    await world.crm.complete_email(ann, email_id)
    with pytest.raises(Conflict) as closed:
        await world.crm.add_attachment(ann, email_id, file("late.txt"))
    assert closed.value.code == "read_only"


# --- what is kept -----------------------------------------------------------------------------------


async def test_structure_is_kept_for_its_time_and_read_once_by_many(world: World) -> None:
    asked = await world.asked(lambda: asyncio.gather(*(world.crm.user(uid("ann")) for _ in range(5))))
    assert len(asked) == 2  # the user, the user's privileges
    world.standin.add(systemusers=[{"systemuserid": uid("ann"), "isdisabled": "true"}])
    assert await world.crm.user(uid("ann"))
    world.at += timedelta(minutes=6)
    assert await world.crm.user(uid("ann")) is None


async def test_a_failed_reading_is_not_kept(world: World) -> None:
    world.standin.faults.unavailable(status=500, times=1)
    with pytest.raises(Exception, match="CRM"):
        await world.crm.organization_id()
    assert await world.crm.organization_id() == world.standin.organization.organization_id


async def test_a_service_that_tells_ids_of_privileges_only(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = world.crm.api.call

    async def without_names(path: str, user: User | None = None) -> dict[str, Any]:
        answer = await call(path, user)
        for held in answer.get("RolePrivileges", []):
            del held["PrivilegeName"]
        return answer

    named = await signed_in(world.crm, "gil")
    world.crm.forget()
    monkeypatch.setattr(world.crm.api, "call", without_names)
    assert (await signed_in(world.crm, "gil")).privileges == named.privileges


async def test_a_file_of_several_megabytes_arrives_as_it_is(world: World) -> None:
    ann = await signed_in(world.crm, "ann")
    email_id = (await world.crm.create_email(ann, draft())).email_activity_id
    content = bytes(range(256)) * 12_000
    await world.crm.add_attachment(ann, email_id, file("film.bin", content))
    [row] = world.standin.organization.store.pointing_at(
        Ref("email", email_id), "activitymimeattachment", "objectid"
    )
    assert base64.b64decode(row.text("body")) == content
    assert [one.size for one in await world.crm.attachments(ann, email_id)] == [len(content)]


async def test_roles_of_teams_count(world: World) -> None:
    world.standin.add(teamrolescollection=[{"teamid": uid("panel"), "roleid": uid("Sales Manager")}])
    bob = await signed_in(world.crm, "bob")
    assert bob.roles == ("Sales Manager", "Salesperson")
    before = await world.crm.audience(await signed_in(world.crm, "cid"), None)
    world.standin.add(teamrolescollection=[{"teamid": uid("panel"), "roleid": uid("System Administrator")}])
    assert await world.crm.audience(await signed_in(world.crm, "cid"), None) == before  # kept for minutes


async def test_a_page_may_begin_within_many_activities_of_one_second(world: World) -> None:
    about = {
        "actualend": "2026-01-10T00:00:00Z",
        "regardingobjectid": uid("zoe"),
        "regardingobjectidtype": "contact",
    }
    rows = [{"activityid": uid(f"bulk{n}"), "subject": f"b{n}"} | about for n in range(130)]
    world.standin.add(tasks=rows)
    ann, zoe = await signed_in(world.crm, "ann"), ref("contact", "zoe")
    seen: list[str] = []
    before = None
    while page := await world.crm.activities(ann, zoe, since=None, before=before, limit=30):
        seen += [activity.id for activity in page]
        before = (page[-1].at, page[-1].id)
    assert seen == sorted((row["activityid"] for row in rows), reverse=True)


async def test_addresses_of_any_length_are_looked_for_without_harm(world: World) -> None:
    ann = await signed_in(world.crm, "ann")
    long = [f"{'ä' * 5000}{n}@x.example" for n in range(100)]
    assert await world.crm.matches(ann, [*long, "lea@leads.example"])
    assert (await world.crm.search(ann, text=long[0], email="", table="", cursor=None, limit=5)).items == []
    assert (await world.crm.search(ann, text="", email=long[0], table="", cursor=None, limit=5)).items == []
    message = replace(draft("<offer@contoso.example>").message, sender=long[0], to=tuple(long))
    found = await world.crm.emails_among(ann, MailQuery(long, since=SINCE), just([message]))
    assert set(found) == {"<offer@contoso.example>"}
    made = await world.crm.create_email(ann, draft(sender=long[0], to=tuple(long), cc=()))
    assert (await world.crm.email_activity(ann, made.email_activity_id)).to == ()


async def test_creating_an_email_takes_two_round_trips(world: World) -> None:
    ann = await signed_in(world.crm, "ann")
    await warm(world, ann)
    asked = await world.asked(lambda: world.crm.create_email(ann, draft()))
    assert asked[-1].method == "POST"
    assert asked[-1].path.endswith("/emails")
    assert len(asked) <= 7  # six side by side, then the row itself


async def test_expanded_rows_that_come_in_parts_are_read_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await signed_in(world.crm, "ann")
    made = await world.crm.create_email(ann, draft(to=tuple(f"p{n}@x.example" for n in range(7))))
    whole = await world.crm.email_activity(ann, made.email_activity_id)
    assert len(whole.to) == 7
    small_pages = f"{ANNOTATIONS},odata.maxpagesize=2"
    monkeypatch.setattr("connectors.dataverse.wire.ANNOTATIONS", small_pages)
    monkeypatch.setattr("connectors.dataverse.api.ANNOTATIONS", small_pages)
    asked = await world.asked(lambda: world.crm.email_activity(ann, made.email_activity_id))
    assert len(asked) > 1
    in_parts = await world.crm.email_activity(ann, made.email_activity_id)
    assert sorted(in_parts.to) == sorted(whole.to)
    [listed] = await world.crm.activities(ann, DEAL, since=None, before=None, limit=1)
    assert sorted(listed.to) == sorted(whole.to)
