"""Headers read as the application, by `Mail.ReadBasic`, of mailboxes that its roles in Exchange name."""

from datetime import timedelta

import pytest

from connectors.graph import requests
from insights.errors import NotAllowed, Unavailable
from insights.mail.identity import email_id
from tests.connectors.graph.tenant import ANN, BOB, ORGANIZATION_ID, Tenant, mailbox_of
from tests.mails import AT, make_mail
from tests.standins.graph.rendering import NOT_BASIC, RELATED

pytestmark = pytest.mark.testdata
ANNS, BOBS = mailbox_of(ANN), mailbox_of(BOB)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def basic(tenant: Tenant) -> None:
    tenant.tokens.roles = "Mail.ReadBasic"


def id_of(number: int) -> str:
    return email_id(ORGANIZATION_ID, f"<{number}@fabrikam.example>")


def arrive(tenant: Tenant, number: int, after: timedelta = timedelta(), folder: str = "inbox") -> None:
    raw = make_mail(f"<{number}@fabrikam.example>", files={"a": b"a"})
    tenant.graph.deliver(ANN, raw, folder=folder, received=AT + after)


async def test_the_right_to_headers_is_enough_and_the_only_one_that_is_used(tenant: Tenant) -> None:
    arrive(tenant, 1)
    page = await tenant.mail.headers(ANNS, AT, AT + DAY)
    assert [header.email_id for header in page.items] == [id_of(1)]
    assert tenant.tokens.asked == [("app", "")]
    asked = [each.query for each in tenant.graph.requests if each.path.endswith("/messages")]
    assert asked
    for query in asked:
        assert set(query["$select"].split(",")) == set(requests.BASIC)
        assert "$expand" not in query
    assert not set(requests.BASIC) & (NOT_BASIC | RELATED)


async def test_a_mailbox_that_is_kept_from_the_application_is_refused(tenant: Tenant) -> None:
    arrive(tenant, 1)
    tenant.graph.application_mailboxes = {BOB}
    with pytest.raises(NotAllowed) as refusal:
        await tenant.mail.headers(ANNS, AT, AT + DAY)
    assert refusal.value.code == "mail_not_granted"
    assert (await tenant.mail.headers(BOBS, AT, AT + DAY)).items == []
    tenant.graph.application_mailboxes = {ANN}
    assert len((await tenant.mail.headers(ANNS, AT, AT + DAY)).items) == 1


async def test_what_does_not_count_and_copies_are_left_out(tenant: Tenant) -> None:
    for number, folder in enumerate(["inbox", "deleteditems", "junkemail", "archive", "sentitems"]):
        arrive(tenant, number, folder=folder)
    arrive(tenant, 3, folder="sentitems")
    arrive(tenant, 5, folder="drafts")
    tenant.graph.mailbox(ANN).messages[-1].values["isDraft"] = True
    page = await tenant.mail.headers(ANNS, AT, AT + DAY)
    assert sorted(header.email_id for header in page.items) == sorted(map(id_of, (0, 3, 4)))


async def test_more_messages_of_one_second_than_a_page_holds_come_together(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "HEADERS_PER_PAGE", 4)
    for number in range(14):
        arrive(tenant, number, SECOND * (0 if number < 9 else number))
    told: list[str] = []
    cursor, pages = None, 0
    while pages == 0 or cursor:
        page = await tenant.mail.headers(ANNS, AT, AT + DAY, cursor)
        told += [header.email_id for header in page.items]
        cursor, pages = page.next, pages + 1
    assert sorted(told) == sorted(map(id_of, range(14)))
    assert told[9:] == [id_of(number) for number in range(9, 14)]
    assert pages > 1


async def test_throttled_it_waits_and_gives_up_in_time(tenant: Tenant) -> None:
    arrive(tenant, 1)
    tenant.graph.faults.throttle("/messages", times=2, retry_after=0)
    assert len((await tenant.mail.headers(ANNS, AT, AT + DAY)).items) == 1
    tenant.graph.faults.throttle("/messages", times=None, retry_after=3600)
    with pytest.raises(Unavailable) as refusal:
        await tenant.mail.headers(ANNS, AT, AT + DAY)
    assert refusal.value.code == "mail_busy"


async def test_a_mailbox_that_is_away_is_not_taken_for_empty(tenant: Tenant) -> None:
    arrive(tenant, 1)
    await tenant.mail.latest(ANNS, None, 5)
    tenant.graph.faults.begin_mailbox_move(ANN, is_away=True)
    with pytest.raises(Unavailable) as refusal:
        await tenant.mail.headers(ANNS, AT, AT + DAY)
    assert refusal.value.code == "mail_away"
