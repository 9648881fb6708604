"""Microsoft's own client works on the stand-in of Graph."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import TESTDATA
from tests.mails import AT, make_mail
from tests.standins.graph import GraphStandin, running_graph

pytestmark = [
    pytest.mark.testdata,
    # The client warns of classes of its own when they are imported.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:(msgraph|kiota)"),
]
ANN = "ann@ours.example"
SCOPES = "Mail.ReadWrite Mail.Send User.Read MailboxSettings.Read Calendars.ReadWrite GroupMember.Read.All"


class Bearer:
    """Kiota's access token provider with one token."""

    def __init__(self, token: str) -> None:
        self.token = token

    async def get_authorization_token(self, _uri: str, _context: dict[str, Any] | None = None) -> str:
        return self.token

    def get_allowed_hosts_validator(self) -> None:
        return None


@pytest.fixture
async def graph() -> AsyncIterator[GraphStandin]:
    async with running_graph(TESTDATA) as running:
        running.add_user(None, ANN, "Ann Lee")
        yield running


@pytest.fixture
async def client(graph: GraphStandin) -> AsyncIterator[Any]:
    import httpx
    from kiota_abstractions.authentication import BaseBearerTokenAuthenticationProvider
    from msgraph import GraphServiceClient
    from msgraph.graph_request_adapter import GraphRequestAdapter, options
    from msgraph_core import GraphClientFactory

    async with httpx.AsyncHTTPTransport() as connections, httpx.AsyncClient(transport=connections) as http:
        GraphClientFactory.create_with_default_middleware(client=http, options=options)
        provider = BaseBearerTokenAuthenticationProvider(Bearer(graph.issue(ANN, SCOPES)))
        adapter = GraphRequestAdapter(provider, http)
        adapter.base_url = graph.url
        yield GraphServiceClient(request_adapter=adapter)


async def test_drafts_are_made_read_changed_sent_and_deleted(graph: GraphStandin, client: Any) -> None:
    from msgraph.generated.models.body_type import BodyType
    from msgraph.generated.models.email_address import EmailAddress
    from msgraph.generated.models.file_attachment import FileAttachment
    from msgraph.generated.models.item_body import ItemBody
    from msgraph.generated.models.message import Message
    from msgraph.generated.models.recipient import Recipient

    to = Recipient(email_address=EmailAddress(address=ANN, name="Ann"))
    file = FileAttachment(odata_type="#microsoft.graph.fileAttachment", name="a.bin", content_bytes=b"abc")
    draft = await client.me.messages.post(
        Message(
            subject="Offer",
            body=ItemBody(content_type=BodyType.Html, content="<p>Dear Ann</p>"),
            to_recipients=[to],
            attachments=[file],
        )
    )
    assert (draft.subject, draft.is_draft, draft.has_attachments) == ("Offer", True, True)
    changed = await client.me.messages.by_message_id(draft.id).patch(Message(subject="Better offer"))
    assert changed.subject == "Better offer"
    read = await client.me.messages.by_message_id(draft.id).get()
    assert (read.subject, read.body.content, read.to_recipients[0].email_address.address) == (
        "Better offer",
        "<p>Dear Ann</p>",
        ANN,
    )
    await client.me.messages.by_message_id(draft.id).send.post()
    [(sender, recipients, raw)] = graph.sent
    assert (sender, recipients) == (ANN, [ANN])
    assert b"Better offer" in raw
    inbox = await client.me.mail_folders.by_mail_folder_id("inbox").messages.get()
    [arrived] = inbox.value
    [attached] = (await client.me.messages.by_message_id(arrived.id).attachments.get()).value
    assert (attached.name, attached.size) == ("a.bin", 3)
    await client.me.messages.by_message_id(arrived.id).delete()
    assert (await client.me.mail_folders.by_mail_folder_id("inbox").messages.get()).value == []


async def test_lists_are_filtered_and_paged(graph: GraphStandin, client: Any) -> None:
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.users.item.messages.messages_request_builder import MessagesRequestBuilder
    from msgraph_core import PageIterator

    for number in range(7):
        graph.deliver(ANN, make_mail(f"<{number}@x.example>", at=AT), received=AT + timedelta(minutes=number))
    query = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters(
        filter="receivedDateTime ge 2026-11-02T09:32:00Z",
        orderby=["receivedDateTime desc"],
        select=["internetMessageId"],
        top=2,
    )
    first = await client.me.messages.get(request_configuration=RequestConfiguration(query_parameters=query))
    seen: list[str] = []

    def see(message: Any) -> bool:
        seen.append(message.internet_message_id)
        return True

    await PageIterator(first, client.request_adapter).iterate(see)
    assert seen == [f"<{number}@x.example>" for number in (6, 5, 4, 3, 2)]


async def test_batches_run(graph: GraphStandin, client: Any) -> None:
    """By the client's own adapter: `BatchRequestContent` needs a package that msgraph-core does not name."""
    from kiota_abstractions.method import Method
    from kiota_abstractions.request_information import RequestInformation

    stored = graph.deliver(ANN, make_mail())
    builders = {
        "who": client.me,
        "mail": client.me.messages.by_message_id(stored.id),
        "none": client.me.messages.by_message_id(stored.id.replace("A", "B")),
    }
    steps = []
    for step, builder in builders.items():
        asked = builder.to_get_request_information()
        asked.path_parameters["baseurl"] = graph.url
        steps.append(
            {"id": step, "method": "GET", "url": asked.url.replace("/users/me-token-to-replace", "/me")}
        )
    request = RequestInformation(Method.POST, "{+baseurl}/$batch", {"baseurl": graph.url})
    request.set_stream_content(json.dumps({"requests": steps}).encode(), "application/json")
    answer = json.loads(await client.request_adapter.send_primitive_async(request, "bytes", {}))
    statuses = {each["id"]: each["status"] for each in answer["responses"]}
    assert statuses == {"who": 200, "mail": 200, "none": 404}
    assert graph.round_trips == 1


async def test_refusals_are_the_clients_errors(client: Any) -> None:
    from msgraph.generated.models.o_data_errors.o_data_error import ODataError

    with pytest.raises(ODataError) as refused:
        await client.users.by_user_id("nobody@ours.example").messages.get()
    assert (refused.value.response_status_code, refused.value.error.code) == (404, "ErrorInvalidUser")
