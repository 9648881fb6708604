"""The stand-in of Graph answers about mail as the service does."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import TESTDATA
from tests.mails import AT, make_mail
from tests.standins.graph import GraphStandin, running_graph
from tests.standins.graph.client import Client, client_of

pytestmark = pytest.mark.testdata
ANN, BOB = "ann@ours.example", "bob@ours.example"
SCOPES = (
    "Mail.ReadWrite Mail.Send MailboxSettings.ReadWrite Calendars.ReadWrite Tasks.ReadWrite People.Read "
    "User.Read User.ReadBasic.All GroupMember.Read.All Domain.Read.All"
)
IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def graph() -> AsyncIterator[GraphStandin]:
    async with running_graph(TESTDATA) as running:
        running.add_user(None, ANN, "Ann Lee")
        running.add_user(None, BOB, "Bob Ray")
        yield running


@pytest.fixture
async def ann(graph: GraphStandin) -> AsyncIterator[Client]:
    async with client_of(graph, ANN, SCOPES) as client:
        yield client


def named(name: str, **values: object) -> bytes:
    return make_mail(f"<{name}@x.example>", **values)  # type: ignore[arg-type]


async def found(ann: Client, **query: str) -> list[str]:
    return [
        each["internetMessageId"][1:].partition("@")[0]
        for each in (await ann.get("/me/messages", **query)).value
    ]


async def test_every_real_message_is_told_in_names_of_the_schema(graph: GraphStandin, ann: Client) -> None:
    paths = [
        *(TESTDATA / "mail").glob("mime-*/*"),
        *sorted((TESTDATA / "mail/spamassassin/ham").rglob("*"))[:200],
    ]
    raws = [path.read_bytes() for path in paths if path.is_file()]
    for raw in raws:
        graph.deliver(ANN, raw)
    link, seen = "/me/messages?$top=100&$select=*&$expand=attachments", 0
    while link:
        page = (await ann.get(link)).json()
        for each in page["value"]:
            graph.schema.check("message", each)
        seen += len(page["value"])
        link = page.get("@odata.nextLink", "")
    assert seen == len(graph.mailbox(ANN).messages) > 300
    assert graph.answered["Collection(message)"] == -(-seen // 100)
    for path in (TESTDATA / "mail/spamassassin/hard").iterdir():
        stored = graph.deliver(ANN, path.read_bytes())
        assert (await ann.get(f"/me/messages/{stored.id}/$value")).content == path.read_bytes()


async def test_every_kind_of_answer_passes_the_schema(graph: GraphStandin, ann: Client) -> None:
    graph.deliver(ANN, named("one", files={"a.txt": b"a"}))
    graph.directory.add_group("g1", "Sellers", [graph.user(ANN).id])
    window = {"startDateTime": "2026-11-02", "endDateTime": "2026-11-03"}
    when = {"dateTime": "2026-11-02T09:00:00", "timeZone": "W. Europe Standard Time"}
    event = {"subject": "Call", "start": when, "end": when | {"dateTime": "2026-11-02T10:00:00"}}
    assert (await ann.post("/me/events", event)).status == 201
    [seen] = (await ann.call("GET", "/me/calendarView", query=window)).value
    assert seen["start"] == {"dateTime": "2026-11-02T08:00:00.0000000", "timeZone": "UTC"}
    [task_list] = (await ann.get("/me/todo/lists")).value
    made = await ann.post(f"/me/todo/lists/{task_list['id']}/tasks", {"title": "Call Ana"})
    assert made.json()["status"] == "notStarted"
    assert (await ann.get("/me/mailboxSettings")).json()["timeZone"] == "UTC"
    assert [each["displayName"] for each in (await ann.get("/me/transitiveMemberOf")).value] == ["Sellers"]
    assert (await ann.post("/me/getMemberGroups", {"securityEnabledOnly": True})).value == ["g1"]
    assert [each["id"] for each in (await ann.get("/domains")).value] == ["ours.example"]
    assert (await ann.get("/users", _filter=f"mail eq '{BOB}'")).value[0]["displayName"] == "Bob Ray"
    [person] = (await ann.get("/me/people")).value
    assert person["scoredEmailAddresses"][0]["address"] == "ana@fabrikam.example"
    for path in ("/me", "/organization", "/me/mailFolders", "/me/mailFolders/inbox", "/subscriptions"):
        assert (await ann.get(path)).status == 200, path
    assert len(graph.answered) >= 12


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"_select": "subject,colour"}, "BadRequest"),
        ({"_expand": "colour"}, "BadRequest"),
        ({"_filter": "colour eq 'red'"}, "RequestBroker--ParseUri"),
        ({"_filter": "subject eq"}, "RequestBroker--ParseUri"),
        ({"_orderby": "colour"}, "RequestBroker--ParseUri"),
        ({"_filter": "toRecipients/any(r:r/emailAddress/address eq 'x')"}, "ErrorInvalidUrlQueryFilter"),
        ({"_filter": "isRead eq false", "_orderby": "receivedDateTime desc"}, "InefficientFilter"),
        ({"_search": '"a"', "_filter": "isRead eq false"}, "SearchWithFilter"),
        ({"_search": '"a"', "_orderby": "receivedDateTime"}, "SearchWithOrderBy"),
        ({"_search": '"participants:("'}, "BadRequest"),
        ({"_top": "1001"}, "ErrorInvalidUrlQuery"),
        ({"_expand": "singleValueExtendedProperties"}, "BadRequest"),
    ],
)
async def test_queries_are_refused_as_by_the_service(ann: Client, query: dict[str, str], code: str) -> None:
    assert (await ann.get("/me/messages", **query)).error == (400, code)


async def test_bodies_with_unknown_or_wrong_properties_are_refused(ann: Client) -> None:
    for given in ({"colour": 1}, {"isRead": "yes"}, {"body": {"contentType": "rtf"}}, {"body": {"text": ""}}):
        assert (await ann.post("/me/messages", given)).error == (400, "RequestBodyRead"), given
    assert (await ann.post("/me/messages", {"isDraft": False})).error == (400, "ErrorInvalidPropertySet")
    assert (await ann.get("/me/messages/no%20id")).error == (400, "ErrorInvalidIdMalformed")
    assert (await ann.get("/me/letters")).error == (400, "BadRequest")


async def test_what_is_private_labelled_or_encrypted_can_be_seen(graph: GraphStandin, ann: Client) -> None:
    label = {"msip_labels": "MSIP_Label_0a_Enabled=True;", "Sensitivity": "Company-Confidential"}
    stored = graph.deliver(ANN, named("secret", headers=label | {"In-Reply-To": "<zero@x.example>"}))
    path = f"/me/messages/{stored.id}"
    assert "internetMessageHeaders" not in (await ann.get(path)).json()
    told = (await ann.get(path, _select="internetMessageHeaders")).json()
    assert {"name": "msip_labels", "value": label["msip_labels"]} in told["internetMessageHeaders"]
    wanted = ["Integer 0x0036", "String 0x1042", "String 0x007D"]
    choice = " or ".join(f"id eq '{each}'" for each in wanted)
    told = (await ann.get(path, _expand=f"singleValueExtendedProperties($filter={choice})")).json()
    assert told["singleValueExtendedProperties"] == [
        {"id": "Integer 0x0036", "value": "3"},
        {"id": "String 0x1042", "value": "<zero@x.example>"},
    ]
    private = (
        "singleValueExtendedProperties/Any(p: p/id eq 'Integer 0x0036' and cast(p/value, Edm.Int32) ge 2)"
    )
    graph.deliver(ANN, named("open"))
    assert await found(ann, _filter=private) == ["secret"]


async def test_ids_change_with_a_move_and_immutable_ones_do_not(graph: GraphStandin, ann: Client) -> None:
    stored = graph.deliver(ANN, named("one"))
    old = (await ann.get("/me/messages")).value[0]["id"]
    kept = (await ann.call("GET", "/me/messages", headers=IMMUTABLE)).value[0]["id"]
    moved = await ann.post(f"/me/messages/{old}/move", {"destinationId": "archive"})
    assert moved.status == 201
    assert (await ann.get(f"/me/messages/{old}")).error == (404, "ErrorItemNotFound")
    for message_id in (moved.json()["id"], kept, stored.immutable_id):
        assert (await ann.get(f"/me/messages/{message_id}")).status == 200
    assert (await ann.get(f"/me/messages/{kept.swapcase()}")).error == (404, "ErrorItemNotFound")
    sent = (await ann.call("POST", "/me/messages", {"toRecipients": [_to(BOB)]}, headers=IMMUTABLE)).json()[
        "id"
    ]
    assert (await ann.post(f"/me/messages/{sent}/send")).status == 202
    assert (await ann.get(f"/me/mailFolders/sentitems/messages/{sent}")).json()["isDraft"] is False


def _to(address: str) -> dict[str, object]:
    return {"emailAddress": {"address": address}}


async def test_search_matches_too_much_of_the_whole_mailbox_but_late(
    graph: GraphStandin, ann: Client
) -> None:
    for name, sender, folder in (
        ("plain", "ana@fabrikam.example", "inbox"),
        ("tagged", "ana+offers@fabrikam.example", "junkemail"),
        ("longer", "ana@fabrikam.example.evil.example", "deleteditems"),
        ("name", '"ana@fabrikam.example" <x@else.example>', "inbox"),
        ("other", "zoe@fabrikam.example", "inbox"),
        ("idn", "jo@bücher.example", "inbox"),
    ):
        graph.deliver(ANN, named(name, sender=sender, at=AT), folder, received=AT)
    graph.deliver(ANN, named("late", at=AT + 3 * MINUTE, headers={"Cc": "ana@fabrikam.example"}), received=AT)
    hits = await found(ann, _search='"participants:ana@fabrikam.example"')
    assert hits[0] == "late"
    assert set(hits) == {"late", "plain", "tagged", "longer", "name"}
    some = '"(participants:zoe@fabrikam.example OR participants:jo@bücher.example) AND received>=2026-11-02"'
    assert set(await found(ann, _search=some)) == {"other", "idn"}
    assert await found(ann, _search=some.replace("11-02", "11-03")) == []
    first = (await ann.get("/me/messages", _search='"participants:fabrikam"', _top="4")).json()
    rest = (await ann.get(first["@odata.nextLink"])).json()
    assert (len(first["value"]), len(rest["value"]), "@odata.nextLink" in rest) == (4, 2, False)
    graph.index_lag = 60
    assert await found(ann, _search='"participants:ana"') == []
    assert "late" in await found(ann, _filter="receivedDateTime ge 2026-11-02T00:00:00Z")
    graph.now = lambda: datetime.now(UTC) + timedelta(seconds=61)
    assert "late" in await found(ann, _search='"participants:ana"')


async def test_search_ends_after_a_thousand(graph: GraphStandin, ann: Client) -> None:
    for number in range(1003):
        graph.deliver(ANN, named(str(number), at=AT + number * MINUTE))
    link, seen = '/me/messages?$search="participants:ana"&$top=400&$select=internetMessageId', []
    while link:
        page = (await ann.get(link)).json()
        seen += [int(each["internetMessageId"][1:].partition("@")[0]) for each in page["value"]]
        link = page.get("@odata.nextLink", "")
    assert seen == list(range(1002, 2, -1))


async def test_lists_page_by_skipping_and_count(graph: GraphStandin, ann: Client) -> None:
    for number in range(25):
        graph.deliver(ANN, named(str(number)), received=AT + number * MINUTE)
    first = (await ann.get("/me/messages", _count="true")).json()
    assert (len(first["value"]), first["@odata.count"]) == (10, 25)
    graph.deliver(ANN, named("new"))
    second = (await ann.get(first["@odata.nextLink"])).json()
    assert second["value"][0]["id"] == first["value"][-1]["id"]
    ordered = await found(
        ann, _filter="receivedDateTime ge 2026-11-02T09:50:00Z", _orderby="receivedDateTime"
    )
    assert ordered == ["20", "21", "22", "23", "24", "new"]
    assert await found(ann, _filter="internetMessageId eq '<7@x.example>'") == ["7"]
    assert (await ann.get("/me/messages/$count")).content == b"26"


async def test_delta_tells_what_came_changed_and_went(graph: GraphStandin, ann: Client) -> None:
    stored = [graph.deliver(ANN, named(str(number)), received=AT + number * MINUTE) for number in range(5)]
    path, small = "/me/mailFolders/inbox/messages/delta", {"Prefer": "odata.maxpagesize=2"}
    pages = [(await ann.call("GET", f"{path}?$select=subject", headers=small)).json()]
    while "@odata.nextLink" in pages[-1]:
        pages.append((await ann.call("GET", pages[-1]["@odata.nextLink"], headers=small)).json())
    assert [len(page["value"]) for page in pages] == [2, 2, 1]
    assert set(pages[0]["value"][0]) == {"@odata.type", "@odata.etag", "id", "subject"}
    old_ids = [each.id for each in stored]
    new = graph.deliver(ANN, named("new"))
    await ann.call("PATCH", f"/me/messages/{old_ids[0]}", {"isRead": True})
    await ann.post(f"/me/messages/{old_ids[1]}/move", {"destinationId": "archive"})
    await ann.call("DELETE", f"/me/messages/{old_ids[2]}")
    again = (await ann.get(pages[-1]["@odata.deltaLink"])).json()
    told = {each["id"]: each.get("@removed") for each in again["value"]}
    gone = {"reason": "deleted"}
    assert told == {new.id: None, old_ids[0]: None, old_ids[1]: gone, old_ids[2]: gone}
    assert (await ann.get(again["@odata.deltaLink"])).value == []
    graph.faults.expire_delta(ANN)
    assert (await ann.get(again["@odata.deltaLink"])).error == (410, "SyncStateNotFound")
    assert (await ann.get("/me/messages/delta")).error == (400, "BadRequest")
    assert (await ann.get(path, _filter="isRead eq false")).error == (400, "ErrorInvalidUrlQuery")


async def test_delta_tells_of_a_message_that_was_read_little_else(graph: GraphStandin, ann: Client) -> None:
    stored = graph.deliver(ANN, named("one"))
    path = "/me/mailFolders/inbox/messages/delta"
    link = (await ann.get(path, _select="subject,isRead,parentFolderId")).json()["@odata.deltaLink"]
    await ann.call("PATCH", f"/me/messages/{stored.id}", {"isRead": True})
    [told] = (await ann.get(link)).value
    assert set(told) == {"@odata.type", "@odata.etag", "id", "isRead", "parentFolderId"}
    await ann.call("PATCH", f"/me/messages/{stored.id}", {"categories": ["Blue"]})
    [told] = (await ann.get(link)).value
    assert "subject" in told


async def test_folders_are_one_list_with_changes_of_its_own(graph: GraphStandin, ann: Client) -> None:
    mailbox, small = graph.mailbox(ANN), {"Prefer": "odata.maxpagesize=3"}
    outer = mailbox.add_folder("Customers", mailbox.folder("inbox").id)
    inner = mailbox.add_folder("Fabrikam", outer.id)
    pages = [(await ann.call("GET", "/me/mailFolders/delta?$select=parentFolderId", headers=small)).json()]
    while "@odata.nextLink" in pages[-1]:
        pages.append((await ann.call("GET", pages[-1]["@odata.nextLink"], headers=small)).json())
    told = {each["id"]: each["parentFolderId"] for page in pages for each in page["value"]}
    assert told[inner.id] == outer.id
    assert told[outer.id] == mailbox.folder("inbox").id
    assert mailbox.folder("recoverableitemsdeletions").id not in told
    assert set(pages[0]["value"][0]) == {"@odata.type", "id", "parentFolderId"}
    mailbox.move_folder(inner, "deleteditems")
    again = (await ann.get(pages[-1]["@odata.deltaLink"])).json()
    assert [(each["id"], each["parentFolderId"]) for each in again["value"]] == [
        (inner.id, mailbox.folder("deleteditems").id)
    ]
    graph.faults.expire_delta(ANN)
    assert (await ann.get(again["@odata.deltaLink"])).error == (410, "SyncStateNotFound")
    assert (await ann.get("/me/mailFolders/delta", _filter="displayName eq 'x'")).error[0] == 400


async def test_bodies_come_as_html_or_as_text(graph: GraphStandin, ann: Client) -> None:
    stored = graph.deliver(
        ANN, named("html", text="Plain", html="<script>x()</script><p>Hello<br>Ann &amp; Bob</p>")
    )
    body = (await ann.get(f"/me/messages/{stored.id}")).json()["body"]
    assert body == {"contentType": "html", "content": "<p>Hello<br>Ann &amp; Bob</p>\n"}
    prefer = {"Prefer": 'outlook.body-content-type="text"'}
    answer = await ann.call("GET", f"/me/messages/{stored.id}", headers=prefer)
    assert answer.json()["body"] == {"contentType": "text", "content": "Hello\r\nAnn & Bob"}
    assert answer.headers["Preference-Applied"] == prefer["Prefer"]


async def test_conversations_join_whatever_arrives_first(graph: GraphStandin, ann: Client) -> None:
    graph.deliver(ANN, named("c", headers={"References": "<a@x.example> <b@x.example>"}))
    graph.deliver(ANN, named("a"))
    graph.deliver(ANN, named("b", headers={"In-Reply-To": "<a@x.example>"}))
    other = graph.deliver(ANN, named("other"))
    one = graph.deliver(ANN, named("a", subject="Twice"))
    assert (one.values["subject"], len(graph.mailbox(ANN).messages)) == ("Offer", 4)
    thread = one.values["conversationId"]
    assert set(await found(ann, _filter=f"conversationId eq '{thread}'")) == {"a", "b", "c"}
    assert thread != other.values["conversationId"]


async def test_attachments_come_whole_and_in_ranges(graph: GraphStandin, ann: Client, tmp_path: Path) -> None:
    content = bytes(range(256)) * 40
    stored = graph.deliver(ANN, named("files", files={"Übersicht.bin": content, "empty": b""}))
    path = f"/me/messages/{stored.id}/attachments"
    big, empty = (await ann.get(path)).value
    assert (big["name"], big["size"], base64.b64decode(big["contentBytes"]), empty["size"]) == (
        "Übersicht.bin",
        len(content),
        content,
        0,
    )
    assert "contentBytes" not in (await ann.get(path, _select="id,name")).value[0]
    for wanted, part in {
        "bytes=0-99": content[:100],
        "bytes=10200-": content[10200:],
        "bytes=-5": content[-5:],
    }.items():
        answer = await ann.call("GET", f"{path}/{big['id']}/$value", headers={"Range": wanted})
        assert (answer.status, answer.content) == (206, part)
    assert (await ann.get(f"{path}/{big['id']}/$value")).content == content
    answer = await ann.call("GET", f"{path}/{big['id']}/$value", headers={"Range": "bytes=99999-"})
    assert answer.status == 416


async def test_large_attachments_go_up_in_order(ann: Client) -> None:
    draft = (await ann.post("/me/messages", {"subject": "Big"})).json()["id"]
    path, content = f"/me/messages/{draft}/attachments", bytes(5_000_000)
    small = {"AttachmentItem": {"attachmentType": "file", "name": "s", "size": 10}}
    code = "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize"
    assert (await ann.post(f"{path}/createUploadSession", small)).error == (400, code)
    item = {"attachmentType": "file", "name": "big.bin", "size": len(content)}
    session = (await ann.post(f"{path}/createUploadSession", {"AttachmentItem": item})).json()
    assert session["nextExpectedRanges"] == ["0-"]
    wrong = await _put(ann, session["uploadUrl"], content, 9, 99)
    assert wrong.status == 416
    statuses = []
    for start, end in pairwise([0, 2_000_000, 4_000_000, 5_000_000]):
        answer = await _put(ann, session["uploadUrl"], content, start, end)
        statuses.append(answer.status)
    assert statuses == [200, 200, 201]
    [attached] = (await ann.get(path)).value
    assert (attached["size"], attached["id"] in answer.headers["Location"]) == (len(content), True)


async def _put(ann: Client, url: str, content: bytes, start: int, end: int):  # type: ignore[no-untyped-def]
    headers = {"Content-Range": f"bytes {start}-{end - 1}/{len(content)}"}
    return await ann.call("PUT", url, data=content[start:end], headers=headers)


async def test_mail_is_sent_from_json_and_from_mime(graph: GraphStandin, ann: Client) -> None:
    message = {"subject": "Hi", "toRecipients": [_to(BOB)], "bccRecipients": [_to("out@else.example")]}
    assert (await ann.post("/me/sendMail", {"message": message})).status == 202
    raw = named("mime", sender=ANN, to=BOB, headers={"Bcc": "out@else.example"})
    mime = {"Content-Type": "text/plain"}
    answer = await ann.call("POST", "/me/sendMail", data=base64.b64encode(raw), headers=mime)
    assert answer.status == 202
    assert [recipients for _, recipients, _ in graph.sent] == [[BOB, "out@else.example"]] * 2
    arrived = [message_from_bytes(each.raw or b"") for each in graph.mailbox(BOB).messages]
    assert [(each["Subject"], each["Bcc"]) for each in arrived] == [("Hi", None), ("Offer", None)]
    assert len((await ann.get("/me/mailFolders/sentitems/messages")).value) == 2
    answer = await ann.call("POST", "/me/sendMail", data=b"no base64!", headers=mime)
    assert answer.error == (400, "ErrorMimeContentInvalidBase64String")
    assert (await ann.post("/me/sendMail", {"message": {}})).error == (400, "ErrorInvalidRecipients")
    spoofed = {"message": message | {"from": _to(BOB)}}
    assert (await ann.post("/me/sendMail", spoofed)).error == (403, "ErrorSendAsDenied")
