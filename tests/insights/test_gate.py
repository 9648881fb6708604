"""For whom a feature is on: everybody, or a pilot of users, groups and roles; one place reads the tables."""

import ast
import asyncio
from pathlib import Path

import pytest
from sqlalchemy import literal, select, union_all

from insights import access, audit, choices, features, gate
from insights.errors import Conflict, NotAllowed
from insights.following import is_followed
from insights.leases import take
from insights.model import User
from insights.people import read_me
from insights.pilots import refresh_members
from insights.services import Services
from insights.views import Audience, FeatureAudiences, FeaturesBody, FeatureSwitches, PreferencesBody
from insights.words import say

FOLDERS, TABLES = ("insights", "connectors", "bot", "addin", "cards"), {"features", "audiences", "members"}
ROOT = Path(__file__).parents[2]
EVERYONE, FOR_ANN = Audience(), Audience(users=["ann"])


@pytest.fixture
async def people(services: Services) -> dict[str, User]:
    """Root, Ann and Bob; the server itself looks at no groups meanwhile."""
    while not await services.database.write(take, "due members", "a test", services.clock()):
        await asyncio.sleep(0.01)
    found = {name: await services.crm.user(name) for name in ("root", "ann", "bob")}
    return {name: user for name, user in found.items() if user}


async def change(
    services: Services, root: User, audience: Audience = EVERYONE, *, version: int | None = None
) -> int:
    """Turn auto capture on for these; the version that came of it."""
    body = FeaturesBody(
        accept_terms=True,
        features=FeatureSwitches(auto_capture="on"),
        audience=FeatureAudiences(auto_capture=audience),
        version=version,
    )
    return (await features.change_features(services, root, body)).version


async def followed(services: Services, people: dict[str, User]) -> set[str]:
    """Whose mailboxes a connector would follow."""
    ids = union_all(*(select(literal(user_id).label("id")) for user_id in people)).subquery()
    query = select(ids.c.id).where(is_followed(ids.c.id))
    return set(await services.database.read(lambda connection: connection.scalars(query).all()))


async def test_a_pilot_is_for_those_named(services: Services, people: dict[str, User]) -> None:
    root, ann, bob = people.values()
    for kind, subject_id in ((gate.USER, "ann"), (gate.GROUP, "g"), (gate.ROLE, "r")):
        await change(services, root, Audience.model_validate({f"{kind}s": [subject_id]}))
        subject = (kind, subject_id)
        if kind != gate.USER:
            with pytest.raises(NotAllowed):
                await access.require(services, ann, feature="auto_capture")
            assert await services.database.write(gate.keep_members, subject, ["ann", "zoe"])
            assert not await services.database.write(gate.keep_members, subject, ["zoe", "ann"])
        await access.require(services, ann, feature="auto_capture")
        with pytest.raises(NotAllowed) as refused:
            await access.require(services, bob, feature="auto_capture")
        assert (refused.value.code, refused.value.why) == (
            "feature_off",
            "it is being tried with some people first",
        )
        assert (await read_me(services, ann)).features.auto_capture.state == "on"
        outside = (await read_me(services, bob)).features.auto_capture
        assert (outside.state, outside.reason) == ("off", say("feature.pilot"))
        assert await followed(services, people) == {"ann"}
        if kind != gate.USER:
            assert await services.database.write(gate.keep_members, subject, [])
            with pytest.raises(NotAllowed):
                await access.require(services, ann, feature="auto_capture")
    await change(services, root)
    await access.require(services, bob, feature="auto_capture")
    assert await followed(services, people) == set(people)
    page = await audit.read_audit(services, root, cursor=None, limit=50)
    told = [each.detail["audience"] for each in page.items if each.action == "change audience"]
    assert told == ["everyone", "role r", "group g", "user ann"]


async def test_groups_and_roles_are_looked_at_when_named_and_when_due(
    services: Services, people: dict[str, User]
) -> None:
    root, ann, _ = people.values()
    role = ann.roles[0]
    assert role not in root.roles
    await change(services, root, Audience(roles=[role]))
    assert await followed(services, people) == {name for name, user in people.items() if role in user.roles}
    assert await refresh_members(services) == 0
    seen = (await features.read_features(services, root)).version
    await services.database.write(gate.keep_members, (gate.ROLE, role), ["somebody who left"])
    assert await refresh_members(services) == 1
    # Nobody has edited anything, so nobody's edit is late.
    assert await change(services, root, Audience(roles=[role]), version=seen) == seen + 1
    await access.require(services, ann, feature="auto_capture")
    await change(services, root, Audience(groups=["no such team"]))
    assert await followed(services, people) == set()
    await change(services, root)
    assert await refresh_members(services) == 0


async def test_who_declined_is_not_followed(services: Services, people: dict[str, User]) -> None:
    assert await followed(services, people) == set()
    await change(services, people["root"])
    await choices.change_preferences(services, people["bob"], PreferencesBody(auto_capture=False))
    assert await followed(services, people) == {"root", "ann"}


async def test_an_obstacle_closes_a_feature_that_is_on(services: Services, people: dict[str, User]) -> None:
    await change(services, people["root"])
    obstacles = {"auto_capture": "crm_online"}
    assert await services.database.write(gate.note_obstacles, obstacles, services.now()) == 1
    assert await services.database.write(gate.note_obstacles, obstacles, services.now()) == 0
    with pytest.raises(NotAllowed, match="on-premises"):
        await access.require(services, people["ann"], feature="auto_capture")
    assert await followed(services, people) == set()
    assert await services.database.read(gate.features_in_use) == set()


async def test_an_editor_who_saw_less_changes_nothing(services: Services, people: dict[str, User]) -> None:
    root = people["root"]
    seen = (await features.read_features(services, root)).version
    assert await change(services, root, version=seen) == seen + 1
    with pytest.raises(Conflict, match="left Auto capture on") as refused:
        await change(services, root, FOR_ANN, version=seen)
    assert (refused.value.code, refused.value.status) == ("changed_meanwhile", 409)
    view = await features.read_features(services, root)
    assert (view.version, view.audience) == (seen + 1, {})
    assert await change(services, root, FOR_ANN) == seen + 2
    assert (await features.read_features(services, root)).audience == {
        "auto_capture": Audience(users=["ann"])
    }


async def test_a_privilege_is_asked_for_by_name(services: Services, people: dict[str, User]) -> None:
    ann = people["ann"]
    assert "prvReadActionCard" in ann.privileges
    await access.require(services, ann, privilege="prvReadActionCard")
    with pytest.raises(NotAllowed) as refused:
        await access.require(services, ann, privilege="prvEraseEverything")
    assert refused.value.code == "no_privilege"


def test_nobody_else_reads_what_is_on_for_whom() -> None:
    readers = set()
    paths = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
    for path in (path for path in paths if path.parent.name != "tables"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = {each.name for each in node.names} if isinstance(node, ast.ImportFrom) else set()
            if names & TABLES and (getattr(node, "module", "") or "").startswith("insights.tables"):
                readers.add(str(path.relative_to(ROOT)))
    assert readers == {"insights/gate.py"}
