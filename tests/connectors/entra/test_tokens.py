"""Tokens of our own: for users, for the app, after restarts, through refusals, shared by processes."""

import asyncio
import json
from pathlib import Path
from typing import Any

import jwt
import pytest
import structlog
from sqlalchemy import select

from connectors.entra.sign_in import Assertion, Assertions
from insights.database import Database
from insights.errors import Problem, SignInNeeded, Unavailable
from insights.model import User
from insights.tables import secrets
from tests.connectors.entra.conftest import (
    ANN,
    BOB,
    DATAVERSE,
    KEY,
    OLD_KEY,
    Clock,
    Join,
    make_certificate,
)
from tests.standins.entra import APP_ID, Application, EntraStandin, Fault
from tests.standins.entra.directory import GRAPH, PEOPLE
from tests.standins.entra.managed import HEADER_SECRET

OBO, REFRESH = "jwt-bearer", "refresh_token"
POLICY = "9ab03e19-ed42-4168-b6b7-7001fb3e933a"


def asked(entra: EntraStandin, about: str = "") -> int:
    return entra.records.counted("/token", about)


async def rows(liaison: Database) -> list[Any]:
    return await liaison.read(lambda connection: list(connection.execute(select(secrets))))


async def test_on_behalf_of_once_per_user_and_service(entra: EntraStandin, join: Join) -> None:
    liaison = await join()
    await liaison.sign_in.identify(entra.sign_in())
    await liaison.sign_in.identify(entra.sign_in(PEOPLE[1]))
    wanted = [(ANN, GRAPH), (ANN, DATAVERSE), (BOB, GRAPH)] * 4
    tokens = await asyncio.gather(*(liaison.tokens.for_user(*one) for one in wanted))
    assert len(set(tokens)) == 3
    assert asked(entra, OBO) + asked(entra, REFRESH) == 3
    for (user, resource), token in zip(wanted, tokens, strict=True):
        claims = entra.check(token, resource)
        assert claims
        assert claims["oid"] == user.object_id
        assert claims["azp"] == APP_ID
    graph = entra.check(tokens[0], GRAPH)
    assert graph
    assert graph["scp"] == "Mail.Read User.Read"
    assert entra.check(tokens[0], DATAVERSE) is None
    assert await liaison.tokens.for_user(ANN, GRAPH) == tokens[0]


async def test_after_a_restart_jobs_go_on_without_the_user(
    entra: EntraStandin, join: Join, liaison: Database
) -> None:
    before = await join()
    assertion = entra.sign_in()
    await before.sign_in.identify(assertion)
    token = await before.tokens.for_user(ANN, GRAPH)
    [row] = await rows(liaison)
    for secret in (token, assertion, *entra.records.refresh_tokens):
        assert secret.encode() not in row.sealed
    after = await join()
    assert await after.tokens.for_user(ANN, GRAPH) == token, "still good, so Entra is not asked"
    dataverse = entra.check(await after.tokens.for_user(ANN, DATAVERSE), DATAVERSE)
    assert dataverse
    assert dataverse["oid"] == ANN.object_id
    assert (asked(entra, OBO), asked(entra, REFRESH)) == (1, 1)
    with pytest.raises(SignInNeeded) as unknown:
        await after.tokens.for_user(BOB, GRAPH)
    assert unknown.value.code == "signed_out"
    with pytest.raises(SignInNeeded) as nobody:
        await after.tokens.for_user(User("x", "X", "x@ours.example"), GRAPH)
    assert nobody.value.code == "no_account"


async def test_two_processes_share_a_row_and_lose_nothing(
    entra: EntraStandin, join: Join, liaison: Database
) -> None:
    one, two = await join(), await join()
    resources = [f"https://org{number}.crm4.dynamics.com" for number in range(4)]
    entra.tenant.applications[APP_ID].delegated |= {name: ["user_impersonation"] for name in resources}
    for process in (one, two):
        await process.sign_in.identify(entra.sign_in())
    await asyncio.gather(
        *(process.tokens.for_user(ANN, name) for process in (one, two) for name in [GRAPH, *resources])
    )
    assert len(await rows(liaison)) == 1
    before = asked(entra)
    third = await join()
    for name in [GRAPH, *resources]:
        assert entra.check(await third.tokens.for_user(ANN, name), name)
    assert asked(entra) == before, "every token either of them got is in the row"


async def test_conditional_access_there_and_back(entra: EntraStandin, join: Join) -> None:
    liaison = await join()
    entra.records.policies[ANN.object_id] = POLICY
    await liaison.sign_in.identify(entra.sign_in())
    with pytest.raises(SignInNeeded) as challenged:
        await liaison.tokens.for_user(ANN, GRAPH)
    assert challenged.value.code == "interaction_required"
    assert json.loads(challenged.value.claims)["access_token"]["capolids"]["values"] == [POLICY]
    await liaison.sign_in.identify(entra.sign_in(is_strong=True))
    assert entra.check(await liaison.tokens.for_user(ANN, GRAPH), GRAPH)
    assert entra.check(await (await join()).tokens.for_user(ANN, DATAVERSE), DATAVERSE)


async def test_a_services_own_challenge_asks_entra_anew(entra: EntraStandin, join: Join) -> None:
    liaison = await join()
    await liaison.sign_in.identify(entra.sign_in())
    first = await liaison.tokens.for_user(ANN, GRAPH)
    claims = json.dumps({"access_token": {"nbf": {"essential": True, "value": "1604106651"}}})
    second = await liaison.tokens.for_user(ANN, GRAPH, claims=claims)
    assert second != first
    assert entra.check(second, GRAPH)
    assert await liaison.tokens.for_user(ANN, GRAPH) == second
    app = await liaison.tokens.for_app(GRAPH)
    assert await liaison.tokens.for_app(GRAPH, claims=claims) != app


async def test_revoked_until_the_user_signs_in_again(entra: EntraStandin, join: Join, clock: Clock) -> None:
    liaison = await join()
    await liaison.sign_in.identify(entra.sign_in())
    await liaison.tokens.for_user(ANN, GRAPH)
    entra.records.revoked[ANN.object_id] = clock() + 1
    with pytest.raises(SignInNeeded) as revoked:
        await liaison.tokens.for_user(ANN, DATAVERSE)
    assert (revoked.value.code, revoked.value.claims) == ("signed_out", "")
    assert "AADSTS" not in revoked.value.detail
    clock.ahead += 30
    await liaison.sign_in.identify(entra.sign_in())
    assert entra.check(await liaison.tokens.for_user(ANN, DATAVERSE), DATAVERSE)


async def test_consent_missing_and_given(entra: EntraStandin, join: Join) -> None:
    liaison = await join()
    entra.records.without_consent.add(ANN.object_id)
    await liaison.sign_in.identify(entra.sign_in())
    with pytest.raises(SignInNeeded) as missing:
        await liaison.tokens.for_user(ANN, GRAPH)
    assert missing.value.code == "consent_required"
    assert "administrator" in missing.value.do
    entra.records.without_consent.clear()
    await liaison.sign_in.identify(entra.sign_in())
    assert entra.check(await liaison.tokens.for_user(ANN, GRAPH), GRAPH)


async def test_an_assertion_that_ran_out_is_not_exchanged(
    entra: EntraStandin, join: Join, clock: Clock
) -> None:
    liaison = await join()
    await liaison.sign_in.identify(entra.sign_in())
    clock.ahead += 3901
    with pytest.raises(SignInNeeded):
        await liaison.tokens.for_user(ANN, GRAPH)
    assert asked(entra) == 0


async def test_processes_come_to_rest(entra: EntraStandin, join: Join, liaison: Database) -> None:
    processes = [await join() for _ in range(3)]
    for process in processes:
        await process.sign_in.identify(entra.sign_in())
        await process.tokens.for_user(ANN, GRAPH)
    [before] = await rows(liaison)
    for process in processes:
        await process.tokens.for_user(ANN, GRAPH)
        await (await join()).tokens.for_user(ANN, GRAPH)
    assert (await rows(liaison))[0].sealed == before.sealed, "nobody writes what is there already"


def test_no_more_sign_ins_are_remembered_than_there_is_room_for(clock: Clock) -> None:
    assertions = Assertions(clock.aware, most=2)
    for name in ("first", "second", "first", "third"):
        assertions.remember(name, Assertion(f"token of {name}", "tenant", clock() + 60))
    assert assertions.find("second") is None
    assert "token of" not in repr(assertions.find("first"))
    clock.ahead += 61
    assert assertions.find("first") is None
    assert assertions.forget("third")
    assert not assertions.forget("third")


async def test_signing_out_leaves_nothing(entra: EntraStandin, join: Join, liaison: Database) -> None:
    one, other = await join(), await join()
    await one.sign_in.identify(entra.sign_in())
    await one.tokens.for_user(ANN, GRAPH)
    await other.tokens.for_user(ANN, GRAPH)
    flight = asyncio.create_task(one.tokens.for_user(ANN, DATAVERSE))
    await asyncio.sleep(0)
    assert await one.tokens.sign_out(ANN)
    await flight
    assert not await one.tokens.sign_out(ANN)
    assert await rows(liaison) == []
    for process in (one, other):
        with pytest.raises(SignInNeeded):
            await process.tokens.for_user(ANN, "https://new.crm4.dynamics.com")
    assert await rows(liaison) == []


async def test_signing_in_again_elsewhere_is_seen(entra: EntraStandin, join: Join) -> None:
    one, other = await join(), await join()
    await one.sign_in.identify(entra.sign_in())
    await one.tokens.for_user(ANN, GRAPH)
    await other.tokens.for_user(ANN, GRAPH)
    await one.tokens.sign_out(ANN)
    await one.sign_in.identify(entra.sign_in())
    await one.tokens.for_user(ANN, GRAPH)
    assert entra.check(await other.tokens.for_user(ANN, DATAVERSE), DATAVERSE)


async def test_keys_of_the_vault_rotate(entra: EntraStandin, join: Join, liaison: Database) -> None:
    old = await join(keys=(OLD_KEY,))
    await old.sign_in.identify(entra.sign_in())
    await old.sign_in.identify(entra.sign_in(PEOPLE[1]))
    tokens = [await old.tokens.for_user(user, GRAPH) for user in (ANN, BOB)]
    both = await join(keys=(KEY, OLD_KEY))
    assert await both.tokens.for_user(ANN, GRAPH) == tokens[0]
    assert await both.vault.rotate() == 1, "the one just touched was sealed anew by that"
    assert await both.vault.rotate() == 0
    new = await join(keys=(KEY,))
    assert [await new.tokens.for_user(user, GRAPH) for user in (ANN, BOB)] == tokens
    lost = await join(keys=("lost" * 10,))
    with pytest.raises(SignInNeeded):
        await lost.tokens.for_user(ANN, GRAPH)
    await lost.sign_in.identify(entra.sign_in())
    assert entra.check(await lost.tokens.for_user(ANN, GRAPH), GRAPH)
    assert len(await rows(liaison)) == 2


async def test_the_app_by_secret_and_what_to_do_when_it_is_wrong(entra: EntraStandin, join: Join) -> None:
    liaison = await join()
    tokens = await asyncio.gather(*(liaison.tokens.for_app(GRAPH) for _ in range(5)))
    claims = entra.check(tokens[0], GRAPH)
    assert claims
    assert claims["roles"] == ["Mail.ReadBasic"]
    assert "scp" not in claims
    assert (len(set(tokens)), asked(entra)) == (1, 1)
    wrong = await join(entra_secret="yesterday's")
    with pytest.raises(Unavailable) as refused:
        await wrong.tokens.for_app(GRAPH)
    assert refused.value.code == "entra_refused"
    assert "AADSTS7000215" in refused.value.why
    assert "LIAISON_ENTRA_SECRET" in refused.value.do
    entra.tenant.applications[APP_ID].secrets.add("yesterday's")
    assert entra.check(await wrong.tokens.for_app(GRAPH), GRAPH)
    with pytest.raises(Unavailable) as unknown:
        await liaison.tokens.for_app("https://nothing.example")
    assert unknown.value.code == "unknown_resource"


async def test_the_app_by_certificate_also_a_renewed_one(
    entra: EntraStandin, join: Join, application: Application, tmp_path: Path
) -> None:
    path = tmp_path / "app.pem"
    application.certificates = [make_certificate(path)]
    application.secrets.clear()
    liaison = await join(entra_certificate=str(path))
    assert entra.check(await liaison.tokens.for_app(GRAPH), GRAPH)
    await liaison.sign_in.identify(entra.sign_in())
    assert entra.check(await liaison.tokens.for_user(ANN, GRAPH), GRAPH)
    application.certificates = [make_certificate(path)]
    with pytest.raises(Unavailable) as refused:
        await liaison.tokens.for_app(DATAVERSE)
    assert "AADSTS700027" in refused.value.why
    assert "LIAISON_ENTRA_CERTIFICATE" in refused.value.do
    assert entra.check(await liaison.tokens.for_app(DATAVERSE), DATAVERSE), "the file is read again"


@pytest.mark.parametrize("content", [None, "", "x", "no key"])
async def test_a_certificate_that_cannot_be_used_stops_the_start(
    join: Join, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "app.pem"
    if content == "no key":
        make_certificate(path)
        path.write_text(path.read_text().partition("-----BEGIN CERT")[0])
    elif content is not None:
        path.write_text(content)
    with pytest.raises(Unavailable) as refused:
        await join(entra_certificate=str(path))
    assert refused.value.code == "bad_certificate"
    assert "BEGIN" not in refused.value.detail


@pytest.mark.parametrize("place", ["app service", "machine"])
@pytest.mark.parametrize("identity", ["system", "0f0f0f0f-0000-4000-8000-000000000009"])
async def test_a_managed_identity_vouches_for_the_app(
    entra: EntraStandin,
    join: Join,
    application: Application,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    identity: str,
) -> None:
    if place == "app service":
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{entra.identity_url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", HEADER_SECRET)
    else:
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", entra.identity_url)
    application.secrets.clear()
    liaison = await join(entra_secret="", entra_managed_identity=identity)
    await liaison.sign_in.identify(entra.sign_in())
    name = "" if identity == "system" else identity
    if name:
        with pytest.raises(Unavailable) as missing:
            await liaison.tokens.for_app(GRAPH)
        assert missing.value.code == "no_managed_identity"
    entra.managed.identities[name] = "bbbbbbbb-0000-4000-8000-000000000002"
    with pytest.raises(Unavailable) as refused:
        await liaison.tokens.for_app(GRAPH)
    assert "federated credential" in refused.value.do
    application.federated_subjects.add(entra.managed.identities[name])
    assert entra.check(await liaison.tokens.for_app(GRAPH), GRAPH)
    assert entra.check(await liaison.tokens.for_user(ANN, GRAPH), GRAPH)


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_entra_away_or_throttling_and_back(entra: EntraStandin, join: Join, status: int) -> None:
    liaison = await join()
    for user, person in ((ANN, PEOPLE[0]), (BOB, PEOPLE[1])):
        await liaison.sign_in.identify(entra.sign_in(person))
        entra.records.faults.append(Fault(status, {"Retry-After": "1"}))
        with pytest.raises(Unavailable) as away:
            await liaison.tokens.for_user(user, GRAPH)
        assert away.value.code == "no_entra"
    async with asyncio.timeout(60):
        while True:
            try:
                assert entra.check(await liaison.tokens.for_user(ANN, GRAPH), GRAPH)
                break
            except Unavailable:
                await asyncio.sleep(0.2)


async def test_a_slow_entra_holds_up_nobody_else(entra: EntraStandin, join: Join) -> None:
    liaison = await join()
    await liaison.tokens.for_app(GRAPH)
    await liaison.sign_in.identify(entra.sign_in())
    entra.records.faults.append(Fault(wait=2))
    slow = asyncio.create_task(liaison.tokens.for_user(ANN, GRAPH))
    impatient = asyncio.create_task(liaison.tokens.for_user(ANN, GRAPH))
    ticks = 0
    while not slow.done():
        await asyncio.sleep(0.01)
        ticks += 1
        if ticks == 10:
            impatient.cancel()
            assert await liaison.tokens.for_app(GRAPH)
    assert ticks > 20, "the event loop went on"
    assert entra.check(await slow, GRAPH), "who goes away does not end it for the others"
    assert asked(entra, OBO) == 1


async def test_no_token_or_address_is_logged_or_told(entra: EntraStandin, join: Join, caplog: Any) -> None:
    caplog.set_level("DEBUG")
    liaison = await join()
    assertion = entra.sign_in()
    told: list[str] = []
    with structlog.testing.capture_logs() as lines:
        await liaison.sign_in.identify(assertion)
        entra.records.policies[ANN.object_id] = POLICY
        for damaged in (assertion[:-5], "Bearer x", assertion.replace(".", "")):
            with pytest.raises(Problem) as refused:
                await liaison.sign_in.identify(damaged)
            told.append(repr(refused.value))
        with pytest.raises(Problem) as refused:
            await liaison.tokens.for_user(ANN, GRAPH)
        told.append(refused.value.detail)
        token = await liaison.tokens.for_app(GRAPH)
    text = "\n".join([*told, *map(str, lines), caplog.text])
    for secret in (assertion[:40], token[:40], jwt.decode(token, options={"verify_signature": False})["uti"]):
        assert secret not in text
    assert "@ours.example" not in text
    assert "a client secret" not in text
