"""What every Mail must do; a test's name begins with the method it is about: `test_search__…`.

What changed and who wrote to whom has a suite of its own, `test_mail_changes.py`.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from itertools import pairwise

import pytest

from insights import ports
from insights.errors import Invalid, NotFound
from insights.model import Mailbox, MailQuery
from tests.contracts import test_mail_changes
from tests.contracts.mail_servers import (
    ANN,
    ANNS,
    BOB,
    BOBS,
    MINUTE,
    NOBODY,
    Server,
    id_of,
    message_id,
    named,
)
from tests.mails import AT, own_mailbox


async def test_search__finds_whole_addresses_in_from_to_and_cc(server: Server) -> None:
    await server.deliver(
        ANN,
        [
            named("from", sender="ANA@Fabrikam.example"),
            named("to", sender=ANN, to='"Silva, Ana" <ana+offers@fabrikam.example>, x@else.example'),
            named("cc", sender=BOB, headers={"Cc": "Group: ana@fabrikam.example, bob@ours.example;"}),
            named("bcc", sender=BOB, headers={"Bcc": "ana@fabrikam.example"}),
            named("longer", sender="ana@fabrikam.example.evil.example"),
            named("name", sender='"ana@fabrikam.example" <other@else.example>'),
            named("dots", sender="a.na@fabrikam.example"),
            named("idn", sender="jo@bücher.example"),
        ],
    )
    found = await server.mail.search(ANNS, MailQuery(["Ana@fabrikam.example"]))
    assert {message.email_id for message in found} == {id_of("from"), id_of("to"), id_of("cc")}
    tagged = await server.mail.search(own_mailbox(ANN.upper()), MailQuery(["ana+x@FABRIKAM.example"]))
    assert tagged == found
    idn = await server.mail.search(ANNS, MailQuery(["jo@xn--bcher-kva.example", "no address", ""]))
    assert [message.email_id for message in idn] == [id_of("idn")]


async def test_search__counts_every_author_but_not_who_only_sent_it(server: Server) -> None:
    authors = "Ana Silva <ana@fabrikam.example>, Zoe <zoe@else.example>, jo@else.example"
    office = {"Sender": "office@else.example", "Cc": "zoe@else.example"}
    await server.deliver_listed(
        ANN, [named("joint", sender=authors, headers=office), named("other", sender=BOB)]
    )
    for address, count in {
        "ana@fabrikam.example": 1,
        "ZOE@else.example": 1,
        "jo@else.example": 1,
        "office@else.example": 0,
    }.items():
        found = await server.mail.search(ANNS, MailQuery([address]))
        assert [message.email_id for message in found] == [id_of("joint")] * count, address
    joint = (await server.mail.find(ANNS, [id_of("joint")]))[id_of("joint")]
    assert (joint.sender, joint.sender_name) == ("ana@fabrikam.example", "Ana Silva")
    assert joint.authors == ("zoe@else.example", "jo@else.example")
    assert set(joint.participants) == {joint.sender, *joint.authors, ANN}


async def test_search__lists_each_message_once_newest_first_within_its_bounds(server: Server) -> None:
    await server.deliver(
        ANN,
        [
            named(str(minute), at=AT + minute * MINUTE, headers={"Cc": f"{BOB}, ana@fabrikam.example"})
            for minute in range(9)
        ],
    )
    addresses = [
        "ana@fabrikam.example",
        "ANA@fabrikam.example",
        BOB,
        *(f"x{n}@y.example" for n in range(250)),
    ]
    found = await server.mail.search(ANNS, MailQuery(addresses, since=AT + 2 * MINUTE, limit=5))
    assert [message.email_id for message in found] == [id_of(str(n)) for n in (8, 7, 6, 5, 4)]
    rest = await server.mail.search(
        ANNS,
        MailQuery(addresses, since=AT + 2 * MINUTE, before=(found[-1].at, found[-1].email_id)),
    )
    assert [message.email_id for message in rest] == [id_of("3"), id_of("2")]
    assert await server.mail.search(ANNS, MailQuery([])) == []
    assert await server.mail.search(BOBS, MailQuery(addresses)) == []


async def test_search__pages_through_equal_times_without_gap_or_repeat(server: Server) -> None:
    names = [f"same{number}" for number in range(11)]
    await server.deliver(ANN, [named(name) for name in names])
    seen: list[str] = []
    before = None
    while page := await server.mail.search(ANNS, MailQuery(["ana@fabrikam.example"], before=before, limit=3)):
        seen += [message.email_id for message in page]
        before = page[-1].at, page[-1].email_id
    assert seen == sorted(map(id_of, names), reverse=True)


async def test_search__tells_what_a_timeline_shows(server: Server) -> None:
    raw = named(
        "full",
        sender="=?utf-8?q?Ana_S=C3=AElva?= <ana@fabrikam.example>",
        to=f"Ann <{ANN}>, bob@ours.example",
        subject="Größe 🚀 <b>",
        headers={
            "Cc": "c@else.example",
            "In-Reply-To": "<zero@ours.example>",
            "Sensitivity": "Company-Confidential",
            "msip_labels": "MSIP_Label_0A1B2C3D-0000-4000-8000-000000000001_Enabled=True;"
            "MSIP_Label_0a1b2c3d-0000-4000-8000-000000000001_Name=Secret;",
        },
        files={"Angebot.pdf": b"%PDF-1.7"},
    )
    await server.deliver(ANN, [raw])
    [message] = await server.mail.search(ANNS, MailQuery([BOB]))
    assert message.internet_message_id == "<full@fabrikam.example>"
    assert message.email_id == id_of("full")
    assert (message.subject, message.at) == ("Größe 🚀 <b>", AT)
    assert message.at.tzinfo is not None
    assert message.received_at.tzinfo is not None
    assert (message.sender, message.sender_name) == ("ana@fabrikam.example", "Ana Sîlva")
    assert (message.to, message.cc) == ((ANN, BOB), ("c@else.example",))
    assert message.in_reply_to == "<zero@ours.example>"
    assert message.is_private
    assert message.labels == ("0a1b2c3d-0000-4000-8000-000000000001",)
    assert not message.is_encrypted
    [file] = message.attachments
    assert (file.name, file.size, file.is_inline) == ("Angebot.pdf", 8, False)


async def test_find__gives_what_this_mailbox_holds(server: Server) -> None:
    await server.deliver_listed(ANN, [named("one"), named("two")])
    await server.deliver_listed(BOB, [named("two"), named("three")])
    asked = [*map(id_of, ("one", "two", "three", "none")), "no id", ""]
    assert (await server.mail.find(ANNS, asked)).keys() == {id_of("one"), id_of("two")}
    assert (await server.mail.find(BOBS, asked)).keys() == {id_of("two"), id_of("three")}
    assert await server.mail.find(own_mailbox(NOBODY), asked) == {}
    assert await server.mail.find(ANNS, []) == {}
    listed = await server.mail.find(ANNS, asked, listed_only=True)
    assert listed == await server.mail.find(ANNS, asked)


async def test_find__keeps_the_first_message_of_a_message_id(server: Server) -> None:
    await server.deliver_listed(ANN, [named("twice", subject="First"), named("twice", subject="Second")])
    await server.deliver_listed(ANN, [named("twice", subject="Third")])
    found = await server.mail.find(ANNS, [id_of("twice")])
    assert found[id_of("twice")].subject == "First"


async def test_find_by_message_id__takes_it_with_or_without_brackets(server: Server) -> None:
    await server.deliver(ANN, [named("One")])
    for written in ("<One@fabrikam.example>", " One@fabrikam.example\n"):
        message = await server.mail.find_by_message_id(ANNS, written)
        assert message is not None
        assert message.email_id == id_of("One")
    for other in ("<one@fabrikam.example>", "", "<>", "\x00", "\ud800"):
        assert await server.mail.find_by_message_id(ANNS, other) is None
    assert await server.mail.find_by_message_id(BOBS, "<One@fabrikam.example>") is None


async def test_conversation__lists_a_thread_oldest_first(server: Server) -> None:
    await server.deliver_listed(
        ANN,
        [
            named(
                "c", at=AT + 2 * MINUTE, headers={"References": "<a@fabrikam.example> <b@fabrikam.example>"}
            ),
            named("a", at=AT),
            named("b", at=AT + MINUTE, headers={"In-Reply-To": "<a@fabrikam.example>"}),
            named("other", subject="Something else"),
        ],
    )
    found = await server.mail.find(ANNS, list(map(id_of, "abc")))
    assert len({message.conversation_id for message in found.values()}) == 1
    thread = await server.mail.conversation(ANNS, found[id_of("a")].conversation_id)
    assert [message.email_id for message in thread] == list(map(id_of, "abc"))
    assert await server.mail.conversation(BOBS, found[id_of("a")].conversation_id) == []
    assert await server.mail.conversation(ANNS, "no id") == []


async def test_latest__pages_newest_first_while_mail_arrives(server: Server) -> None:
    assert (await server.mail.latest(ANNS, None, 5)).items == []
    names = [str(number) for number in range(10)]
    await server.deliver(ANN, [named(name, at=AT + (int(name) // 3) * MINUTE) for name in names])
    seen, cursor = [], None
    while True:
        page = await server.mail.latest(ANNS, cursor, 4)
        seen += list(page.items)
        cursor = page.next
        if cursor is None:
            break
        await server.deliver(ANN, [named(f"new{len(seen)}", at=AT + timedelta(days=1))])
    assert sorted(message.email_id for message in seen) == sorted(map(id_of, names))
    places = [(message.at, message.email_id) for message in seen]
    assert all(earlier > later for earlier, later in pairwise(places))


@pytest.mark.parametrize("cursor", ["x", "1.", ".00", "1.zz", f"{10**30}.{'0' * 32}", "\x00"])
async def test_latest__refuses_a_cursor_that_is_none(server: Server, cursor: str) -> None:
    await server.deliver(ANN, [named("one")])
    with pytest.raises(Invalid):
        await server.mail.latest(ANNS, cursor, 4)


async def test_body__is_safe_html_and_text(server: Server) -> None:
    html = (
        "<style>p{background:url(https://evil.example/s)}</style><script>steal()</script>"
        '<p onclick="steal()" style="color:red;background:url(https://evil.example/b)">Hello <b>Ann</b></p>'
        '<img src="https://evil.example/pixel.gif"><img src="cid:logo"><form action="/x"><input></form>'
        '<a href="https://fabrikam.example/offer">offer</a><a href="javascript:steal()">no</a>'
        '<a href="/api/v1/me">relative</a><iframe src="https://evil.example"></iframe>'
    )
    await server.deliver_listed(
        ANN, [named("html", text="Hello Ann\n-- \nAna", html=html), named("text", text="1 < 2")]
    )
    body = await server.mail.body(ANNS, id_of("html"))
    for bad in ("evil", "steal", "<form", "<input", "<iframe", "javascript", "/api/v1/me", "background"):
        assert bad not in body.html
    assert "<b>Ann</b>" in body.html
    assert 'src="cid:logo"' in body.html
    assert 'href="https://fabrikam.example/offer"' in body.html
    assert "noopener" in body.html
    # The sender's own plain text where the server keeps it, else the words of the HTML.
    assert body.text.startswith("Hello Ann")
    assert not any(bad in body.text for bad in ("<", "steal", "evil"))
    plain = await server.mail.body(ANNS, id_of("text"))
    assert (plain.text, plain.html) == ("1 < 2", "1 &lt; 2")


async def test_body__of_another_mailbox_is_not_found(server: Server) -> None:
    await server.deliver_listed(ANN, [named("one")])
    for mailbox, own_id in ((BOB, id_of("one")), (ANN, id_of("none")), (ANN, "no id")):
        with pytest.raises(NotFound):
            await server.mail.body(own_mailbox(mailbox), own_id)


async def test_attachment__comes_with_its_bytes(server: Server) -> None:
    files = {"a.bin": bytes(range(256)), "../../Ünïcode\x07 naïve.txt": b"", "b.bin": b"second"}
    await server.deliver_listed(ANN, [named("files", files=files)])
    message = (await server.mail.find(ANNS, [id_of("files")]))[id_of("files")]
    assert [file.name for file in message.attachments] == ["a.bin", "Ünïcode naïve.txt", "b.bin"]
    for file, content in zip(message.attachments, files.values(), strict=True):
        got = await server.mail.attachment(ANNS, message.email_id, file.id)
        assert (got.attachment, got.content) == (file, content)
    for mailbox, own_id, file_id in (
        (BOB, message.email_id, message.attachments[0].id),
        (ANN, id_of("none"), message.attachments[0].id),
        (ANN, message.email_id, "99"),
    ):
        with pytest.raises(NotFound):
            await server.mail.attachment(own_mailbox(mailbox), own_id, file_id)


async def test_attachment__a_picture_comes_with_what_the_text_calls_it(server: Server) -> None:
    message = EmailMessage()
    message["Message-ID"], message["Date"] = "<picture@fabrikam.example>", format_datetime(AT)
    message["From"], message["To"] = "ana@fabrikam.example", ANN
    message.set_content("Our logo")
    message.add_alternative('<img src="cid:logo@x.example">', subtype="html")
    html = message.get_payload()[1]  # type: ignore[index]
    html.add_related(b"PNG", "image", "png", filename="logo.png", cid="<logo@x.example>")  # type: ignore[union-attr]
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="offer.pdf")
    await server.deliver_listed(ANN, [message.as_bytes()])
    found = (await server.mail.find(ANNS, [id_of("picture")]))[id_of("picture")]
    got = [await server.mail.attachment(ANNS, found.email_id, file.id) for file in found.attachments]
    assert {
        each.attachment.name: (each.attachment.content_id, each.attachment.is_inline) for each in got
    } == {
        "logo.png": ("logo@x.example", True),
        "offer.pdf": ("", False),
    }


async def test_attachment__has_the_same_id_in_every_copy_of_a_message(server: Server) -> None:
    message = EmailMessage()
    message["Message-ID"], message["Date"] = "<files@fabrikam.example>", format_datetime(AT)
    message["From"], message["To"] = "ana@fabrikam.example", f"{ANN}, {BOB}"
    message.set_content("Two pictures of one name.")
    contents = {"image.png": [b"the larger one", b"a small one"], "offer.pdf": [b"%PDF-1.7"]}
    for name, files in contents.items():
        for content in files:
            message.add_attachment(content, maintype="image", subtype="png", filename=name)
    for mailbox in (ANN, BOB):
        await server.deliver_listed(mailbox, [message.as_bytes()])
    anns, bobs = [await server.mail.find(each, [id_of("files")]) for each in (ANNS, BOBS)]
    files_of_ann = anns[id_of("files")].attachments
    assert files_of_ann == bobs[id_of("files")].attachments
    got = [(await server.mail.attachment(BOBS, id_of("files"), file.id)).content for file in files_of_ann]
    assert got == [content for files in contents.values() for content in files]


async def test_search__tells_what_a_message_answers_and_what_was_before_it(server: Server) -> None:
    before = f"{message_id('a')} {message_id('b')}"
    await server.deliver_listed(
        ANN,
        [
            named("first", at=AT),
            named("both", at=AT, headers={"References": before, "In-Reply-To": message_id("b")}),
            named("only", at=AT, headers={"In-Reply-To": message_id("a")}),
            named("more", at=AT, headers={"References": before, "In-Reply-To": message_id("c")}),
            named("without", at=AT, headers={"References": before}),
        ],
    )
    told = {
        "first": ("", ""),
        "both": ("b", "ab"),
        "only": ("a", "a"),
        "more": ("c", "abc"),
        "without": ("", "ab"),
    }
    listed = await server.mail.search(ANNS, MailQuery(["ana@fabrikam.example"]))
    alone = await server.mail.find(ANNS, list(map(id_of, told)))
    for messages in ({message.email_id: message for message in listed}, alone):
        for name, (answered, references) in told.items():
            message = messages[id_of(name)]
            assert message.in_reply_to == (message_id(answered) if answered else ""), name
            assert message.references == tuple(map(message_id, references)), name


async def test_latest__tells_whether_a_message_is_read(server: Server) -> None:
    raws = [named("one"), named("two")]
    await server.deliver_listed(ANN, raws)
    for first, second in ((True, False), (False, True)):
        await server.mark(ANN, raws[0], first)
        await server.mark(ANN, raws[1], second)
        listed = (await server.mail.latest(ANNS, None, 5)).items
        found = {message.email_id: message.is_read for message in listed}
        assert found == {id_of("one"): first, id_of("two"): second}


async def test_source__is_the_message_as_it_came(server: Server) -> None:
    raw = named("one", text="Grüße\n.\nFrom here on", files={"a.bin": bytes(range(256))})
    await server.deliver_listed(ANN, [raw])
    assert await server.mail.source(ANNS, id_of("one")) == raw
    for mailbox, own_id in ((BOB, id_of("one")), (ANN, id_of("none")), (ANN, "no id")):
        with pytest.raises(NotFound) as refusal:
            await server.mail.source(own_mailbox(mailbox), own_id)
        assert refusal.value.code == "no_email"


async def test_version__changes_with_every_new_message_only(server: Server) -> None:
    versions = [await server.mail.version(ANNS)]
    for raws in ([named("one")], [named("one")], [named("two"), named("three")], []):
        await server.deliver(ANN, raws)
        versions.append(await server.mail.version(ANNS))
    await server.deliver(BOB, [named("one")])
    versions.append(await server.mail.version(ANNS))
    empty, one, again, three, nothing, other = versions
    assert len({empty, one, three}) == 3
    assert (again, nothing, other) == (one, three, three)


async def test_versions__are_those_of_each_own_mailbox(server: Server) -> None:
    async def both() -> tuple[str, str]:
        found = await server.mail.versions([ANNS.reader, BOBS.reader])
        assert found.keys() == {ANNS.reader.id, BOBS.reader.id}
        return found[ANNS.reader.id], found[BOBS.reader.id]

    anns, bobs = await both()
    await server.deliver(ANN, [named("one")])
    assert await both() == (await server.mail.version(ANNS), bobs)
    assert (await both())[0] != anns
    assert await server.mail.versions([]) == {}


async def test_a_shared_mailbox_is_read_by_whom_it_is_shared_with_alone(server: Server) -> None:
    await server.deliver_listed(ANN, [named("one", files={"a.bin": b"content"})])
    query, own_id = MailQuery(["ana@fabrikam.example"]), id_of("one")
    [held] = await server.mail.search(ANNS, query)
    bobs = Mailbox(ANN, BOBS.reader)
    reads: list[Callable[[], Awaitable[object]]] = [
        lambda: server.mail.search(bobs, query),
        lambda: server.mail.find(bobs, [own_id]),
        lambda: server.mail.find(bobs, []),
        lambda: server.mail.find_by_message_id(bobs, held.internet_message_id),
        lambda: server.mail.conversation(bobs, held.conversation_id),
        lambda: server.mail.latest(bobs, None, 5),
        lambda: server.mail.body(bobs, own_id),
        lambda: server.mail.attachment(bobs, own_id, held.attachments[0].id),
        lambda: server.mail.source(bobs, own_id),
        lambda: server.mail.changes(bobs, None),
        lambda: server.mail.version(bobs),
    ]
    for read in reads:
        with pytest.raises(NotFound) as refusal:
            await read()
        assert refusal.value.code == "no_mailbox"
    assert await server.mail.find(ANNS, [own_id]) == {own_id: held}
    await server.share(ANN, BOB)
    for read in reads:
        await read()
    assert await server.mail.search(bobs, query) == [held]
    assert (await server.mail.attachment(bobs, own_id, held.attachments[0].id)).content == b"content"
    with pytest.raises(NotFound):
        await server.mail.search(Mailbox(NOBODY, BOBS.reader), query)


def test_every_method_of_the_port_has_a_test() -> None:
    methods = {name for name in vars(ports.Mail) if not name.startswith("_")}
    names = {*globals(), *vars(test_mail_changes)}
    tested = {name.removeprefix("test_").split("__")[0] for name in names if name.startswith("test_")}
    assert methods - tested == set()


async def test_held__tells_what_lies_in_mailboxes_that_the_user_reads(server: Server) -> None:
    await server.deliver_listed(ANN, [named("anns"), named("both")])
    await server.deliver_listed(BOB, [named("bobs"), named("both")])
    ids = [id_of(name) for name in ("anns", "both", "bobs", "nobodys")]
    ann, bob = ANNS.reader, BOBS.reader
    assert await server.mail.held([ann, bob], ids) == {ann.id: set(ids[:2]), bob.id: set(ids[1:3])}
    assert await server.mail.held([bob], [ids[0], "no id"]) == {bob.id: set()}
    assert not any((await server.mail.held([ann], [])).values())
    assert await server.mail.held([], ids) == {}
    await server.share(BOB, ANN)
    listed = await server.mail.latest(Mailbox(BOB, ann), None, 10)
    assert {message.email_id for message in listed.items} == set(ids[1:3])
    assert await server.mail.held([ann, bob], ids) == {ann.id: set(ids[:3]), bob.id: set(ids[1:3])}
