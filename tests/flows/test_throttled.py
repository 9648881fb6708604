"""Dataverse is asked too much for two minutes, by a clock of the test's own: the email is tracked after."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dbos._outcome
import pytest
from aiohttp import ClientSession

from connectors.dataverse.crm import DataverseCrm
from connectors.dataverse.wire import Timing
from connectors.embedded.mail.importing import import_messages
from connectors.registry import open_stores
from insights.capture.failures import list_failures
from insights.capture.tracking import track
from insights.capture.tracks import select_tracks
from insights.capture.views import TrackBody
from insights.features import change_features
from insights.model import TrackState
from insights.services import Services
from insights.settings import Settings
from insights.views import FeaturesBody, FeatureSwitches
from insights.work import running
from tests.contracts.crm_world import METADATA, WORLD
from tests.contracts.crms import AnyToken, signed_in
from tests.mails import make_mail
from tests.standins.dataverse import DataverseStandin, running_dataverse

pytestmark = pytest.mark.testdata
THROTTLED = 120.0
RETRY_AFTER = 10
PRESSED_AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@dataclass
class Clock:
    """Seconds that pass by being waited for; `then` happens as soon as `until` is over."""

    until: float = THROTTLED
    then: Callable[[], None] = print
    at: float = 0.0
    waits: list[float] = field(default_factory=list)

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.at += seconds
        if self.at >= self.until:
            self.then()

    async def sleep(self, seconds: float) -> None:
        self.wait(seconds)
        await asyncio.sleep(0)

    def __call__(self) -> float:
        return self.at

    def now(self) -> datetime:
        return PRESSED_AT + timedelta(seconds=self.at)


@dataclass
class World:
    services: Services
    standin: DataverseStandin
    clock: Clock
    email_id: str


@pytest.fixture
async def world(tmp_path: Path, testdata: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    clock = Clock()
    async with running_dataverse(testdata, now=clock.now) as standin, ClientSession() as session:
        clock.then = standin.faults.clear
        standin.fill(WORLD, METADATA)
        timing = Timing(clock.sleep, clock)
        crm = DataverseCrm(standin.url, session, AnyToken(), now=clock.now, timing=timing)
        waiting = SimpleNamespace(**{**vars(time), "sleep": clock.wait})  # between the tries of a step
        monkeypatch.setattr(dbos._outcome, "time", waiting)
        settings = Settings(data_dir=tmp_path, database_url="")
        async with open_stores(settings, clock.now, clock.now) as (embedded, stores):
            services = replace(embedded, crm=crm)
            organization_id = await crm.organization_id()
            raw = make_mail("<1@contoso.example>", to="ann@ours.example", at=PRESSED_AT - timedelta(days=1))
            mailbox = await stores.database("mailbox")
            await import_messages(mailbox, organization_id, [raw], "ann@ours.example", now=PRESSED_AT)
            [message] = (await services.mail.latest((await signed_in(crm, "ann")).mailbox, None, 5)).items
            async with running(services):
                yield World(services, standin, clock, message.email_id)


async def test_dataverse_throttles_for_two_minutes_and_the_email_is_tracked_after(world: World) -> None:
    services, clock, faults = world.services, world.clock, world.standin.faults
    ann, dora = await signed_in(services.crm, "ann"), await signed_in(services.crm, "dora")
    switch_on = FeaturesBody(accept_terms=True, features=FeatureSwitches(auto_capture="on"))
    await change_features(services, dora, switch_on)
    await services.workflows.wait_ready()
    faults.throttle(seconds=RETRY_AFTER, times=None, method="POST", path="/emails")
    item, _ = await track(services, ann, world.email_id, TrackBody(regarding=None))
    assert item.state is TrackState.PENDING
    asked: list[Any] = []
    async with asyncio.timeout(60):
        while (row := await state(world)) is TrackState.PENDING:
            asked = posts(world)
            assert (await list_failures(services, ann, cursor=None, limit=10)).items == []
            await asyncio.sleep(0.01)
    assert row is TrackState.TRACKED
    assert clock.at >= THROTTLED
    assert len(asked) <= THROTTLED / RETRY_AFTER + 2, "nothing is sent before the time that was asked for"
    rows = list(world.standin.organization.store.rows("email").values())
    assert [each.get("statecode") for each in rows if each.id == world.email_id] == [1]


async def state(world: World) -> TrackState:
    rows = await world.services.database.read(select_tracks, [world.email_id])
    return rows[world.email_id].state


def posts(world: World) -> list[Any]:
    return [
        each for each in world.standin.requests if each.method == "POST" and each.path.endswith("/emails")
    ]
