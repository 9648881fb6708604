"""The main job on Dataverse, Graph and Entra: a server of its own against stand-ins of all three."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.flows.liaison import COMPANY, Liaison, letter
from tests.flows.test_privacy import SECRETS, leaks
from tests.standins.cloud import Cloud, running_cloud, uid

ONE = "<1@mail.example>"
THROTTLED_SECONDS = 120
pytestmark = pytest.mark.testdata


class CloudLiaison(Liaison):
    """An installation on a cloud: people's tokens are Entra's."""

    def __init__(self, folder: Path, cloud: Cloud) -> None:
        super().__init__(folder, **cloud.environment)
        self.cloud = cloud

    def token(self, user: str) -> str:
        """What the pane would get for somebody."""
        return self.cloud.token(user)

    def receive(self, user: str, *names: int | str, **fields: Any) -> None:
        """Let mail arrive."""
        for name in names:
            self.cloud.graph.deliver(f"{user}@ours.example", letter(name, **fields).as_bytes())

    async def open(self, user: str, message_id: str = ONE, *, status: int = 200) -> Any:
        """What the pane is told of an open email."""
        body = {"internet_message_id": message_id}
        return await self.post(user, "/api/v1/emails/lookup", body, status=status)


@pytest.fixture
async def cloud(tmp_path: Path, testdata: Path) -> AsyncIterator[Cloud]:
    async with running_cloud(tmp_path, testdata, COMPANY) as cloud:
        yield cloud


@pytest.fixture
async def liaison(tmp_path: Path, cloud: Cloud) -> AsyncIterator[CloudLiaison]:
    liaison = CloudLiaison(tmp_path, cloud)
    await liaison.start()
    await liaison.turn_on("auto_capture")
    yield liaison
    await liaison.stop()


async def test_from_private_to_shared(liaison: CloudLiaison) -> None:
    liaison.receive("ann", 1, 2)
    items = await liaison.timeline("ann", "contact", uid("ana"))
    assert {item["state"] for item in items} == {"untracked"}
    assert {item["why"] for item in items} == {"from Ana Silva"}
    assert await liaison.timeline("bob", "contact", uid("ana")) == []
    opened = await liaison.open("ann")
    assert opened["suggestions"]
    item_id = opened["item"]["id"]
    about = {"regarding": {"table": "account", "id": uid("fabrikam")}}
    pressed = await liaison.post("ann", f"/api/v1/emails/{item_id}/track", about, status=202)
    assert (pressed["state"], pressed["tracked_by"]["name"]) == ("pending", "Ann Beebe")
    [tracked] = await liaison.wait_for_state("ann", [ONE], "tracked")
    assert (tracked["id"], tracked["regarding"]["name"]) == (item_id, "Fabrikam")
    [seen] = await liaison.timeline("bob", "account", uid("fabrikam"))
    assert (seen["id"], seen["state"], seen["tracked_by"]["name"]) == (item_id, "tracked", "Ann Beebe")
    [row] = liaison.cloud.dataverse.organization.store.rows("email").values()
    assert (row.get("messageid"), row.get("statecode"), row.get("statuscode")) == (ONE, 1, 4)


async def press(liaison: CloudLiaison, user: str, message_id: str = ONE) -> str:
    """Open an email and press *Track*; its id."""
    item_id = str((await liaison.open(user, message_id))["item"]["id"])
    await liaison.post(user, f"/api/v1/emails/{item_id}/track", {"regarding": None}, status=202)
    return item_id


def rows(liaison: CloudLiaison, table: str = "email") -> list[Any]:
    return list(liaison.cloud.dataverse.organization.store.rows(table).values())


async def test_an_opening_asks_each_service_once_after_the_other(liaison: CloudLiaison) -> None:
    liaison.receive("ann", 1, 2, 3)
    await liaison.timeline("ann", "contact", uid("ana"))
    liaison.cloud.count()
    assert len(await liaison.timeline("ann", "account", uid("fabrikam"))) == 3
    assert liaison.cloud.count() == {"entra": 0, "graph": 1, "dataverse": 5}


def _writes_email(request: Any) -> bool:
    return bool(request.method == "POST" and request.path.endswith("/emails"))


async def test_dataverse_is_down_during_track_and_the_email_is_tracked_once(liaison: CloudLiaison) -> None:
    message = letter(1)
    message.add_attachment(b"a,b\n1,2\n", maintype="text", subtype="csv", filename="prices.csv")
    liaison.cloud.graph.deliver("ann@ours.example", message.as_bytes())
    dataverse = liaison.cloud.dataverse
    faults = dataverse.faults
    item_id = str((await liaison.open("ann"))["item"]["id"])
    outage = faults.unavailable(times=None, method="POST", path="/emails")
    faults.cut_off(method="POST", path="/emails")  # written, but nobody hears of it
    faults.cut_off(method="POST", path="/activitymimeattachments")
    faults.cut_off(method="PATCH", path="/emails")
    path = f"/api/v1/emails/{item_id}/track"
    assert (await liaison.post("ann", path, {"regarding": None}, status=202))["state"] == "pending"
    async with asyncio.timeout(60):
        while sum(_writes_email(each) for each in dataverse.requests) < 2:
            await asyncio.sleep(0.05)
    assert (await liaison.open("ann"))["item"]["state"] == "pending"
    faults.waiting.remove(outage)
    [item] = await liaison.wait_for_state("ann", [ONE], "tracked", seconds=150)
    assert [file["state"] for file in item["attachments"]] == ["tracked"]
    assert (len(rows(liaison)), len(rows(liaison, "activitymimeattachment"))) == (1, 1)


@pytest.mark.real_time
async def test_dataverse_throttles_for_two_minutes_and_the_email_is_tracked_after(
    liaison: CloudLiaison,
) -> None:
    liaison.receive("ann", 1)
    faults, began = liaison.cloud.dataverse.faults, time.monotonic()
    item_id = await press_throttled(liaison, faults)
    while time.monotonic() - began < THROTTLED_SECONDS:
        assert (await liaison.get("ann", "/api/v1/emails/failures"))["items"] == []
        await asyncio.sleep(2)
    faults.clear()
    async with asyncio.timeout(150 - THROTTLED_SECONDS + 20):  # the last Retry-After is still kept to
        while not (found := rows(liaison)) or found[0].get("statecode") != 1:
            await asyncio.sleep(0.5)
    [item] = await liaison.wait_for_state("ann", [ONE], "tracked")
    assert (item["id"], len(rows(liaison))) == (item_id, 1)


async def press_throttled(liaison: CloudLiaison, faults: Any) -> str:
    item_id = str((await liaison.open("ann"))["item"]["id"])
    faults.throttle(seconds=10, times=None, method="POST", path="/emails")
    await liaison.post("ann", f"/api/v1/emails/{item_id}/track", {"regarding": None}, status=202)
    return item_id


@pytest.mark.slow("waits until the time for an answer is up")
async def test_a_mailbox_that_is_moving_is_told_and_everything_is_there_afterwards(
    liaison: CloudLiaison,
) -> None:
    liaison.receive("ann", 1, 2)
    await liaison.timeline("ann", "contact", uid("ana"))
    item_id = await press(liaison, "ann")
    await liaison.wait_for_state("ann", [ONE], "tracked")
    faults = liaison.cloud.graph.faults
    faults.begin_mailbox_move("ann@ours.example")
    path = f"/api/v1/records/contact/{uid('ana')}/activities"
    page = await liaison.get("ann", path)
    assert "your mailbox does not answer" in page["notice"]
    faults.end_mailbox_move("ann@ours.example")
    items = await liaison.timeline("ann", "contact", uid("ana"))
    assert {item["internet_message_id"]: item["state"] for item in items} == {
        ONE: "tracked",
        "<2@mail.example>": "untracked",
    }
    await press(liaison, "ann", "<2@mail.example>")
    await liaison.wait_for_state("ann", ["<2@mail.example>"], "tracked")
    assert (await liaison.post("ann", f"/api/v1/emails/{item_id}/untrack"))["state"] == "untracked"


async def test_half_of_a_batch_is_throttled_and_nothing_is_missing(liaison: CloudLiaison) -> None:
    liaison.receive("ann", 1, 2)
    liaison.cloud.graph.faults.throttle("search", times=1, retry_after=1, inner=True)
    items = await liaison.timeline("ann", "contact", uid("ana"))
    assert len(items) == 2
    assert not liaison.cloud.graph.faults.waiting or liaison.cloud.graph.faults.waiting[0].times == 0


async def test_who_is_signed_out_is_asked_and_goes_on_after_signing_in(liaison: CloudLiaison) -> None:
    liaison.receive("ann", 1)
    await liaison.timeline("ann", "contact", uid("ana"))
    cloud, ann = liaison.cloud, liaison.cloud.people["ann"]
    cloud.graph.application_mailboxes = set()  # nothing by the app's own right
    cloud.entra.records.policies[ann.object_id] = "p1"
    cloud.graph.faults.demand(ann.address)
    refused = await liaison.get("ann", f"/api/v1/records/contact/{uid('ana')}/activities", status=401)
    assert refused["code"] == "interaction_required"
    cloud.strong.add("ann")
    cloud.graph.faults.satisfy(ann.address)
    assert len(await liaison.timeline("ann", "contact", uid("ana"))) == 1


async def test_withdrawn_tokens_are_replaced_at_the_next_request(liaison: CloudLiaison) -> None:
    cloud = liaison.cloud
    liaison.receive("ann", 1)
    gates = Gates(cloud)
    await liaison.timeline("ann", "contact", uid("ana"))
    await liaison.open("ann")
    gates.withdraw()
    cloud.count()
    items = await liaison.timeline("ann", "contact", uid("ana"))
    assert [item["internet_message_id"] for item in items] == [ONE]
    assert cloud.count()["entra"] == 2, "one new token for each service"
    await press(liaison, "ann")
    await liaison.wait_for_state("ann", [ONE], "tracked")
    assert cloud.count()["entra"] <= 1, "Graph's for the job, in a process of its own, and no other"


async def test_services_that_refuse_every_token_are_told_and_entra_is_not_asked_for_ever(
    liaison: CloudLiaison,
) -> None:
    cloud = liaison.cloud
    liaison.receive("ann", 1)
    gates = Gates(cloud)
    path = f"/api/v1/records/contact/{uid('ana')}/activities"
    await liaison.timeline("ann", "contact", uid("ana"))
    cloud.count()
    gates.closed = {"graph"}
    refused = await liaison.get("ann", path, status=401)
    assert refused["code"] == "sign_in_needed"
    counts = cloud.count()
    assert (counts["entra"], counts["graph"]) == (1, 2)
    gates.closed = {"dataverse"}
    await liaison.get("ann", path, status=503)
    assert cloud.count()["entra"] <= 5, "no more than one for each of the questions that were asked"
    gates.closed = set()
    assert len(await liaison.timeline("ann", "contact", uid("ana"))) == 1


class Gates:
    """What the services think of tokens, beyond what is in them."""

    def __init__(self, cloud: Cloud) -> None:
        self.closed: set[str] = set()
        self._seen: dict[str, set[str]] = {"graph": set(), "dataverse": set()}
        self._withdrawn: set[str] = set()
        authenticate, accepts = cloud.graph.authenticate, cloud.dataverse.accepts
        assert authenticate
        cloud.graph.authenticate = lambda token: authenticate(token) if self._lets("graph", token) else None
        cloud.dataverse.accepts = lambda token: self._lets("dataverse", token) and accepts(token)

    def withdraw(self) -> None:
        """Whatever has been seen so far counts no more, before it has run out."""
        assert all(self._seen.values())
        self._withdrawn |= set().union(*self._seen.values())

    def _lets(self, service: str, token: str) -> bool:
        self._seen[service].add(token)
        return service not in self.closed and token not in self._withdrawn


async def test_a_shared_mailbox_is_read_in_the_delegates_own_right(liaison: CloudLiaison) -> None:
    liaison.receive("bob", 1)
    body = {"internet_message_id": ONE, "mailbox": "bob@ours.example"}
    assert (await liaison.post("ann", "/api/v1/emails/lookup", body, status=404))["code"] == "no_mailbox"
    liaison.cloud.graph.share("bob@ours.example", "ann@ours.example")
    opened = await liaison.post("ann", "/api/v1/emails/lookup", body)
    assert opened["on_behalf_of"] == "Bob Kahn"
    path = f"/api/v1/emails/{opened['item']['id']}/track"
    await liaison.post("ann", path, {"regarding": None, "mailbox": "bob@ours.example"}, status=202)
    [item] = await liaison.wait_for_state("bob", [ONE], "tracked")
    assert item["tracked_by"]["name"] == "Ann Beebe"


@pytest.mark.slow("a server that has to give up on Graph and Dataverse, and three commands")
async def test_a_viewed_email_leaves_no_trace_here(tmp_path: Path, cloud: Cloud) -> None:
    liaison = CloudLiaison(tmp_path, cloud)
    liaison.environment["LIAISON_LOG_LEVEL"] = "debug"
    await liaison.start()
    await liaison.turn_on("auto_capture")
    secret = letter(
        "untold-77",
        subject=SECRETS[0],
        text=f"{SECRETS[1]}\n",
        to=f"ann@ours.example, {SECRETS[3]} <{SECRETS[2]}>",
    )
    secret.add_attachment(b"x", maintype="text", subtype="csv", filename=f"{SECRETS[1]}.csv")
    cloud.graph.deliver("ann@ours.example", secret.as_bytes())
    path = f"/api/v1/records/contact/{uid('ana')}/activities"
    assert (await liaison.get("ann", path))["items"][0]["subject"] == SECRETS[0]
    opened = await liaison.open("ann", "<untold-77@mail.example>")
    assert opened["unknown"] == [SECRETS[2]]
    await liaison.post("ann", "/api/v1/records/lookup", {"q": SECRETS[3], "email": SECRETS[2]})
    await liaison.post("bob", f"/api/v1/emails/{opened['item']['id']}/track", status=404)
    cloud.graph.faults.cut("batch", times=None)  # what fails must not tell either
    assert "does not answer" in (await liaison.get("ann", path))["notice"]
    cloud.dataverse.faults.cut_off(times=None, path="batch")
    await liaison.get("ann", path, status=503)
    await liaison.stop()
    assert not leaks(liaison.data, liaison.log)
    assert "untold-77" not in liaison.log.read_text()
    assert "sign in with Microsoft Entra" in liaison.command("token", "ann", code=1)
    for words in (("crm", "."), ("mail", ".", "--mailbox", "ann@ours.example")):
        assert "cannot be imported" in liaison.command("import", *words, code=1)


async def test_what_its_owner_deleted_after_tracking_stays_as_the_row_of_the_crm(
    liaison: CloudLiaison,
) -> None:
    liaison.receive("ann", 1, 2)
    about = {"regarding": {"table": "account", "id": uid("fabrikam")}}
    item_id = (await liaison.open("ann"))["item"]["id"]
    await liaison.post("ann", f"/api/v1/emails/{item_id}/track", about, status=202)
    await liaison.wait_for_state("ann", [ONE], "tracked")
    mailbox = liaison.cloud.graph.mailbox("ann@ours.example")
    deleted = next(each for each in mailbox.messages if each.values["internetMessageId"] == ONE)
    mailbox.move(deleted, "deleteditems")
    async with asyncio.timeout(30):  # what was listed within the last two seconds still counts as listed
        while len(await liaison.timeline("ann", "account", uid("fabrikam"))) < 2:
            await asyncio.sleep(0.5)
    items = await liaison.timeline("ann", "account", uid("fabrikam"))
    assert {item["internet_message_id"]: item["state"] for item in items} == {
        ONE: "tracked",
        "<2@mail.example>": "untracked",
    }
    liaison.cloud.count()
    await liaison.timeline("ann", "account", uid("fabrikam"))
    assert liaison.cloud.count()["graph"] <= 2
    assert (await liaison.open("ann"))["item"]["id"] == item_id
    assert (await liaison.post("ann", f"/api/v1/emails/{item_id}/untrack"))["state"] == "untracked"


@pytest.mark.slow("waits until the time for an answer is up")
async def test_what_came_in_time_is_shown_and_that_some_is_missing_is_told(liaison: CloudLiaison) -> None:
    graph, now = liaison.cloud.graph, datetime.now(UTC)
    look_alike = "Ana Silva <ana@fabrikam.example.other.example>"  # Graph's search finds parts of addresses
    for number in range(120):
        at = now - timedelta(hours=1, minutes=number)
        sender = {"sender": look_alike} if 10 <= number < 100 else {}
        graph.deliver("ann@ours.example", letter(number, at=at, **sender).as_bytes(), received=at)
    path = f"/api/v1/records/contact/{uid('ana')}/activities"
    graph.faults.throttle(r"skip", times=None, retry_after=3)
    page = await liaison.get("ann", path)
    assert "Some of your emails are missing" in page["notice"]
    assert (len(page["items"]), page["next"]) == (10, None)
    graph.faults.clear()
    page = await liaison.get("ann", path)
    assert (len(page["items"]), page["notice"]) == (30, None)
