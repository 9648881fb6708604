"""What could not be tracked is listed once, page by page, with its words as long as the mail is there."""

from datetime import timedelta

import pytest

from insights import features
from insights.capture import tracking
from insights.capture.failures import list_failures
from insights.capture.tables import tracks
from insights.capture.views import Item
from insights.errors import Conflict
from insights.mail.identity import email_id
from insights.model import TrackState, User
from insights.services import Services
from insights.views import FeaturesBody, FeatureSwitches

BOTH = "<3@mail.example>"  # lies in both mailboxes
HELD = ("<1@mail.example>", "<2@mail.example>")
GONE, SHARED, BOBS = "<gone@mail.example>", "<shared@mail.example>", "<bobs@mail.example>"


@pytest.fixture
async def ann(services: Services) -> User:
    """Auto capture is on; four emails of Ann's failed, the later in this order, and one of Bob's."""
    root, found = await services.crm.user("root"), await services.crm.user("ann")
    assert root
    assert found
    switches = FeatureSwitches(auto_capture="on")
    await features.change_features(services, root, FeaturesBody(accept_terms=True, features=switches))
    organization_id, now = await services.crm.organization_id(), services.now()
    rows = [
        {
            "email_id": email_id(organization_id, message_id),
            "state": TrackState.FAILED,
            "user_id": "bob" if message_id == BOBS else "ann",
            "mailbox": "support@ours.example" if message_id == SHARED else None,
            "attempt": 1,
            "requested_at": now,
            "changed_at": now - timedelta(minutes=number),
            "cause": "not_allowed",
        }
        for number, message_id in enumerate((SHARED, *HELD, GONE, BOBS))
    ]
    await services.database.write(lambda connection: connection.execute(tracks.insert(), rows))
    return found


async def read_pages(services: Services, user: User, limit: int) -> list[Item]:
    items: list[Item] = []
    cursor: str | None = None
    for _ in range(9):
        page = await list_failures(services, user, cursor=cursor, limit=limit)
        assert 0 < len(page.items) <= limit
        items += page.items
        cursor = page.next
        if cursor is None:
            return items
    raise AssertionError("the pages have no end")


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
async def test_every_failure_is_on_one_page_the_newest_first(
    services: Services, ann: User, limit: int
) -> None:
    items = await read_pages(services, ann, limit)
    assert [item.subject for item in items] == ["", "Delivery 1", "Delivery 2", ""]
    assert [item.may for item in items] == [[], ["retry"], ["retry"], []]
    assert len({item.id for item in items}) == 4
    for item in items:
        assert (item.state, item.private, item.kind) == (TrackState.FAILED, True, "email")
        assert item.failure
        assert str(item.failure.cause) == "the CRM does not let you write there"


async def test_nobody_lists_the_failures_of_others(services: Services, ann: User) -> None:
    bob, root = await services.crm.user("bob"), await services.crm.user("root")
    assert bob
    assert root
    assert [item.subject for item in await read_pages(services, bob, 5)] == ["Delivery bobs"]
    assert (await list_failures(services, root, cursor=None, limit=5)).items == []


async def test_only_who_pressed_tries_again(services: Services, ann: User) -> None:
    bob = await services.crm.user("bob")
    assert bob
    own_id = email_id(await services.crm.organization_id(), BOTH)
    now = services.now()
    failed = tracks.insert().values(
        email_id=own_id, state=TrackState.FAILED, user_id="ann", attempt=1, requested_at=now,
        changed_at=now, cause="not_allowed",
    )  # fmt: skip
    await services.database.write(lambda connection: connection.execute(failed))
    with pytest.raises(Conflict) as refused:
        await tracking.retry(services, bob, own_id)
    assert refused.value.code == "not_failed"
    item = await tracking.retry(services, ann, own_id)
    assert item.state in {TrackState.PENDING, TrackState.TRACKED}
