"""Every code of a refusal is met in some test; here are those that have no better place."""

import asyncio
import re
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filelock import Timeout

from addin import listening
from insights import features, workflows
from insights.capture.untracked import list_untracked
from insights.database import Database
from insights.errors import Invalid, Unavailable
from insights.grants.link import Return, note_return
from insights.grants.state import new_state, sign_state
from insights.model import TrackedEmail
from insights.services import Services
from insights.views import FeaturesBody, FeatureSwitches
from insights.workflows import Workflows
from tests.conftest import Client
from tests.problems import codes_made

ROOT = Path(__file__).parents[1]
OWN = ("addin", "bot", "insights")
ON_THE_COMMAND_LINE = ROOT / "insights" / "backup"
"""Its refusals are read by people, not by programs: tests/insights/test_backup.py asserts the words."""
ANA = {"table": "contact", "id": "ana"}


@pytest.fixture
async def email(services: Services) -> str:
    """Auto capture is on; the id of an email that only Ann holds and nobody tracked."""
    root, ann = await services.crm.user("root"), await services.crm.user("ann")
    assert root
    assert ann
    body = FeaturesBody(accept_terms=True, features=FeatureSwitches(auto_capture="on"))
    await features.change_features(services, root, body)
    rows = (await list_untracked(services, ann, None)).rows
    [own_id] = [row.item.id for row in rows if row.item.internet_message_id == "<1@mail.example>"]
    return own_id


async def test_what_is_just_being_tracked_is_not_taken_back_or_filed(
    client: Client,
    services: Services,
    token_for: Callable[[str], str],
    email: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    may_go_on, create = asyncio.Event(), type(services.crm).create_email

    async def wait_and_create(*given: Any) -> TrackedEmail:
        await may_go_on.wait()
        return await create(*given)

    monkeypatch.setattr(type(services.crm), "create_email", wait_and_create)
    headers, told = {"Authorization": f"Bearer {token_for('ann')}"}, []
    for method, rest, body in (
        ("POST", "track", {}),
        ("POST", "untrack", {}),
        ("PUT", "regarding", {"regarding": ANA}),
        ("POST", "links", {"record": ANA}),
    ):
        path = f"/api/v1/emails/{email}/{rest}"
        async with client.request(method, path, json=body, headers=headers) as answer:
            told.append((answer.status, (await answer.json()).get("code")))
    may_go_on.set()
    assert told == [(202, None), (409, "pending"), (409, "untracked"), (409, "untracked")]


async def test_readiness_names_what_is_missing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_: Database) -> None:
        raise OSError

    assert (await client.get("/readyz")).status in {200, 503}  # jobs start behind the server
    monkeypatch.setattr(Workflows, "is_ready", False)
    answer = await client.get("/readyz")
    assert (answer.status, (await answer.json())["code"]) == (503, "no_jobs")
    monkeypatch.setattr(Database, "check", fail)
    answer = await client.get("/readyz")
    assert (answer.status, (await answer.json())["code"]) == (503, "no_database")
    monkeypatch.undo()
    assert (await client.get("/healthz")).status == 200


async def test_a_consent_link_of_others_is_refused(services: Services) -> None:
    services = replace(services, settings=services.settings.model_copy(update={"entra_tenants": ("ours",)}))
    state = sign_state(new_state("root"), services.keys, services.now())
    for returned, code in (
        (Return("", tenant="ours", admin_consent="True"), "bad_consent_state"),
        (Return(state, tenant="theirs", admin_consent="True"), "foreign_tenant"),
    ):
        with pytest.raises(Invalid) as refused:
            await note_return(services, returned)
        assert refused.value.code == code
    assert (await note_return(services, Return(state, tenant="OURS", admin_consent="True"))).is_granted


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(Unavailable) as refused:
            listening.bind(*other.getsockname())
    assert refused.value.code == "no_port"


async def test_jobs_that_cannot_run_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Taken:
        def __init__(self, *_: object, **__: object) -> None: ...

        def acquire(self, **_: object) -> None:
            raise Timeout("taken")

    jobs = Workflows(data_dir=tmp_path)
    with pytest.raises(Unavailable) as refused:
        await jobs.wait_ready()
    assert refused.value.code == "jobs_not_started"
    monkeypatch.setattr(workflows, "FileLock", Taken)
    with pytest.raises(Unavailable) as refused:
        workflows._take_slot(tmp_path)
    assert refused.value.code == "no_process_slot"


def test_no_code_is_one_that_no_test_has_met() -> None:
    ours: dict[str, Path] = {}
    for path in sorted(path for folder in OWN for path in (ROOT / folder).rglob("*.py")):
        if ON_THE_COMMAND_LINE not in path.parents:
            ours |= dict.fromkeys(codes_made(path), path.relative_to(ROOT))
    assert len(ours) > 50
    tests = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/test_*.py"))
    named = set(re.findall(r"""["'](\w+)["']""", tests))
    assert {code: path for code, path in ours.items() if code not in named} == {}
