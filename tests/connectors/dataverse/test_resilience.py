"""What happens on the way: throttling, lost connections, refused tokens; each ends in recovery."""

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from connectors.dataverse.api import WebApi
from connectors.dataverse.crm import DataverseCrm
from connectors.dataverse.faults import ServiceFault
from connectors.dataverse.query import Query
from connectors.dataverse.wire import Timing
from insights.crm.conditions import Column
from insights.errors import NotAllowed, NotFound, Unavailable
from insights.model import NewPerson, User
from tests.contracts.crm_world import METADATA, NOW, WORLD, ref, uid
from tests.contracts.crms import signed_in
from tests.contracts.test_crm import DEAL, draft, file
from tests.standins.dataverse import DataverseStandin, running_dataverse

pytestmark = pytest.mark.testdata
ACCOUNTS = Query("accounts", [Column("name")])
WRITING = {"POST", "PATCH", "DELETE"}


@dataclass
class Clock:
    """Waits that take no time but are counted."""

    at: float = 1000.0
    waits: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.at += seconds
        await asyncio.sleep(0)

    def __call__(self) -> float:
        return self.at


@dataclass
class Tokens:
    """Entra: the same token until it is refused, and what it was asked with."""

    asked: list[str] = field(default_factory=list)
    made: int = 1

    async def for_app(self, resource: str, *, claims: str = "", refused: str = "") -> str:
        self.asked.append(claims)
        if claims or refused == f"token-{self.made}":
            self.made += 1
        return f"token-{self.made}"

    async def for_user(self, user: User, resource: str, *, claims: str = "", refused: str = "") -> str:
        raise AssertionError("the CRM is asked as the application")


@dataclass
class World:
    standin: DataverseStandin
    clock: Clock
    tokens: Tokens
    crm: DataverseCrm


@pytest.fixture
async def world(testdata: Path) -> AsyncIterator[World]:
    async with running_dataverse(testdata, now=lambda: NOW) as standin, ClientSession() as session:
        standin.fill(WORLD, METADATA)
        clock, tokens = Clock(), Tokens()
        timing = Timing(clock.sleep, clock)
        crm = DataverseCrm(standin.url, session, tokens, now=lambda: NOW, timing=timing)
        yield World(standin, clock, tokens, crm)


async def accounts(world: World) -> list[str]:
    return sorted(row["name"] for row in await world.crm.api.rows(ACCOUNTS, None))


ALL = ["Contoso Ltd", "Fabrikam", "Tailspin"]


async def test_a_limit_is_waited_for_and_nobody_asks_meanwhile(world: World) -> None:
    world.standin.faults.throttle(seconds=3)
    found = await asyncio.gather(*(accounts(world) for _ in range(3)))
    assert found == [ALL] * 3
    assert max(world.clock.waits) >= 3
    assert len(world.standin.requests) <= 6


async def test_a_limit_longer_than_the_budget_fails_at_once_until_it_is_over(world: World) -> None:
    throttle = world.standin.faults.throttle(seconds=120, times=None)
    for _ in range(3):
        with pytest.raises(Unavailable) as busy:
            await accounts(world)
        assert busy.value.code == "unavailable"
    assert len(world.standin.requests) == 1  # nothing is sent while the service wants quiet
    assert world.clock.waits == []
    throttle.times = 0
    world.clock.at += 121
    assert await accounts(world) == ALL


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_gateway_without_a_service_is_asked_again(world: World, status: int) -> None:
    world.standin.faults.unavailable(status=status, times=2)
    assert await accounts(world) == ALL
    world.standin.faults.unavailable(status=status, times=None)
    with pytest.raises(Unavailable):
        await accounts(world)
    assert world.clock.at < 1000 + 2 * 8
    world.standin.faults.clear()
    assert await accounts(world) == ALL


async def test_a_batch_that_is_cut_off_or_half_throttled_is_sent_again(world: World) -> None:
    world.standin.faults.cut_off(path="$batch")
    found = await world.crm.api.all_rows([ACCOUNTS, ACCOUNTS], None)
    assert [len(rows) for rows in found] == [3, 3]
    assert len(world.standin.requests) == 2


async def test_a_dead_server_is_told_and_comes_back(world: World, unused_tcp_port: int) -> None:
    async with ClientSession() as session:
        dead = WebApi(f"http://127.0.0.1:{unused_tcp_port}", session, world.tokens,
                      timing=Timing(world.clock.sleep, world.clock))  # fmt: skip
        with pytest.raises(Unavailable) as gone:
            await dead.rows(ACCOUNTS, None)
    assert "127.0.0.1" not in gone.value.detail
    assert await accounts(world) == ALL


async def test_a_refused_token_is_replaced_once_and_a_challenge_passed_on(world: World) -> None:
    world.standin.revoked.add("token-1")
    assert await accounts(world) == ALL
    assert world.tokens.asked == ["", ""]
    assert await accounts(world) == ALL
    assert world.tokens.made == 2, "the new one serves from then on"
    claims = '{"access_token":{"nbf":{"essential":true,"value":"1"}}}'
    challenge = f'Bearer error="insufficient_claims", claims="{base64.b64encode(claims.encode()).decode()}"'
    from tests.standins.dataverse.faults import Fault

    world.standin.faults.waiting.append(Fault(401, b"", {"WWW-Authenticate": challenge}))
    assert await accounts(world) == ALL
    assert world.tokens.asked[-1] == claims
    world.standin.accepts = lambda _: False
    with pytest.raises(ServiceFault) as refused:
        await world.crm.api.send("GET", "accounts", None)
    assert refused.value.status == 401
    assert world.tokens.made == 4, "one new token, and no more"
    world.standin.accepts = bool
    assert await accounts(world) == ALL


async def test_every_write_whose_answer_got_lost_is_done_once(world: World) -> None:
    crm, ann = world.crm, await signed_in(world.crm, "ann")

    def lose_answers(path: str) -> None:
        for method in WRITING:
            world.standin.faults.cut_off(method=method, path=path)

    lose_answers("/emails")
    made = await crm.create_email(ann, draft())
    assert (made.email_activity_id, made.tracked_by_name) == (draft().email_id, "Ann")
    lose_answers("activitymimeattachments")
    await crm.add_attachment(ann, made.email_activity_id, file())
    lose_answers("connections")
    await crm.link(ann, made.email_activity_id, ref("account", "contoso"))
    lose_answers("/emails")
    await crm.set_regarding(ann, made.email_activity_id, ref("incident", "leak"))
    await crm.complete_email(ann, made.email_activity_id)
    world.standin.faults.clear()
    shown = await crm.email_activity(ann, made.email_activity_id)
    assert [one.name for one in shown.attachments] == ["plan.pdf"]
    assert [record.name for record in shown.links] == ["Contoso Ltd"]
    assert shown.regarding
    assert shown.regarding.name == "Leak"
    lose_answers("/emails")
    await crm.delete_email(ann, made.email_activity_id)
    lose_answers("/leads")
    person = await crm.create_person(ann, NewPerson("lead", "Nova", "Nilsen", "nova@x.example"))
    assert person.name == "Nova Nilsen"
    rows = await crm.api.rows(Query("leads", [Column("fullname")]), None)
    assert sorted(row["fullname"] for row in rows) == ["Lea Lund", "Nova Nilsen"]


async def test_throttled_for_two_minutes_during_tracking_ends_tracked_once(world: World) -> None:
    ann = await signed_in(world.crm, "ann")
    await world.crm.organization_id()
    throttle = world.standin.faults.throttle(seconds=120, times=None, method="POST")
    with pytest.raises(Unavailable):
        await world.crm.create_email(ann, draft())
    throttle.times = 0
    world.clock.at += 121
    made = await world.crm.create_email(ann, draft())
    assert (await world.crm.create_email(ann, draft())).email_activity_id == made.email_activity_id
    timeline = await world.crm.activities(ann, DEAL, since=None, before=None, limit=9)
    assert [one.id for one in timeline].count(made.email_activity_id) == 1


async def test_problems_and_logs_carry_no_row(world: World, caplog: pytest.LogCaptureFixture) -> None:
    ann = await signed_in(world.crm, "ann")
    secret = "top-secret-subject"
    world.standin.faults.unavailable(times=None, method="POST", path="/emails")
    with pytest.raises(Unavailable) as failed:
        await world.crm.create_email(ann, draft(subject=secret))
    refused: list[Any] = [failed.value]
    world.standin.faults.clear()
    with pytest.raises(NotFound) as hidden:
        await world.crm.record(ann, ref("account", "fabrikam"))
    refused.append(hidden.value)
    for problem in refused:
        assert secret not in problem.detail
        assert "Fabrikam" not in problem.detail
    assert secret not in caplog.text


async def test_impersonation_is_refused_in_words(world: World) -> None:
    ann = await signed_in(world.crm, "ann")
    world.standin.organization.may_impersonate = False
    for refused in (
        world.crm.record(ann, DEAL),
        world.crm.addresses(ann, DEAL),
        world.crm.matches(ann, ["ana@contoso.example"]),
        world.crm.complete_email(ann, uid("mail")),
    ):
        with pytest.raises(Unavailable) as problem:
            await refused
        assert problem.value.code == "may_not_impersonate"
    assert not (await world.crm.detect()).may_impersonate
    world.standin.organization.may_impersonate = True
    assert (await world.crm.record(ann, DEAL)).name == "Cooling deal"
    detected = await world.crm.detect()
    assert detected.may_impersonate
    assert (detected.is_online, detected.version.split(".")[0]) == (False, "9")
    assert {"Salesperson", "Auditor"} <= set(detected.roles)


async def test_a_user_without_an_account_cannot_be_acted_for(world: World) -> None:
    nobody = User(uid("ann"), "Ann", "ann@ours.example", ("Salesperson",))
    before = len(world.standin.requests)
    with pytest.raises(NotAllowed) as problem:
        await world.crm.email_activity(nobody, uid("mail"))
    assert problem.value.code == "no_entra_account"
    asked = world.standin.requests[before:]
    assert all("CallerObjectId" not in request.headers for request in asked)


async def test_an_unknown_account_is_told(world: World) -> None:
    stranger = User(
        uid("x"), "X", "x@x.example", object_id=uid("no account"), privileges=frozenset({"prvReadAccount"})
    )
    with pytest.raises(NotAllowed):
        await world.crm.record(stranger, ref("account", "contoso"))


async def test_no_more_than_a_few_requests_of_one_caller_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = 0
    most = 0
    exchange = world.crm.api._wire._exchange

    async def counted(*args: Any) -> Any:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        try:
            return await exchange(*args)
        finally:
            busy -= 1

    monkeypatch.setattr(world.crm.api._wire, "_exchange", counted)
    await asyncio.gather(*(accounts(world) for _ in range(30)))
    assert 1 < most <= 8


async def test_a_token_is_sent_to_no_other_address(world: World) -> None:
    with pytest.raises(Unavailable):
        await world.crm.api.send("GET", "https://elsewhere.example/api/data/v9.2/accounts", None)
    assert world.standin.requests == []
