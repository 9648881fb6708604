"""Changes of a mailbox in Graph: deltas that tell little, folders that come and go, in few round trips."""

from datetime import timedelta

import pytest

from insights.errors import NotFound, SignInNeeded, Unavailable
from insights.mail.identity import email_id
from insights.model import Mailbox, MailChanges
from tests.connectors.graph.tenant import ANN, BOB, ORGANIZATION_ID, Tenant, mailbox_of
from tests.mails import AT, make_mail
from tests.standins.graph.message import StoredMessage

pytestmark = pytest.mark.testdata
ANNS, BOBS = mailbox_of(ANN), mailbox_of(BOB)
DAY = timedelta(days=1)


def name_of(number: int | str) -> str:
    return f"<{number}@fabrikam.example>"


def id_of(number: int | str) -> str:
    return email_id(ORGANIZATION_ID, name_of(number))


def arrive(tenant: Tenant, number: int | str, *, folder: str = "inbox", **values: object) -> StoredMessage:
    raw = make_mail(name_of(number), **values)  # type: ignore[arg-type]
    return tenant.graph.deliver(ANN, raw, folder=folder, received=AT)


async def follow(tenant: Tenant, cursor: str | None, mailbox: Mailbox = ANNS) -> list[MailChanges]:
    """All pages up to now."""
    pages = [await tenant.mail.changes(mailbox, cursor)]
    while pages[-1].has_more:
        pages.append(await tenant.mail.changes(mailbox, pages[-1].cursor))
    return pages


async def begin(tenant: Tenant) -> str:
    last = (await follow(tenant, None))[-1]
    assert last.is_anew
    assert not [*last.messages, *last.gone_ids]
    return last.cursor


async def told(tenant: Tenant, cursor: str, *, is_anew: bool = False) -> tuple[list[str], list[str], str]:
    """(Ids of changed messages, ids of gone ones, where to go on), each once and sorted."""
    pages = await follow(tenant, cursor)
    assert [page.is_anew for page in pages] == [False] * (len(pages) - 1) + [is_anew]
    changed = {message.email_id for page in pages for message in page.messages}
    gone = {each for page in pages for each in page.gone_ids}
    return sorted(changed), sorted(gone), pages[-1].cursor


async def test_a_message_that_moves_is_changed_and_one_in_deleted_or_junk_is_gone(tenant: Tenant) -> None:
    mailbox = tenant.graph.mailbox(ANN)
    kept, deleted, junk, erased = [arrive(tenant, number) for number in range(4)]
    inside = mailbox.add_folder("Old project", mailbox.folder("deleteditems").id)
    await tenant.mail.latest(ANNS, None, 10)
    cursor = await begin(tenant)
    mailbox.move(kept, "archive")
    mailbox.move(deleted, "deleteditems")
    mailbox.move(junk, "junkemail")
    mailbox.delete(erased)
    changed, gone, cursor = await told(tenant, cursor)
    assert (changed, gone) == ([id_of(0)], sorted(map(id_of, (1, 2, 3))))
    arrive(tenant, "spam", folder="junkemail")
    mailbox.move(deleted, inside.id)
    assert (await told(tenant, cursor))[:2] == ([], [])
    mailbox.move(junk, "inbox")
    assert (await told(tenant, cursor))[:2] == ([id_of(2)], [])


async def test_what_the_delta_leaves_out_is_asked_of_the_message(tenant: Tenant) -> None:
    raw = make_mail(
        name_of(1),
        files={"offer.pdf": b"%PDF"},
        headers={"Sensitivity": "Private", "References": name_of(0), "In-Reply-To": name_of(0)},
    )
    stored = tenant.graph.deliver(ANN, raw, received=AT)
    cursor = await begin(tenant)
    tenant.graph.mailbox(ANN).update(stored, {"isRead": True})
    [page] = await follow(tenant, cursor)
    [message] = page.messages
    assert message == (await tenant.mail.find(ANNS, [id_of(1)]))[id_of(1)]
    assert (message.is_read, message.is_private, message.subject) == (True, True, "Offer")
    assert (message.references, [file.name for file in message.attachments]) == ((name_of(0),), ["offer.pdf"])


async def test_drafts_are_not_told_until_they_are_sent(tenant: Tenant) -> None:
    draft = arrive(tenant, 1, folder="drafts")
    draft.values["isDraft"] = True
    cursor = await begin(tenant)
    mailbox = tenant.graph.mailbox(ANN)
    mailbox.update(draft, {"subject": "Offer, better"})
    changed, gone, cursor = await told(tenant, cursor)
    assert (changed, gone) == ([], [])
    draft.values["isDraft"] = False
    mailbox.move(draft, "sentitems")
    assert (await told(tenant, cursor))[:2] == ([id_of(1)], [])


async def test_of_what_somebody_wrote_to_themselves_one_copy_remains(tenant: Tenant) -> None:
    received = arrive(tenant, 1)
    sent = arrive(tenant, 1, folder="sentitems")
    await tenant.mail.latest(ANNS, None, 10)
    cursor = await begin(tenant)
    mailbox = tenant.graph.mailbox(ANN)
    mailbox.move(received, "deleteditems")
    changed, gone, cursor = await told(tenant, cursor)
    assert (changed, gone) == ([id_of(1)], [])
    assert await tenant.mail.source(ANNS, id_of(1))
    mailbox.delete(sent)
    assert (await told(tenant, cursor))[:2] == ([], [id_of(1)])


async def test_folders_that_come_are_followed_from_their_first_message_on(tenant: Tenant) -> None:
    cursor = await begin(tenant)
    mailbox = tenant.graph.mailbox(ANN)
    outer = mailbox.add_folder("Customers", mailbox.folder("inbox").id)
    inner = mailbox.add_folder("Fabrikam", outer.id)
    arrive(tenant, 1, folder=inner.id)
    changed, gone, cursor = await told(tenant, cursor)
    assert (changed, gone) == ([id_of(1)], [])
    arrive(tenant, 2, folder=outer.id)
    assert (await told(tenant, cursor))[:2] == ([id_of(2)], [])


@pytest.mark.parametrize("is_erased", [False, True])
async def test_where_a_folder_went_with_its_messages_everything_is_read_anew(
    tenant: Tenant, is_erased: bool
) -> None:
    mailbox = tenant.graph.mailbox(ANN)
    folder = mailbox.add_folder("Customers", mailbox.folder("inbox").id)
    arrive(tenant, 1, folder=folder.id)
    cursor = await begin(tenant)
    if is_erased:
        mailbox.remove_folder(folder)
    else:
        mailbox.move_folder(folder, "deleteditems")
    arrive(tenant, 2)
    changed, _, cursor = await told(tenant, cursor, is_anew=True)
    assert changed == [id_of(2)]
    assert (await told(tenant, cursor))[:2] == ([], [])


async def test_a_folder_that_goes_while_a_round_is_under_way_is_left_out(tenant: Tenant) -> None:
    mailbox = tenant.graph.mailbox(ANN)
    folder = mailbox.add_folder("Customers", mailbox.folder("inbox").id)
    cursor = await begin(tenant)
    for number in range(120):
        arrive(tenant, number, folder=folder.id)
    page = await tenant.mail.changes(ANNS, cursor)
    assert page.has_more
    mailbox.remove_folder(folder)
    changed, gone, _ = await told(tenant, page.cursor, is_anew=True)
    assert changed == []
    assert set(gone) <= set(map(id_of, range(120)))


@pytest.mark.parametrize("is_archive", [False, True])
async def test_a_mailbox_that_was_moved_is_read_anew(tenant: Tenant, is_archive: bool) -> None:
    arrive(tenant, 1)
    await tenant.mail.latest(ANNS, None, 10)
    cursor = await begin(tenant)
    tenant.graph.faults.begin_mailbox_move(ANN, is_away=True)
    with pytest.raises(Unavailable) as refusal:
        await tenant.mail.changes(ANNS, cursor)
    assert refusal.value.code == "mail_away"
    tenant.graph.faults.end_mailbox_move(ANN, is_archive=is_archive)
    arrive(tenant, 2)
    assert (await told(tenant, cursor, is_anew=True))[:2] == ([], [])


async def test_what_a_crash_left_half_told_is_read_anew_all_the_same(tenant: Tenant) -> None:
    """It stands on the last page: who kept the cursor of an earlier one still hears of it."""
    mailbox = tenant.graph.mailbox(ANN)
    cursor = await begin(tenant)
    tenant.graph.faults.expire_delta(ANN)
    for number in range(450):
        arrive(tenant, number)
    first = await tenant.mail.changes(ANNS, cursor)
    assert (first.has_more, first.is_anew) == (True, False)
    changed, gone, cursor = await told(tenant, first.cursor, is_anew=True)
    assert (changed, gone) == ([], [])
    mailbox.update(mailbox.messages[0], {"isRead": True})
    assert (await told(tenant, cursor))[:2] == ([id_of(0)], [])


async def test_since_keeps_old_mail_out_of_the_walk_and_of_what_is_told(tenant: Tenant) -> None:
    old = tenant.graph.deliver(ANN, make_mail(name_of("old")), received=AT - 90 * DAY)
    page = await tenant.mail.changes(ANNS, None, since=AT - DAY)
    new = arrive(tenant, "new")
    mailbox = tenant.graph.mailbox(ANN)
    for stored in (old, new):
        mailbox.update(stored, {"isRead": True})
    assert (await told(tenant, page.cursor))[:2] == ([id_of("new")], [])


async def test_a_round_in_which_nothing_happened_is_two_round_trips(tenant: Tenant) -> None:
    mailbox = tenant.graph.mailbox(ANN)
    for number in range(8):
        mailbox.add_folder(f"Folder {number}", mailbox.folder("inbox").id)
    cursor = await begin(tenant)
    tenant.count()
    assert (await told(tenant, cursor))[:2] == ([], [])
    assert tenant.count() == 2


async def test_throttled_or_broken_off_nothing_is_lost(tenant: Tenant) -> None:
    cursor = await begin(tenant)
    stored = [arrive(tenant, number) for number in range(3)]
    tenant.graph.faults.throttle("messages/delta", times=2, retry_after=0, inner=True)
    tenant.graph.faults.cut("batch", times=1)
    tenant.graph.faults.unavailable("mailFolders/delta", times=1)
    changed, _, later = await told(tenant, cursor)
    assert changed == sorted(map(id_of, range(3)))
    tenant.graph.faults.throttle("messages/delta", times=None, retry_after=3600)
    tenant.graph.mailbox(ANN).delete(stored[0])
    with pytest.raises(Unavailable) as refusal:
        await tenant.mail.changes(ANNS, later)
    assert refusal.value.code == "mail_busy"
    tenant.graph.faults.clear()


async def test_a_shared_mailbox_is_followed_in_the_delegates_right_while_it_lasts(tenant: Tenant) -> None:
    anns = Mailbox(ANN, BOBS.reader)
    tenant.graph.share(ANN, BOB)
    begun = (await follow(tenant, None, anns))[-1]
    arrive(tenant, 1)
    [page] = await follow(tenant, begun.cursor, anns)
    assert [message.email_id for message in page.messages] == [id_of(1)]
    assert {who for who, _ in tenant.tokens.asked} == {BOBS.reader.object_id}
    tenant.graph.unshare(ANN, BOB)
    with pytest.raises(NotFound) as refusal:
        await tenant.mail.changes(anns, page.cursor)
    assert refusal.value.code == "no_mailbox"


async def test_who_has_to_sign_in_again_is_told_so_and_goes_on_afterwards(tenant: Tenant) -> None:
    cursor = await begin(tenant)
    arrive(tenant, 1)
    tenant.tokens.refuses = True
    with pytest.raises(SignInNeeded):
        await tenant.mail.changes(ANNS, cursor)
    tenant.tokens.refuses = False
    assert (await told(tenant, cursor))[0] == [id_of(1)]


async def test_a_cursor_names_neither_the_mailbox_nor_what_is_in_it(tenant: Tenant) -> None:
    arrive(tenant, 1, subject="Secret")
    cursor = await begin(tenant)
    assert not {"ann", "ours", "Secret"} & set(cursor.replace("@", " ").split())
    later = (await told(tenant, cursor))[2]
    assert len(later) < 8000
