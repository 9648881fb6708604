"""What every Crm must do; a test's name begins with the method it is about: `test_search__…`.

Each implementation is a parameter of `crm` and is filled with the organisation of `crm_world`.
"""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from uuid import NAMESPACE_DNS, UUID, uuid5

import pytest

from connectors.embedded.crm.crm import EmbeddedCrm
from insights.errors import Conflict, Invalid, NotAllowed, NotFound, Problem, TooLarge, Unavailable
from insights.model import (
    Attachment,
    AttachmentContent,
    EmailDraft,
    MailboxState,
    MailQuery,
    Message,
    MessageBody,
    NewPerson,
    Record,
    RecordRef,
    Table,
    User,
)
from insights.ports import Crm
from insights.services import Services
from insights.timelines import require_record
from tests.contracts.crm_world import NOW, WORLD, contact, ref, uid
from tests.contracts.crms import Add, signed_in

DEAL, CONTOSO, LEAK = ref("opportunity", "deal"), ref("account", "contoso"), ref("incident", "leak")


def draft(
    message_id: str = "<new@contoso.example>", *, regarding: RecordRef | None = DEAL, **message: object
) -> EmailDraft:
    email_id = str(uuid5(NAMESPACE_DNS, message_id))
    sent = Message(
        email_id=email_id,
        internet_message_id=message_id,
        conversation_id="c",
        subject="Angebot für Sie 🚀",
        at=datetime(2026, 3, 1, 10, tzinfo=UTC),
        received_at=datetime(2026, 3, 1, 10, tzinfo=UTC),
        sender="Zoe@Elsewhere.example",
        sender_name="Zoe Zimmer",
        to=("ann+crm@ours.example", "nobody@else.example"),
        cc=("ana@contoso.example",),
        bcc=("fly@tailspin.example",),
    )
    sent = replace(sent, **message)  # type: ignore[arg-type]
    return EmailDraft(email_id, sent, MessageBody("<p>Hello</p>", "Hello"), "incoming", regarding)


def file(name: str = "plan.pdf", content: bytes = b"plan", *, is_inline: bool = False) -> AttachmentContent:
    content_id = f"{name}@x.example" if is_inline else ""
    return AttachmentContent(
        Attachment("1", name, "application/pdf", len(content), is_inline, content_id), content
    )


async def may_read(crm: Crm, user: User, ref: RecordRef) -> bool:
    try:
        await crm.record(user, ref)
    except NotFound:
        return False
    return True


def names(records: object) -> list[str]:
    return [record.name for record in records]  # type: ignore[attr-defined]


def test_every_method_of_the_port_has_a_test() -> None:
    from tests.contracts import test_crm_rows  # which asks by value, and imports from here

    methods = {name for name in vars(Crm) if not name.startswith("_")}
    names = {**globals(), **vars(test_crm_rows)}
    tested = {name.removeprefix("test_").split("__")[0] for name in names if name.startswith("test_")}
    assert methods - tested == set()


# --- who and what -------------------------------------------------------------------------------


async def test_organization_id__is_a_uuid_for_good(crm: Crm) -> None:
    assert str(UUID(await crm.organization_id())) == await crm.organization_id()


async def test_user__by_id_or_address_in_any_case(crm: Crm) -> None:
    ann = await crm.user(uid("ann"))
    assert ann == await crm.user(f"{{{uid('ann').upper()}}}") == await crm.user(" ANN@Ours.Example ")
    assert ann
    assert (ann.name, ann.email, ann.roles, ann.is_admin) == (
        "Ann",
        "ann@ours.example",
        ("Salesperson",),
        False,
    )
    assert (await signed_in(crm, "dora")).is_admin


@pytest.mark.parametrize(
    "who",
    [
        "",
        "nobody@ours.example",
        uid("nobody"),
        "fay@ours.example",
        "a\0b",
        "%",
        "ann+x@ours.example",
        "a.nn@ours.example",
        "ann@ours.example.",
    ],
)
async def test_user__unknown_or_disabled_is_nobody(crm: Crm, who: str) -> None:
    assert await crm.user(who) is None
    assert await crm.user(uid("fay")) is None


async def test_user__an_address_of_two_people_names_nobody(crm: Crm) -> None:
    assert await crm.user("twin@ours.example") is None
    assert (await signed_in(crm, "ira")).email.lower() == (await signed_in(crm, "jan")).email.lower()


async def test_user__built_in_roles_have_action_cards_and_own_roles_what_they_are_given(crm: Crm) -> None:
    cards = {"prvReadActionCard", "prvWriteActionCard"}
    cards |= {"prvReadActionCardUserSettings", "prvWriteActionCardUserSettings"}
    for word in ("ann", "dora", "eve"):
        assert cards <= (await signed_in(crm, word)).privileges
    auditor = await signed_in(crm, "gil")
    assert auditor.roles == ("Auditor",)
    assert cards & auditor.privileges == {"prvReadActionCard"}


async def test_user_by_object_id__of_enabled_users(crm: Crm, add: Add) -> None:
    object_id = "0B1EC7A0-0000-4000-8000-000000000001"
    nia = {"systemuserid": uid("nia"), "fullname": "Nia"}
    assert await crm.user_by_object_id(object_id) is None
    await add(systemusers=[nia | {"azureactivedirectoryobjectid": object_id}])
    found = await crm.user_by_object_id(object_id.lower())
    assert found
    assert (found.id, found.name, found.object_id) == (uid("nia"), "Nia", object_id.lower())
    assert await crm.user_by_object_id(uid("nia")) is None
    await add(systemusers=[nia | {"isdisabled": "true"}])
    assert await crm.user_by_object_id(object_id) is None


async def test_users__are_all_that_are_enabled_with_their_roles(crm: Crm, add: Add) -> None:
    await add(systemusers=[{"systemuserid": uid("nia"), "fullname": "Nia", "isdisabled": "true"}])
    found = {user.id: user for user in await crm.users()}
    assert len(found) == len(await crm.users())
    assert not {uid("fay"), uid("nia")} & found.keys()
    for word in ("ann", "dora", "eve", "gil"):
        user = await signed_in(crm, word)
        told = found[user.id]
        assert (told.name, told.email, told.roles) == (user.name, user.email, user.roles)
        assert (told.object_id, told.privileges) == (user.object_id, frozenset())
    assert [user.name for user in found.values()] == sorted(user.name for user in found.values())


async def test_version__changes_with_every_write_and_never_else_or_is_not_known(crm: Crm, add: Add) -> None:
    ann = await signed_in(crm, "ann")
    seen = [await crm.version()]
    if not seen[0]:  # not known: then always, so that nobody relies on it
        await crm.create_email(ann, draft())
        assert await crm.version() == ""
        return
    made = await crm.create_email(ann, draft())
    seen.append(await crm.version())
    await crm.set_regarding(ann, made.email_activity_id, CONTOSO)
    seen.append(await crm.version())
    await add(contacts=[contact("nia", "ann")])
    seen.append(await crm.version())
    assert len(set(seen)) == len(seen)
    await crm.search(ann, text="", email="", table="", cursor=None, limit=5)
    assert await crm.version() == seen[-1]


async def test_mailbox_state__of_the_users_mailbox_or_approved_without_one(crm: Crm) -> None:
    assert await crm.mailbox_state(uid("ann")) == MailboxState("server", approved=True, tested=True)
    assert await crm.mailbox_state(uid("bob")) == MailboxState("forward", approved=True, tested=True)
    assert await crm.mailbox_state(uid("cid")) == MailboxState("server", approved=False, tested=False)
    assert await crm.mailbox_state(uid("gil")) == MailboxState("none", approved=True, tested=True)


async def test_tables__are_the_five_and_custom_ones(crm: Crm) -> None:
    tables = await crm.tables()
    assert [table.name for table in tables[:5]] == ["account", "contact", "lead", "opportunity", "incident"]
    assert tables[5:] == [Table("new_project", "Project", is_custom=True)]


# --- permission: one rule, seen through every read ------------------------------------------------

READABLE = {
    "ann": {"contoso", "tailspin", "ana", "ben", "zoe", "lea", "deal", "won", "leak", "dam"},
    "bob": {"contoso", "tailspin", "ana", "ben", "zoe", "lea", "deal", "won", "leak", "dam", "kim"},
    "cid": {"fabrikam", "tailspin", "hal", "kim", "una", "noise"},
    "gil": {"contoso", "tailspin", "fabrikam", "deal", "won", "leak", "noise", "dam"},
}
RECORDS = {
    "account": ["contoso", "fabrikam", "tailspin"],
    "contact": ["ana", "ben", "hal", "zoe", "kim", "una"],
    "lead": ["lea"],
    "opportunity": ["deal", "won"],
    "incident": ["leak", "noise"],
    "new_project": ["dam"],
}
EVERYTHING = {word for words in RECORDS.values() for word in words}


@pytest.mark.parametrize("who", ["ann", "bob", "cid", "dora", "eve", "gil"])
async def test_record__is_found_exactly_where_the_user_may_read_it(crm: Crm, who: str) -> None:
    user, readable = await signed_in(crm, who), READABLE.get(who, EVERYTHING)
    listed = (await crm.search(user, text="", email="", table="", cursor=None, limit=200)).items
    assert {record.id for record in listed} == {uid(word) for word in readable}
    for table, words in RECORDS.items():
        for word in words:
            if word in readable:
                assert (await crm.record(user, ref(table, word))).id == uid(word)
                continue
            for read in (crm.record, crm.addresses):
                with pytest.raises(NotFound) as hidden:
                    await read(user, ref(table, word))
                with pytest.raises(NotFound) as missing:
                    await read(user, ref(table, "no such row"))
                assert hidden.value.detail == missing.value.detail
            with pytest.raises(NotFound):
                await crm.activities(user, ref(table, word), since=None, before=None, limit=5)


async def test_record__has_a_subtitle_that_tells_it_apart(crm: Crm) -> None:
    ann = await signed_in(crm, "ann")
    assert await crm.record(ann, ref("contact", "ana")) == Record(
        "contact", uid("ana"), "Ana", "ana@contoso.example"
    )
    assert (await crm.record(ann, CONTOSO)).subtitle == "Leeds"
    assert (await crm.record(ann, DEAL)).subtitle == "Contoso Ltd"
    gil = await signed_in(crm, "gil")
    assert (await crm.record(gil, ref("incident", "noise"))).subtitle == ""  # its customer is hidden
    with pytest.raises(NotFound):
        await crm.record(ann, RecordRef("no\0table", "'; DROP TABLE rows; --"))


# --- search ---------------------------------------------------------------------------------------


async def test_search__by_name_start_first_then_part_without_case_and_accents(crm: Crm, add: Add) -> None:
    ann = await signed_in(crm, "ann")
    await add(accounts=[{"accountid": uid(n), "name": n} for n in ("Émile Zola", "Old Emile", "emily")])
    found = await crm.search(ann, text=" EMIL ", email="", table="", cursor=None, limit=10)
    assert names(found.items) == ["Émile Zola", "emily", "Old Emile"]
    assert names((await crm.search(ann, text="zöLA", email="", table="", cursor=None, limit=9)).items) == [
        "Émile Zola"
    ]


async def test_search__by_address_and_table(crm: Crm) -> None:
    ann = await signed_in(crm, "ann")

    async def found(text: str = "", email: str = "", table: str = "") -> list[str]:
        return names((await crm.search(ann, text=text, email=email, table=table, cursor=None, limit=9)).items)

    assert await found(email="ANA+news@home.example") == ["Ana"]
    assert await found(email="info@contoso.example") == ["Contoso Ltd"]
    assert await found(email="una@elsewhere.example") == []  # not readable
    assert await found(email="not an address") == []
    assert await found(text="deal", email="deal@desk.example") == ["Cooling deal"]
    assert await found(text="zoe@elsewhere.example") == ["Zoe"]  # an address in the search box
    assert await found(table="lead") == ["Lea Lund"]
    assert await found(text="dam", table="new_project") == ["Dam"]
    with pytest.raises(Invalid):
        await found(table="systemuser")


async def test_search__pages_hold_every_record_once(crm: Crm, add: Add) -> None:
    ann = await signed_in(crm, "ann")
    rows = [
        {"accountid": uid(f"p{n}"), "name": ("Page" if n % 2 else "My page") + f" {n % 7}"} for n in range(40)
    ]
    people = [contact(f"page {n}", "ann") for n in range(9)]
    await add(accounts=rows, contacts=people)
    for limit in (1, 7, 200):
        seen: list[str] = []
        cursor = None
        while True:
            page = await crm.search(ann, text="page", email="", table="", cursor=cursor, limit=limit)
            assert len(page.items) <= limit
            seen += [record.id for record in page.items]
            cursor = page.next
            if cursor is None:
                break
        assert len(seen) == 49
        assert set(seen) == {row["accountid"] for row in rows} | {row["contactid"] for row in people}
    for broken in ("x", "W10=", "é"):
        with pytest.raises(Invalid):
            await crm.search(ann, text="page", email="", table="", cursor=broken, limit=5)


@pytest.mark.testdata
@pytest.mark.slow("asks for 500 strings in four ways, one by one")
async def test_search__naughty_strings_come_back_unharmed(crm: Crm, add: Add, testdata: Path) -> None:
    dora = await signed_in(crm, "dora")
    strings = json.loads((testdata / "hostile" / "naughty-strings.json").read_text("utf-8"))
    named = {uid(f"n{n}"): text.strip() for n, text in enumerate(strings) if text.strip()}
    await add(accounts=[{"accountid": row_id, "name": name} for row_id, name in named.items()])
    for row_id, name in named.items():
        assert (await crm.record(dora, RecordRef("account", row_id))).name == name
        page = await crm.search(dora, text=name, email="", table="account", cursor=None, limit=200)
        assert row_id in {record.id for record in page.items}, name
        await crm.search(dora, text="", email=name, table="", cursor=None, limit=5)
        await crm.matches(dora, [name])
    for wildcard in ("%", "_", "%o%", "*", "?"):
        page = await crm.search(dora, text=wildcard, email="", table="", cursor=None, limit=200)
        assert all(wildcard in record.name for record in page.items), wildcard


# --- addresses: product.md 1.1 --------------------------------------------------------------------


async def own_addresses(crm: Crm, who: str, record: RecordRef) -> list[tuple[str, str, str]]:
    found = await crm.addresses(await signed_in(crm, who), record)
    return [(address.address, address.name, address.relation) for address in found]


ANA = [("ana@contoso.example", "Ana"), ("ana@home.example", "Ana")]
OF_CONTOSO = [("info@contoso.example", "Contoso Ltd"), ("sales@contoso.example", "Contoso Ltd")]


def related(relation: str, *addresses: tuple[str, str]) -> list[tuple[str, str, str]]:
    return [(address, name, relation) for address, name in addresses]


async def test_addresses__of_an_account(crm: Crm) -> None:
    assert await own_addresses(crm, "ann", CONTOSO) == [
        *related("primary contact", *ANA),
        *related("contact", ("ben@contoso.example", "Ben")),
        *related("this record", *OF_CONTOSO),
    ]
    assert ("hal@contoso.example", "Hal", "contact") in await own_addresses(crm, "eve", CONTOSO)


async def test_addresses__of_an_account_count_its_first_50_contacts(crm: Crm, add: Add) -> None:
    crowd = [contact(f"c{n:02}", "ann", "tailspin") for n in range(51)]
    await add(contacts=crowd)
    found = [address for address, _, relation in await own_addresses(crm, "ann", ref("account", "tailspin"))
             if relation == "contact"]  # fmt: skip
    assert found == [f"c{n:02}@contoso.example" for n in range(50)]
    ann = await signed_in(crm, "ann")
    assert "Tailspin" in names(m.record for m in await crm.matches(ann, ["c49@contoso.example"]))
    assert "Tailspin" not in names(m.record for m in await crm.matches(ann, ["c50@contoso.example"]))


async def test_addresses__of_an_opportunity(crm: Crm) -> None:
    expected = [
        *related("contact", *ANA),
        *related("stakeholder", ("zoe@elsewhere.example", "Zoe"), ("fly@tailspin.example", "Tailspin")),
        *related("this record", ("deal@desk.example", "Cooling deal")),
    ]
    assert sorted(await own_addresses(crm, "ann", DEAL)) == sorted(expected)
    # an ended connection counts for nobody, a stakeholder only for those who may read them
    everything = await own_addresses(crm, "dora", DEAL)
    assert set(everything) - set(expected) == {("una@elsewhere.example", "Una", "stakeholder")}


async def test_addresses__of_a_case(crm: Crm) -> None:
    assert await own_addresses(crm, "ann", LEAK) == [
        *related("primary contact", ("zoe@elsewhere.example", "Zoe")),
        *related("customer", *ANA, ("ben@contoso.example", "Ben"), *OF_CONTOSO),
        *related("this record", ("leak@desk.example", "Leak")),
    ]
    noise = await own_addresses(crm, "dora", ref("incident", "noise"))
    assert noise == related("customer", ("zoe@elsewhere.example", "Zoe"))
    assert await own_addresses(crm, "cid", ref("incident", "noise")) == []  # Zoe is not Cid's to read


async def test_addresses__of_a_lead_and_a_contact(crm: Crm) -> None:
    assert await own_addresses(crm, "ann", ref("lead", "lea")) == [
        ("ben@contoso.example", "Ben", "contact"),
        ("lea@leads.example", "Lea Lund", "this record"),
    ]
    assert await own_addresses(crm, "ann", ref("contact", "ana")) == related("this record", *ANA)


async def test_addresses__of_a_custom_table_follow_its_lookups(crm: Crm) -> None:
    assert await own_addresses(crm, "ann", ref("new_project", "dam")) == [
        *related("account", *ANA, *OF_CONTOSO),  # not Ben: only the account's primary contact
        *related("contact", ("zoe@elsewhere.example", "Zoe")),
        *related("account", ("fly@tailspin.example", "Tailspin")),
        *related("this record", ("dam@desk.example", "Dam")),
    ]


async def test_addresses__are_listed_once_however_written(crm: Crm, add: Add) -> None:
    spelt = ("Iris+a@Bücher.example", "iris@xn--bcher-kva.example", "i.ris@bücher.example")
    columns = {f"emailaddress{number}": address for number, address in enumerate(spelt, 1)}
    await add(contacts=[contact("iris", "ann", **columns)])
    found = await own_addresses(crm, "ann", ref("contact", "iris"))
    assert [address for address, _, _ in found] == ["Iris+a@Bücher.example", "i.ris@bücher.example"]


# --- matches: the same rules backwards ------------------------------------------------------------


async def matched(crm: Crm, who: str, *addresses: str) -> list[tuple[str, str, str]]:
    found = await crm.matches(await signed_in(crm, who), addresses)
    return [(match.record.name, match.name, match.relation) for match in found]


async def test_matches__in_order_open_deals_and_cases_persons_accounts_the_rest(crm: Crm) -> None:
    assert await matched(crm, "ann", "ANA+x@contoso.example") == [
        ("Cooling deal", "Ana", "contact"),
        ("Leak", "Ana", "customer"),
        ("Ana", "Ana", "this record"),
        ("Contoso Ltd", "Ana", "primary contact"),
        ("Dam", "Ana", "account"),
        ("Won deal", "Ana", "contact"),
    ]
    assert await matched(crm, "ann", "ben@contoso.example") == [
        ("Leak", "Ben", "customer"),
        ("Lea Lund", "Ben", "contact"),
        ("Ben", "Ben", "this record"),
        ("Contoso Ltd", "Ben", "contact"),
    ]
    assert await matched(crm, "ann", "una@elsewhere.example", "nobody@x.example", "", "no address") == []


@pytest.mark.parametrize("who", ["ann", "bob", "cid", "dora", "gil"])
async def test_matches__say_the_same_as_addresses(crm: Crm, who: str) -> None:
    user = await signed_in(crm, who)
    forward: set[tuple[str, str]] = set()
    for record in (await crm.search(user, text="", email="", table="", cursor=None, limit=200)).items:
        forward |= {(found.address, record.id) for found in await crm.addresses(user, record.ref)}
    addresses = {
        a for rows in WORLD.values() for row in rows for c, a in row.items() if "email" in c or "inbox" in c
    }
    backward = {(a, match.record.id) for a in addresses for match in await crm.matches(user, [a])}
    assert backward == forward


async def test_matches__names_the_address_that_was_asked_for(crm: Crm) -> None:
    ann = await signed_in(crm, "ann")
    found = await crm.matches(ann, ["x@y.example", "LEA@leads.example"])
    assert [match.address for match in found] == ["LEA@leads.example"]


# --- activities -----------------------------------------------------------------------------------


async def timeline(crm: Crm, who: str, record: RecordRef, **bounds: object) -> list[str]:
    asked = {"since": None, "before": None, "limit": 50} | bounds
    found = await crm.activities(await signed_in(crm, who), record, **asked)  # type: ignore[arg-type]
    return [activity.subject for activity in found]


async def test_activities__newest_first_as_far_as_readable(crm: Crm) -> None:
    assert await timeline(crm, "ann", DEAL) == ["Your offer", "Call about price", "Site visit"]
    assert await timeline(crm, "dora", DEAL) == ["Your offer", "South only", "Call about price", "Site visit"]
    assert await timeline(crm, "ann", CONTOSO) == ["Send offer"]
    assert await timeline(crm, "ann", ref("contact", "ana")) == []


async def test_activities__meetings_stand_where_they_are_planned_others_where_they_ended(
    crm: Crm, add: Add
) -> None:
    planned = {
        "regardingobjectid": uid("contoso"),
        "ownerid": uid("ann"),
        "scheduledstart": "2026-02-21T08:00:00Z",
        "scheduledend": "2026-02-21T09:00:00Z",
        "actualend": "2026-02-25T12:00:00Z",
    }
    kinds = ("appointment", "serviceappointment", "task")
    for kind in kinds:
        await add(**{f"{kind}s": [{"activityid": uid(kind), "subject": kind, **planned}]})
    found = await crm.activities(
        await signed_in(crm, "ann"), CONTOSO, since=datetime(2026, 2, 1, tzinfo=UTC), before=None, limit=50
    )
    stands = {activity.kind: activity.at.day for activity in found if activity.subject in kinds}
    assert stands == {"appointment": 21, "serviceappointment": 21, "task": 25}


async def test_activities__within_bounds_page_by_page(crm: Crm, add: Add) -> None:
    await add(tasks=[{"activityid": uid(f"t{n}"), "subject": f"t{n}", "actualend": f"2026-01-{10 + n // 3}",
                      "regardingobjectid": uid("zoe")} for n in range(20)])  # fmt: skip
    ann, zoe = await signed_in(crm, "ann"), ref("contact", "zoe")
    whole = await crm.activities(ann, zoe, since=None, before=None, limit=50)
    assert [(a.at, a.id) for a in whole] == sorted(((a.at, a.id) for a in whole), reverse=True)
    paged: list[object] = []
    before = None
    while page := await crm.activities(ann, zoe, since=None, before=before, limit=3):
        paged += page
        before = (page[-1].at, page[-1].id)
    assert paged == list(whole)
    assert len(whole) == 20
    since = datetime(2026, 1, 14, tzinfo=UTC)
    recent = await crm.activities(ann, zoe, since=since, before=None, limit=50)
    assert recent == [a for a in whole if a.at >= since]


async def test_activities__carry_parties_files_and_who_made_them(crm: Crm) -> None:
    found = await crm.activities(await signed_in(crm, "ann"), DEAL, since=None, before=None, limit=9)
    email, call, visit = found
    assert (email.kind, email.sender, email.sender_name) == ("email", "ana@contoso.example", "Ana")
    assert (email.to, email.direction) == (("bob@ours.example",), "incoming")
    assert [(f.name, f.size, f.content_type) for f in email.attachments] == [
        ("offer.pdf", 5, "application/pdf")
    ]
    assert (email.internet_message_id, email.created_by_name) == ("<offer@contoso.example>", "Bob")
    assert (call.kind, call.to, call.direction) == ("phonecall", ("zoe@elsewhere.example",), "outgoing")
    assert visit.at == datetime(2026, 2, 20, 9, tzinfo=UTC)


# --- emails ---------------------------------------------------------------------------------------


async def test_create_email__writes_what_colleagues_see(crm: Crm) -> None:
    ann, bob = await signed_in(crm, "ann"), await signed_in(crm, "bob")
    made = await crm.create_email(ann, draft())
    assert made.email_activity_id == draft().email_id
    assert (made.tracked_by_id, made.tracked_by_name, made.tracked_at) == (ann.id, "Ann", NOW)
    assert made.regarding == await crm.record(bob, DEAL)
    assert (made.is_complete, made.readable) == (False, True)
    newest = (await crm.activities(bob, DEAL, since=None, before=None, limit=1))[0]
    assert (newest.subject, newest.at) == ("Angebot für Sie 🚀", datetime(2026, 3, 1, 10, tzinfo=UTC))
    assert (newest.sender, newest.sender_name) == ("Zoe@Elsewhere.example", "Zoe")
    assert sorted(newest.to) == ["ann+crm@ours.example", "nobody@else.example"]
    if isinstance(crm, EmbeddedCrm):  # Dataverse promises no order of the parties it hands out
        assert newest.to == ("ann+crm@ours.example", "nobody@else.example")
    assert newest.created_by_id == ann.id


async def test_create_email__by_several_at_once_makes_one_row(crm: Crm) -> None:
    ann, bob = await signed_in(crm, "ann"), await signed_in(crm, "bob")
    same_message = replace(draft(), email_id=uid("another key"))
    made = await asyncio.gather(
        *(crm.create_email(user, one) for user in (ann, bob) for one in (draft(), draft(), same_message))
    )
    assert len({(row.email_activity_id, row.tracked_by_id) for row in made}) == 1
    assert (await timeline(crm, "ann", DEAL)).count("Angebot für Sie 🚀") == 1
    found = (await crm.activities(ann, DEAL, since=None, before=None, limit=1))[0]
    assert len(found.to) == 2


async def test_create_email__needs_a_regarding_that_may_be_read_or_none(crm: Crm) -> None:
    ann = await signed_in(crm, "ann")
    with pytest.raises(NotFound):
        await crm.create_email(ann, draft(regarding=ref("account", "fabrikam")))
    assert await crm.emails(ann, [draft().message.internet_message_id]) == {}
    assert (await crm.create_email(ann, draft(regarding=None))).regarding is None


async def test_create_email__takes_whatever_real_mail_has(crm: Crm) -> None:
    ann = await signed_in(crm, "ann")
    odd = draft(
        "<" + "x" * 3000 + ">", subject="a\0b\udcff" + "y" * 5000, sender="", to=("no address",), cc=()
    )
    made = await crm.create_email(ann, odd)
    assert (await crm.create_email(ann, odd)).email_activity_id == made.email_activity_id
    message_id = odd.message.internet_message_id
    assert (await crm.emails(ann, [message_id]))[message_id].email_activity_id == odd.email_id
    assert (await crm.create_email(ann, draft("", subject="without id"))).internet_message_id == ""


async def test_emails__are_found_for_everybody_and_say_who_may_read_them(crm: Crm) -> None:
    asked = ["<offer@contoso.example>", "<none@x>", ""]
    mine = (await crm.emails(await signed_in(crm, "ann"), asked))["<offer@contoso.example>"]
    assert (mine.email_activity_id, mine.tracked_by_name, mine.readable) == (uid("mail"), "Bob", True)
    assert mine.regarding
    assert (mine.regarding.name, mine.is_complete) == ("Cooling deal", True)
    theirs = await crm.emails(await signed_in(crm, "cid"), asked)
    assert set(theirs) == {"<offer@contoso.example>"}
    hidden = theirs["<offer@contoso.example>"]
    assert (hidden.readable, hidden.regarding, hidden.tracked_by_name) == (False, None, "Bob")


async def test_readers__are_those_who_could_read_what_somebody_tracks(crm: Crm) -> None:
    people = {word: (await signed_in(crm, word)).id for word in ("ann", "bob", "cid", "dora", "eve", "gil")}
    for owner in ("ann", "cid"):
        found = await crm.readers(people[owner], people.values())
        assert {word for word, user_id in people.items() if user_id in found} == {
            "ann": {"ann", "bob", "dora", "eve", "gil"},
            "cid": {"cid", "dora", "eve"},
        }[owner]
        everybody = [user.id for user in await crm.users()]
        user = await signed_in(crm, owner)
        assert len(await crm.readers(people[owner], everybody)) == await crm.audience(user, None)
    assert await crm.readers(people["ann"], []) == frozenset()
    assert await crm.readers(people["ann"], [people["bob"], "nobody"]) == {people["bob"]}


@pytest.mark.parametrize("who", ["ann", "cid", "dora", "eve", "gil"])
async def test_audience__counts_those_who_can_read_it_then(crm: Crm, who: str) -> None:
    owner = await signed_in(crm, who)
    said = await crm.audience(owner, None)
    await crm.create_email(owner, draft(regarding=None))
    message_id = draft().message.internet_message_id
    readers = [await signed_in(crm, word) for word in ("ann", "bob", "cid", "dora", "eve", "gil")]
    seen = [(await crm.emails(reader, [message_id]))[message_id].readable for reader in readers]
    assert said == sum(seen)
    assert 1 < said < 6
    with pytest.raises(NotFound):
        await crm.audience(owner, ref("account", "no such row"))


async def test_add_attachment__once_by_name_and_bytes(crm: Crm) -> None:
    ann = await signed_in(crm, "ann")
    email_id = (await crm.create_email(ann, draft())).email_activity_id
    for attached in (file(), file(), file(content=b"longer"), file("logo.png", is_inline=True)):
        await crm.add_attachment(ann, email_id, attached)
    found = await crm.attachments(ann, email_id)
    assert [(f.name, f.size, f.is_inline) for f in found] == [
        ("plan.pdf", 4, False), ("plan.pdf", 6, False), ("logo.png", 4, True)]  # fmt: skip
    await asyncio.gather(*(crm.add_attachment(ann, email_id, file("x.txt")) for _ in range(3)))
    assert len(await crm.attachments(ann, email_id)) == 4
    newest = (await crm.activities(ann, DEAL, since=None, before=None, limit=1))[0]
    assert len(newest.attachments) == 4


async def test_add_attachment__two_files_of_one_name_and_size_are_two(crm: Crm) -> None:
    ann = await signed_in(crm, "ann")
    email_id = (await crm.create_email(ann, draft())).email_activity_id
    for content in (b"AAAA", b"BBBB", b"AAAA", b"BBBB", b"CCCC"):
        await crm.add_attachment(ann, email_id, file("scan.bmp", content))
    assert [(f.name, f.size) for f in await crm.attachments(ann, email_id)] == [("scan.bmp", 4)] * 3
    await crm.delete_email(ann, email_id)  # for all of them are hers


async def test_add_attachment__a_picture_is_called_what_the_text_calls_it(crm: Crm) -> None:
    ann = await signed_in(crm, "ann")
    email_id = (await crm.create_email(ann, draft())).email_activity_id
    for picture in (file("logo.png", is_inline=True), file("plan.pdf")):
        await crm.add_attachment(ann, email_id, picture)
    assert [f.content_id for f in await crm.attachments(ann, email_id)] == ["logo.png@x.example", ""]


async def test_add_attachment__within_the_organisations_limits(crm: Crm, add: Add) -> None:
    ann = await signed_in(crm, "ann")
    email_id = (await crm.create_email(ann, draft())).email_activity_id
    refused: dict[str, type[Problem]] = {"run.EXE": Invalid, "run.exe. ": Invalid}
    for name, problem in refused.items():
        with pytest.raises(problem) as blocked:
            await crm.add_attachment(ann, email_id, file(name))
        assert blocked.value.code == "blocked_attachment"
    with pytest.raises(TooLarge):
        await crm.add_attachment(ann, email_id, file("big.bin", b"x" * 5_242_881))
    await add(organizations=[{"organizationid": uid("any"), "name": "Ours", "maxuploadfilesize": "10",
                              "blockedattachments": "pdf; txt"}])  # fmt: skip
    with pytest.raises(TooLarge):
        await crm.add_attachment(ann, email_id, file("small.bin", b"x" * 11))
    with pytest.raises(Invalid):
        await crm.add_attachment(ann, email_id, file("a.txt"))
    await crm.add_attachment(ann, email_id, file("run.exe"))
    with pytest.raises(NotFound):
        await crm.add_attachment(await signed_in(crm, "cid"), email_id, file("b.bin"))


async def test_attachments__only_of_readable_emails(crm: Crm) -> None:
    assert names(await crm.attachments(await signed_in(crm, "ann"), uid("mail"))) == ["offer.pdf"]
    with pytest.raises(NotFound):
        await crm.attachments(await signed_in(crm, "cid"), uid("mail"))


async def test_complete_email__twice_changes_nothing(crm: Crm) -> None:
    ann, cid = await signed_in(crm, "ann"), await signed_in(crm, "cid")
    email_id = (await crm.create_email(ann, draft())).email_activity_id
    message_id = draft().message.internet_message_id
    for _ in range(2):
        await crm.complete_email(ann, email_id)
        assert (await crm.emails(ann, [message_id]))[message_id].is_complete
    assert await timeline(crm, "ann", DEAL, limit=1) == ["Angebot für Sie 🚀"]
    with pytest.raises(NotFound):
        await crm.complete_email(cid, email_id)


async def test_delete_email__leaves_nothing_and_may_be_tracked_again(crm: Crm) -> None:
    ann = await signed_in(crm, "ann")
    email_id = (await crm.create_email(ann, draft())).email_activity_id
    await crm.add_attachment(ann, email_id, file())
    await crm.link(ann, email_id, CONTOSO)
    await crm.complete_email(ann, email_id)
    await crm.delete_email(ann, email_id)
    assert await crm.emails(ann, [draft().message.internet_message_id]) == {}
    assert await timeline(crm, "ann", DEAL) == ["Your offer", "Call about price", "Site visit"]
    assert await timeline(crm, "ann", CONTOSO) == ["Send offer"]
    with pytest.raises(NotFound):
        await crm.delete_email(ann, email_id)
    again = await crm.create_email(await signed_in(crm, "bob"), draft())
    assert (again.tracked_by_name, await crm.attachments(ann, email_id)) == ("Bob", [])


async def test_delete_email__only_own_and_only_what_others_left_alone(crm: Crm) -> None:
    ann, bob, cid = [await signed_in(crm, word) for word in ("ann", "bob", "cid")]
    email_id = (await crm.create_email(ann, draft())).email_activity_id
    with pytest.raises(NotAllowed):
        await crm.delete_email(bob, email_id)
    with pytest.raises(NotFound):
        await crm.delete_email(cid, email_id)
    await crm.link(bob, email_id, CONTOSO)
    with pytest.raises(Conflict) as kept:
        await crm.delete_email(ann, email_id)
    assert kept.value.code == "others_added"
    assert await timeline(crm, "bob", CONTOSO) == ["Angebot für Sie 🚀", "Send offer"]

    other = (await crm.create_email(ann, draft("<other@x.example>"))).email_activity_id
    await crm.add_attachment(bob, other, file())
    with pytest.raises(Conflict):
        await crm.delete_email(ann, other)
    third = (await crm.create_email(ann, draft("<third@x.example>"))).email_activity_id
    await crm.set_regarding(bob, third, CONTOSO)
    with pytest.raises(Conflict):
        await crm.delete_email(ann, third)
    fourth = (await crm.create_email(ann, draft("<fourth@x.example>"))).email_activity_id
    await crm.delete_email(await signed_in(crm, "dora"), fourth)  # an administrator may
    assert "<fourth@x.example>" not in await crm.emails(ann, ["<fourth@x.example>"])


async def test_set_regarding__moves_the_email_between_timelines(crm: Crm) -> None:
    ann = await signed_in(crm, "ann")
    email_id = (await crm.create_email(ann, draft())).email_activity_id
    await crm.set_regarding(ann, email_id, LEAK)
    assert await timeline(crm, "ann", LEAK) == ["Angebot für Sie 🚀"]
    assert "Angebot für Sie 🚀" not in await timeline(crm, "ann", DEAL)
    with pytest.raises(NotFound):
        await crm.set_regarding(ann, email_id, ref("account", "fabrikam"))
    assert await timeline(crm, "ann", LEAK) == ["Angebot für Sie 🚀"]
    await crm.set_regarding(ann, email_id, None)
    assert await timeline(crm, "ann", LEAK) == []
    message_id = draft().message.internet_message_id
    assert (await crm.emails(ann, [message_id]))[message_id].regarding is None


async def test_link__twice_is_once_also_beside_regarding(crm: Crm) -> None:
    ann = await signed_in(crm, "ann")
    before = await own_addresses(crm, "ann", DEAL)
    email_id = (await crm.create_email(ann, draft())).email_activity_id
    for record in (DEAL, DEAL, ref("new_project", "dam"), CONTOSO, CONTOSO):
        await crm.link(ann, email_id, record)
    for record in (DEAL, ref("new_project", "dam"), CONTOSO):
        assert (await timeline(crm, "ann", record)).count("Angebot für Sie 🚀") == 1
    assert (await timeline(crm, "ann", DEAL, limit=2))[1] == "Your offer"
    with pytest.raises(NotFound):
        await crm.link(ann, email_id, ref("account", "fabrikam"))
    assert await own_addresses(crm, "ann", DEAL) == before  # an email is no stakeholder


async def test_emails__and_activities_tell_what_they_are_about_as_far_as_readable(crm: Crm) -> None:
    ann, cid = await signed_in(crm, "ann"), await signed_in(crm, "cid")
    made = await crm.create_email(ann, draft(regarding=LEAK))
    for record in (DEAL, CONTOSO):
        await crm.link(ann, made.email_activity_id, record)
    message_id = draft().message.internet_message_id
    row = (await crm.emails(ann, [message_id]))[message_id]
    assert row.regarding
    assert (row.regarding.name, names(row.links)) == ("Leak", ["Cooling deal", "Contoso Ltd"])
    activity = await crm.email_activity(ann, made.email_activity_id)
    assert (activity.regarding, activity.links) == (row.regarding, row.links)
    [listed] = [a for a in await crm.activities(ann, DEAL, since=None, before=None, limit=50)
                if a.id == made.email_activity_id]  # fmt: skip
    assert (listed.regarding, listed.links) == (row.regarding, row.links)
    hidden = (await crm.emails(cid, [message_id]))[message_id]
    assert (hidden.readable, hidden.regarding, hidden.links) == (False, None, ())


async def test_emails_among__is_emails_of_the_messages_that_come(crm: Crm) -> None:
    ann = await signed_in(crm, "ann")
    await crm.create_email(ann, draft())
    await crm.create_email(ann, draft("<odd@contoso.example>", sender="", to=(), cc=(), bcc=()))
    ids = ["<new@contoso.example>", "<odd@contoso.example>", "<none@contoso.example>"]
    query = MailQuery(["zoe@elsewhere.example"], since=datetime(2026, 2, 1, tzinfo=UTC))

    async def found() -> list[Message]:
        await asyncio.sleep(0.01)
        return [draft(message_id).message for message_id in ids]

    assert await crm.emails_among(ann, query, found()) == await crm.emails(ann, ids)

    async def fails() -> list[Message]:
        raise Unavailable("mail_busy")

    with pytest.raises(Unavailable):
        await crm.emails_among(ann, query, fails())


async def test_email_activity__where_it_may_be_read(crm: Crm) -> None:
    [shown] = [
        email
        for email in await crm.activities(
            await signed_in(crm, "ann"), DEAL, since=None, before=None, limit=50
        )
        if email.id == uid("mail")
    ]
    assert await crm.email_activity(await signed_in(crm, "ann"), uid("mail")) == shown
    for who, email_id in (("cid", uid("mail")), ("ann", uid("nothing")), ("ann", uid("deal"))):
        with pytest.raises(NotFound):
            await crm.email_activity(await signed_in(crm, who), email_id)


async def test_record__that_is_ours_to_show_has_a_timeline(crm: Crm) -> None:
    ann, services = await signed_in(crm, "ann"), cast("Services", SimpleNamespace(crm=crm))
    assert await require_record(services, ann, CONTOSO) == await crm.record(ann, CONTOSO)
    for table in ("systemuser", "team", "businessunit", "role", "email", "queue", "Account", "a b", ""):
        with pytest.raises(NotFound) as told:
            await require_record(services, ann, RecordRef(table, uid("ann")))
        assert told.value.code == "record_not_found"


# --- people ---------------------------------------------------------------------------------------


async def test_create_person__is_found_at_once_and_only_once(crm: Crm) -> None:
    ann = await signed_in(crm, "ann")
    nova = NewPerson("contact", "Nova", "Nilsen", "Nova@fabrikam.example", account_id=uid("contoso"))
    made = await crm.create_person(ann, nova)
    assert made == await crm.record(ann, made.ref)
    assert (made.table, made.name, made.subtitle) == ("contact", "Nova Nilsen", "Nova@fabrikam.example")
    assert ("Contoso Ltd", "Nova Nilsen", "contact") in await matched(crm, "ann", "nova@fabrikam.example")
    lead = NewPerson("lead", "", "Nilsen", "nova+x@Fabrikam.example", company="Fabrikam")
    with pytest.raises(Conflict) as known:
        await crm.create_person(ann, lead)
    assert known.value.code == "already_known"
    with pytest.raises(NotFound):
        await crm.record(await signed_in(crm, "cid"), made.ref)


async def test_create_person__refuses_what_is_nobody(crm: Crm) -> None:
    ann = await signed_in(crm, "ann")
    for person in (NewPerson("lead", "A", "B", "no address"), NewPerson("lead", " ", "", "a@b.example")):
        with pytest.raises(Invalid):
            await crm.create_person(ann, person)
    with pytest.raises(NotFound):
        await crm.create_person(ann, NewPerson("contact", "", "B", "b@c.example", account_id=uid("fabrikam")))


async def test_create_person__does_not_tell_of_what_is_hidden(crm: Crm) -> None:
    ann, cid = await signed_in(crm, "ann"), await signed_in(crm, "cid")
    una, nobody = (
        NewPerson("contact", "", "Una", "una@elsewhere.example"),  # Cid has one, though not for Ann to see
        NewPerson("contact", "", "Una", "nobody@elsewhere.example"),
    )
    for person in (una, nobody):
        made = await crm.create_person(ann, person)
        assert made == await crm.record(ann, made.ref)
        assert made.ref.id != uid("una")
        with pytest.raises(Conflict) as known:  # by now she sees one
            await crm.create_person(ann, replace(person, table="lead"))
        assert "may" not in known.value.detail
    with pytest.raises(Conflict):
        await crm.create_person(cid, una)
    assert (await crm.record(cid, ref("contact", "una"))).subtitle == "una@elsewhere.example"


async def test_create_person__by_two_who_do_not_see_each_other(crm: Crm) -> None:
    ann, cid = await signed_in(crm, "ann"), await signed_in(crm, "cid")
    made = [
        await crm.create_person(each, NewPerson("contact", "", "New", "new@x.example")) for each in (ann, cid)
    ]
    assert made[0].ref != made[1].ref
    for user, other in ((ann, made[1]), (cid, made[0])):
        with pytest.raises(NotFound):
            await crm.record(user, other.ref)


async def test_create_person__at_the_same_moment_makes_one(crm: Crm) -> None:
    ann = await signed_in(crm, "ann")
    person = NewPerson("lead", "Twin", "Two", "twin@x.example")
    made = await asyncio.gather(*(crm.create_person(ann, person) for _ in range(4)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in made) == ["Conflict", "Conflict", "Conflict", "Record"]
