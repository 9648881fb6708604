"""Nothing is on after installation; what is turned on, by whom and under which terms is kept, once."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from insights import audit, features
from insights.errors import Conflict, NotAllowed
from insights.features import FEATURES, TERMS_VERSION
from insights.model import User
from insights.people import read_me
from insights.services import Services
from insights.views import FeaturesBody, FeaturesView, FeatureSwitches

NAMES = [feature.name for feature in FEATURES]
Switch = Callable[..., Awaitable[FeaturesView]]


@pytest.fixture
async def root(services: Services) -> User:
    found = await services.crm.user("root")
    assert found
    return found


@pytest.fixture
def switch(services: Services, root: User) -> Switch:
    async def change(*, accept: bool = False, **states: str) -> FeaturesView:
        body = FeaturesBody(accept_terms=accept, features=FeatureSwitches.model_validate(states))
        return await features.change_features(services, root, body)

    return change


async def trail(services: Services, root: User) -> list[tuple[str, str, str]]:
    """(Who, what, of what), the oldest first."""
    page = await audit.read_audit(services, root, cursor=None, limit=200)
    return [(each.user_name, each.action, each.subject) for each in reversed(page.items)]


def states(view: FeaturesView) -> dict[str, str]:
    return {name: state["state"] for name, state in view.features.model_dump().items()}


async def test_nothing_is_on_after_installation(services: Services, root: User) -> None:
    view = await features.read_features(services, root)
    assert states(view) == dict.fromkeys(NAMES, "off")
    assert (view.terms_accepted, view.accepted) == (False, None)
    assert set(view.sharing) == set(NAMES)
    assert all(view.sharing.values()), "beside each switch stands what it shares"
    ann = await services.crm.user("ann")
    assert ann
    told = (await read_me(services, ann)).features.model_dump()
    assert {name: each["state"] for name, each in told.items()} == dict.fromkeys(NAMES, "off")
    assert await trail(services, root) == []


@pytest.mark.parametrize("name", NAMES)
async def test_no_feature_is_turned_on_before_the_terms_are_accepted(
    services: Services, root: User, switch: Switch, name: str
) -> None:
    with pytest.raises(Conflict) as refused:
        await switch(**{name: "on"})
    assert (refused.value.code, refused.value.status) == ("terms_not_accepted", 409)
    assert states(await features.read_features(services, root)) == dict.fromkeys(NAMES, "off")
    assert await trail(services, root) == []
    await switch(**{name: "off"})  # which needs nobody's agreement


async def test_the_terms_are_kept_with_version_who_and_when(
    services: Services, root: User, switch: Switch
) -> None:
    before = services.now()
    view = await switch(accept=True)
    assert view.accepted
    assert (view.accepted.version, view.accepted.by) == (TERMS_VERSION, "Rut Olsen")
    assert before <= view.accepted.at <= services.now()
    again = await switch(accept=True)
    assert again.accepted == view.accepted
    assert (await features.read_terms(services, root)).accepted == view.accepted
    assert await trail(services, root) == [("Rut Olsen", "accept", f"terms {TERMS_VERSION}")]


async def test_features_are_turned_on_one_by_one_or_together_and_each_change_is_noted_once(
    services: Services, root: User, switch: Switch
) -> None:
    await switch(accept=True)
    one = await switch(auto_capture="on")
    assert [name for name, state in states(one).items() if state == "on"] == ["auto_capture"]
    await switch(auto_capture="on")
    both = await switch(auto_capture="on", who_knows_whom="on", relationship_analytics="on")
    assert {name for name, state in states(both).items() if state == "on"} == {
        "auto_capture",
        "who_knows_whom",
        "relationship_analytics",
    }
    await switch(who_knows_whom="off")
    await switch(who_knows_whom="off")
    noted = [(action, subject) for _, action, subject in (await trail(services, root))[1:]]
    assert noted[0] == ("enable", "auto_capture")
    assert sorted(noted[1:3]) == [("enable", "relationship_analytics"), ("enable", "who_knows_whom")]
    assert noted[3:] == [("disable", "who_knows_whom")]


async def test_email_engagement_without_the_assistant_warns(switch: Switch) -> None:
    alone = await switch(accept=True, email_engagement="on")
    assert any("relationship assistant" in str(warning) for warning in alone.warnings)
    assert (await switch(relationship_assistant="on")).warnings == []


async def test_only_administrators_see_and_change_it(services: Services) -> None:
    ann = await services.crm.user("ann")
    assert ann
    tries: list[Awaitable[Any]] = [
        features.read_features(services, ann),
        features.read_terms(services, ann),
        features.change_features(services, ann, FeaturesBody(accept_terms=True)),
        audit.read_audit(services, ann, cursor=None, limit=5),
    ]
    for attempt in tries:
        with pytest.raises(NotAllowed) as refused:
            await attempt
        assert refused.value.code == "not_admin"


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6])
async def test_the_pages_of_the_trail_hold_each_entry_once(
    services: Services, root: User, switch: Switch, limit: int
) -> None:
    await switch(accept=True, **dict.fromkeys(NAMES, "on"))
    whole = await audit.read_audit(services, root, cursor=None, limit=200)
    assert (len(whole.items), whole.next) == (1 + len(NAMES), None)
    seen, cursor = [], None
    for _ in range(len(whole.items)):
        page = await audit.read_audit(services, root, cursor=cursor, limit=limit)
        assert len(page.items) <= limit
        seen += page.items
        cursor = page.next
        if cursor is None:
            break
    assert seen == whole.items
