"""What is read from Graph, in how many round trips, and in whose right."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from connectors.graph import reader
from connectors.graph.opening import open_graph_directory
from connectors.graph.places import Places
from connectors.graph.sign_outs import SignOuts
from insights.database import Database
from insights.errors import Conflict, Incomplete, NotFound, SignInNeeded, Unavailable
from insights.mail.identity import email_id
from insights.model import Identity, Mailbox, MailQuery, Message, User
from tests.connectors.graph.tenant import ANN, BOB, ORGANIZATION_ID, Tenant, mailbox_of, running_tenant
from tests.mails import AT, make_mail
from tests.standins.graph.attachment import Attachment

pytestmark = pytest.mark.testdata
ANNS = mailbox_of(ANN)
ANA = "ana@fabrikam.example"
MINUTE = timedelta(minutes=1)


def fill(tenant: Tenant, count: int, *, senders: Sequence[str] = (ANA,), step: timedelta = MINUTE) -> None:
    """Messages `<0@fabrikam.example>` and on, each a step later than the one before."""
    for number in range(count):
        at = AT + number * step
        raw = make_mail(f"<{number}@fabrikam.example>", sender=senders[number % len(senders)], at=at)
        tenant.graph.deliver(ANN, raw, received=at + timedelta(seconds=number % 7))


def numbers(messages: Sequence[Message]) -> list[int]:
    return [int(message.internet_message_id.strip("<>").partition("@")[0]) for message in messages]


@pytest.mark.parametrize("contacts", [1, 15, 50])
async def test_an_opening_is_one_request_whatever_the_number_of_contacts(
    tenant: Tenant, contacts: int
) -> None:
    people = [f"person{number}@customer{number}.example" for number in range(contacts)]
    fill(tenant, 120, senders=people)
    for _ in range(2):  # the first time the folders that do not count are asked for as well
        found = await tenant.mail.search(ANNS, MailQuery(people, since=AT, limit=200))
        assert numbers(found) == list(range(119, -1, -1))
        assert tenant.count() == 1


async def test_questions_about_what_was_just_listed_cost_nothing(testdata: Path, database: Database) -> None:
    async with running_tenant(testdata, database) as tenant:
        fill(tenant, 5)
        found = await tenant.mail.search(ANNS, MailQuery([ANA]))
        assert tenant.count() == 1
        held = await tenant.mail.find(ANNS, [message.email_id for message in found])
        assert list(held.values()) == found
        assert tenant.count() == 0


async def test_a_question_about_a_message_waits_for_the_list_that_is_on_its_way(
    testdata: Path, database: Database
) -> None:
    async with running_tenant(testdata, database, round_trip=0.05) as tenant:
        fill(tenant, 3)
        own_id = email_id(ORGANIZATION_ID, "<1@fabrikam.example>")
        listed, held = await asyncio.gather(
            tenant.mail.search(ANNS, MailQuery([ANA])), tenant.mail.find(ANNS, [own_id])
        )
        assert held == {own_id: listed[1]}
        assert tenant.count() == 1


async def test_mail_that_the_index_does_not_know_yet_is_listed_once(
    testdata: Path, database: Database
) -> None:
    async with running_tenant(testdata, database, index_lag=300) as tenant:
        now = datetime.now(UTC).replace(microsecond=0)
        for number in range(3):
            raw = make_mail(f"<{number}@fabrikam.example>", at=now - number * MINUTE)
            tenant.graph.deliver(ANN, raw, received=now - number * MINUTE)
        assert numbers(await tenant.mail.search(ANNS, MailQuery([ANA]))) == [0, 1, 2]
        tenant.graph.index_lag = 0
        assert numbers(await tenant.mail.search(ANNS, MailQuery([ANA]))) == [0, 1, 2]


async def test_deleted_junk_and_drafts_do_not_count_and_copies_are_one(tenant: Tenant) -> None:
    mailbox = tenant.graph.mailbox(ANN)
    inside = mailbox.add_folder("Old project", mailbox.folder("deleteditems").id)
    ours = mailbox.add_folder("Fabrikam", mailbox.folder("inbox").id)
    for number, folder in enumerate(["deleteditems", "junkemail", inside.id, ours.id, "archive"]):
        tenant.graph.deliver(ANN, make_mail(f"<{number}@fabrikam.example>"), folder=folder)
    copy = make_mail("<4@fabrikam.example>", sender=ANN, to=ANA)
    tenant.graph.deliver(ANN, copy, folder="sentitems")
    draft = tenant.graph.deliver(ANN, make_mail("<9@fabrikam.example>"), folder="drafts")
    draft.values["isDraft"] = True
    for query in (MailQuery([ANA]), MailQuery(None)):
        assert sorted(numbers(await tenant.mail.search(ANNS, query))) == [3, 4]
    [message] = [
        each for each in await tenant.mail.search(ANNS, MailQuery([ANA])) if "4@" in each.internet_message_id
    ]
    thread = await tenant.mail.conversation(ANNS, message.conversation_id)
    assert numbers(thread) == [4]


@pytest.mark.parametrize("addresses", [[ANA, "bo@else.example"], None])
async def test_pages_hold_everything_once_in_order(tenant: Tenant, addresses: list[str] | None) -> None:
    fill(tenant, 460, senders=[ANA, "bo@else.example", "cy@third.example"])
    expected = [number for number in range(459, -1, -1) if addresses is None or number % 3 != 2]
    seen: list[int] = []
    before = None
    while page := await tenant.mail.search(ANNS, MailQuery(addresses, before=before, limit=60)):
        seen += numbers(page)
        before = page[-1].at, page[-1].email_id
    assert seen == expected


async def test_a_search_goes_on_beyond_the_thousand_that_graph_gives(tenant: Tenant) -> None:
    fill(tenant, 1150, step=timedelta(hours=1))
    found = await tenant.mail.search(ANNS, MailQuery([ANA], limit=1130))
    assert numbers(found) == list(range(1149, 19, -1))


async def test_flags_keep_a_message_private(tenant: Tenant) -> None:
    label = "MSIP_Label_0a1b2c3d-0000-4000-8000-000000000001_Enabled=true;"
    enveloped = {"Content-Type": 'application/pkcs7-mime; smime-type="enveloped-data"; name="smime.p7m"'}
    kinds: dict[str, tuple[str, dict[str, str], dict[str, bytes]]] = {
        "open": ("inbox", {"Sensitivity": "Personal"}, {}),
        "private": ("inbox", {"Sensitivity": "Private"}, {}),
        "labelled": ("inbox", {"msip_labels": label}, {}),
        "sent": ("sentitems", {"msip_labels": label}, {}),
        "rights": ("inbox", {}, {"message.rpmsg": b"x"}),
    }
    for name, (folder, headers, files) in kinds.items():
        raw = make_mail(f"<{name}@fabrikam.example>", headers=headers, files=files)
        tenant.graph.deliver(ANN, raw, folder=folder)
    for name, content_type in (("smime", enveloped), ("signed", {"Content-Type": "multipart/signed"})):
        mail = EmailMessage()
        mail["Message-ID"], mail["From"], mail["Date"] = (
            f"<{name}@fabrikam.example>",
            ANA,
            "Mon, 2 Nov 2026 09:30:00 +0000",
        )
        mail["Content-Type"] = content_type["Content-Type"]
        mail.set_payload("MIIB")
        tenant.graph.deliver(ANN, mail.as_bytes())
    listed = {
        each.internet_message_id.partition("@")[0][1:]: each
        for each in await tenant.mail.search(ANNS, MailQuery([ANA]))
    }
    read = await tenant.mail.find(ANNS, [each.email_id for each in listed.values()])
    for found in (listed, {name: read[each.email_id] for name, each in listed.items()}):
        assert {name for name, each in found.items() if each.is_private} == {"private"}
        assert {name for name, each in found.items() if each.labels} == {"labelled", "sent"}
        assert {name for name, each in found.items() if each.is_encrypted} == {"rights", "smime"}
        assert {"open", "signed"} <= found.keys()


async def test_files_of_every_kind_and_size(tenant: Tenant) -> None:
    large = bytes(range(256)) * (7 * 4096)  # 7 MiB
    inner = make_mail("<inner@fabrikam.example>", subject="Quarterly: numbers")
    message = tenant.graph.deliver(ANN, make_mail(files={"small.bin": b"small", "large.bin": large}))
    mailbox = tenant.graph.mailbox(ANN)
    mailbox.attach(message, Attachment("Quarterly: numbers", "message/rfc822", inner, kind="itemAttachment"))
    mailbox.attach(message, Attachment("Plan.docx", "text/html", b"", kind="referenceAttachment"))
    tenant.graph.attachment_overhead = 300
    [held] = await tenant.mail.search(ANNS, MailQuery([ANA]))
    ids = {file.name: file.id for file in held.attachments}
    assert list(ids) == ["small.bin", "large.bin", "Quarterly: numbers.eml", "Plan.docx"]
    assert all(len(file_id) <= 255 for file_id in ids.values())
    tenant.count()
    for name, content in (("small.bin", b"small"), ("large.bin", large), ("Quarterly: numbers.eml", inner)):
        got = await tenant.mail.attachment(ANNS, held.email_id, ids[name])
        assert got.attachment.name == name
        assert got.content == content
    ranges = [each for each in tenant.graph.requests if each.path.endswith("/$value")]
    assert len(ranges) == 1 + 3 + 1
    with pytest.raises(Conflict) as refusal:
        await tenant.mail.attachment(ANNS, held.email_id, ids["Plan.docx"])
    assert refusal.value.code == "linked_file"
    with pytest.raises(NotFound):
        await tenant.mail.attachment(ANNS, held.email_id, "0" * 24)
    assert b"Subject: Offer" in await tenant.mail.source(ANNS, held.email_id)


async def test_the_app_reads_for_who_has_never_signed_in_and_nothing_else(tenant: Tenant) -> None:
    fill(tenant, 1)
    tenant.tokens.strangers |= {ANN, BOB}
    assert len(await tenant.mail.search(ANNS, MailQuery([ANA]))) == 1
    tenant.graph.application_mailboxes = {BOB}
    for read in (MailQuery([ANA]), MailQuery(None)):
        with pytest.raises(SignInNeeded):
            await tenant.mail.search(ANNS, read)
    tenant.graph.application_mailboxes = {ANN, BOB}
    tenant.graph.share(ANN, BOB)
    with pytest.raises(SignInNeeded):
        await tenant.mail.search(Mailbox(ANN, mailbox_of(BOB).reader), MailQuery([ANA]))
    tenant.tokens.refuses = True  # conditional access is no reason to ask with the app's rights
    with pytest.raises(SignInNeeded):
        await tenant.mail.search(ANNS, MailQuery([ANA]))


async def test_other_processes_find_what_one_has_listed_by_ids_alone(
    tenant: Tenant, database: Database
) -> None:
    fill(tenant, 2)
    [newest, _] = await tenant.mail.search(ANNS, MailQuery([ANA]))
    await tenant.places.flush()
    rows = await database.read(
        lambda connection: connection.exec_driver_sql("SELECT * FROM message_places").all()
    )
    assert len(rows) == 2
    assert not any(word in str(rows) for word in ("fabrikam", "ours.example", "Offer"))
    other = Places(database, ORGANIZATION_ID, tenant.now)
    assert (await other.find(ANN, [newest.email_id, "no id"])).keys() == {newest.email_id}
    assert await other.find(BOB, [newest.email_id]) == {}
    assert await other.forget_old(tenant.now() + timedelta(days=91)) == 2
    assert await Places(database, ORGANIZATION_ID, tenant.now).find(ANN, [newest.email_id]) == {}


async def test_a_message_that_moves_to_a_folder_keeps_its_place_and_one_that_goes_loses_it(
    tenant: Tenant,
) -> None:
    fill(tenant, 2)
    [moved, gone] = await tenant.mail.search(ANNS, MailQuery([ANA]))
    mailbox = tenant.graph.mailbox(ANN)
    stored = {each.values["internetMessageId"]: each for each in mailbox.messages}
    mailbox.move(stored[moved.internet_message_id], "archive")
    mailbox.delete(stored[gone.internet_message_id])
    held = await tenant.mail.find(ANNS, [moved.email_id, gone.email_id])
    assert held == {moved.email_id: moved}
    with pytest.raises(NotFound):
        await tenant.mail.body(ANNS, gone.email_id)
    assert await tenant.places.find(ANN, [gone.email_id]) == {}


async def test_unusual_addresses_are_searched_for_without_breaking_the_query(tenant: Tenant) -> None:
    strange = [
        '"a b"@fabrikam.example',
        "o'hara@fabrikam.example",
        "x) OR (y@fabrikam.example",
        "ü@bücher.example",
    ]
    fill(tenant, 4, senders=strange)
    found = await tenant.mail.search(ANNS, MailQuery([*strange, "no address", 'q"uote@fabrikam.example']))
    assert {1, 3} <= set(numbers(found))
    other = email_id(ORGANIZATION_ID, "<0@fabrikam.example>")
    assert all(message.email_id != other or '"a b"' in message.sender for message in found)


async def test_mail_that_was_deleted_is_held_but_not_listed(tenant: Tenant) -> None:
    fill(tenant, 12)
    ids = [message.email_id for message in await tenant.mail.search(ANNS, MailQuery([ANA]))]
    mailbox = tenant.graph.mailbox(ANN)
    for message in mailbox.messages[:6]:
        mailbox.move(message, "junkemail" if message is mailbox.messages[0] else "deleteditems")
    tenant.count()
    assert (await tenant.mail.find(ANNS, ids)).keys() == set(ids)
    assert tenant.count() == 1
    assert (await tenant.mail.find(ANNS, ids, listed_only=True)).keys() == set(ids[:6])
    assert tenant.count() == 1


async def test_what_was_found_by_itself_does_not_count_as_listed_a_moment_later(
    testdata: Path, database: Database
) -> None:
    async with running_tenant(testdata, database, recent_seconds=60) as tenant:
        fill(tenant, 1)
        [message] = await tenant.mail.search(ANNS, MailQuery([ANA]))
        tenant.graph.mailbox(ANN).move(tenant.graph.mailbox(ANN).messages[0], "deleteditems")
        tenant.mail._recent = type(tenant.mail._recent)(60)
        assert await tenant.mail.find(ANNS, [message.email_id]) == {message.email_id: message}
        assert await tenant.mail.find(ANNS, [message.email_id], listed_only=True) == {}


async def test_those_that_are_gone_keep_nobody_from_being_found(tenant: Tenant) -> None:
    fill(tenant, 19)
    ids = [message.email_id for message in await tenant.mail.search(ANNS, MailQuery([ANA]))]
    mailbox = tenant.graph.mailbox(ANN)
    for message in mailbox.messages[::2]:
        mailbox.delete(message)
    tenant.count()
    assert (await tenant.mail.find(ANNS, ids)).keys() == set(ids[1::2])


def arrive(tenant: Tenant, count: int) -> None:
    """So many messages within the last minutes, the newest with the highest number."""
    now = datetime.now(UTC).replace(microsecond=0)
    for number in range(count):
        at = now - timedelta(milliseconds=300) * (count - number)
        tenant.graph.deliver(ANN, make_mail(f"<{number}@fabrikam.example>", at=at), received=at)


async def test_a_flood_of_new_mail_costs_two_round_trips_and_what_lacks_is_said(
    testdata: Path, database: Database
) -> None:
    async with running_tenant(testdata, database, index_lag=900) as tenant:
        arrive(tenant, 800)
        query = MailQuery([ANA], limit=1000)
        assert len(await tenant.mail.search(ANNS, query)) == 800
        assert tenant.count() == 2
        arrive(tenant, 1100)
        with pytest.raises(Incomplete) as cut:
            await tenant.mail.search(ANNS, MailQuery([ANA], limit=1200))
        assert tenant.count() == 2
        assert 0 < len(cut.value.messages) < 1100
        assert cut.value.code == "mail_busy"


@pytest.mark.parametrize("is_indexed", [True, False])
async def test_what_was_found_before_the_time_is_up_is_given_with_the_problem(
    testdata: Path, database: Database, monkeypatch: pytest.MonkeyPatch, *, is_indexed: bool
) -> None:
    monkeypatch.setattr(reader, "BUDGET_SECONDS", 2.0)
    async with running_tenant(testdata, database, index_lag=0 if is_indexed else 900) as tenant:
        if is_indexed:
            fill(tenant, 1150, step=timedelta(hours=1))
        else:
            arrive(tenant, 700)
        query = MailQuery([ANA], limit=1130)
        monkeypatch.setattr(reader, "BUDGET_SECONDS", 60.0)
        whole = numbers(await tenant.mail.search(ANNS, query))
        tenant.graph.faults.unavailable("skip|received<", times=None, retry_after=100)
        with pytest.raises(Incomplete) as cut:
            await tenant.mail.search(ANNS, query)
        found = numbers(cut.value.messages)
        assert 0 < len(found) < len(whole)
        assert found == whole[: len(found)]
        tenant.graph.faults.clear()
        tenant.graph.faults.unavailable("batch", times=None, retry_after=100)
        with pytest.raises(Unavailable) as nothing:
            await tenant.mail.search(ANNS, query)
        assert not isinstance(nothing.value, Incomplete)


class ProvesAnn:
    """A sign-in whose every token is Ann's."""

    async def identify(self, token: str) -> Identity:
        """Ann's account."""
        return Identity(object_id=ANNS.reader.object_id)

    async def sign_out(self, user: User) -> bool:
        """There is nothing to forget."""
        return False


async def test_the_app_does_not_read_for_who_signed_out_until_they_sign_in(
    tenant: Tenant, database: Database
) -> None:
    fill(tenant, 1)
    tenant.tokens.strangers |= {ANN, BOB}
    tenant.client.rights.sign_outs = SignOuts(database, lambda: AT)

    async def find_user(user_id: str) -> User | None:
        return ANNS.reader

    directory = open_graph_directory(tenant.client, ProvesAnn(), find_user, tenant.following)
    assert len(await tenant.mail.search(ANNS, MailQuery([ANA]))) == 1
    await directory.identify("token")
    for is_first in (True, False):
        assert await directory.sign_out(ANNS.reader) is is_first
        with pytest.raises(SignInNeeded):
            await tenant.mail.search(ANNS, MailQuery([ANA]))
    assert await SignOuts(database, lambda: AT).has(ANNS.reader.object_id)  # other processes know as well
    assert await tenant.mail.search(mailbox_of(BOB), MailQuery([ANA])) == []
    await directory.identify("token")
    assert len(await tenant.mail.search(ANNS, MailQuery([ANA]))) == 1
