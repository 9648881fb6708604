"""Looking at everything at once: what fails is unknown, what is off does not count, nobody is named."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from insights.capture.tables import tracks
from insights.choices import ORGANIZATION
from insights.errors import Conflict, NotAllowed, Unavailable
from insights.features import FEATURES, change_features, read_features, read_states
from insights.model import MET, Finding, MailboxState, User
from insights.requirements import checks
from insights.requirements.availability import look_at_availability
from insights.requirements.examining import examine, list_requirements, read_requirements
from insights.requirements.setup import Setup
from insights.requirements.table import REQUIREMENTS
from insights.scopes import permissions
from insights.services import Services
from insights.settings import Settings
from insights.tables import choices, conversations
from insights.views import FeaturesBody, FeatureSwitches

Look = Callable[[], Awaitable[Finding]]


class Probed:
    """A directory that is nothing but probes."""

    def __init__(self, **probes: Look) -> None:
        self.given = probes

    def probes(self, _user: User | None) -> Mapping[str, Look]:
        return self.given


def finding(state: str, cause: str = "") -> Look:
    async def look() -> Finding:
        return Finding(state, cause)  # type: ignore[arg-type]

    return look


def setup_of(services: Services, user: User | None = None, **probes: Look) -> Setup:
    """The company's setup; `probes` stand for its directory's."""
    return replace(Setup.of(services, user), directory=Probed(**probes))  # type: ignore[arg-type]


async def test_every_line_is_told_once_with_what_to_do(services: Services) -> None:
    root = await services.crm.user("root")
    assert root
    items = (await read_requirements(services, root)).items
    assert len({item.requirement for item in items}) == len(items)
    for feature in FEATURES:
        assert any(str(item.requirement).startswith(str(feature.title)) for item in items)
    for word in ("CRM online", "Exchange Online", "GeoLite2", "https", "Mailboxes approved", "Server-side"):
        assert any(word in str(item.requirement) for item in items), word
    for item in items:
        assert item.link
        assert (item.state == "met") or (item.cause and item.action), item
    states = {str(item.requirement): item.state for item in items}
    assert states["CRM online, not on-premises"] == states["Exchange Online, not on-premises"] == "met"
    assert states["Mailboxes approved, tested and enabled"] == "met"


async def test_it_is_for_administrators(services: Services) -> None:
    ann = await services.crm.user("ann")
    assert ann
    with pytest.raises(NotAllowed):
        await read_requirements(services, ann)


async def test_a_look_that_hangs_fails_or_breaks_hides_no_other(services: Services) -> None:
    released = asyncio.Event()

    async def hang() -> Finding:
        await released.wait()
        return MET

    async def fail() -> Finding:
        raise Unavailable("mail_unreachable")

    async def break_down() -> Finding:
        raise ValueError("ana@fabrikam.example")

    setup = setup_of(
        services,
        entra_sign_in=hang,
        sender=fail,
        crm_application_user=break_down,
        mail_reachable=finding("met"),
    )
    found = await examine(setup, limit=0.2)
    assert {each.state for each in found.values()} >= {"met", "unknown"}
    told = {name: (each.state, str(each.cause)) for name, each in found.items()}
    assert told["entra_sign_in"] == ("unknown", "there was no answer within 0.2 seconds")
    assert told["sender"] == ("unknown", "Microsoft 365 could not be reached in time")
    assert told["crm_application_user"] == ("unknown", "something unexpected happened: ValueError")
    assert found["mail_reachable"] == found["database"] == MET
    assert set(found) == {row.name for row in REQUIREMENTS}
    released.set()
    assert (await examine(setup))["entra_sign_in"] == MET


async def test_looks_run_at_the_same_time(services: Services) -> None:
    meeting = asyncio.Barrier(2)

    async def meet() -> Finding:
        await meeting.wait()
        return MET

    found = await examine(
        setup_of(services, entra_sign_in=meet, sender=meet), only={"entra_sign_in", "sender"}
    )
    assert found == {"entra_sign_in": MET, "sender": MET}


async def test_of_two_answers_the_worse_counts(services: Services) -> None:
    setup = setup_of(services, crm_online=finding("not met", "the email server profile says so"))
    assert (await examine(setup, only={"crm_online"}))["crm_online"].state == "not met"


async def test_what_could_not_be_opened_is_told_as_it_is() -> None:
    problem = Unavailable("no_database.not_opened", error="OperationalError")
    settings_only = Setup(
        settings=Settings(data_dir=Path("/nonexistent"), public_url="", secret_keys=(), microsoft_app_id=""),
        now=lambda: datetime.now(UTC),
        problems={"database": problem, "crm": problem, "mail": problem, "directory": problem},
    )
    found = await examine(settings_only)
    assert {name for name, each in found.items() if each.state == "met"} == set()
    assert found["database"] == found["crm_reachable"] == Finding("not met", problem.cause)
    assert found["scope:Mail.Read"] == Finding("unknown", problem.cause)


def test_only_what_is_turned_on_can_be_missing() -> None:
    found = dict.fromkeys((row.name for row in REQUIREMENTS), MET)
    found["role:Application Mail.ReadBasic"] = Finding("not met", "Exchange refuses it")
    found["places"] = Finding("not met", "there is none")

    def states(*features_on: str) -> dict[str, str]:
        items = list_requirements(found, features_on, "https://liaison.example")
        assert all(item.link.startswith("https://") for item in items)
        return {str(item.requirement): item.state for item in items if item.state != "met"}

    role = "Exchange role Application Mail.ReadBasic assigned"
    analytics, who = "Relationship analytics has what it needs", "Who knows whom has what it needs"
    optional = {"GeoLite2 file for places (optional)": "unknown"}
    assert states() == optional | {role: "unknown", analytics: "unknown", who: "unknown"}
    assert states("auto_capture") == states()
    assert states("relationship_analytics") == optional | {
        role: "not met",
        analytics: "not met",
        who: "unknown",
    }


MAILBOXES = (
    (MailboxState(), "met", "met"),
    (MailboxState(synchronisation="forward"), "not met", "met"),
    (MailboxState(synchronisation="none"), "not met", "met"),
    (MailboxState(approved=False), "met", "not met"),
    (MailboxState(tested=False), "met", "not met"),
)


async def test_the_state_of_a_mailbox(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    asker = User("ann", "Ann", "ann@ours.example")
    for state, synchronisation, approved in MAILBOXES:
        monkeypatch.setattr(services.crm, "mailbox_state", returning(state))
        rows = {"server_side_synchronisation": synchronisation, "approved_mailbox": approved}
        found = await examine(Setup.of(services, asker), only=rows)
        assert {name: each.state for name, each in found.items()} == rows
        unnamed = await examine(Setup.of(services, None), only=rows)
        assert {each.state for each in unnamed.values()} == {"unknown"}


def returning(state: MailboxState) -> Callable[[str], Awaitable[MailboxState]]:
    async def mailbox_state(_user_id: str) -> MailboxState:
        return state

    return mailbox_state


async def test_work_that_waits_too_long_is_noticed_and_its_end_too(services: Services) -> None:
    await services.workflows.wait_ready()
    row = {"email_id": "e", "state": "pending", "user_id": "ann", "attempt": 1}
    old = services.now() - timedelta(hours=1)
    insert = tracks.insert().values(**row, requested_at=old, changed_at=old)
    await services.database.write(lambda connection: connection.execute(insert))
    setup = Setup.of(services, None)
    assert (await examine(setup, only={"jobs"}))["jobs"].state == "not met"
    await services.database.write(lambda connection: connection.execute(tracks.delete()))
    assert (await examine(setup, only={"jobs"}))["jobs"] == MET


async def test_who_has_not_added_the_app_in_teams_is_counted(services: Services) -> None:
    setup = Setup.of(services, None)
    assert (await examine(setup, only={"teams_app"}))["teams_app"].state == "not met"
    names = ("conversation_id", "service_url", "channel_id", "tenant_id", "bot_id", "member_id")
    at = services.now()
    chat = conversations.insert().values(user_id="ann", changed_at=at, **dict.fromkeys(names, "x"))
    await services.database.write(lambda connection: connection.execute(chat))
    made = {"name": "excluded_labels", "value": "[]", "version": 1, "changed_by_id": "root", "changed_at": at}
    chosen = choices.insert().values(owner=ORGANIZATION, **made)  # which is nobody to be written to
    await services.database.write(lambda connection: connection.execute(chosen))
    assert (await examine(setup, only={"teams_app"}))["teams_app"] == MET
    used = {"state": "tracked", "attempt": 1, "requested_at": at, "changed_at": at}
    row = tracks.insert().values(email_id="e", user_id="bob", **used)
    await services.database.write(lambda connection: connection.execute(row))
    found = (await examine(setup, only={"teams_app"}))["teams_app"]
    assert (found.state, str(found.cause)) == (
        "unknown",
        "1 who uses Liaison in Outlook has not added it in Teams",
    )
    own = choices.insert().values(owner="root", **made | {"name": "auto_capture", "value": "true"})
    await services.database.write(lambda connection: connection.execute(own))
    found = (await examine(setup, only={"teams_app"}))["teams_app"]
    assert str(found.cause) == "2 who use Liaison in Outlook have not added it in Teams"


def test_each_permission_has_a_row_that_names_it() -> None:
    titles = [str(row.title) for row in REQUIREMENTS]
    assert len(set(titles)) == len(titles)
    for permission in (*permissions("delegated"), *permissions("exchange"), *permissions("entra")):
        assert any(permission in title for title in titles), permission


TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
BOT: dict[str, object] = {"microsoft_app_id": "a", "microsoft_app_password": "p"}
NOWHERE: dict[str, object] = {"data_dir": Path("/nonexistent")}
SETTINGS: tuple[tuple[dict[str, object], str, str], ...] = (
    ({"public_url": "https://liaison.example"}, "public_url", "met"),
    ({"public_url": "http://liaison.example"}, "public_url", "not met"),
    ({"public_url": ""}, "public_url", "not met"),
    (BOT, "bot", "not met"),
    (BOT | {"microsoft_app_tenant_id": "t.example"}, "bot", "not met"),
    (BOT | {"microsoft_app_tenant_id": "t.example", "entra_tenants": (TENANT,)}, "bot", "met"),
    (BOT | {"microsoft_app_tenant_id": TENANT}, "bot", "met"),
    (BOT | {"microsoft_app_type": "MultiTenant"}, "bot", "not met"),
    (BOT | {"microsoft_app_type": "MultiTenant", "entra_tenants": (TENANT,)}, "bot", "met"),
    ({"microsoft_app_id": "a", "microsoft_app_type": "UserAssignedMSI"}, "bot", "not met"),
    (NOWHERE | {"secret_keys": ("k" * 32,)}, "keys", "met"),
    (NOWHERE, "keys", "not met"),
    (NOWHERE, "attachments_place", "not met"),
    ({}, "attachments_place", "met"),
)


async def test_settings_that_are_missing(services: Services) -> None:
    for changed, name, state in SETTINGS:
        settings = services.settings.model_copy(update=changed)
        found = await examine(replace(Setup.of(services, None), settings=settings), only={name})
        assert found[name].state == state, changed


async def test_a_key_that_others_may_read(services: Services) -> None:
    [key] = (services.settings.data_dir / "keys").glob("*.key")
    key.chmod(0o644)
    assert (await examine(Setup.of(services, None), only={"keys"}))["keys"].state == "not met"
    key.chmod(0o600)
    assert (await examine(Setup.of(services, None), only={"keys"}))["keys"] == MET


@pytest.mark.testdata
async def test_a_geolite2_file_is_known_by_its_content(services: Services, testdata: Path) -> None:
    setup, data_dir = Setup.of(services, None), services.settings.data_dir
    shutil.copy(testdata / "geoip" / "GeoLite2-City-Test.mmdb", data_dir)
    assert (await examine(setup, only={"places"}))["places"] == MET
    (data_dir / "GeoLite2-City-Test.mmdb").write_bytes(b"<html>not found</html>")
    assert (await examine(setup, only={"places"}))["places"].state == "not met"


async def test_an_unavailable_feature_is_shown_with_the_reason_until_it_is_available(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on_premises(_user: User | None) -> Mapping[str, Look]:
        return {"crm_online": finding(state, "the address is none of Microsoft's own")}

    monkeypatch.setattr(type(services.crm), "probes", lambda _crm, user: on_premises(user))
    state = "not met"
    assert await look_at_availability(services) == 2
    root = await services.crm.user("root")
    assert root
    told = await read_states(services, root)
    assert (told.auto_capture.state, told.email_engagement.state) == ("unavailable", "unavailable")
    assert "on-premises" in str(told.auto_capture.reason)
    assert told.relationship_assistant.state == "off"
    state = "unknown"  # the CRM is away for a moment: nothing flickers
    assert await look_at_availability(services) == 0
    assert (await read_states(services, root)).auto_capture.state == "unavailable"
    for name in ("auto_capture", "email_engagement"):
        switches = FeatureSwitches.model_validate({name: "on", "who_knows_whom": "on"})
        with pytest.raises(Conflict, match="on-premises") as refused:
            await change_features(services, root, FeaturesBody(accept_terms=True, features=switches))
        assert (refused.value.status, refused.value.code) == (409, "feature_unavailable")
    untouched = await read_features(services, root)
    assert (untouched.terms_accepted, untouched.features.who_knows_whom.state) == (False, "off")
    off = FeaturesBody(features=FeatureSwitches(auto_capture="off"))
    assert (await change_features(services, root, off)).features.auto_capture.state == "unavailable"
    state = "met"
    assert await look_at_availability(services) == 2
    assert (await read_states(services, root)).auto_capture.state == "off"


def test_what_is_missing_for_a_look_has_its_code(services: Services) -> None:
    assert checks.nobody_known().code == "not_tried"
    with pytest.raises(Unavailable) as refused:
        checks.opened(setup_of(services), "mail", None)
    assert refused.value.code == "not_opened"
