"""Conversations: the same whatever order their messages come in."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.embedded.mail.mail import EmbeddedMail
from connectors.embedded.mail.store import insert_parsed
from connectors.embedded.mail.threads import normalise_subject
from insights.database import Database
from insights.mail.parsing.parsed import ParsedMessage
from insights.mail.parsing.pool import MailParser
from insights.mail.parsing.worker import parse
from tests.conftest import OpenDatabase
from tests.mails import AT, make_mail, own_mailbox

ORGANIZATION_ID = "0f6d8a3e-8c0c-4f65-9a28-5d1a4c1f7b11"
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ANA, ANN, BOB = "ana@fabrikam.example", "ann@ours.example", "bob@ours.example"


@pytest.fixture
async def database(open_database: OpenDatabase) -> Database:
    return open_database("mailbox")


def message(
    name: str,
    *references: str,
    answers: str = "",
    subject: str = "",
    sender: str = ANA,
    to: str = ANN,
    at: datetime = AT,
) -> ParsedMessage:
    headers = {}
    if references:
        headers["References"] = " ".join(f"<{reference}@x.example>" for reference in references)
    if answers:
        headers["In-Reply-To"] = answers if "@" in answers else f"<{answers}@x.example>"
    raw = make_mail(
        f"<{name}@x.example>", subject=subject or name, sender=sender, to=to, at=at, headers=headers
    )
    parsed = parse(raw)
    assert isinstance(parsed, ParsedMessage)
    return parsed


async def threads(database: Database, mailbox: str) -> set[frozenset[str]]:
    """Which messages stand together, by conversation id and by the port's `conversation`."""
    mail = EmbeddedMail(database, MailParser(), ORGANIZATION_ID)
    together: dict[str, set[str]] = {}
    for each in (await mail.latest(own_mailbox(mailbox), None, 500)).items:
        together.setdefault(each.conversation_id, set()).add(each.internet_message_id.split("@")[0][1:])
    for conversation_id, names in together.items():
        listed = await mail.conversation(own_mailbox(mailbox), conversation_id)
        assert {each.internet_message_id.split("@")[0][1:] for each in listed} == names
    return {frozenset(names) for names in together.values()}


async def test_references_join_in_any_order_and_batching(database: Database) -> None:
    parts = [
        message("a"),
        message("b", answers="a"),
        message("c", "a", "b"),
        message("d", answers="lost"),
        message("e", "lost", answers="c"),
    ]
    for number, order in enumerate(list(permutations(parts))[::3]):
        mailbox = f"m{number}@ours.example"
        cut = number % 5
        for batch in (order[:cut], order[cut:]):
            await insert_parsed(database, ORGANIZATION_ID, mailbox, [*batch, message("alone")], now=NOW)
        assert await threads(database, mailbox) == {frozenset("abcde"), frozenset({"alone"})}


async def test_an_answer_without_references_is_found_by_subject_and_people(database: Database) -> None:
    offer = message("offer", subject="Offer")
    answer = message("answer", subject="RE:  offer", sender=ANN, to=ANA)
    stranger = message("stranger", subject="Re: Offer", sender=BOB, to=ANA)
    report, again = message("week1", subject="Weekly report"), message("week2", subject="Weekly report")
    for mailbox, order in (("x@y.example", [offer, answer]), ("z@y.example", [answer, offer])):
        for each in (*order, stranger, report, again):
            await insert_parsed(database, ORGANIZATION_ID, mailbox, [each], now=NOW)
        assert await threads(database, mailbox) == {
            frozenset({"offer", "answer"}),
            frozenset({"stranger"}),
            frozenset({"week1"}),
            frozenset({"week2"}),
        }


def at_days(*days: int, subject: str) -> list[ParsedMessage]:
    return [message(str(day), subject=subject, at=AT - timedelta(days=400 - day)) for day in days]


@pytest.mark.parametrize(
    ("mails", "together"),
    [
        (at_days(0, 14, 28, 50, 64, subject="Re: Pump P-100"), [{"0", "14", "28"}, {"50", "64"}]),
        (at_days(0, 30, 60, subject="Re: Pump P-100"), [{"0"}, {"30"}, {"60"}]),
        (at_days(0, 1, 2, subject="Re: Meeting"), [{"0"}, {"1"}, {"2"}]),
        (at_days(0, 1, 2, subject="Re:"), [{"0"}, {"1"}, {"2"}]),
        (at_days(0, 1, 2, subject="FW: Pump P-100"), [{"0"}, {"1"}, {"2"}]),
        (at_days(0, 1, 2, subject="Fwd: Re: Pump P-100"), [{"0"}, {"1"}, {"2"}]),
        (
            [*at_days(0, 7, subject="Weekly report"), *at_days(8, subject="Re: Weekly report")],
            [{"0"}, {"7", "8"}],
        ),
        (
            [
                message("old", subject="Re: Meeting", at=AT - timedelta(days=300)),
                message("new", "old", subject="Re: Meeting"),
            ],
            [{"old", "new"}],
        ),
    ],
)
async def test_without_references_only_neighbours_in_time_are_one_conversation(
    database: Database, mails: list[ParsedMessage], together: list[set[str]]
) -> None:
    await insert_parsed(database, ORGANIZATION_ID, ANN, mails, now=NOW)
    assert await threads(database, ANN) == {frozenset(names) for names in together}
    for each in reversed(mails):
        await insert_parsed(database, ORGANIZATION_ID, BOB, [each], now=NOW)
    assert {frozenset(names) for names in together} >= {
        each for each in await threads(database, BOB) if len(each) == 1
    }


async def test_an_address_beside_the_id_in_reply_to_joins_nothing(database: Database) -> None:
    quoting = f"Message from Ana <{ANA}> of Monday"
    await insert_parsed(
        database,
        ORGANIZATION_ID,
        ANN,
        [
            message("one", answers=f"{quoting} <first@x.example>", sender=ANN, to=ANA),
            message("two", answers=f"{quoting} <second@x.example>", sender=ANN, to=ANA),
        ],
        now=NOW,
    )
    assert await threads(database, ANN) == {frozenset({"one"}), frozenset({"two"})}


async def test_mailboxes_thread_apart(database: Database) -> None:
    await insert_parsed(database, ORGANIZATION_ID, ANN, [message("a"), message("c", "b")], now=NOW)
    await insert_parsed(database, ORGANIZATION_ID, BOB, [message("b", "a")], now=NOW)
    assert await threads(database, ANN) == {frozenset("a"), frozenset("c")}


async def test_a_long_thread_stays_one_when_it_comes_newest_first(database: Database) -> None:
    chain = [message(str(n), answers=str(n - 1)) for n in range(1, 400)]
    started = datetime.now(UTC)
    await insert_parsed(database, ORGANIZATION_ID, ANN, reversed(chain), now=NOW, batch_size=50)
    assert datetime.now(UTC) - started < timedelta(seconds=20)
    assert len(await threads(database, ANN)) == 1


@pytest.mark.parametrize(
    ("subject", "words", "is_reply"),
    [
        ("Offer", "offer", False),
        ("Re: Fwd: AW:Offer", "offer", True),
        ("RE[2]: Offer  two", "offer two", True),
        ("回复：报价", "报价", True),
        ("FW: Re: Offer", "offer", False),
        ("WG: Offer", "offer", False),
        ("Reply: no", "reply: no", False),
        ("Re:", "", True),
        ("", "", False),
    ],
)
def test_subjects_lose_their_prefixes(subject: str, words: str, is_reply: bool) -> None:
    assert normalise_subject(subject) == (words, is_reply)


@given(st.text(max_size=4000))
def test_any_subject_is_normalised_once(subject: str) -> None:
    words, _ = normalise_subject(subject)
    assert words == " ".join(words.split())
