"""What was chosen, by whom it holds, and that nobody overwrites what they never saw."""

import asyncio

import pytest

from insights import audit, choices, features, gate
from insights.capture.untracked import list_untracked
from insights.choices import CHOICES, ORGANIZATION
from insights.errors import Conflict, NotAllowed
from insights.model import User
from insights.services import Services
from insights.versions import count_change, read_version
from insights.views import (
    ChoicesBody,
    FeaturesBody,
    FeatureSwitches,
    OrganizationChoices,
    Preferences,
    PreferencesBody,
    View,
)


@pytest.fixture
async def root(services: Services) -> User:
    user = await services.crm.user("root")
    assert user
    switches = FeaturesBody(accept_terms=True, features=FeatureSwitches(auto_capture="on"))
    await features.change_features(services, user, switches)
    return user


def test_every_choice_is_in_the_views() -> None:
    fields: dict[str, type[View]] = {"seller": Preferences, "organization": OrganizationChoices}
    for scope, view in fields.items():
        names = {choice.name for choice in CHOICES if choice.scope == scope}
        assert names == set(view.model_fields) - {"version"}
    assert all(str(choice.sentence).endswith(".") for choice in CHOICES)


async def test_own_choices_hold_for_oneself(services: Services, root: User) -> None:
    ann = await services.crm.user("ann")
    assert ann
    told = await choices.change_preferences(services, ann, PreferencesBody(auto_capture=False))
    assert told == Preferences(auto_capture=False, language="en", version=1)
    assert await choices.read_preferences(services, root) == Preferences(
        auto_capture=True, language="en", version=0
    )
    told = await choices.change_preferences(services, ann, PreferencesBody(language="de", version=1))
    assert told == Preferences(auto_capture=False, language="de", version=2)
    with pytest.raises(Conflict, match='set language to "de"') as refused:
        await choices.change_preferences(services, ann, PreferencesBody(language="fr", version=1))
    assert (refused.value.code, refused.value.status) == ("changed_meanwhile", 409)
    assert (await choices.read_preferences(services, ann)).language == "de"


async def test_an_off_of_the_organisation_caps(services: Services, root: User) -> None:
    ann = await services.crm.user("ann")
    assert ann

    async def held(user_id: str) -> object:
        return await services.database.read(choices.choose, "auto_capture", user_id)

    async def keep(owner: str, *, value: bool) -> None:
        made = {"auto_capture": value}
        await services.database.write(choices._keep, owner, root, made, services.now(), None)

    await keep("ann", value=True)
    await keep(ORGANIZATION, value=False)
    assert await held("ann") is False
    await keep(ORGANIZATION, value=True)
    await keep("ann", value=False)
    assert (await held("ann"), await held("bob")) == (False, True)


async def test_the_organisation_names_the_labels_that_keep_email_out(services: Services, root: User) -> None:
    first = await choices.read_choices(services, root)
    assert (first.version, first.choices.excluded_labels) == (0, None)
    assert await services.database.read(choices.excluded_labels) is None
    body = ChoicesBody(choices=OrganizationChoices(excluded_labels=["Secret-1"]), version=0)
    told = await choices.change_choices(services, root, body)
    assert (told.version, told.choices.excluded_labels) == (1, ["Secret-1"])
    assert set(told.sentences) == {"excluded_labels"}
    assert await services.database.read(choices.excluded_labels) == frozenset({"secret-1"})
    untouched = await choices.change_choices(services, root, ChoicesBody(choices=OrganizationChoices()))
    assert untouched.choices.excluded_labels == ["Secret-1"]
    with pytest.raises(Conflict, match=r'Rut Olsen set excluded labels to \["Secret-1"\]'):
        await choices.change_choices(services, root, body)
    back = ChoicesBody(choices=OrganizationChoices(excluded_labels=None))
    assert (await choices.change_choices(services, root, back)).choices.excluded_labels is None
    page = await audit.read_audit(services, root, cursor=None, limit=2)
    assert [(each.action, each.subject, each.detail["value"]) for each in page.items] == [
        ("choose", "excluded_labels", "null"),
        ("choose", "excluded_labels", '["Secret-1"]'),
    ]


async def test_of_two_editors_at_once_one_is_told(services: Services) -> None:
    async def change() -> int:
        return await services.database.write(lambda connection: count_change(connection, "x", read_at=0))

    results = await asyncio.gather(*(change() for _ in range(8)), return_exceptions=True)
    assert results.count(1) == 1
    assert sum(isinstance(each, Conflict) for each in results) == 7
    assert await services.database.read(read_version, "x") == 1


async def test_a_list_is_not_kept_beyond_what_was_chosen_for_it(services: Services, root: User) -> None:
    ann = await services.crm.user("ann")
    assert ann

    async def listed() -> int:
        return len((await list_untracked(services, ann, None)).rows)

    before = await listed()
    assert before
    assert await listed() == before
    await choices.change_preferences(services, ann, PreferencesBody(auto_capture=False))
    assert await listed() == 0
    await choices.change_preferences(services, ann, PreferencesBody(auto_capture=True))
    assert await listed() == before
    made = {"auto_capture": False}
    await services.database.write(choices._keep, ORGANIZATION, root, made, services.now(), None)
    assert await listed() == 0
    await services.database.write(
        choices._keep, ORGANIZATION, root, {"auto_capture": True}, services.now(), None
    )
    assert await listed() == before
    reason = {"auto_capture": "Needs the CRM online; yours is on-premises."}
    await services.database.write(gate.note_obstacles, reason, services.now())
    with pytest.raises(NotAllowed):
        await listed()
    await services.database.write(gate.note_obstacles, dict.fromkeys(reason, ""), services.now())
    assert await listed() == before
    switches = FeaturesBody(features=FeatureSwitches(auto_capture="off"))
    await features.change_features(services, root, switches)
    with pytest.raises(NotAllowed):
        await listed()
