"""A press is never lost and never doubled, whenever the server dies."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from tests.flows.liaison import Liaison, letter


@pytest.mark.slow("kills and starts a server ten times")
async def test_killed_after_the_press_each_mail_ends_with_one_row(liaison: Liaison) -> None:
    messages = [letter(number) for number in range(10)]
    for message in messages:
        message.add_attachment(b"x" * 20_000, maintype="text", subtype="csv", filename="prices.csv")
    liaison.import_mail("ann@ours.example", messages)
    items = await liaison.timeline("ann", "contact", "ana")
    body = {"regarding": {"table": "account", "id": "fabrikam"}}
    for number, item in enumerate(items):
        await liaison.post("ann", f"/api/v1/emails/{item['id']}/track", body, status=202)
        await asyncio.sleep(number * 0.033)
        await liaison.kill()
        await liaison.start()
    ids = [item["internet_message_id"] for item in items]
    await liaison.wait_for_state("ann", ids, "tracked", seconds=120)
    seen = await liaison.timeline("bob", "account", "fabrikam")
    assert sorted(item["internet_message_id"] for item in seen) == sorted(ids)
    assert {len(item["attachments"]) for item in seen} == {1}
    await liaison.stop()
    assert rows(liaison.data) == 10


async def test_killed_at_once_during_ten_presses(liaison: Liaison) -> None:
    liaison.import_mail("ann@ours.example", [letter(number) for number in range(10)])
    items = await liaison.timeline("ann", "contact", "ana")
    body = {"regarding": {"table": "account", "id": "fabrikam"}}
    await asyncio.gather(
        *(liaison.post("ann", f"/api/v1/emails/{item['id']}/track", body, status=202) for item in items)
    )
    await liaison.kill()
    await liaison.start()
    ids = [item["internet_message_id"] for item in items]
    await liaison.wait_for_state("ann", ids, "tracked", seconds=120)
    await liaison.stop()
    assert rows(liaison.data) == 10


def rows(data: Path) -> int:
    """How many email activities the CRM's own file holds."""
    connection = sqlite3.connect(data / "crm.sqlite")
    [[count]] = connection.execute("SELECT count(*) FROM rows WHERE table_name = 'email'")
    connection.close()
    assert isinstance(count, int)
    return count
