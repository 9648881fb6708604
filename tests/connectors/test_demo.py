"""The demo's organisation: what it holds, that it is always the same, and that its days move."""

import asyncio
import os
import re
import subprocess
import sys
from base64 import b64decode
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from hashlib import sha256
from json import dumps, loads
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, MetaData, select

from connectors.embedded.crm.importing import import_rows
from connectors.embedded.crm.schema import Schema
from connectors.embedded.crm.standard import standard_schema
from connectors.embedded.demo import seed
from connectors.embedded.demo.activities import NAMED
from connectors.embedded.demo.calendars import write_calendar
from connectors.embedded.demo.customers import accounts
from connectors.embedded.demo.facts import COMPETITORS
from connectors.embedded.demo.mime import write_mime
from connectors.embedded.demo.organization import Organization, make_organization
from connectors.embedded.demo.people import US
from connectors.embedded.mail.importing import import_messages
from connectors.embedded.mail.store import insert_parsed
from connectors.registry import open_services, open_stores
from insights.capture.causes import failure_of
from insights.capture.emails import open_email
from insights.capture.failures import list_failures
from insights.capture.items import is_internal
from insights.capture.tracking import retry
from insights.capture.untracked import list_untracked
from insights.capture.views import Item
from insights.crm.conditions import Column
from insights.crm.rows import RowQuery
from insights.database import Database
from insights.errors import Conflict
from insights.features import FEATURES, read_features
from insights.mail.addresses import relation_key
from insights.mail.parsing.parsed import ParsedMessage
from insights.mail.parsing.worker import body, parse
from insights.model import EmailDraft, MailQuery, Record, RecordRef, TrackState, User
from insights.services import Services
from insights.settings import read_settings
from insights.work import running
from tests.mails import make_mail

ORGANIZATION_ID = "5b6f4f0e-58a1-4a9a-9a55-6c7a7b1f2d10"
TODAY = datetime(2026, 11, 20, tzinfo=UTC)
FICTIONAL = re.compile(
    r"\+44 1632 960\d{3}|\+1 212 555 01\d\d|\+49 30 23125 \d{3}|\+33 1 99 00 \d\d \d\d|\+46 8 465 004 \d\d"
)
OWN = "<own@fabrikam.example>"
RESERVED = re.compile(r"(?:[\w-]+\.)*(?:example|example\.com)")


@pytest.fixture(scope="module")
def organization() -> Organization:
    return make_organization(ORGANIZATION_ID, TODAY)


@pytest.fixture(scope="module")
def parsed(organization: Organization) -> list[ParsedMessage]:
    found = [parse(write_mime(letter)) for letter in organization.letters]
    assert all(isinstance(message, ParsedMessage) for message in found)
    return [message for message in found if isinstance(message, ParsedMessage)]


def digest() -> str:
    """What everything of the organisation comes to."""
    organization = make_organization(ORGANIZATION_ID, TODAY)
    hashed = sha256(dumps(organization.rows).encode())
    for mailbox, letters in organization.mailboxes().items():
        hashed.update(mailbox.encode())
        for letter in letters:
            hashed.update(write_mime(letter))
    for address, entries in organization.agendas.items():
        hashed.update(address.encode() + write_calendar(entries))
    return hashed.hexdigest()


def test_every_process_makes_the_same_organisation() -> None:
    command = "from tests.connectors.test_demo import digest; print(digest())"
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": "."}
    there = subprocess.run(
        [sys.executable, "-c", command], env=environment, check=True, capture_output=True, text=True
    )
    assert there.stdout.strip() == digest()


def test_it_has_what_was_promised(organization: Organization) -> None:
    count = {entity_set: len(rows) for entity_set, rows in organization.rows.items()}
    promised = {"systemusers": 15, "accounts": 60, "contacts": 200, "leads": 40, "opportunities": 60}
    assert {name: count[name] for name in promised} == promised
    assert len(organization.letters) == 1500
    for name in ("incidents", "connections", "competitors", "emails", "new_installations", "phonecalls"):
        assert count[name] >= 5, name
    assert {"alexw@example.com", "meganb@example.com", "adelev@example.com", "isaiah@example.com"} <= {
        user["internalemailaddress"] for user in organization.rows["systemusers"]
    }
    alex, megan = organization.rows["systemusers"][:2]
    assert alex["azureactivedirectoryobjectid"] == "00000000-0000-0000-0000-0000000000020"
    assert (alex["employeeid"], megan["employeeid"]) == ("user-id-0", "user-id-1")
    assert any(
        contact["emailaddress1"].endswith("@customer.example") for contact in organization.rows["contacts"]
    )


def test_every_lookup_leads_to_a_row(organization: Organization) -> None:
    schema: Schema = standard_schema()
    known = {
        row[table.primary_id]
        for name, rows in organization.rows.items()
        if (table := schema.by_entity_set(name))
        for row in rows
    }
    followed: Counter[str] = Counter()
    for name, rows in organization.rows.items():
        table = schema.by_entity_set(name)
        for row in rows:
            for column, value in row.items():
                known_column = table.column(column) if table else None
                if (known_column and known_column.is_lookup) or column in {"new_accountid", "new_operatorid"}:
                    assert value in known, (name, column)
                    followed[column] += 1
    assert followed["partyid"] > 1000
    assert followed["new_accountid"] == 30


def test_a_colleagues_mail_lies_in_every_mailbox_it_went_to(organization: Organization) -> None:
    mailboxes = {
        mailbox: {letter.message_id for letter in letters}
        for mailbox, letters in organization.mailboxes().items()
    }
    assert len(mailboxes["alexw@example.com"] & mailboxes["adelev@example.com"]) >= 20
    for letter in organization.letters:
        ours = {person.email for person in letter.people if person.is_ours and person.email in mailboxes}
        assert ours, letter.key
        assert all(letter.message_id in mailboxes[email] for email in ours)
    assert all(len(mailboxes[US[key].email]) > 80 for key in NAMED)


def test_mail_is_recent_and_none_is_from_the_future(parsed: list[ParsedMessage]) -> None:
    sent = [message.sent_at for message in parsed if message.sent_at]
    assert len(sent) == len({message.internet_message_id for message in parsed}) == 1500
    assert max(sent) < TODAY
    assert sum(at >= TODAY - timedelta(days=2) for at in sent) >= 80
    assert sum(at >= TODAY - timedelta(days=30) for at in sent) >= 500
    assert min(sent) < TODAY - timedelta(days=300)


def test_replies_answer_letters_that_came_before(parsed: list[ParsedMessage]) -> None:
    by_id = {message.internet_message_id: message for message in parsed}
    replies = [message for message in parsed if message.in_reply_to]
    assert len(replies) > 700
    for reply in replies:
        answered = by_id[reply.in_reply_to]
        assert answered.sent_at
        assert reply.sent_at
        assert answered.sent_at < reply.sent_at
        assert reply.references[-1] == reply.in_reply_to
        assert reply.references[:-1] == answered.references
        assert reply.subject.endswith(answered.subject.removeprefix("Re: "))


def test_mail_has_the_kinds_that_later_features_look_for(organization: Organization) -> None:
    letters = organization.letters
    words = "\n".join(letter.words for letter in letters)
    assert sum(letter.is_private for letter in letters) >= 6
    assert sum(letter.meeting is not None for letter in letters) >= 5
    assert sum(letter.is_internal for letter in letters) >= 150
    assert {file.content_type for letter in letters for file in letter.files} == {
        "application/pdf", "text/csv", "text/plain", "image/png"
    }  # fmt: skip
    assert sum(letter.sender.table == "" for letter in letters) >= 40
    assert all(name in words for name in COMPETITORS)
    assert "{" not in words
    assert "[" not in words


def test_booking_and_invitation_are_readable_by_machines(organization: Organization) -> None:
    flights = [letter for letter in organization.letters if letter.key.startswith("flight/")]
    for letter in flights:
        data = loads(letter.html.split('<script type="application/ld+json">')[1].split("</script>")[0])
        assert data["@type"] == "FlightReservation"
        assert (
            TODAY
            < datetime.fromisoformat(data["reservationFor"]["departureTime"])
            < TODAY + timedelta(days=4)
        )
    assert {letter.to[0].email for letter in flights} == {US[key].email for key in NAMED}
    invitation = next(letter for letter in organization.letters if letter.meeting)
    message = message_from_bytes(write_mime(invitation), policy=default)
    calendar = next(part for part in message.walk() if part.get_content_type() == "text/calendar")
    assert calendar.get_param("method") == "REQUEST"
    assert "BEGIN:VEVENT" in calendar.get_content()


def test_text_and_html_of_a_letter_say_the_same(organization: Organization) -> None:
    letter = next(
        each for each in organization.letters if each.sender.is_ours and each.answers and each.files
    )
    message = parse(write_mime(letter))
    assert isinstance(message, ParsedMessage)
    words = body(message.stored, plain=False)
    sentence = letter.words.split("\n\n")[1].split(".")[0]
    assert sentence in words.text
    assert sentence in words.html
    assert "Tarnbrook Process Equipment" in words.text
    assert [file.name for file in message.attachments] == [file.name for file in letter.files]


def test_every_picture_stands_in_its_letter(organization: Organization) -> None:
    """A reader that loads nothing shows them all."""
    pictures = []
    for letter in organization.letters:
        if letter.sender.first == "Adele":
            message = parse(write_mime(letter))
            assert isinstance(message, ParsedMessage)
            pictures += re.findall(r'<img [^>]*src="([^"]*)"', body(message.stored, plain=False).html)
    assert len(pictures) >= 20
    for picture in pictures:
        kind, _, content = picture.partition(",")
        assert kind == "data:image/png;base64"
        assert b64decode(content, validate=True).startswith(b"\x89PNG")


def test_every_contact_writes_or_is_written_to(
    organization: Organization, parsed: list[ParsedMessage]
) -> None:
    seen = {relation_key(a) for m in parsed for a in (m.sender, *m.to, *m.cc)}
    for contact in organization.rows["contacts"]:
        assert relation_key(contact["emailaddress1"]) in seen, contact["fullname"]


def test_nothing_points_to_the_real_world(organization: Organization, parsed: list[ParsedMessage]) -> None:
    for message in parsed:
        for address in (message.sender, *message.to, *message.cc):
            assert RESERVED.fullmatch(address.rpartition("@")[2].lower().encode().decode("idna")), address
    for account in accounts():
        assert RESERVED.fullmatch(account.domain)
    html = "\n".join(letter.html for letter in organization.letters)
    assert all(RESERVED.fullmatch(host) for host in re.findall(r"https://([^/\"]+)", html))
    numbers = {row["telephone1"] for row in organization.rows["contacts"]}
    assert all(FICTIONAL.fullmatch(number) for number in numbers)


def test_each_of_the_four_has_work_at_any_hour(organization: Organization) -> None:
    """What the cards of product.md 2.2 are made of."""
    rows = organization.rows
    for key in NAMED:
        own = [row for name in ("tasks", "phonecalls", "letters", "faxes") for row in rows[name]
               if row["ownerid"] == US[key].id and row["statecode"] == "0"]  # fmt: skip
        assert sum(row["scheduledend"].startswith("2026-11-20") for row in own) >= 5
        closing = [row for row in rows["opportunities"]
                   if row["ownerid"] == US[key].id and row["statecode"] == "0"]  # fmt: skip
        assert any(row["estimatedclosedate"] < "2026-11-20" for row in closing)
        assert any("2026-11-20" < row["estimatedclosedate"] <= "2026-12-04" for row in closing)
        meetings = [row for row in rows["appointments"] if row["ownerid"] == US[key].id]
        assert sum(row["scheduledstart"].startswith("2026-11-20") for row in meetings) >= 12
    starts = {row["scheduledstart"] for row in rows["appointments"]}
    assert {(TODAY + timedelta(minutes=30 * n)).isoformat() for n in range(-48, 96)} <= starts


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.at = TODAY + timedelta(hours=9, minutes=41)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def user(services: Services, key: str) -> User:
    found = await services.crm.user(US[key].email)
    assert found
    return found


async def record(services: Services, asker: User, text: str) -> Record:
    page = await services.crm.search(asker, text=text, email="", table="account", cursor=None, limit=5)
    return page.items[0]


async def dump(services: Services, name: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of a database."""
    database = Database(name, data_dir=services.settings.data_dir, url=services.settings.database_url)

    def read(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
        metadata = MetaData()
        metadata.reflect(connection)
        return {
            table.name: sorted(tuple(map(str, row)) for row in connection.execute(select(table)))
            for table in metadata.sorted_tables
        }

    try:
        return await database.read(read)
    finally:
        await database.close()


@pytest.mark.slow("fills a demo, and moves its days, once for all that is looked at")
async def test_a_demo_from_its_first_start_on(database_url: str, tmp_path: Path, clock: Clock) -> None:
    settings = read_settings(data_dir=tmp_path, database_url=database_url)
    async with open_services(settings, clock) as services:
        await seed(services)
        await check_features(services)
        await check_customer(services)
        await check_what_newcomers_meet(services)
        await check_what_colleagues_share(services)
        await check_that_again_changes_nothing(services, clock)
        await check_that_days_move(services, clock)
        await check_what_names_a_day(services, clock)
        await check_what_newcomers_meet(services)
        await check_that_retry_helps(services)


async def check_features(services: Services) -> None:
    """All are on, terms accepted, each with its audit row."""
    megan = await user(services, "meganb")
    assert megan.is_admin
    view = await read_features(services, megan)
    assert view.terms_accepted
    assert {state["state"] for state in view.features.model_dump().values()} == {"on"}
    audit = (await dump(services, "liaison"))["audit"]
    assert len([row for row in audit if megan.id in row]) == len(FEATURES) + 1


async def check_customer(services: Services) -> None:
    """A seller's customer has mail, an opportunity and its activities."""
    alex = await user(services, "alexw")
    account = await record(services, alex, "Customer Collective")
    addresses = [address.address for address in await services.crm.addresses(alex, account.ref)]
    found = await services.mail.search(alex.mailbox, MailQuery(addresses))
    assert len(addresses) >= 5
    assert len(found) >= 8
    matches = await services.crm.matches(alex, [addresses[0]])
    assert account.ref in [match.record.ref for match in matches]
    opportunity = next(match.record for match in matches if match.record.table == "opportunity")
    assert await services.crm.activities(alex, opportunity.ref, since=None, before=None, limit=50)


async def check_what_newcomers_meet(services: Services) -> None:
    """An example of each state lies on the first screen of Alex's mailbox."""
    alex = await user(services, "alexw")
    messages = (await services.mail.latest(alex.mailbox, None, 15)).items
    opened = [await open_email(services, alex, message.internet_message_id) for message in messages]
    states = Counter(each.item.state for each in opened)
    assert (states[TrackState.FAILED], states[TrackState.PENDING]) == (1, 0)
    [failed] = [each.item for each in opened if each.item.state == "failed"]
    assert failed.failure == failure_of("unavailable")
    assert failed.may == ["retry"]
    colleagues = {each.item.tracked_by.name for each in opened if each.item.tracked_by}
    assert {"Adele Vance", alex.name} <= colleagues
    assert any(each.offer and each.item.state == "untracked" for each in opened)
    assert sum(len(message.attachments) >= 2 for message in messages) >= 3
    assert any(each.unknown for each in opened)
    own_domains = await services.directory.own_domains()
    assert any(is_internal(message, own_domains) for message in messages)
    assert any(message.is_private for message in messages)
    assert sum(each.item.may == ["track"] for each in opened) >= 5


async def list_all_untracked(services: Services, asker: User) -> list[Item]:
    page = await list_untracked(services, asker, None)
    items = [row.item for row in page.rows]
    while page.next:
        page = await list_untracked(services, asker, None, cursor=page.next)
        items += [row.item for row in page.rows]
    return items


async def check_what_colleagues_share(services: Services) -> None:
    """What customers wrote to both key account managers; the first email of all can be tracked."""
    alexs = await list_all_untracked(services, await user(services, "alexw"))
    adeles = {item.id for item in await list_all_untracked(services, await user(services, "adelev"))}
    recent = services.now() - timedelta(days=14)
    shared = [item for item in alexs if item.id in adeles and item.at > recent]
    assert all(item.may == ["track"] for item in shared)
    assert sum(item.direction == "incoming" for item in shared) >= 8
    assert [item.state for item in alexs[:3]] == [TrackState.UNTRACKED] * 3
    assert (alexs[0].direction, alexs[0].may) == ("incoming", ["track"])


async def check_that_retry_helps(services: Services) -> None:
    """What failed is tracked as soon as a server runs."""
    alex = await user(services, "alexw")
    [failed] = (await list_failures(services, alex, cursor=None, limit=10)).items
    async with running(services):
        await services.workflows.wait_ready()
        item = await retry(services, alex, failed.id)
        async with asyncio.timeout(20):
            while item.state == "pending":
                await asyncio.sleep(0.05)
                item = (await open_email(services, alex, str(failed.internet_message_id))).item
    assert item.state == "tracked"
    assert [file.state for file in item.attachments] == ["tracked", "tracked"]


async def check_that_again_changes_nothing(services: Services, clock: Clock) -> None:
    names = ("crm", "mailbox", "liaison")
    before = [await dump(services, name) for name in names]
    clock.at += timedelta(hours=3)
    await seed(services)
    assert [await dump(services, name) for name in names] == before


async def check_that_days_move(services: Services, clock: Clock) -> None:
    """By whole days with everything; what people did themselves keeps its place in time."""
    alex = await user(services, "alexw")
    await import_own_mail(services, clock)
    before = {m.email_id: m for m in (await services.mail.latest(alex.mailbox, None, 500)).items}
    tracked = await track_latest(services, alex)
    opportunity = await first_with_activities(services, alex)
    activities = await services.crm.activities(alex, opportunity, since=None, before=None, limit=50)
    closes = Column("estimatedclosedate", "date")
    [deals] = await services.crm.rows(None, [RowQuery("opportunity", [closes])])
    read = await services.crm.changes("opportunity", [closes], None)
    begun = await services.mail.changes(alex.mailbox, None)
    clock.at += timedelta(days=17, hours=-8)
    await seed(services)

    moved_mail = [each async for each in changed_since(services, alex, begun.cursor)]
    assert sorted(moved_mail) == sorted(each for each, m in before.items() if m.internet_message_id != OWN)
    moved = timedelta(days=17)
    after = {m.email_id: m for m in (await services.mail.latest(alex.mailbox, None, 500)).items}
    assert after.keys() == before.keys()
    for email_id, message in after.items():
        own = message.internet_message_id == OWN
        assert message.at - before[email_id].at == (timedelta() if own else moved)
        assert message.received_at - before[email_id].received_at == (timedelta() if own else moved)
        assert message.conversation_id == before[email_id].conversation_id
        assert message.at < clock.at
    message = next(iter(after.values()))
    query = MailQuery([message.sender], since=clock.at - timedelta(days=4))
    assert message.email_id in [each.email_id for each in await services.mail.search(alex.mailbox, query)]

    later = await services.crm.activities(alex, opportunity, since=None, before=None, limit=50)
    assert [(each.id, each.at - moved) for each in later] == [(each.id, each.at) for each in activities]
    assert all(each.created_at and each.created_at <= clock.at for each in later)
    email = (await services.crm.emails(alex, [tracked]))[tracked]
    assert email.tracked_at == clock.at
    told = {row.ref: row for row in (await services.crm.changes("opportunity", [closes], read.cursor)).rows}
    assert told.keys() == {deal.ref for deal in deals}
    for deal in deals:
        day = deal.values[closes.name]
        assert told[deal.ref].values[closes.name] == (day + moved if isinstance(day, date) else None)


async def changed_since(services: Services, asker: User, cursor: str) -> AsyncIterator[str]:
    """The ids of the emails that are told as changed since a cursor."""
    has_more = True
    while has_more:
        page = await services.mail.changes(asker.mailbox, cursor)
        cursor, has_more = page.cursor, page.has_more
        for message in page.messages:
            yield message.email_id


async def import_own_mail(services: Services, clock: Clock) -> None:
    """Put a message that is not the demo's into Alex's mailbox."""
    raw = make_mail(OWN, to="alexw@example.com", at=TODAY - timedelta(days=1))
    mail = Database("mailbox", data_dir=services.settings.data_dir, url=services.settings.database_url)
    try:
        organization_id = await services.crm.organization_id()
        await import_messages(mail, organization_id, [raw], "alexw@example.com", now=clock.at)
    finally:
        await mail.close()


async def track_latest(services: Services, asker: User) -> str:
    """Put the newest message into the CRM, later in the day than the server will start again."""
    latest = (await services.mail.latest(asker.mailbox, None, 500)).items
    known = await services.crm.emails(asker, [message.internet_message_id for message in latest])
    message = next(m for m in latest if m.internet_message_id not in known)
    words = await services.mail.body(asker.mailbox, message.email_id)
    await services.crm.create_email(asker, EmailDraft(message.email_id, message, words, "incoming", None))
    return message.internet_message_id


async def check_what_names_a_day(services: Services, clock: Clock) -> None:
    """A flight is tomorrow or the day after, in the words too."""
    megan = await user(services, "meganb")
    found = await services.mail.search(megan.mailbox, MailQuery(["booking@pennineair.example"]))
    words = (await services.mail.body(megan.mailbox, found[0].email_id)).text
    assert any(f"{clock.at + timedelta(days=n):%d %B}" in words for n in (1, 2)), words


async def test_an_interrupted_start_is_made_up_for(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Seeding dies when some of the mailboxes are written; the next start completes it."""
    seeding, written = sys.modules["connectors.embedded.demo.seeding"], Counter[str]()

    async def dying(_database: Database, _organization_id: str, mailbox: str, *_: Any, **__: Any) -> int:
        written[mailbox] += 1
        if len(written) == 4:
            raise ConnectionError
        return await insert_parsed(_database, _organization_id, mailbox, *_, **__)

    async with open_services(read_settings(data_dir=tmp_path), clock) as services:
        with monkeypatch.context() as patch, pytest.raises(ConnectionError):
            patch.setattr(seeding, "insert_parsed", dying)
            await seed(services)
        await seed(services)
        megan = await user(services, "meganb")
        assert (await read_features(services, megan)).terms_accepted
        messages = (await dump(services, "mailbox"))["messages"]
    mailboxes = make_organization(ORGANIZATION_ID, TODAY).mailboxes()
    assert len(messages) == sum(len(letters) for letters in mailboxes.values())


@pytest.mark.parametrize("what", ["user", "mail"])
async def test_a_demo_is_never_put_into_somebodys_data(clock: Clock, tmp_path: Path, what: str) -> None:
    """There anybody on the machine signs in as anyone."""
    async with open_stores(read_settings(data_dir=tmp_path), clock) as (services, stores):
        organization_id = await services.crm.organization_id()
        if what == "user":
            real = {"systemuserid": "r", "fullname": "Rea L", "internalemailaddress": "rea@real.example"}
            await import_rows(await stores.database("crm"), {"systemusers": [real]}, now=clock())
        else:
            raw = make_mail(OWN, to="rea@real.example", at=TODAY)
            mailbox = await stores.database("mailbox")
            await import_messages(mailbox, organization_id, [raw], "rea@real.example", now=clock())
        with pytest.raises(Conflict) as refused:
            await seed(services)
        assert refused.value.code == "not_a_demo"
        assert len(await services.crm.users()) == (1 if what == "user" else 0)
        assert (await dump(services, "liaison"))["acceptances"] == []


async def first_with_activities(services: Services, asker: User) -> RecordRef:
    page = await services.crm.search(asker, text="", email="", table="opportunity", cursor=None, limit=60)
    for found in page.items:
        if len(await services.crm.activities(asker, found.ref, since=None, before=None, limit=5)) >= 5:
            return found.ref
    raise AssertionError("no opportunity has five activities")
