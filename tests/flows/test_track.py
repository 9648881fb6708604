"""The main job: a private email beside the record, tracked with one press, seen by colleagues."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.flows.liaison import Liaison, letter

ONE = "<1@mail.example>"


async def test_from_private_to_shared(liaison: Liaison) -> None:
    message = letter(1, subject="The pumps")
    message.add_attachment(b"a,b\n1,2\n", maintype="text", subtype="csv", filename="prices.csv")
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="plan.pdf")
    liaison.import_mail("ann@ours.example", [message])
    [item] = await liaison.timeline("ann", "contact", "ana")
    assert item["state"] == "untracked"
    assert item["private"] is True
    assert item["why"] == "from Ana Silva"
    assert item["direction"] == "incoming"
    assert await liaison.timeline("bob", "contact", "ana") == []
    assert await liaison.timeline("root", "contact", "ana") == []

    opened = await liaison.get("ann", "/api/v1/emails", internet_message_id=ONE)
    assert opened["suggestions"][0]["record"]["id"] in {"ana", "fabrikam"}
    assert opened["audience"] == 3
    prices = next(file for file in opened["item"]["attachments"] if file["name"] == "prices.csv")
    choice = {"regarding": {"table": "account", "id": "fabrikam"}, "attachments": [prices["id"]]}
    pressed = await liaison.post("ann", f"/api/v1/emails/{item['id']}/track", choice, status=202)
    assert pressed["state"] == "pending"
    assert pressed["tracked_by"]["name"] == "Ann Beebe"

    [tracked] = await liaison.wait_for_state("ann", [ONE], "tracked")
    assert tracked["id"] == item["id"]
    assert tracked["regarding"]["name"] == "Fabrikam"
    assert {file["name"]: file["state"] for file in tracked["attachments"]} == {
        "prices.csv": "tracked",
        "plan.pdf": "untracked",
    }
    [seen] = await liaison.timeline("bob", "account", "fabrikam")
    assert (seen["state"], seen["private"], seen["subject"]) == ("tracked", False, "The pumps")
    assert seen["id"] == item["id"]
    assert seen["tracked_by"]["name"] == "Ann Beebe"
    assert [file["name"] for file in seen["attachments"]] == ["prices.csv"]
    again = await liaison.post("ann", f"/api/v1/emails/{item['id']}/track", status=200)
    assert again["state"] == "tracked"


async def test_untrack_file_elsewhere_and_link(liaison: Liaison) -> None:
    liaison.import_mail("ann@ours.example", [letter(1)])
    [item] = await liaison.timeline("ann", "contact", "ana")
    await liaison.post("ann", f"/api/v1/emails/{item['id']}/track", {"regarding": None}, status=202)
    await liaison.wait_for_state("ann", [ONE], "tracked")
    assert await liaison.timeline("bob", "account", "fabrikam") == []
    filed = await liaison.call(
        "ann",
        "PUT",
        f"/api/v1/emails/{item['id']}/regarding",
        {"regarding": {"table": "account", "id": "fabrikam"}},
    )
    assert filed["regarding"]["id"] == "fabrikam"
    assert len(await liaison.timeline("bob", "account", "fabrikam")) == 1
    link = {"record": {"table": "contact", "id": "ana"}}
    await liaison.post("ann", f"/api/v1/emails/{item['id']}/links", link)
    assert len(await liaison.timeline("bob", "contact", "ana")) == 1
    back = await liaison.post("ann", f"/api/v1/emails/{item['id']}/untrack")
    assert back["state"] == "untracked"
    assert await liaison.timeline("bob", "account", "fabrikam") == []
    await liaison.post("ann", f"/api/v1/emails/{item['id']}/track", status=202)
    await liaison.wait_for_state("ann", [ONE], "tracked")
    rows = (await liaison.get("root", "/api/v1/admin/audit"))["items"]
    assert [row["action"] for row in reversed(rows)] == [
        "accept", "enable", "track", "change regarding", "link", "untrack", "track",
    ]  # fmt: skip


async def test_two_press_at_the_same_moment(liaison: Liaison) -> None:
    both = letter(1, to="ann@ours.example, bob@ours.example")
    liaison.import_mail("ann@ours.example", [both])
    liaison.import_mail("bob@ours.example", [both])
    [item] = await liaison.timeline("ann", "contact", "ana")
    path = f"/api/v1/emails/{item['id']}/track"
    body = {"regarding": {"table": "account", "id": "fabrikam"}}
    liaison.token("ann"), liaison.token("bob")

    async def press(user: str) -> dict[str, Any]:
        assert liaison._session
        headers = {"Authorization": f"Bearer {liaison.token(user)}"}
        async with liaison._session.post(path, json=body, headers=headers) as response:
            assert response.status in {200, 202}
            answer: dict[str, Any] = await response.json()
            return answer

    answers = await asyncio.gather(*(press(user) for user in ("ann", "bob") * 5))
    [mine] = await liaison.wait_for_state("ann", [ONE], "tracked")
    [theirs] = await liaison.wait_for_state("bob", [ONE], "tracked")
    assert mine["tracked_by"] == theirs["tracked_by"]
    assert {answer["tracked_by"]["name"] for answer in answers} == {mine["tracked_by"]["name"]}
    assert len(await liaison.timeline("root", "account", "fabrikam")) == 1


async def test_a_colleague_sees_who_tracked_it_and_others_mail_stays_unknown(liaison: Liaison) -> None:
    both = letter(1, to="ann@ours.example, bob@ours.example")
    liaison.import_mail("ann@ours.example", [both, letter(2)])
    liaison.import_mail("bob@ours.example", [both])
    items = {item["internet_message_id"]: item for item in await liaison.timeline("ann", "contact", "ana")}
    await liaison.post("ann", f"/api/v1/emails/{items[ONE]['id']}/track", status=202)
    await liaison.wait_for_state("bob", [ONE], "tracked")
    opened = await liaison.get("bob", "/api/v1/emails", internet_message_id=ONE)
    assert opened["item"]["tracked_by"]["name"] == "Ann Beebe"
    assert "track" not in opened["item"]["may"]
    refused = await liaison.post("bob", f"/api/v1/emails/{items[ONE]['id']}/untrack", status=409)
    assert "Ann Beebe" in refused["detail"]
    other = items["<2@mail.example>"]["id"]
    for user in ("bob", "root"):
        for action in ("track", "untrack", "retry"):
            problem = await liaison.post(user, f"/api/v1/emails/{other}/{action}", status=404)
            assert problem["code"] == "no_such_email"
        await liaison.get(user, "/api/v1/emails", status=404, internet_message_id="<2@mail.example>")


async def test_who_pressed_second_keeps_the_email(liaison: Liaison) -> None:
    both = letter(1, to="ann@ours.example, bob@ours.example")
    liaison.import_mail("ann@ours.example", [both])
    liaison.import_mail("bob@ours.example", [both])
    [item] = await liaison.timeline("ann", "contact", "ana")
    path = f"/api/v1/emails/{item['id']}"
    body = {"regarding": {"table": "contact", "id": "ana"}}
    await liaison.post("ann", f"{path}/track", body, status=202)
    await liaison.wait_for_state("bob", [ONE], "tracked")
    joined = await liaison.post("bob", f"{path}/track", body, status=200)
    assert joined["tracked_by"]["name"] == "Ann Beebe"
    assert "untrack" in joined["may"]
    refused = await liaison.post("ann", f"{path}/untrack", status=409)
    assert (refused["code"], "Bob Kahn" in refused["detail"]) == ("others_added", True)
    assert len(await liaison.timeline("root", "contact", "ana")) == 1

    left = await liaison.post("bob", f"{path}/untrack")
    assert (left["state"], "untrack" in left["may"]) == ("tracked", False)
    assert (await liaison.post("ann", f"{path}/untrack"))["state"] == "untracked"
    assert await liaison.timeline("root", "contact", "ana") == []


async def test_a_colleague_without_a_copy_works_on_the_shared_row(liaison: Liaison) -> None:
    liaison.import_mail("ann@ours.example", [letter(1)])
    [item] = await liaison.timeline("ann", "contact", "ana")
    path = f"/api/v1/emails/{item['id']}"
    await liaison.post("bob", f"{path}/track", status=404)
    await liaison.post("ann", f"{path}/track", {"regarding": {"table": "contact", "id": "ana"}}, status=202)
    await liaison.wait_for_state("ann", [ONE], "tracked")
    refused = await liaison.post("bob", f"{path}/untrack", status=409)
    assert refused["code"] == "tracked_by_other"
    about = {"regarding": {"table": "account", "id": "fabrikam"}}
    moved = await liaison.call("bob", "PUT", f"{path}/regarding", about)
    assert moved["regarding"]["name"] == "Fabrikam"
    linked = await liaison.post("bob", f"{path}/links", {"record": {"table": "contact", "id": "ana"}})
    assert [record["name"] for record in linked["links"]] == ["Ana Silva"]
    for user in ("ann", "bob", "root"):
        for table, record_id in (("account", "fabrikam"), ("contact", "ana")):
            [seen] = await liaison.timeline(user, table, record_id)
            assert seen["regarding"]["id"] == "fabrikam"
            assert [record["id"] for record in seen["links"]] == ["ana"]
    joined = await liaison.post("bob", f"{path}/track", status=200)
    assert joined["tracked_by"]["name"] == "Ann Beebe"
    assert (await liaison.post("ann", f"{path}/untrack", status=409))["code"] == "others_added"


async def test_who_lost_the_message_may_still_untrack_it(liaison: Liaison) -> None:
    liaison.import_mail("ann@ours.example", [letter(1)])
    [item] = await liaison.timeline("ann", "contact", "ana")
    path = f"/api/v1/emails/{item['id']}"
    await liaison.post("ann", f"{path}/track", {"regarding": {"table": "contact", "id": "ana"}}, status=202)
    await liaison.wait_for_state("ann", [ONE], "tracked")
    with closing(sqlite3.connect(liaison.data / "mailbox.sqlite")) as mailbox:
        mailbox.execute("PRAGMA foreign_keys=ON")
        mailbox.execute("DELETE FROM messages")
        mailbox.commit()
    [left] = await liaison.timeline("ann", "contact", "ana")
    assert (left["id"], left["state"]) == (item["id"], "tracked")
    gone = await liaison.post("ann", f"{path}/untrack")
    assert (gone["state"], gone["may"]) == ("untracked", [])
    assert await liaison.timeline("root", "contact", "ana") == []
    await liaison.post("ann", f"{path}/untrack", status=404)


async def test_a_whole_conversation_without_its_internal_branch(liaison: Liaison) -> None:
    now = datetime.now(UTC)
    thread = [
        letter(1, at=now - timedelta(hours=4)),
        letter(
            2,
            sender="Ann <ann@ours.example>",
            to="ana@fabrikam.example",
            at=now - timedelta(hours=3),
            In_Reply_To=ONE,
        ),
        letter(
            3,
            sender="Ann <ann@ours.example>",
            to="bob@ours.example",
            at=now - timedelta(hours=2),
            In_Reply_To=ONE,
        ),
        letter(4, at=now - timedelta(hours=1), References=f"{ONE} <2@mail.example>"),
        letter(5, at=now, Sensitivity="Private", In_Reply_To=ONE),
    ]
    liaison.import_mail("ann@ours.example", thread)
    opened = await liaison.get("ann", "/api/v1/emails", internet_message_id=ONE)
    assert opened["conversation"] == 3
    told = [(each["subject"], datetime.fromisoformat(each["at"])) for each in opened["thread"]]
    whole = now.replace(microsecond=0)
    assert told == [
        (f"Delivery {number}", whole - timedelta(hours=ago)) for number, ago in ((1, 4), (2, 3), (4, 1))
    ]
    body = {"regarding": {"table": "contact", "id": "ana"}, "conversation": True}
    await liaison.post("ann", f"/api/v1/emails/{opened['item']['id']}/track", body, status=202)
    await liaison.wait_for_state("ann", [f"<{number}@mail.example>" for number in (1, 2, 4)], "tracked")
    await liaison.wait_for_state("ann", ["<3@mail.example>", "<5@mail.example>"], "untracked")
    assert len(await liaison.timeline("bob", "contact", "ana")) == 3
    private = await liaison.get("ann", "/api/v1/emails", internet_message_id="<5@mail.example>")
    assert "private" in private["notice"]
    assert private["item"]["may"] == []
    internal = await liaison.get("ann", "/api/v1/emails", internet_message_id="<3@mail.example>")
    assert internal["offer"]


async def test_pages_hold_every_item_once_in_order(liaison: Liaison) -> None:
    at = datetime.now(UTC) - timedelta(days=1)
    messages = [letter(number, at=at - timedelta(minutes=number // 3)) for number in range(60)]
    liaison.import_mail("ann@ours.example", messages)
    first = await liaison.timeline("ann", "contact", "ana", limit="200")
    assert len(first) == 60
    for item in first[5:40:5]:
        body = {"regarding": {"table": "contact", "id": "ana"}}
        await liaison.post("ann", f"/api/v1/emails/{item['id']}/track", body, status=202)
    await liaison.wait_for_state("ann", [item["internet_message_id"] for item in first[5:40:5]], "tracked")
    paged = await liaison.timeline("ann", "contact", "ana", limit="7")
    assert [item["id"] for item in paged] == [item["id"] for item in first]
    assert [item["at"] for item in paged] == sorted((item["at"] for item in first), reverse=True)
    days = await liaison.timeline("ann", "contact", "ana", days="1")
    assert len(days) < 60


async def test_turned_off_by_admin_or_user(liaison: Liaison) -> None:
    liaison.import_mail("ann@ours.example", [letter(1)])
    [item] = await liaison.timeline("ann", "contact", "ana")
    choice = await liaison.call("ann", "PUT", "/api/v1/preferences", {"auto_capture": False})
    assert choice["auto_capture"] is False
    assert await liaison.timeline("ann", "contact", "ana") == []
    await liaison.call("ann", "PUT", "/api/v1/preferences", {"auto_capture": True})
    assert len(await liaison.timeline("ann", "contact", "ana")) == 1
    await liaison.call("root", "PUT", "/api/v1/admin/features", {"features": {"auto_capture": "off"}})
    assert await liaison.timeline("ann", "contact", "ana") == []
    assert (await liaison.get("ann", "/api/v1/preferences"))["auto_capture"] is None
    problem = await liaison.post("ann", f"/api/v1/emails/{item['id']}/track", status=403)
    assert problem["code"] == "feature_off"
