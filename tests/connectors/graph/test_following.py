"""Hearing of new mail: subscriptions, notifications, and looks at what was missed."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from connectors.graph import subscriptions
from connectors.graph.due import following_due, places_due
from connectors.graph.following import LIFETIME, Following
from connectors.graph.notifications import Reply, read_notifications, receive
from connectors.graph.subscriptions import Subscription
from insights.database import Database
from insights.migrate import REVISIONS, upgrade
from insights.model import Mailbox
from insights.tables import choices
from tests.connectors.graph.tenant import ANN, BOB, Tenant, mailbox_of, running_tenant, switch
from tests.mails import make_mail

pytestmark = pytest.mark.testdata
ANNS, BOBS = mailbox_of(ANN), mailbox_of(BOB)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


class Clock:
    """A clock that the test turns."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def followed(testdata: Path, database: Database, clock: Clock) -> AsyncIterator[Tenant]:
    """A tenant that tells us of Ann's mail."""
    async with running_tenant(testdata, database, now=clock) as tenant:
        assert await tenant.mail.version(ANNS) == "0"
        assert await tenant.following.renew() == 1
        yield tenant


async def row_of(database: Database) -> Subscription:
    row = await database.read(subscriptions.find, ANNS.reader.id)
    assert row is not None
    return row


async def arrive(tenant: Tenant, name: str) -> None:
    tenant.graph.deliver(ANN, make_mail(f"<{name}@fabrikam.example>"))
    await tenant.graph.settle()


async def test_a_notification_changes_the_version_and_leaves_no_word_of_the_mail(
    followed: Tenant, database: Database, clock: Clock
) -> None:
    row = await row_of(database)
    assert row.expires_at is not None
    assert clock.now + 6 * DAY < row.expires_at <= clock.now + LIFETIME
    [subscription] = followed.graph.subscriptions.values()
    assert subscription.is_immutable
    followed.count()
    await arrive(followed, "one")
    assert await followed.mail.version(ANNS) == "1"
    assert followed.count() == 0
    row = await row_of(database)
    assert "token" in row.delta_link
    assert not any(private in str(row) for private in ("fabrikam", "Offer"))
    assert ANN not in row.delta_link


async def test_forged_and_broken_notifications_are_answered_and_ignored(
    followed: Tenant, database: Database, clock: Clock
) -> None:
    row = await row_of(database)
    for notification in (
        {"subscriptionId": row.subscription_id, "clientState": "guess"},
        {"subscriptionId": row.subscription_id},
        {
            "subscriptionId": row.subscription_id,
            "clientState": "guess",
            "lifecycleEvent": "subscriptionRemoved",
        },
        {"subscriptionId": "other", "clientState": row.client_state},
        {"subscriptionId": ["x"], "clientState": {"y": 1}, "lifecycleEvent": 7},
        "no notification",
    ):
        body = json.dumps({"value": [notification]}).encode()
        assert await receive(database, clock, {}, body) == Reply(202)
    for broken in (b"", b"{", b"[]", b'{"value": 1}', b"\xff", b"[" * 100_000):
        assert await receive(database, clock, {}, broken) == Reply(202)
        assert read_notifications(broken) == []
    assert await row_of(database) == row
    genuine = {"subscriptionId": row.subscription_id, "clientState": row.client_state}
    await receive(database, clock, {}, json.dumps({"value": ["x", genuine]}).encode())
    assert await followed.mail.version(ANNS) == "1"


async def test_a_validation_is_echoed_as_it_is(database: Database, clock: Clock) -> None:
    token = "Validation: <b>ü</b>"
    assert await receive(database, clock, {"validationToken": token}, b"") == Reply(200, token)


async def test_a_lost_notification_is_found_by_looking(followed: Tenant, clock: Clock) -> None:
    followed.graph.notifications.loses = True
    await arrive(followed, "lost")
    assert await followed.mail.version(ANNS) == "0"
    assert await followed.following.catch_up() == 0
    clock.now += HOUR + MINUTE
    assert await followed.following.catch_up() == 1
    assert await followed.mail.version(ANNS) == "1"
    clock.now += HOUR + MINUTE
    assert await followed.following.catch_up() == 1
    assert await followed.mail.version(ANNS) == "1"


async def test_what_graph_says_it_could_not_tell_is_looked_at(followed: Tenant) -> None:
    followed.graph.notifications.loses = True
    await arrive(followed, "lost")
    assert followed.graph.lifecycle("missed", ANN) == 1
    await followed.graph.settle()
    assert await followed.following.catch_up() == 1
    assert await followed.mail.version(ANNS) == "1"


async def test_an_expired_delta_counts_as_a_change_and_begins_anew(followed: Tenant, clock: Clock) -> None:
    followed.graph.notifications.loses = True
    followed.graph.faults.expire_delta(ANN)
    clock.now += 2 * HOUR
    assert await followed.following.catch_up() == 1
    assert await followed.mail.version(ANNS) == "1"
    await arrive(followed, "after")
    clock.now += 2 * HOUR
    await followed.following.catch_up()
    assert await followed.mail.version(ANNS) == "2"


async def test_a_subscription_is_renewed_before_it_ends(
    followed: Tenant, database: Database, clock: Clock
) -> None:
    first = await row_of(database)
    clock.now += 3 * DAY
    assert await followed.following.renew() == 0
    clock.now += 3 * DAY
    assert await followed.following.renew() == 1
    second = await row_of(database)
    assert second.subscription_id == first.subscription_id
    assert second.is_live(clock.now + 6 * DAY)
    assert len(followed.graph.subscriptions) == 1


async def test_a_reauthorisation_is_given(followed: Tenant) -> None:
    followed.graph.lifecycle("reauthorizationRequired", ANN)
    await followed.graph.settle()
    await arrive(followed, "paused")
    assert await followed.following.renew() == 1
    await arrive(followed, "told")
    assert int(await followed.mail.version(ANNS)) >= 1


async def test_a_removed_subscription_is_made_again_and_nothing_missed(
    followed: Tenant, database: Database
) -> None:
    first = await row_of(database)
    followed.graph.lifecycle("subscriptionRemoved", ANN)
    await followed.graph.settle()
    await arrive(followed, "meanwhile")
    assert await followed.following.renew() == 1
    second = await row_of(database)
    assert second.subscription_id not in {None, first.subscription_id}
    assert await followed.mail.version(ANNS) == "1"
    await arrive(followed, "after")
    assert await followed.mail.version(ANNS) == "2"


async def test_revoked_consent_ends_it_until_the_user_signs_in_again(
    followed: Tenant, database: Database, clock: Clock
) -> None:
    followed.graph.faults.revoke(ANN)
    await followed.graph.settle()
    assert await followed.following.renew() == 0
    assert not (await row_of(database)).is_live(clock.now)
    assert await followed.following.renew() == 0  # put off: Graph is not asked every minute
    followed.graph.faults.grant_again(ANN)
    clock.now += 2 * HOUR
    assert await followed.following.renew() == 1
    await arrive(followed, "after")
    assert (await row_of(database)).is_live(clock.now)
    assert await followed.mail.version(ANNS) == "1"


async def test_a_server_that_graph_cannot_reach_looks_by_itself(
    testdata: Path, database: Database, clock: Clock
) -> None:
    async with running_tenant(testdata, database, now=clock) as tenant:
        alone = Following(
            tenant.client, database, clock, tenant.following._find_user, public_url="https://away.example"
        )
        assert await alone.renew() == 0
        assert await alone.version(ANNS) == "0"
        await arrive(tenant, "one")
        tenant.count()
        assert await alone.version(ANNS) == "0"
        assert tenant.count() == 0
        clock.now += timedelta(seconds=31)
        assert await alone.version(ANNS) == "1"
        assert tenant.count() == 1
        clock.now += timedelta(seconds=31)
        tenant.tokens.refuses = True
        assert await alone.version(ANNS) == ""  # nobody knows, so nothing may be kept
        tenant.tokens.refuses = False
        assert await alone.version(ANNS) == "1"
        assert await alone.version(Mailbox(ANN, BOBS.reader)) == ""


async def test_who_leaves_is_followed_no_longer(followed: Tenant, database: Database, clock: Clock) -> None:
    await followed.following.stop(ANNS.reader)
    assert followed.graph.subscriptions == {}
    assert await database.read(subscriptions.find, ANNS.reader.id) is None
    await database.write(subscriptions.enlist, "gone")
    assert await followed.following.renew() == 0
    assert await database.read(subscriptions.find, "gone") is None


def test_due_work_is_said_in_words(followed: Tenant) -> None:
    due = (*following_due(followed.following), *places_due(followed.places))
    assert [each.kind for each in due] == ["unfollowed", "subscriptions", "mailboxes", "message_places"]
    assert all(each.sentence and each.every >= MINUTE for each in due)


@pytest.mark.parametrize("folder", ["inbox", "Fabrikam", "archive", "sentitems"])
async def test_new_mail_is_noticed_in_whatever_folder_a_rule_puts_it(
    followed: Tenant, clock: Clock, folder: str
) -> None:
    followed.graph.notifications.loses = True
    mailbox = followed.graph.mailbox(ANN)
    folder_id = (
        mailbox.add_folder(folder, mailbox.folder("inbox").id)
        if folder == "Fabrikam"
        else mailbox.folder(folder)
    ).id
    for version in ("1", "2"):
        message = make_mail(f"<{version}@fabrikam.example>", at=clock.now)
        followed.graph.deliver(ANN, message, folder=folder_id, received=clock.now)
        clock.now += HOUR + MINUTE
        for _ in range(2):
            await followed.following.catch_up()
            assert await followed.mail.version(ANNS) == version
        clock.now += 3 * HOUR


async def test_nobody_is_followed_whose_email_is_not_listed(
    followed: Tenant, database: Database, clock: Clock
) -> None:
    async def require_unfollowed() -> None:
        clock.now += 6 * DAY + HOUR
        followed.count()
        assert (await followed.following.renew(), await followed.following.catch_up()) == (0, 0)
        assert await followed.mail.version(ANNS) == ""
        assert followed.count() == 0
        assert await followed.following.drop_unwanted() == 1
        assert followed.graph.subscriptions == {}
        assert await database.read(subscriptions.find, ANNS.reader.id) is None
        assert await followed.following.drop_unwanted() == 0

    await database.write(switch, "auto_capture", is_on=False)
    await require_unfollowed()
    await database.write(switch, "auto_capture", is_on=True)
    assert await followed.mail.version(ANNS) == "0"
    assert await followed.following.renew() == 1
    assert await followed.following.drop_unwanted() == 0
    made = {"version": 1, "changed_by_id": ANNS.reader.id, "changed_at": datetime.now(UTC)}
    declined = insert(choices).values(owner=ANNS.reader.id, name="auto_capture", value="false", **made)
    await database.write(lambda connection: connection.execute(declined))
    await require_unfollowed()


NAMES = st.sampled_from(["subscriptionId", "clientState", "lifecycleEvent", "value"])
TEXTS = st.text(st.characters()) | st.sampled_from(["\ud800", "\x00", "x" * 65, "missed"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | TEXTS, inner, max_size=4),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    bodies=st.binary()
    | VALUES.map(json.dumps)
    | st.lists(VALUES).map(lambda each: json.dumps({"value": each}))
)
@example(bodies='{"value": [{"subscriptionId": "\\ud800"}]}')
@example(bodies='{"value": [{"subscriptionId": "a\\u0000"}, {"subscriptionId": "' + "x" * 65 + '"}]}')
def test_whatever_is_posted_is_answered_the_same(
    runner: asyncio.Runner, posted_to: Database, clock: Clock, bodies: str | bytes
) -> None:
    body = bodies if isinstance(bodies, bytes) else bodies.encode()
    assert runner.run(receive(posted_to, clock, {}, body)) == Reply(202)
    for each in read_notifications(body):
        assert each.subscription_id.encode("ascii")
        assert len(each.subscription_id) <= 64


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def posted_to(runner: asyncio.Runner, tmp_path: Path) -> Iterator[Database]:
    """Liaison's own database, for tests that are none of a coroutine."""
    database = Database("liaison", data_dir=tmp_path)
    runner.run(upgrade(database, REVISIONS))
    yield database
    runner.run(database.close())
