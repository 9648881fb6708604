"""What every Mail must tell of changes, and of who wrote to whom; `test_changes__…`, `test_headers__…`."""

from datetime import datetime
from itertools import pairwise

import pytest

from insights.errors import Invalid, NotFound
from insights.model import Mailbox, MailChanges, MailQuery, MessageHeader
from tests.contracts.mail_servers import (
    ANN,
    ANNS,
    BOB,
    BOBS,
    MINUTE,
    NOBODY,
    NOW,
    Server,
    id_of,
    message_id,
    named,
)
from tests.mails import AT, own_mailbox


async def follow(server: Server, cursor: str | None) -> tuple[list[MailChanges], str]:
    """All pages up to now, and where to go on."""
    pages = [await server.mail.changes(ANNS, cursor)]
    while pages[-1].has_more:
        pages.append(await server.mail.changes(ANNS, pages[-1].cursor))
    assert not any(page.is_anew for page in pages[:-1])
    return pages, pages[-1].cursor


async def catch_up(server: Server, cursor: str) -> tuple[list[str], list[str], str]:
    """(Ids of changed messages, ids of gone ones, cursor), each sorted."""
    pages, cursor = await follow(server, cursor)
    assert not pages[-1].is_anew
    changed = sorted(message.email_id for page in pages for message in page.messages)
    return changed, sorted(each for page in pages for each in page.gone_ids), cursor


async def test_changes__begin_now_and_tell_what_comes_changes_and_goes(server: Server) -> None:
    await server.deliver_listed(ANN, [named("old"), named("older")])
    [*_, begin], cursor = await follow(server, None)
    assert (begin.is_anew, list(begin.messages), list(begin.gone_ids)) == (True, [], [])
    assert (await catch_up(server, cursor))[:2] == ([], [])

    raw = named("new")
    await server.deliver(ANN, [raw])
    [page], later = await follow(server, cursor)
    assert [message.email_id for message in page.messages] == [id_of("new")]
    assert page.messages[0] == (await server.mail.find(ANNS, [id_of("new")]))[id_of("new")]
    assert (await catch_up(server, later))[:2] == ([], [])
    assert (await catch_up(server, cursor))[0] == [id_of("new")]  # asking twice is answered twice

    for is_read in (False, True, False):
        await server.mark(ANN, raw, is_read)
        [page], later = await follow(server, later)
        told = {message.email_id: message.is_read for message in page.messages}
        assert told == {id_of("new"): is_read} or told == {}
    assert told == {id_of("new"): False}

    await server.remove(ANN, ["new", "old"])
    changed, gone, later = await catch_up(server, later)
    assert (changed, gone) == ([], sorted(map(id_of, ("new", "old"))))
    assert (await catch_up(server, later))[:2] == ([], [])

    await server.deliver(ANN, [raw])
    assert (await catch_up(server, later))[:2] == ([id_of("new")], [])
    assert [m.email_id for m in await server.mail.search(ANNS, MailQuery(None))] == [
        id_of("new"),
        id_of("older"),
    ]


async def test_changes__come_in_pages_none_twice_and_none_missing(server: Server) -> None:
    await server.deliver_listed(ANN, [named(f"old{number}") for number in range(3)])
    _, cursor = await follow(server, None)
    names = [f"new{number}" for number in range(230)]
    await server.deliver(ANN, [named(name, at=AT + int(name[3:]) * MINUTE) for name in names])
    await server.remove(ANN, ["old0"])
    first = await server.mail.changes(ANNS, cursor)
    assert first.has_more
    await server.deliver(ANN, [named("late")])
    pages, later = await follow(server, first.cursor)
    told = [message.email_id for page in (first, *pages) for message in page.messages]
    assert len(told) == len(set(told))
    assert set(map(id_of, names)) <= set(told) <= set(map(id_of, [*names, "late"]))
    assert [each for page in (first, *pages) for each in page.gone_ids] == [id_of("old0")]
    rest, gone, _ = await catch_up(server, later)
    assert set(told) | set(rest) == set(map(id_of, [*names, "late"]))
    assert gone == []


async def test_changes__say_when_a_cursor_is_lost_and_go_on_from_there(server: Server) -> None:
    await server.deliver_listed(ANN, [named("one")])
    _, cursor = await follow(server, None)
    await server.deliver(ANN, [named("two")])
    _, cursor = await follow(server, cursor)
    await server.lose_cursors(ANN)
    pages, cursor = await follow(server, cursor)
    assert pages[-1].is_anew
    await server.deliver(ANN, [named("three")])
    assert (await catch_up(server, cursor))[:2] == ([id_of("three")], [])


async def test_changes__of_a_mailbox_that_is_not_there_are_none(server: Server) -> None:
    nobodys = own_mailbox(NOBODY)
    begin = await server.mail.changes(nobodys, None)
    assert (begin.is_anew, begin.has_more) == (True, False)
    page = await server.mail.changes(nobodys, begin.cursor)
    assert (page.is_anew, list(page.messages), list(page.gone_ids)) == (False, [], [])


async def test_changes__refuse_a_cursor_that_is_none_of_this_mailbox(server: Server) -> None:
    await server.deliver_listed(ANN, [named(str(number)) for number in range(3)])
    _, cursor = await follow(server, None)
    own = await server.mail.changes(own_mailbox(ANN.upper()), cursor)
    assert not own.is_anew
    assert "ours.example" not in cursor
    for wrong in ("", "x", "\x00", "é", cursor[:-3], cursor[3:], cursor + "AAAA", "A" * 4000):
        with pytest.raises(Invalid) as refusal:
            await server.mail.changes(ANNS, wrong)
        assert refusal.value.code == "bad_cursor"
    for call in (
        lambda: server.mail.changes(BOBS, cursor),
        lambda: server.mail.headers(ANNS, AT, NOW, cursor),
        lambda: server.mail.headers(BOBS, AT, NOW, cursor),
    ):
        with pytest.raises(Invalid):
            await call()


async def collect(
    server: Server, mailbox: Mailbox, since: datetime, until: datetime
) -> list[list[MessageHeader]]:
    pages, cursor = [], None
    while True:
        page = await server.mail.headers(mailbox, since, until, cursor)
        pages.append(list(page.items))
        cursor = page.next
        if cursor is None:
            return pages


async def test_headers__say_who_wrote_to_whom_and_when_and_nothing_else(server: Server) -> None:
    raw = named(
        "one",
        sender="Ana Silva <ana@fabrikam.example>",
        to=f"Ann <{ANN}>, {BOB}",
        subject="Secret subject",
        text="Secret words",
        files={"secret.pdf": b"secret"},
        headers={"Cc": "c@else.example", "Bcc": "secret@else.example", "Sensitivity": "Private"},
    )
    await server.deliver(ANN, [raw])
    [[header]] = await collect(server, ANNS, AT, AT + MINUTE)
    assert (header.email_id, header.internet_message_id) == (id_of("one"), message_id("one"))
    assert (header.at, header.received_at) == (AT, AT)
    assert (header.sender, header.to, header.cc) == ("ana@fabrikam.example", (ANN, BOB), ("c@else.example",))
    assert header.conversation_id
    assert "secret" not in repr(header).lower()


async def test_headers__page_through_a_time_oldest_first(server: Server) -> None:
    names = [str(number) for number in range(560)]
    await server.deliver(ANN, [named(name, at=AT + int(name) // 4 * MINUTE) for name in names])
    since, until = AT + 2 * MINUTE, AT + 138 * MINUTE
    pages = await collect(server, ANNS, since, until)
    assert len(pages) == 2
    told = [header for page in pages for header in page]
    assert {header.email_id for header in told} == set(map(id_of, names[8:552]))
    assert len(told) == 544
    assert all(earlier.at <= later.at for earlier, later in pairwise(told))
    assert await collect(server, ANNS, until, since) == [[]]
    assert await collect(server, BOBS, since, until) == [[]]
    assert await collect(server, own_mailbox(NOBODY), since, until) == [[]]


async def test_headers__go_on_where_they_were_while_mail_comes_and_goes(server: Server) -> None:
    names = [str(number) for number in range(510)]
    await server.deliver(ANN, [named(name, at=AT + int(name) * MINUTE) for name in names])
    until = AT + 1000 * MINUTE
    first = await server.mail.headers(ANNS, AT, until, None)
    assert first.next
    await server.remove(ANN, names[:50])
    await server.deliver(ANN, [named("late", at=AT + 700 * MINUTE)])
    second = await server.mail.headers(ANNS, AT, until, first.next)
    told = [header.email_id for header in (*first.items, *second.items)]
    assert told == [*map(id_of, names), id_of("late")]
    for mailbox in (BOBS, own_mailbox(NOBODY)):
        with pytest.raises(Invalid) as refusal:
            await server.mail.headers(mailbox, AT, until, first.next)
        assert refusal.value.code == "bad_cursor"
    with pytest.raises(Invalid):
        await server.mail.changes(ANNS, first.next)


async def test_headers__are_read_of_the_readers_own_mailbox_alone(server: Server) -> None:
    await server.deliver(ANN, [named("one")])
    await server.share(ANN, BOB)
    for mailbox in (
        Mailbox(ANN, BOBS.reader),
        Mailbox(NOBODY, BOBS.reader),
        Mailbox("", BOBS.reader),
    ):
        with pytest.raises(NotFound) as refusal:
            await server.mail.headers(mailbox, AT, NOW)
        assert refusal.value.code == "no_mailbox"
