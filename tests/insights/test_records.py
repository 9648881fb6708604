"""What counts as a record: rows of tables with a timeline, by whichever way they are named."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from insights import features
from insights.capture.untracked import list_untracked
from insights.services import Services
from insights.views import FeaturesBody, FeatureSwitches
from tests.conftest import Client

ROOT = Path(__file__).parents[2]
OTHERS = [("systemuser", "bob"), ("systemuser", "ann"), ("role", "admin"), ("Account", "fabrikam"),
          ("email", "x"), ("nonsense", "x")]  # fmt: skip
Ask = Callable[..., Awaitable[tuple[int, dict[str, Any]]]]


@pytest.fixture
def ask(client: Client, token_for: Callable[[str], str]) -> Ask:
    """Asks the API as somebody: (status, JSON)."""

    async def ask(user: str, method: str, path: str, **body: object) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {token_for(user)}"}
        async with client.request(method, f"/api/v1/{path}", headers=headers, json=body or None) as answer:
            return answer.status, await answer.json()

    return ask


@pytest.fixture
async def email(services: Services) -> str:
    """Auto capture is on; the address of an email in Ann's list."""
    ann, root = await services.crm.user("ann"), await services.crm.user("root")
    assert ann
    assert root
    body = FeaturesBody(accept_terms=True, features=FeatureSwitches(auto_capture="on"))
    await features.change_features(services, root, body)
    return f"emails/{(await list_untracked(services, ann, None, cursor=None)).rows[0].item.id}"


async def test_other_tables_hold_no_records(ask: Ask, email: str) -> None:
    for table, row_id in OTHERS:
        for user in ("ann", "root"):
            for path in (f"records/{table}/{row_id}", f"records/{table}/{row_id}/activities"):
                status, told = await ask(user, "GET", path)
                assert (status, told["code"]) == (404, "record_not_found"), path
        status, told = await ask("ann", "POST", f"{email}/track", regarding={"table": table, "id": row_id})
        assert (status, told["code"]) == (404, "record_not_found"), table
    assert (await ask("root", "GET", "records/account/fabrikam"))[0] == 200


async def test_nothing_is_filed_with_other_tables(ask: Ask, email: str) -> None:
    about = {"table": "contact", "id": "ana"}
    assert (await ask("ann", "POST", f"{email}/track", regarding=about))[0] == 202
    async with asyncio.timeout(60):
        while (await ask("ann", "PUT", f"{email}/regarding", regarding=about))[0] != 200:
            await asyncio.sleep(0.05)
    for table, row_id in OTHERS:
        other = {"table": table, "id": row_id}
        for method, path, body in (("PUT", "regarding", "regarding"), ("POST", "links", "record")):
            status, told = await ask("ann", method, f"{email}/{path}", **{body: other})
            assert (status, told["code"]) == (404, "record_not_found"), (path, table)
    status, seen = await ask("ann", "POST", f"{email}/links", record={"table": "account", "id": "fabrikam"})
    assert status == 200
    assert seen["regarding"]["id"] == "ana"
    assert [record["id"] for record in seen["links"]] == ["fabrikam"]


async def test_a_person_is_made_at_an_account_only(ask: Ask) -> None:
    person = {"table": "contact", "first_name": "", "last_name": "New", "email": "new@x.example"}
    for row_id in ("bob", "ana", "admin"):
        status, told = await ask("ann", "POST", "records", **person, account_id=row_id)
        assert (status, told["code"]) == (404, "record_not_found")


def test_a_record_that_is_named_is_read_in_one_place() -> None:
    files = [path for room in ("insights", "bot", "addin", "cards") for path in (ROOT / room).rglob("*.py")]
    found = {
        str(path.relative_to(ROOT)) for path in files if re.search(r"crm\s*\.record\(", path.read_text())
    }
    assert found == {"insights/timelines.py"}
