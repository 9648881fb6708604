"""Tokens that a service refused before they ran out: exchanged anew once, and handed out to nobody again."""

import asyncio
import json

import pytest

from connectors.entra.refused import RefusedTokens
from insights.database import Database
from insights.errors import SignInNeeded
from tests.connectors.entra.conftest import ANN, DATAVERSE, Clock, Join
from tests.connectors.entra.test_tokens import asked, rows
from tests.standins.entra import EntraStandin
from tests.standins.entra.directory import GRAPH


async def test_a_refused_token_is_exchanged_anew_once_for_all_who_hold_it(
    entra: EntraStandin, join: Join, liaison: Database
) -> None:
    one = await join()
    await one.sign_in.identify(entra.sign_in())
    refused = await one.tokens.for_user(ANN, GRAPH)
    dataverse = await one.tokens.for_user(ANN, DATAVERSE)
    before = asked(entra)
    tokens = await asyncio.gather(
        *(one.tokens.for_user(ANN, GRAPH, refused=refused) for _ in range(5)),
        one.tokens.for_user(ANN, GRAPH),
    )
    assert asked(entra) == before + 1
    [new] = set(tokens)
    assert new != refused
    assert entra.check(new, GRAPH)
    assert await one.tokens.for_user(ANN, GRAPH, refused=refused) == new, "who comes late asks nobody"
    for process in (one, await join()):
        assert await process.tokens.for_user(ANN, GRAPH) == new
        assert await process.tokens.for_user(ANN, DATAVERSE) == dataverse
    assert asked(entra) == before + 1


async def test_a_token_refused_while_it_is_fetched_is_not_handed_out(entra: EntraStandin, join: Join) -> None:
    one, other = await join(), await join()
    await one.sign_in.identify(entra.sign_in())
    refused = await one.tokens.for_user(ANN, GRAPH)
    plain = asyncio.create_task(other.tokens.for_user(ANN, GRAPH))
    await asyncio.sleep(0)
    renewed = await other.tokens.for_user(ANN, GRAPH, refused=refused)
    await plain
    assert renewed != refused
    assert await other.tokens.for_user(ANN, GRAPH) == renewed


async def test_what_another_process_got_in_place_of_a_refused_token_is_taken(
    entra: EntraStandin, join: Join
) -> None:
    one, other, asleep = await join(), await join(), await join()
    await one.sign_in.identify(entra.sign_in())
    refused = await one.tokens.for_user(ANN, GRAPH)
    for process in (other, asleep):
        assert await process.tokens.for_user(ANN, GRAPH) == refused
    new = await one.tokens.for_user(ANN, GRAPH, refused=refused)
    before = asked(entra)
    assert await other.tokens.for_user(ANN, GRAPH, refused=refused) == new
    assert asked(entra) == before
    await asleep.tokens.for_user(ANN, DATAVERSE)  # writes the row anew, and may know the refused one still
    assert await one.tokens.for_user(ANN, GRAPH) == new
    third = await join()
    assert await third.tokens.for_user(ANN, GRAPH, refused=refused) != refused


async def test_a_refused_token_that_nothing_replaces_is_gone_from_everywhere(
    entra: EntraStandin, join: Join, clock: Clock, liaison: Database
) -> None:
    one = await join()
    await one.sign_in.identify(entra.sign_in())
    refused = await one.tokens.for_user(ANN, GRAPH)
    entra.records.revoked[ANN.object_id] = clock() + 1
    for process in (one, one, await join()):
        with pytest.raises(SignInNeeded) as gone:
            await process.tokens.for_user(ANN, GRAPH, refused=refused if process is one else "")
        assert gone.value.code == "signed_out"
    [row] = await rows(liaison)
    read = await one.vault.read(row.name)
    assert read
    assert read.content
    assert refused not in json.loads(read.content)["cache"]
    clock.ahead += 30
    await one.sign_in.identify(entra.sign_in())
    assert entra.check(await one.tokens.for_user(ANN, GRAPH), GRAPH)


async def test_a_refused_token_of_the_app_is_replaced_once(entra: EntraStandin, join: Join) -> None:
    liaison = await join()
    refused, graph = await liaison.tokens.for_app(DATAVERSE), await liaison.tokens.for_app(GRAPH)
    before = asked(entra)
    renewed = {
        *await asyncio.gather(*(liaison.tokens.for_app(DATAVERSE, refused=refused) for _ in range(5))),
        await liaison.tokens.for_app(DATAVERSE, refused=refused),
        await liaison.tokens.for_app(DATAVERSE),
    }
    assert (len(renewed), refused in renewed, asked(entra)) == (1, False, before + 1)
    assert await liaison.tokens.for_app(GRAPH) == graph
    claims = json.dumps({"access_token": {"nbf": {"essential": True, "value": "1604106651"}}})
    [first] = renewed
    second = await liaison.tokens.for_app(DATAVERSE, claims=claims, refused=first)
    assert second not in {first, refused}
    assert await liaison.tokens.for_app(DATAVERSE, refused=first) == second


async def test_a_token_refused_with_a_challenge_is_replaced_by_one_that_answers_it(
    entra: EntraStandin, join: Join
) -> None:
    liaison = await join()
    await liaison.sign_in.identify(entra.sign_in())
    refused = await liaison.tokens.for_user(ANN, GRAPH)
    claims = json.dumps({"access_token": {"nbf": {"essential": True, "value": "1604106651"}}})
    answered = await liaison.tokens.for_user(ANN, GRAPH, claims=claims, refused=refused)
    assert answered != refused
    assert entra.check(answered, GRAPH)
    before = asked(entra)
    for process in (liaison, await join()):
        assert await process.tokens.for_user(ANN, GRAPH) == answered
    assert asked(entra) == before


def test_no_more_refused_tokens_are_remembered_than_there_is_room_for() -> None:
    refused = RefusedTokens(most=2)
    for token in ("first", "second", "", "first", "third"):
        refused.add(token)
    assert [token in refused for token in ("first", "second", "third", "")] == [True, False, True, False]
