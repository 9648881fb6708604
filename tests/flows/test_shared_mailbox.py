"""A mailbox that several people read: who it is shared with tracks on behalf, nobody else sees it."""

from typing import Any

import pytest

from tests.flows.liaison import COMPANY, Liaison, letter

SUPPORT = "support@ours.example"
ONE = "<1@mail.example>"


@pytest.fixture
def shared(liaison: Liaison) -> Liaison:
    """The company with a support mailbox that Ann and Bob read."""
    folder = liaison.folder / "support"
    folder.mkdir()
    for number in (1, 2):
        text = letter(number, to=SUPPORT, subject="The pump leaks", In_Reply_To="<0@mail.example>").as_bytes()
        (folder / f"{number}.eml").write_bytes(text)
    people = [word for name in ("ann", "bob") for word in ("--shared-with", f"{name}@ours.example")]
    output = liaison.command("import", "mail", str(folder), "--mailbox", SUPPORT, *people)
    assert "warning" not in output
    return liaison


def share_bobs(liaison: Liaison) -> None:
    """Bob gets a mail and lets Ann read his mailbox."""
    liaison.import_mail("bob@ours.example", [letter(1, to="bob@ours.example")])
    folder = str(liaison.folder / "mail" / "bob@ours.example")
    whose = ("--mailbox", "bob@ours.example", "--shared-with", "ann@ours.example")
    liaison.command("import", "mail", folder, *whose)


async def look_up(liaison: Liaison, user: str, mailbox: str | None = SUPPORT, *, status: int = 200) -> Any:
    body = {"internet_message_id": ONE, "mailbox": mailbox}
    return await liaison.post(user, "/api/v1/emails/lookup", body, status=status)


async def audit(liaison: Liaison) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = (await liaison.get("root", "/api/v1/admin/audit"))["items"]
    return [entry for entry in entries if entry["action"] in {"track", "untrack"}]


async def test_a_delegate_tracks_on_behalf_and_both_names_are_in_the_audit_trail(shared: Liaison) -> None:
    opened = await look_up(shared, "ann", SUPPORT.upper())
    assert (opened["on_behalf_of"], opened["item"]["state"]) == (SUPPORT.upper(), "untracked")
    assert (opened["item"]["direction"], opened["conversation"]) == ("incoming", 2)
    path = f"/api/v1/emails/{opened['item']['id']}"
    await shared.post("ann", f"{path}/track", status=404)  # her own mailbox does not hold it
    body = {"mailbox": SUPPORT, "conversation": True, "regarding": {"table": "contact", "id": "ana"}}
    pressed = await shared.post("ann", f"{path}/track", body, status=202)
    assert pressed["tracked_by"]["name"] == "Ann Beebe"
    while (seen := await look_up(shared, "bob"))["item"]["state"] != "tracked":
        assert seen["item"]["state"] == "pending"
    assert seen["item"]["tracked_by"]["name"] == "Ann Beebe"
    tracked = await audit(shared)
    assert {(each["user_name"], each["detail"]["on_behalf_of"]) for each in tracked} == {
        ("Ann Beebe", SUPPORT)
    }
    assert len(tracked) == 2
    assert (await shared.post("ann", f"{path}/untrack"))["state"] == "untracked"
    assert (await look_up(shared, "bob"))["item"]["state"] == "untracked"


async def test_nobody_else_learns_what_lies_in_it(shared: Liaison) -> None:
    opened = await look_up(shared, "ann")
    path = f"/api/v1/emails/{opened['item']['id']}/track"
    for user, mailbox in (("root", SUPPORT), ("ann", "bob@ours.example"), ("bob", "no such mailbox")):
        refused = await look_up(shared, user, mailbox, status=404)
        assert refused["code"] == "no_mailbox"
        assert (await shared.post(user, path, {"mailbox": mailbox}, status=404))["code"] == "no_mailbox"
    assert (await look_up(shared, "ann", None, status=404))["code"] == "no_such_email"
    assert await shared.timeline("ann", "contact", "ana") == []  # timelines hold the caller's own mail


async def test_the_delegates_name_stands_for_a_colleagues_mailbox(liaison: Liaison) -> None:
    share_bobs(liaison)
    opened = await look_up(liaison, "ann", "bob@ours.example")
    assert opened["on_behalf_of"] == "Bob Kahn"
    path = f"/api/v1/emails/{opened['item']['id']}/track"
    await liaison.post("ann", path, {"mailbox": "bob@ours.example"}, status=202)
    [item] = await liaison.wait_for_state("bob", [ONE], "tracked")
    assert item["tracked_by"]["name"] == "Ann Beebe"
    [entry] = await audit(liaison)
    assert (entry["user_name"], entry["detail"]["on_behalf_of"]) == ("Ann Beebe", "Bob Kahn")


async def test_the_state_of_a_colleagues_mailbox_decides(liaison: Liaison) -> None:
    mailbox = {
        "mailboxid": "bobs",
        "name": "Bob",
        "regardingobjectid": "bob",
        "incomingemaildeliverymethod": "2",
    }
    liaison.import_crm(COMPANY | {"mailboxes": [mailbox | {"emailrouteraccessapproval": "2"}]})
    share_bobs(liaison)
    opened = await look_up(liaison, "ann", "bob@ours.example")
    assert "not approved" in opened["notice"]
    path = f"/api/v1/emails/{opened['item']['id']}/track"
    refused = await liaison.post("ann", path, {"mailbox": "bob@ours.example"}, status=409)
    assert refused["code"] == "mailbox_not_approved"
    liaison.import_crm({"mailboxes": [mailbox | {"emailrouteraccessapproval": "1"}]})
    await liaison.post("ann", path, {"mailbox": "bob@ours.example"}, status=202)
    await liaison.wait_for_state("bob", [ONE], "tracked")
