"""Sending through Graph: at once, as MIME, as a draft with files of any size; never twice."""

from email import message_from_bytes
from email.policy import default

import pytest

from connectors.graph.sending import PIECE, GraphSender, OutgoingMail
from insights.errors import NotFound, Unavailable
from tests.connectors.graph.tenant import ANN, Tenant, mailbox_of
from tests.mails import make_mail

pytestmark = pytest.mark.testdata
ANNS = mailbox_of(ANN)
MAIL = OutgoingMail(
    "Größe",
    "<p>Hello <b>Ana</b></p>",
    ["ana@fabrikam.example"],
    cc=["bo@fabrikam.example"],
    bcc=["cy@ours.example"],
    headers={"X-Liaison-Follow": "f1"},
)
EVERYONE = ["ana@fabrikam.example", "bo@fabrikam.example", "cy@ours.example"]


@pytest.fixture
def sender(tenant: Tenant) -> GraphSender:
    return GraphSender(tenant.client)


async def test_mail_is_sent_with_its_headers_and_kept(tenant: Tenant, sender: GraphSender) -> None:
    await sender.send(ANNS, MAIL)
    [(author, recipients, mime)] = tenant.graph.sent
    assert (author, sorted(recipients)) == (ANN, EVERYONE)
    sent = message_from_bytes(mime, policy=default)
    assert (sent["Subject"], sent["X-Liaison-Follow"]) == ("Größe", "f1")
    mailbox = tenant.graph.mailbox(ANN)
    assert len(list(mailbox.in_folder(mailbox.folder("sentitems").id))) == 1
    await sender.send(ANNS, MAIL, keep_copy=False)
    assert len(list(mailbox.in_folder(mailbox.folder("sentitems").id))) == 1


async def test_mime_is_sent_as_it_is(tenant: Tenant, sender: GraphSender) -> None:
    raw = make_mail("<made@ours.example>", sender=ANN, to="ana@fabrikam.example", headers={"X-Mark": "m"})
    await sender.send_mime(ANNS, raw)
    [(_, recipients, mime)] = tenant.graph.sent
    assert recipients == ["ana@fabrikam.example"]
    assert message_from_bytes(mime)["X-Mark"] == "m"


async def test_a_draft_grows_is_sent_and_keeps_its_id(tenant: Tenant, sender: GraphSender) -> None:
    large = bytes(range(256)) * (PIECE // 256) + b"the rest"
    draft_id = await sender.create_draft(ANNS, MAIL)
    await sender.update_draft(ANNS, draft_id, OutgoingMail("Grüße", "<p>Bye</p>", EVERYONE[:1]))
    await sender.attach(ANNS, draft_id, "small.txt", "text/plain", b"small")
    await sender.attach(ANNS, draft_id, "large.bin", "application/octet-stream", large)
    await sender.send_draft(ANNS, draft_id)
    [(_, recipients, mime)] = tenant.graph.sent
    assert recipients == EVERYONE[:1]
    parts = message_from_bytes(mime).walk()
    files = {part.get_filename(): part.get_payload(decode=True) for part in parts if part.get_filename()}
    assert files == {"small.txt": b"small", "large.bin": large}
    mailbox = tenant.graph.mailbox(ANN)
    assert mailbox.find(draft_id).folder_id == mailbox.folder("sentitems").id


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_a_piece_that_fails_goes_up_again(tenant: Tenant, sender: GraphSender, number: int) -> None:
    large = bytes(range(256)) * (2 * PIECE // 256) + b"the rest"
    draft_id = await sender.create_draft(ANNS, MAIL)
    tenant.graph.faults.slow(0, "upload", times=number - 1)  # the pieces before pass
    tenant.graph.faults.cut("upload", times=1, after=0)
    tenant.graph.faults.unavailable("upload", times=1, retry_after=0)
    await sender.attach(ANNS, draft_id, "large.bin", "application/octet-stream", large)
    [held] = tenant.graph.mailbox(ANN).find(draft_id).attachments
    assert held.content == large


async def test_what_may_have_been_sent_is_not_sent_again(tenant: Tenant, sender: GraphSender) -> None:
    tenant.graph.faults.cut("sendMail", after=0)
    with pytest.raises(Unavailable):
        await sender.send(ANNS, MAIL)
    assert len(tenant.graph.sent) <= 1
    tenant.graph.sent.clear()
    tenant.graph.faults.throttle("sendMail", retry_after=0)  # a throttled one was not begun
    await sender.send(ANNS, MAIL)
    assert len(tenant.graph.sent) == 1


async def test_a_draft_can_be_dropped_twice_but_not_sent_then(tenant: Tenant, sender: GraphSender) -> None:
    draft_id = await sender.create_draft(ANNS, MAIL)
    await sender.delete_draft(ANNS, draft_id)
    await sender.delete_draft(ANNS, draft_id)
    with pytest.raises(NotFound):
        await sender.send_draft(ANNS, draft_id)
    assert tenant.graph.sent == []
