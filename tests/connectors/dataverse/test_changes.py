"""Change tracking: a full reading first, then only what changed, also after the token expired."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession

from connectors.dataverse.crm import DataverseCrm
from insights.crm.conditions import Column
from insights.crm.rows import RowChanges
from tests.contracts.crm_world import METADATA, NOW, WORLD, uid
from tests.contracts.crms import AnyToken
from tests.standins.dataverse import DataverseStandin, running_dataverse

pytestmark = pytest.mark.testdata


@dataclass
class World:
    standin: DataverseStandin
    crm: DataverseCrm

    async def changes(self, cursor: str | None) -> RowChanges:
        return await self.crm.changes("account", [Column("name")], cursor)


@pytest.fixture
async def world(testdata: Path) -> AsyncIterator[World]:
    async with running_dataverse(testdata, now=lambda: NOW) as standin, ClientSession() as session:
        standin.fill(WORLD, METADATA)
        yield World(standin, DataverseCrm(standin.url, session, AnyToken(), now=lambda: NOW))


def names(changes: RowChanges) -> set[str]:
    return {row.name for row in changes.rows}


async def test_first_everything_then_what_changed(world: World) -> None:
    first = await world.changes(None)
    assert names(first) == {"Contoso Ltd", "Fabrikam", "Tailspin"}
    again = await world.changes(first.cursor)
    assert (again.rows, again.deleted_ids, again.is_complete) == ([], [], True)
    world.standin.add(accounts=[{"accountid": uid("tailspin"), "name": "Tailspin Toys"}])
    await world.crm.api.send("DELETE", f"accounts({uid('fabrikam')})", None)
    later = await world.changes(again.cursor)
    assert names(later) == {"Tailspin Toys"}
    assert later.deleted_ids == [uid("fabrikam")]
    assert (await world.changes(later.cursor)).rows == []


async def test_an_expired_token_is_caught_up_once_by_time(world: World) -> None:
    first = await world.changes(None)
    world.standin.add(
        accounts=[{"accountid": uid("tailspin"), "name": "Tailspin Toys", "modifiedon": NOW.isoformat()}]
    )
    world.standin.add(
        accounts=[{"accountid": uid("contoso"), "modifiedon": (NOW - timedelta(days=9)).isoformat()}]
    )
    world.standin.expire_deltas()
    caught_up = await world.changes(first.cursor)
    assert not caught_up.is_complete
    assert "Tailspin Toys" in names(caught_up)
    assert "Contoso Ltd" not in names(caught_up)
    world.standin.add(accounts=[{"accountid": uid("contoso"), "name": "Contoso AG"}])
    assert names(await world.changes(caught_up.cursor)) == {"Contoso AG"}


async def test_a_reading_goes_over_all_pages(world: World) -> None:
    world.standin.add(accounts=[{"accountid": uid(f"many{n}"), "name": f"Many {n}"} for n in range(5001)])
    first = await world.changes(None)
    assert (len(first.rows), first.has_more) == (5000, True)
    second = await world.changes(first.cursor)
    assert (len(second.rows), second.has_more) == (4, False)
    assert {row.ref for row in first.rows} & {row.ref for row in second.rows} == set()
    world.standin.add(accounts=[{"accountid": uid("many1"), "name": "Many, but changed"}])
    assert names(await world.changes(second.cursor)) == {"Many, but changed"}
    assert all("filter" not in key for request in world.standin.requests if "accounts" in request.path
               for key in request.query)  # fmt: skip
