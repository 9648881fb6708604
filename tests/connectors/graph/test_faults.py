"""What goes wrong with Graph: each fault ends in recovery, and says nothing of the mail."""

import asyncio
import re
from collections.abc import Awaitable, Callable

import pytest

from connectors.graph import mail, reader
from connectors.graph.pace import Pace
from connectors.graph.places import Places
from connectors.graph.reader import MailReader
from insights.database import Database
from insights.errors import NotAllowed, Problem, SignInNeeded, Unavailable
from insights.model import MailQuery
from tests.connectors.graph.tenant import ANN, BOB, ORGANIZATION_ID, Tenant, mailbox_of
from tests.mails import make_mail
from tests.standins.graph.errors import GraphError
from tests.standins.graph.faults import Fault

pytestmark = pytest.mark.testdata
ANNS = mailbox_of(ANN)
ANA = "ana@fabrikam.example"
QUERY = MailQuery([ANA])
MANY = MailQuery([ANA, *(f"x{number}@y.example" for number in range(80))])


async def refusal(read: Callable[[], Awaitable[object]]) -> Problem:
    """The Problem that a read ends with, which holds nothing of what was asked."""
    with pytest.raises(Problem) as caught:
        await read()
    words = f"{caught.value!r} {caught.value.detail}".lower()
    assert not any(private in words for private in ("fabrikam", "ours.example", "offer"))
    return caught.value


@pytest.fixture
def one(tenant: Tenant) -> None:
    tenant.graph.deliver(ANN, make_mail())


@pytest.mark.usefixtures("one")
async def test_throttled_for_two_minutes(tenant: Tenant) -> None:
    now = [0.0]
    tenant.client.pace = Pace(lambda: now[0])
    fault = tenant.graph.faults.throttle("batch", times=None, retry_after=120)
    problem = await refusal(lambda: tenant.mail.search(ANNS, QUERY))
    assert (type(problem), problem.code) == (Unavailable, "mail_busy")
    assert tenant.count() == 1
    for now[0] in (1.0, 60.0):  # nobody makes it worse by asking
        assert (await refusal(lambda: tenant.mail.search(ANNS, QUERY))).code == "mail_busy"
        assert tenant.count() == 0
    # Other mailboxes are not concerned.
    assert await tenant.mail.find_by_message_id(mailbox_of(BOB), "<one@fabrikam.example>") is None
    tenant.graph.faults.waiting.remove(fault)
    now[0] = 121.0
    assert len(await tenant.mail.search(ANNS, QUERY)) == 1


@pytest.mark.usefixtures("one")
@pytest.mark.parametrize("query", [QUERY, MANY], ids=["side by side", "in a chain"])
async def test_what_of_a_batch_was_put_off_is_asked_again_alone(tenant: Tenant, query: MailQuery) -> None:
    await tenant.mail.search(ANNS, query)
    tenant.count()
    tenant.graph.faults.throttle("participants", times=1, inner=True, retry_after=1)
    assert len(await tenant.mail.search(ANNS, query)) == 1
    inner = [each for each in tenant.graph.requests if each.is_inner]
    assert tenant.count() == 2
    # In a chain those behind the throttled one were not begun, and are asked together with it.
    assert len(inner) == (2 + 1 if query is QUERY else 1 + 7)


@pytest.mark.usefixtures("one")
@pytest.mark.parametrize("after", [0, 20, 400])
async def test_a_batch_that_is_cut_off_is_asked_again(tenant: Tenant, after: int) -> None:
    tenant.graph.faults.cut("batch", times=2, after=after)
    assert len(await tenant.mail.search(ANNS, QUERY)) == 1
    assert tenant.count() == 3


@pytest.mark.usefixtures("one")
async def test_a_server_that_is_slow_or_down_is_given_up_in_time(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(await tenant.mail.search(ANNS, QUERY)) == 1
    monkeypatch.setattr(reader, "BUDGET_SECONDS", 0.5)
    tenant.graph.faults.slow(30, "batch", times=1)
    assert (await refusal(lambda: tenant.mail.search(ANNS, QUERY))).code == "mail_unreachable"
    tenant.graph.faults.unavailable("batch", times=None)
    assert (await refusal(lambda: tenant.mail.search(ANNS, QUERY))).code == "mail_unreachable"
    tenant.graph.faults.clear()
    tenant.graph.faults.begin_mailbox_move(ANN)
    assert (await refusal(lambda: tenant.mail.search(ANNS, QUERY))).code == "mail_unreachable"
    tenant.graph.faults.end_mailbox_move(ANN)
    monkeypatch.undo()
    assert len(await tenant.mail.search(ANNS, QUERY)) == 1


@pytest.mark.usefixtures("one")
@pytest.mark.parametrize("who", [ANNS.reader.object_id, "app"])
async def test_a_token_that_was_withdrawn_is_replaced(tenant: Tenant, who: str) -> None:
    if who == "app":
        tenant.tokens.strangers.add(ANN)
    assert len(await tenant.mail.search(ANNS, QUERY)) == 1
    withdrawn = tenant.tokens.kept[who]
    del tenant.graph.tokens.known[withdrawn]
    tenant.count()
    assert len(await tenant.mail.search(ANNS, QUERY)) == 1
    assert tenant.count() == 2
    assert tenant.tokens.kept[who] != withdrawn
    assert len(await tenant.mail.search(ANNS, QUERY)) == 1
    assert tenant.count() == 1, "the new one serves from then on"


@pytest.mark.usefixtures("one")
async def test_a_token_that_only_the_mailbox_refuses_is_replaced(tenant: Tenant) -> None:
    refused = GraphError(401, "InvalidAuthenticationToken", "Lifetime validation failed.")
    fault = tenant.graph.faults.add(Fault(re.compile(""), 1, inner=True, error=refused))
    assert len(await tenant.mail.search(ANNS, QUERY)) == 1
    assert (fault.times, len(tenant.tokens.asked)) == (0, 2)
    fault.times = None
    assert isinstance(await refusal(lambda: tenant.mail.search(ANNS, QUERY)), SignInNeeded)
    assert len(tenant.tokens.asked) == 4


@pytest.mark.usefixtures("one")
async def test_a_revoked_token_asks_the_user_to_sign_in_again(tenant: Tenant) -> None:
    tenant.graph.faults.revoke(ANN)
    problem = await refusal(lambda: tenant.mail.search(ANNS, QUERY))
    assert isinstance(problem, SignInNeeded)
    assert not any(user_id == "app" for user_id, _ in tenant.tokens.asked)  # the app is not asked instead
    assert len(tenant.tokens.asked) == 2, "and Entra once more, not for ever"
    tenant.graph.faults.grant_again(ANN)
    assert len(await tenant.mail.search(ANNS, QUERY)) == 1


@pytest.mark.usefixtures("one")
async def test_a_withdrawn_permission_is_named_as_such(tenant: Tenant) -> None:
    scopes = ("Mail.Read", "Mail.Read.Shared", "Mail.ReadWrite")
    tenant.graph.faults.revoke(ANN, *scopes)
    problem = await refusal(lambda: tenant.mail.search(ANNS, QUERY))
    assert (type(problem), problem.code) == (NotAllowed, "mail_not_granted")
    tenant.graph.faults.grant_again(ANN)
    assert len(await tenant.mail.search(ANNS, QUERY)) == 1


@pytest.mark.usefixtures("one")
async def test_a_claims_challenge_is_answered_by_entra_or_by_the_user(tenant: Tenant) -> None:
    tenant.graph.faults.demand(ANN)
    assert len(await tenant.mail.search(ANNS, QUERY)) == 1
    claims = [claims for _, claims in tenant.tokens.asked]
    assert claims[0] == ""
    assert '"nbf"' in claims[1]
    tenant.graph.faults.demand(ANN, {"access_token": {"acrs": {"essential": True, "value": "c1"}}})
    tenant.tokens.refuses_claims = True
    problem = await refusal(lambda: tenant.mail.search(ANNS, QUERY))
    assert isinstance(problem, SignInNeeded)
    assert '"acrs"' in problem.claims
    tenant.graph.faults.satisfy(ANN)
    assert len(await tenant.mail.search(ANNS, QUERY)) == 1


@pytest.mark.usefixtures("one")
@pytest.mark.parametrize("is_same_process", [True, False])
async def test_a_mailbox_that_is_moved_loses_nothing(
    tenant: Tenant, database: Database, monkeypatch: pytest.MonkeyPatch, *, is_same_process: bool
) -> None:
    [message] = await tenant.mail.search(ANNS, QUERY)
    await tenant.places.flush()
    monkeypatch.setattr(mail, "BUDGET_SECONDS", 0.3)
    tenant.graph.faults.begin_mailbox_move(ANN)
    problem = await refusal(lambda: tenant.mail.find(ANNS, [message.email_id]))
    assert isinstance(problem, Unavailable)
    tenant.graph.faults.begin_mailbox_move(ANN, is_away=True)
    for read in (
        lambda: tenant.mail.find(ANNS, [message.email_id]),
        lambda: tenant.mail.search(ANNS, QUERY),
    ):
        assert (await refusal(read)).code == "mail_away"  # it is not empty: nothing may be thought deleted
    tenant.graph.faults.end_mailbox_move(ANN, is_archive=True)  # all ids are others
    monkeypatch.undo()
    if not is_same_process:
        places = Places(database, ORGANIZATION_ID, tenant.now)
        tenant.mail._reader = MailReader(tenant.client, places, ORGANIZATION_ID, tenant.now)
    assert await tenant.mail.find(ANNS, [message.email_id]) == {message.email_id: message}
    assert (await tenant.mail.body(ANNS, message.email_id)).text == "Dear Ann"


async def test_a_mailbox_is_asked_four_times_at_once_and_no_more(tenant: Tenant) -> None:
    for number in range(12):
        tenant.graph.deliver(ANN, make_mail(f"<{number}@fabrikam.example>"))
    found = await tenant.mail.search(ANNS, QUERY)
    tenant.count()
    tenant.graph.round_trip = 0.05
    bodies = await asyncio.gather(*(tenant.mail.body(ANNS, message.email_id) for message in found))
    assert {body.text for body in bodies} == {"Dear Ann"}
    assert tenant.count() == 2 * len(found)  # one to see that it is there, one to read it: none came back 429


async def test_nothing_of_a_request_is_logged(tenant: Tenant, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    tenant.graph.deliver(ANN, make_mail(files={"offer.pdf": b"content"}))
    tenant.graph.faults.throttle("batch", retry_after=0)
    [message] = await tenant.mail.search(ANNS, QUERY)
    await tenant.mail.find_by_message_id(ANNS, message.internet_message_id)
    await tenant.mail.attachment(ANNS, message.email_id, message.attachments[0].id)
    logged = " ".join(
        record.getMessage() for record in caplog.records if not record.name.startswith("aiohttp")
    )
    assert not any(private in logged.lower() for private in ("fabrikam", "participants", "ann@", "offer"))


@pytest.mark.parametrize("status", [400, 404])
async def test_a_list_that_is_refused_for_its_files_is_asked_for_without(tenant: Tenant, status: int) -> None:
    tenant.graph.deliver(ANN, make_mail("<plain@fabrikam.example>"))
    tenant.graph.deliver(ANN, make_mail(files={"offer.pdf": b"content"}))
    error = GraphError(status, "ErrorItemNotFound", "The specified object was not found in the store.")
    tenant.graph.faults.add(Fault(re.compile("expand=.*attachments"), None, None, error))
    found = await tenant.mail.search(ANNS, QUERY)
    assert sorted([file.name for file in message.attachments] for message in found) == [[], ["offer.pdf"]]
    tenant.graph.faults.add(Fault(re.compile("messages"), None, None, error))
    assert isinstance(await refusal(lambda: tenant.mail.search(ANNS, QUERY)), Unavailable)  # it is not empty
    tenant.graph.faults.clear()
    assert len(await tenant.mail.search(ANNS, QUERY)) == 2
