"""A backup taken while people press Track becomes an installation where all of it goes on."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from tests.flows.liaison import COMPANY, Liaison, letter

BODY = {"regarding": {"table": "account", "id": "fabrikam"}, "attachments": []}
EMAILS = 24


async def press(liaison: Liaison, item: dict[str, Any]) -> None:
    attachments = [each["id"] for each in item["attachments"]]
    await liaison.post(
        "ann", f"/api/v1/emails/{item['id']}/track", BODY | {"attachments": attachments}, status=202
    )


@pytest.mark.slow("two servers, a backup and a restore of them, each a process")
async def test_backed_up_while_busy_and_started_again_elsewhere(
    tmp_path: Path, database_url: str, other_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first_folder := tmp_path / "first").mkdir()
    (second_folder := tmp_path / "second").mkdir()
    monkeypatch.setenv("LIAISON_DATABASE_URL", database_url)
    first = Liaison(first_folder)
    second = Liaison(second_folder, LIAISON_DATABASE_URL=other_database_url)
    file = tmp_path / "liaison.backup"
    messages = [letter(number) for number in range(EMAILS)]
    for message in messages:
        message.add_attachment(b"x" * 200_000, maintype="text", subtype="csv", filename="prices.csv")
    first.import_crm(COMPANY)
    first.import_mail("ann@ours.example", messages)
    try:
        await first.start()
        await first.turn_on("auto_capture")
        items = await first.timeline("ann", "contact", "ana")
        for item in items[:8]:
            await press(first, item)
        early = [item["internet_message_id"] for item in items[:8]]
        await first.wait_for_state("ann", early, "tracked")
        presses = asyncio.gather(*(press(first, item) for item in items[8:]))
        output = await asyncio.to_thread(first.command, "backup", "--out", str(file))
        assert str(file) in output
        await presses
        await first.stop()

        output = await asyncio.to_thread(second.command, "restore", str(file))
        assert "crm, liaison, mailbox" in output
        monkeypatch.setenv("LIAISON_DATABASE_URL", other_database_url)
        second._tokens = first._tokens  # the keys came along
        await second.start()
        found = {item["internet_message_id"]: item for item in await second.timeline("ann", "contact", "ana")}
        assert len(found) == EMAILS
        assert {found[each]["state"] for each in early} == {"tracked"}
        pressed = [name for name, item in found.items() if item["state"] != "untracked"]
        await second.wait_for_state("ann", pressed, "tracked", seconds=120)
        seen = await second.timeline("bob", "account", "fabrikam")
        assert sorted(item["internet_message_id"] for item in seen) == sorted(pressed)
        assert {len(item["attachments"]) for item in seen} == {1}
        await check_audit(second, len(pressed))
        for item in found.values():
            if item["state"] == "untracked":
                await press(second, item)
        await second.wait_for_state("ann", list(found), "tracked", seconds=120)
    finally:
        await first.stop()
        await second.stop()

    for words in (["backup", "--out", str(file)], ["restore", str(file)]):
        output = await asyncio.to_thread(second.command, *words, code=1)
        assert re.fullmatch(r"error: [^·\n]+ · [^·\n]+ · [^·\n]+\n", output)


async def check_audit(liaison: Liaison, presses: int) -> None:
    page = await liaison.get("root", "/api/v1/admin/audit", limit="200")
    actions = [entry["action"] for entry in page["items"]]
    assert len([action for action in actions if "track" in action]) == presses, actions
    assert len(actions) > presses, "the enabling of the feature is in it too"


async def test_what_runs_in_the_data_directory_is_known_to_the_backup(liaison: Liaison) -> None:
    """A new file of the data directory must be put into the backup, or into this list with its reason."""
    file = liaison.folder / "one.backup"
    await asyncio.to_thread(liaison.command, "backup", "--out", str(file))
    other = Liaison(liaison.folder)
    other.data = liaison.folder / "other"
    await asyncio.to_thread(other.command, "restore", str(file), "--data", str(other.data))
    there = {path.name for path in liaison.data.iterdir()} - {path.name for path in other.data.iterdir()}
    begins_anew = r"process-\d+\.lock|jobs\.sqlite|\w+\.sqlite-(wal|shm|journal)"
    assert {name for name in there if not re.fullmatch(begins_anew, name)} == set()
